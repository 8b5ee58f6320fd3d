/**
 * Runs git plumbing on the user's repository, never inside a directory that an agent or a gate could write.
 *
 * Git is told everything by variables and options: which git directory, which work tree, which index. Hooks and
 * fsmonitor are off; filters come from the user's own configuration, as for any checkout of theirs.
 */
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { RalphError } from "../../errors.ts";
import { Deadline } from "../../running-clock.ts";
import { createIndexShelf, type IndexShelf } from "./index-shelf.ts";
import { createObjectReader, type ObjectReader } from "./object-reader.ts";
import type { StandingProcess } from "./standing-process.ts";

export interface GitResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface GitOptions {
  /** Directory that is taken as the work tree; none for commands that need none. */
  readonly workTree?: string;
  /** Private index file. */
  readonly index?: string;
  readonly input?: string;
  /** Run in this checkout of the user's, with its own git directory and, unless `index` is given, its own index. */
  readonly checkout?: string;
  /** The command is ended after this; without it, it may take as long as it takes. */
  readonly timeoutMs?: number;
  /** The command is ended when this aborts, with everything that it started. */
  readonly signal?: AbortSignal;
}

/** Disposing of it ends the process that reads objects. */
export interface Git extends Disposable {
  /** Absolute path of the repository's common git directory. */
  readonly gitDir: string;
  readonly objects: ObjectReader;
  readonly indexes: IndexShelf;
  /** Runs `use` with the path of a private index, which is gone afterwards. */
  withIndex<T>(use: (index: string) => Promise<T>): Promise<T>;
  /** Removes the private indexes that a killed supervisor left, what stood beside them, and its gates' reports. */
  sweepScratch(): Promise<void>;
  /** Standard output of a command that succeeds. @throws RalphError `git-failed` otherwise. */
  run(args: readonly string[], options?: GitOptions): Promise<string>;
  /** For commands whose exit code is an answer. */
  ask(args: readonly string[], options?: GitOptions): Promise<GitResult>;
}

/** What git may not take from the repository's or the user's configuration. */
const settings = [
  "core.hooksPath=/dev/null",
  "core.fsmonitor=false",
  // A gate or an agent could otherwise hide a changed file by setting its time back.
  "core.trustctime=true",
  "core.checkStat=default",
  // These would leave bits in a private index that make git overlook changed files.
  "core.ignoreStat=false",
  "core.untrackedCache=false",
  "core.protectHFS=true",
  "core.protectNTFS=true",
  "core.quotePath=false",
  "submodule.recurse=false",
  // A landing must survive a power cut: by default git flushes neither loose objects nor refs.
  "core.fsync=committed,reference",
  "core.fsyncMethod=batch",
  "gc.auto=0",
  // What a workspace's `.git` is made of; a later git may have another default.
  "init.defaultRefFormat=files",
  "i18n.commitEncoding=UTF-8",
  "log.showSignature=false",
].flatMap((setting) => ["-c", setting]);

/** Beside them, outside the user's own checkouts: a workspace holds the whole commit, its index is one file. */
const wholeTreeSettings = [
  "core.sparseCheckout=false",
  "core.splitIndex=false",
  "index.sparse=false",
  // A file that does not survive the conversion of its line ends is the gates' business, not a fatal error.
  "core.safecrlf=false",
].flatMap((setting) => ["-c", setting]);

const isScratch = (name: string): boolean => name.includes(".index") || name === "reports";

/** `scratch`: folder for private index files, outside the repository. */
export function createGit(gitDir: string, scratch: string): Git {
  const reading = ["git", ...settings, ...wholeTreeSettings, "cat-file", "--batch-command", "-z"];
  const objects = createObjectReader(() => startStanding(reading, gitDir, gitVariables(gitDir, {})));
  const ask = (args: readonly string[], options: GitOptions = {}): Promise<GitResult> => {
    const cwd = options.checkout ?? gitDir;
    const all = options.checkout === undefined ? [...settings, ...wholeTreeSettings] : settings;
    const env = gitEnvironment(gitVariables(gitDir, options));
    const { input = "", timeoutMs, signal } = options;
    return runGit([...all, ...args], { cwd, env, input, timeoutMs, signal });
  };
  return {
    gitDir,
    objects,
    indexes: createIndexShelf(),
    [Symbol.dispose]() {
      objects[Symbol.dispose]();
    },
    ask,
    async withIndex(use) {
      const index = join(scratch, `${randomUUID()}.index`);
      try {
        return await use(index);
      } finally {
        // A git that was ended leaves its lock.
        for (const file of [index, `${index}.lock`]) await rm(file, { force: true });
      }
    },
    async sweepScratch() {
      const left = (await readdir(scratch).catch(() => [])).filter(isScratch);
      await Promise.all(left.map((name) => rm(join(scratch, name), { recursive: true, force: true })));
    },
    async run(args, options) {
      const result = await ask(args, options);
      if (result.code === 0) return result.stdout;
      throw new RalphError(
        "git-failed",
        `git ${args.slice(0, 2).join(" ")} failed: ${troubleLine(result.stderr)}`,
        {
          hint: "Run the same in the repository by hand to see more; nothing was landed by this.",
        },
      );
    },
  };
}

