/** Keeps the user's own checkouts of the target up to date: fast-forwarded, never over somebody's changes. */
import { existsSync, lstatSync } from "node:fs";
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import type { CommitSha } from "../../core/ids.ts";
import { RalphError } from "../../errors.ts";
import { type Git, type GitResult, troubleLine } from "./git.ts";

/** A planned fast-forward that git has agreed to in a dry run. */
export interface FastForward {
  readonly checkout: string;
  /** Null when it worked, else why it did not. */
  carryOut(): Promise<string | null>;
}

/** A file that the checkout may hold uncommitted, because the landing commits just that. */
export interface SeenFile {
  readonly file: string;
  readonly text: string;
}

/** Directories in which the branch is checked out. One that is gone (a removed disk, a deleted worktree) is not one. */
export async function listCheckouts(git: Git, branchRef: string): Promise<readonly string[]> {
  const output = await git.run(["worktree", "list", "--porcelain", "-z"]);
  const checkouts: string[] = [];
  for (const entry of output.split("\0\0")) {
    const lines = entry.split("\0");
    const path = lines.find((line) => line.startsWith("worktree "))?.slice("worktree ".length);
    const isBare = lines.includes("bare");
    if (path === undefined || isBare || !lines.includes(`branch ${branchRef}`) || !existsSync(path)) continue;
    checkouts.push(path === git.gitDir ? await topOf(git, path) : path);
  }
  return checkouts;
}

/** Of a git directory that lies elsewhere, git itself knows the checkout only when it is configured. */
async function topOf(git: Git, gitDir: string): Promise<string> {
  const top = await git.ask(["rev-parse", "--show-toplevel"], { checkout: gitDir });
  if (top.code === 0) return top.stdout.replace(/\n$/, "");
  throw new RalphError("git-failed", `git does not say where the checkout of ${gitDir} is`, {
    hint: 'Tell it, in that checkout: git config core.worktree "$PWD"',
  });
}

/** Tracked files with uncommitted changes. Untracked files are the user's own business. */
export async function listDirty(git: Git, checkout: string): Promise<readonly string[]> {
  const args = ["status", "--porcelain=v1", "-z", "--untracked-files=no", "--ignore-submodules=all"];
  const fields = (await git.run(args, { checkout })).split("\0");
  const dirty: string[] = [];
  for (let i = 0; i < fields.length; i += 1) {
    const field = fields[i] ?? "";
    if (field !== "") dirty.push(field.slice(3));
    // A rename carries the old path in a field of its own.
    if (/[RC]/.test(field.slice(0, 2))) i += 1;
  }
  return dirty;
}

/** From one commit to the other; `seen` is the task's file as the queue read it. */
export interface CheckoutStep {
  readonly from: CommitSha;
  readonly to: CommitSha;
  readonly seen: SeenFile | null;
}

/**
 * Asks git whether `checkout` can go from one commit to the other without touching anybody's changes. The checkout
 * and its index stay as they are. Returns the reason when it cannot.
 */
export async function planFastForward(
  git: Git,
  checkout: string,
  step: CheckoutStep,
): Promise<FastForward | string> {
  const { to } = step;
  const inTheWay = await findUntracked(git, checkout, step);
  if (inTheWay !== null) return `${inTheWay} is not in git and would be overwritten`;
  const adopted = step.seen === null ? null : await findAdopted(git, checkout, step.seen);
  const from = adopted === null ? step.from : await treeWith(git, step.from, adopted);
  const move = ["read-tree", "-m", "-u", from, to];
  const tryOut = await git.withIndex(async (index) => {
    await copyFile(await indexOf(git, checkout), index).catch(() => null);
    if (adopted !== null) await stage(git, { checkout, index }, adopted);
    return git.ask([...move.slice(0, 1), "-n", ...move.slice(1)], { checkout, index });
  });
  if (tryOut.code !== 0) return troubleLine(tryOut.stderr);
  return {
    checkout,
    async carryOut() {
      const head = await git.ask(["rev-parse", "HEAD"], { checkout });
      // Somebody committed or switched branches in this very moment: the checkout is theirs.
      if (head.stdout.trim() !== to) return "it is on another commit now";
      if (adopted !== null) await stage(git, { checkout }, adopted);
      const result = await retryLocked(() => git.ask(move, { checkout }));
      return result.code === 0 ? null : troubleLine(result.stderr);
    },
  };
}

