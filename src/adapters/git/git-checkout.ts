/** Finds the user's own checkouts of the target, and what is uncommitted there. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { RalphError } from "../../errors.ts";
import type { Git, GitResult } from "./git.ts";

/** Directories in which the branch is checked out. One that is gone (a removed disk, a deleted worktree) is not one. */
export async function listCheckouts(git: Git, branchRef: string): Promise<readonly string[]> {
  return (await listKnown(git, branchRef)).filter((path) => existsSync(path));
}

/** The same, again and again: git is asked anew only when a file has changed that decides what it would say. */
export function createCheckoutList(git: Git, branchRef: string): () => Promise<readonly string[]> {
  let known: { readonly witness: string; readonly paths: readonly string[] } | null = null;
  return async () => {
    const witness = witnessOf(git.gitDir);
    if (witness === null) return listCheckouts(git, branchRef);
    if (witness !== known?.witness) known = { witness, paths: await listKnown(git, branchRef) };
    return known.paths.filter((path) => existsSync(path));
  };
}

/** Which worktrees there are and what each has checked out; null where git keeps that in other files. */
function witnessOf(gitDir: string): string | null {
  if (existsSync(join(gitDir, "reftable"))) return null;
  const worktrees = join(gitDir, "worktrees");
  const names = existsSync(worktrees) ? readdirSync(worktrees).toSorted() : [];
  const files = [
    "HEAD",
    "config",
    "config.worktree",
    ...names.flatMap((name) => ["HEAD", "gitdir"].map((file) => join("worktrees", name, file))),
  ];
  return JSON.stringify(files.map((file) => [file, textOrNull(join(gitDir, file))]));
}

function textOrNull(file: string): string | null {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return null;
  }
}

async function listKnown(git: Git, branchRef: string): Promise<readonly string[]> {
  const output = await git.run(["worktree", "list", "--porcelain", "-z"]);
  const checkouts: string[] = [];
  for (const entry of output.split("\0\0")) {
    const lines = entry.split("\0");
    const path = lines.find((line) => line.startsWith("worktree "))?.slice("worktree ".length);
    const isBare = lines.includes("bare");
    if (path === undefined || isBare || !lines.includes(`branch ${branchRef}`)) continue;
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
