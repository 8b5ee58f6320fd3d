/**
 * The remote whose branch is the truth: fetches what others pushed, and pushes what lands.
 *
 * Invariant: a push is all or nothing, and every ref in it has a lease on what is known to be there, so nothing of
 * anybody's is ever overwritten. Only the refs that a landing moves are pushed.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { type CommitSha, commitSha } from "../../core/ids.ts";
import { RalphError } from "../../errors.ts";
import { oneLine } from "../../formats/one-line.ts";
import { cutShort, type Git, type GitResult, timedOut, troubleLine } from "./git.ts";

/** A ref as it is to be on the remote. `expected`: what must be there now; null: nothing. */
export interface PushedRef {
  readonly ref: string;
  readonly commit: CommitSha;
  readonly expected: CommitSha | null;
}

export interface GitRemote {
  readonly name: string;
  /** Mirrors branch, landed refs and review branches. Returns the branch's tip. @throws RalphError `remote-failed`. */
  fetch(): Promise<CommitSha>;
  /** Null when all of it is there now, else what the remote said. @throws RalphError `remote-failed`. */
  push(refs: readonly PushedRef[]): Promise<string | null>;
  /** Would a push be let in? Changes nothing here or there. Null, or why not. @throws RalphError `remote-failed`. */
  tryOut(commit: CommitSha): Promise<string | null>;
  /** Removes a ref there. @throws RalphError `remote-failed`. */
  drop(ref: string): Promise<void>;
}

export interface GitRemoteOptions {
  readonly name: string;
  readonly branch: string;
  readonly timeoutMs?: number;
  readonly wait?: (ms: number) => Promise<unknown>;
  /** Cuts what hangs, and the waiting between tries. */
  readonly signal?: AbortSignal;
}

/** What the remote has, as it was fetched last: never pushed, and pruned with the remote. */
export const mirrored = (ref: string): string => ref.replace(/^refs\/(?:ralph\/)?/, "refs/ralph/remote/");

/** A remote that does not answer for so long will not. */
const answerMsMax = 5 * 60_000;
/** Between tries: a network that fails for a moment is not worth a night. */
const retryDelaysMs = [1_000, 4_000, 15_000];

const fetchOptions = ["--quiet", "--prune", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head"];
const pushOptions = ["--porcelain", "--atomic", "--no-follow-tags", "--recurse-submodules=no"];

export function createGitRemote(git: Git, options: GitRemoteOptions): GitRemote {
  const { name, timeoutMs = answerMsMax, signal } = options;
  const pause = (ms: number): Promise<unknown> =>
    sleep(ms, null, signal === undefined ? {} : { signal }).catch(() => {});
  const wait = options.wait ?? pause;
  const branchRef = `refs/heads/${options.branch}`;
  const ask = async (args: readonly string[]): Promise<GitResult> => {
    const result = await insist(
      () => git.ask(args, signal === undefined ? { timeoutMs } : { timeoutMs, signal }),
      wait,
    );
    if (result.code === 0 || isAnswer(result)) return result;
    throw remoteFailed(name, result.stderr, branchRef);
  };
  const push = async (args: readonly string[]): Promise<string | null> => {
    const result = await ask(["push", ...pushOptions, ...args]);
    return result.code === 0 ? null : refusalOf(name, result);
  };
  const argsOf = (refs: readonly PushedRef[]): readonly string[] => [
    ...refs.map(({ ref, expected }) => `--force-with-lease=${ref}:${expected ?? ""}`),
    name,
    ...refs.map(({ ref, commit }) => `${commit}:${ref}`),
  ];
  return {
    name,
    async fetch() {
      const sources = [branchRef, "refs/heads/ralph/*", "refs/ralph/landed/*"];
      await ask(["fetch", ...fetchOptions, name, ...sources.map((ref) => `+${ref}:${mirrored(ref)}`)]);
      return commitSha((await git.run(["rev-parse", "--verify", mirrored(branchRef)])).trim());
    },
    push: (refs) => push(argsOf(refs)),
    tryOut: (commit) =>
      push(["--dry-run", ...argsOf([{ ref: "refs/ralph/doctor", commit, expected: null }])]),
    async drop(ref) {
      const [now = ""] = (await ask(["ls-remote", name, ref])).stdout.split("\t");
      const refused = now === "" ? null : await push([`--force-with-lease=${ref}:${now}`, name, `:${ref}`]);
      if (refused !== null) throw new RalphError("remote-failed", refused);
    },
  };
}

/** Runs a command again while it looks as if the network alone were to blame. */
async function insist(
  run: () => Promise<GitResult>,
  wait: (ms: number) => Promise<unknown>,
): Promise<GitResult> {
  for (const delayMs of retryDelaysMs) {
    const result = await run();
    if (result.code === 0 || isAnswer(result) || isFinal(result.stderr)) return result;
    await wait(delayMs);
  }
  return run();
}

/** With a line for a ref the remote has decided; without one it was not reached, or let nobody in. */
const isAnswer = ({ stdout }: GitResult): boolean => /^!\t/m.test(stdout);

const loginPattern =
  /Authentication failed|could not read (?:Username|Password)|terminal prompts disabled|Permission denied|Permission to .* denied|Host key verification failed|returned error: 40[13]/i;
const absentPattern =
  /does not appear to be a git repository|repository .*not found|couldn't find remote ref|unsupported|not support|refusing to/i;

const isFinal = (stderr: string): boolean =>
  loginPattern.test(stderr) ||
  absentPattern.test(stderr) ||
  stderr.startsWith(timedOut) ||
  stderr === cutShort;

function remoteFailed(name: string, stderr: string, branchRef: string): RalphError {
  const said = withoutLogin(troubleLine(stderr));
  if (loginPattern.test(stderr)) {
    return new RalphError("remote-failed", `${name} refused the login: ${said}`, {
      hint: "Nobody is asked for a password here: use a credential helper or a key that needs none.",
    });
  }
  if (said.includes("couldn't find remote ref")) {
    const branch = branchRef.replace("refs/heads/", "");
    return new RalphError(
      "remote-failed",
      `${name} has no branch ${branch}; push it: git push ${name} ${branch}`,
    );
  }
  return new RalphError("remote-failed", `${name} cannot be reached: ${said}`, {
    hint: `Look for yourself: git ls-remote ${name}. What was not pushed is kept here, and the next run goes on.`,
  });
}

const saidCharsMax = 300;

/** What people see of a push by hand: the reason, and what a hook or a protected branch says of it. */
function refusalOf(name: string, { stdout, stderr }: GitResult): string {
  const reasons = [...stdout.matchAll(/^!\t[^\t]*\t(.*)$/gm)].map(([, reason = ""]) => reason);
  const first = reasons.find((reason) => !/atomic (?:push|transaction) failed/.test(reason)) ?? reasons[0];
  const said = [...stderr.matchAll(/^remote: (.*)$/gm)].map(([, line = ""]) => line.trim()).join(" ");
  const text = [first ?? "", said].filter((part) => part !== "").join(": ");
  return `${name} refused the push: ${oneLine(withoutLogin(text), saidCharsMax)}`;
}

/** A login may stand in a remote's address. */
const withoutLogin = (text: string): string => text.replaceAll(/(\w:\/\/)[^/\s@]+@/g, "$1");