/** How often a lock that another git process holds is waited for, and how long each time. */
const lockTries = 20;
const lockDelayMs = 100;

/** Editors and prompts run git all the time: a lock that is held now is free in a moment. */
export async function retryLocked(run: () => Promise<GitResult>): Promise<GitResult> {
  let result = await run();
  for (let tries = 1; tries < lockTries && isLocked(result); tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, lockDelayMs));
    result = await run();
  }
  return result;
}

const isLocked = ({ code, stderr }: GitResult): boolean => code !== 0 && /\.lock': File exists/.test(stderr);

/**
 * A file or link that git does not track where the step adds one. Git itself protects these only while they are not
 * ignored, and an ignored file is where people keep what exists nowhere else. The task's file is looked at elsewhere.
 */
async function findUntracked(git: Git, checkout: string, step: CheckoutStep): Promise<string | null> {
  const added = [
    "diff-tree",
    "-r",
    "-z",
    "--no-renames",
    "--name-only",
    "--diff-filter=A",
    step.from,
    step.to,
  ];
  const paths = (await git.run(added)).split("\0").filter((path) => path !== "" && path !== step.seen?.file);
  const present = [
    ...new Set(paths.map((path) => presentPart(checkout, path)).filter((part) => part !== null)),
  ];
  for (let at = 0; at < present.length; at += pathsAtOnce) {
    const some = present.slice(at, at + pathsAtOnce).map(literal);
    const [first = ""] = (await git.run(["ls-files", "--others", "-z", "--", ...some], { checkout })).split(
      "\0",
    );
    if (first !== "") return first;
  }
  return null;
}

/** Below the limit of a command line, whatever the paths. */
const pathsAtOnce = 20;

/** The path itself if something is there, or the first of its folders that is no folder; null when nothing is. */
function presentPart(checkout: string, path: string): string | null {
  const names = path.split("/");
  for (let depth = 1; depth <= names.length; depth += 1) {
    const part = names.slice(0, depth).join("/");
    const stats = lstatSync(join(checkout, part), { throwIfNoEntry: false });
    if (stats === undefined) return null;
    if (!stats.isDirectory() || depth === names.length) return part;
  }
  return null;
}

/** A file and the blob that it is in git. */
interface Adopted {
  readonly file: string;
  readonly sha: string;
}

/**
 * The task's file may lie uncommitted in the checkout, as the queue read it. The landing commits it, so the index
 * is told of it first; otherwise git would refuse to overwrite it. Null when there is nothing to adopt.
 */
async function findAdopted(git: Git, checkout: string, seen: SeenFile): Promise<Adopted | null> {
  const args = ["status", "--porcelain=v1", "-z", "--ignored", "--", literal(seen.file)];
  if ((await git.run(args, { checkout })) === "") return null;
  const inCheckout = await git.ask(["hash-object", "--", seen.file], { checkout });
  const write = ["hash-object", "-w", "--stdin", "--path", seen.file];
  const sha = (await git.run(write, { checkout, input: seen.text })).trim();
  return inCheckout.code === 0 && inCheckout.stdout.trim() === sha ? { file: seen.file, sha } : null;
}

async function stage(
  git: Git,
  place: { readonly checkout: string; readonly index?: string },
  adopted: Adopted,
): Promise<void> {
  await retryLocked(() => git.ask(["update-index", "--add", "--cacheinfo", entryOf(adopted)], place));
  await git.ask(["update-index", "-q", "--refresh"], place);
}

async function treeWith(git: Git, commit: CommitSha, adopted: Adopted): Promise<string> {
  return git.withIndex(async (index) => {
    await git.run(["read-tree", commit], { index });
    await git.run(["update-index", "--add", "--cacheinfo", entryOf(adopted)], { index });
    return (await git.run(["write-tree"], { index })).trim();
  });
}

const entryOf = ({ file, sha }: Adopted): string => `100644,${sha},${file}`;

async function indexOf(git: Git, checkout: string): Promise<string> {
  const args = ["rev-parse", "--path-format=absolute", "--git-path", "index"];
  return (await git.run(args, { checkout })).replace(/\n$/, "");
}

const literal = (path: string): string => `:(literal)${path}`;