/** In a process group of its own: Ctrl-C is for the supervisor, not for a git in the middle of its work. */
function startStanding(
  command: readonly string[],
  gitDir: string,
  variables: Record<string, string>,
): StandingProcess {
  const [program = "", ...args] = command;
  const env = gitEnvironment(variables);
  const child = spawn(program, args, { cwd: gitDir, env, stdio: ["pipe", "pipe", "ignore"], detached: true });
  // Why it could not be started is told by an event, and by the questions that nobody answers.
  child.on("error", () => {});
  if (hasPipes(child)) return child;
  throw new RalphError("git-failed", `git could not be started: ${noPipes}`, { hint: hintFor("EMFILE") });
}

/** Git in a directory of which nothing is known yet. */
export function askGit(args: readonly string[], cwd: string): Promise<GitResult> {
  return runGit([...settings, ...args], { cwd, env: gitEnvironment({}), input: "" });
}

export const firstLine = (text: string): string => text.trim().split("\n")[0] ?? "";

/** The line of git's messages that says what went wrong; warnings and hints may stand before it. */
export function troubleLine(stderr: string): string {
  const lines = stderr.trim().split("\n");
  return lines.find((line) => /^(error|fatal): /.test(line)) ?? lines[0] ?? "";
}

function gitVariables(gitDir: string, options: GitOptions): Record<string, string> {
  const index = options.index === undefined ? {} : { GIT_INDEX_FILE: options.index };
  if (options.checkout !== undefined) return index;
  const workTree = options.workTree === undefined ? {} : { GIT_WORK_TREE: options.workTree };
  return { GIT_DIR: gitDir, ...workTree, ...index };
}

/** `GIT_*` of our own caller (a hook, say) must not choose the repository for us; how a remote is logged in to, it may. */
function gitEnvironment(variables: Record<string, string>): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env)) {
    const isTheirs = /^GIT_(?:(?:AUTHOR|COMMITTER)_|ASKPASS$|SSH(?:_|$))/.test(name);
    if (value !== undefined && (!name.startsWith("GIT_") || isTheirs)) environment[name] = value;
  }
  return { ...environment, LC_ALL: "C", GIT_TERMINAL_PROMPT: "0", ...variables };
}

interface Place {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly input: string;
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** In a process group of its own: Ctrl-C is for the supervisor, not for a git in the middle of its work. */
function runGit(args: readonly string[], { cwd, env, input, timeoutMs, signal }: Place): Promise<GitResult> {
  if (signal?.aborted === true) return Promise.resolve({ code: 128, stdout: "", stderr: cutShort });
  return new Promise((resolve, reject) => {
    const child = spawn("git", args, { cwd, env, stdio: ["pipe", "pipe", "pipe"], detached: true });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    let isLate = false;
    const deadline = new Deadline(() => ((isLate = true), endGroup(child.pid)));
    const cut = (): void => endGroup(child.pid);
    const forget = (): void => {
      deadline.clear();
      signal?.removeEventListener("abort", cut);
    };
    child.once("error", (cause: NodeJS.ErrnoException) => {
      forget();
      reject(startFailure(cwd, cause));
    });
    if (!hasPipes(child)) return;
    child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
    // A command that does not read its input closes the pipe: what it answers tells whether that was right.
    child.stdin.on("error", () => {});
    child.stdin.end(input);
    if (timeoutMs !== undefined) deadline.start(timeoutMs);
    signal?.addEventListener("abort", cut, { once: true });
    const drained = new Deadline(() => {
      child.stdout.destroy();
      child.stderr.destroy();
    });
    child.once("exit", () => {
      // What it left in the background may hold its pipes for ever; its group may be another's by now.
      forget();
      drained.start(drainMsMax);
    });
    child.once("close", (code) => {
      drained.clear();
      const isCut = signal?.aborted === true && code === null;
      const ended = isLate ? `${timedOut} ${timeoutMs} ms\n` : cutShort;
      const trouble = isLate || isCut ? ended : textOf(stderr);
      resolve({ code: code ?? 128, stdout: textOf(stdout), stderr: trouble });
    });
  });
}

/** After git's own end: how long its last output may take through the pipes. */
const drainMsMax = 1_000;

/** How the trouble of a command begins that took longer than it may. */
export const timedOut = "fatal: no answer within";
/** The trouble of a command that was ended because everything was to stop. */
export const cutShort = "fatal: stopped before there was an answer\n";

/** Git and what it started, such as ssh. */
function endGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended in this very moment.
  }
}

/** Node says ENOENT for a missing program and for a missing directory alike. */
function startFailure(cwd: string, cause: NodeJS.ErrnoException): RalphError {
  if (!existsSync(cwd)) return directoryGone(cwd);
  const message =
    cause.code === "ENOENT" ? "git is not on PATH" : `git could not be started: ${cause.message}`;
  return new RalphError("git-failed", message, { hint: hintFor(cause.code), cause });
}

const hintFor = (code: string | undefined): string =>
  code === "ENOENT"
    ? "Install git 2.38 or newer."
    : "See what this user may open and start (ulimit -n, ulimit -u), and what memory is free.";

/** Where no file may be opened any more, node starts nothing, makes no pipes, and says so only later. */
const hasPipes = (child: { readonly stdin?: unknown }): boolean => child.stdin !== undefined;
const noPipes = "too many files are open";

const directoryGone = (cwd: string): RalphError =>
  new RalphError("git-failed", `the directory ${cwd} is gone`);

const textOf = (chunks: readonly Buffer[]): string => Buffer.concat(chunks).toString();
