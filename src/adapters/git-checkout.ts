/** Keeps the user's own checkouts of the target up to date: fast-forwarded, never over somebody's changes. */
import type { CommitSha } from "../core/ids.ts";
import { firstLine, type Git } from "./git.ts";

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

/** Directories in which the branch is checked out. */
export async function listCheckouts(git: Git, branchRef: string): Promise<readonly string[]> {
  const output = await git.run(["worktree", "list", "--porcelain", "-z"]);
  const checkouts: string[] = [];
  for (const entry of output.split("\0\0")) {
    const lines = entry.split("\0");
    const path = lines.find((line) => line.startsWith("worktree "))?.slice("worktree ".length);
    const isBare = lines.includes("bare");
    if (path !== undefined && !isBare && lines.includes(`branch ${branchRef}`)) checkouts.push(path);
  }
  return checkouts;
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
    if (field.startsWith("R") || field.startsWith("C")) i += 1;
  }
  return dirty;
}

/**
 * Asks git whether `checkout` can go from one commit to the other without touching anybody's changes.
 * Returns the reason when it cannot.
 */
export async function planFastForward(
  git: Git,
  checkout: string,
  step: { readonly from: CommitSha; readonly to: CommitSha; readonly seen: SeenFile | null },
): Promise<FastForward | string> {
  const { to, seen } = step;
  const from = (seen === null ? null : await adoptSeenFile(git, checkout, step.from, seen)) ?? step.from;
  const tryOut = await git.ask(["read-tree", "-n", "-m", "-u", from, to], { checkout });
  if (tryOut.code !== 0) return firstLine(tryOut.stderr);
  return {
    checkout,
    async carryOut() {
      const head = await git.ask(["rev-parse", "HEAD"], { checkout });
      // Somebody committed or switched branches in this very moment: the checkout is theirs.
      if (head.stdout.trim() !== to) return "it is on another commit now";
      const result = await git.ask(["read-tree", "-m", "-u", from, to], { checkout });
      return result.code === 0 ? null : firstLine(result.stderr);
    },
  };
}

/**
 * The task's file may lie uncommitted in the checkout, as the queue read it. The landing commits it, so the index
 * is told of it first; otherwise git would refuse to overwrite it. Returns the tree to start from.
 */
async function adoptSeenFile(
  git: Git,
  checkout: string,
  from: CommitSha,
  seen: SeenFile,
): Promise<string | null> {
  const status = await git.run(["status", "--porcelain=v1", "-z", "--", literal(seen.file)], { checkout });
  if (status === "") return null;
  const inCheckout = (await git.run(["hash-object", "--", seen.file], { checkout })).trim();
  const asSeen = (
    await git.run(["hash-object", "-w", "--stdin", "--path", seen.file], { checkout, input: seen.text })
  ).trim();
  if (inCheckout !== asSeen) return null;
  const entry = `100644,${asSeen},${seen.file}`;
  await git.run(["update-index", "--add", "--cacheinfo", entry], { checkout });
  await git.ask(["update-index", "-q", "--refresh"], { checkout });
  return git.withIndex(async (index) => {
    await git.run(["read-tree", from], { index });
    await git.run(["update-index", "--add", "--cacheinfo", entry], { index });
    return (await git.run(["write-tree"], { index })).trim();
  });
}

const literal = (path: string): string => `:(literal)${path}`;
