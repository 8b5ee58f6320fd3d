/** Moves a checkout of the user's from one commit to the next, never over somebody's changes. */
import { lstatSync, readFileSync, statSync } from "node:fs";
import { copyFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { CommitSha } from "../../core/ids.ts";
import { type Git, type GitResult, troubleLine } from "./git.ts";
import { retryLocked } from "./git-checkout.ts";
import { diffTrees, readCommit } from "./object-tree.ts";
import { modes, type RawChange } from "./raw-diff.ts";

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

/** From one commit to the other; `seen` is the task's file as the queue read it. */
export interface CheckoutStep {
  readonly from: CommitSha;
  readonly to: CommitSha;
  /** The branch that moves between the two. */
  readonly branchRef: string;
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
  const { seen } = step;
  const changes = await listChanges(git, step);
  const added = changes.filter(({ oldMode }) => oldMode === modes.missing).map(({ path }) => path);
  const inTheWay = await findUntracked(
    git,
    checkout,
    added.filter((path) => path !== seen?.file),
  );
  if (inTheWay !== null) return overwritten(inTheWay);
  const plain: Move = { checkout, step, from: step.from, adopted: null };
  if (seen === null) return planMove(git, plain);
  if (!changes.some(({ path }) => path === seen.file)) return planAgain(git, plain, seen);
  return planSeen(git, plain, { seen, isAdded: added.includes(seen.file) });
}

/** A step that changes the task's file. */
async function planSeen(
  git: Git,
  plain: Move,
  { seen, isAdded }: { readonly seen: SeenFile; readonly isAdded: boolean },
): Promise<FastForward | string> {
  const { checkout } = plain;
  const isNew = isAdded && presentPart(checkout, seen.file) !== null;
  // Mostly the task's file is committed as it was read: then git agrees at once, and there is nothing to adopt.
  const tried = isNew ? null : await tryOut(git, plain);
  if (tried?.code === 0) return fastForward(git, plain);
  const found = await compareSeen(git, checkout, seen);
  if (found.kind === "as-seen") return planAdopting(git, plain, found.adopted);
  const isUntracked = isNew && (await findUntracked(git, checkout, [seen.file])) !== null;
  return isUntracked ? overwritten(seen.file) : planMove(git, plain);
}

/**
 * Of a task that is done again both commits hold the file as it landed: git would agree, and leave the text in the
 * checkout that asked for it.
 */
async function planAgain(git: Git, plain: Move, seen: SeenFile): Promise<FastForward | string> {
  const found = await compareSeen(git, plain.checkout, seen);
  if (found.kind === "as-seen") return planAdopting(git, plain, found.adopted);
  return found.kind === "edited" ? `${seen.file} was edited meanwhile` : planMove(git, plain);
}

const planAdopting = async (git: Git, plain: Move, adopted: Adopted): Promise<FastForward | string> =>
  planMove(git, { ...plain, from: await treeWith(git, plain.step.from, adopted), adopted });

async function planMove(git: Git, move: Move): Promise<FastForward | string> {
  const { code, stderr } = await tryOut(git, move);
  return code === 0 ? fastForward(git, move) : troubleLine(stderr);
}

const overwritten = (path: string): string => `${path} is not in git and would be overwritten`;

interface Move {
  readonly checkout: string;
  readonly step: CheckoutStep;
  /** What the index is told it stands on: the commit, with the adopted file in it. */
  readonly from: string;
  readonly adopted: Adopted | null;
}

function tryOut(git: Git, { checkout, step, from, adopted }: Move): Promise<GitResult> {
  return git.withIndex(async (index) => {
    await copyFile(await indexOf(git, checkout), index).catch(() => null);
    if (adopted !== null) await stage(git, { checkout, index }, adopted);
    return git.ask(["read-tree", "-n", "-m", "-u", from, step.to], { checkout, index });
  });
}

const fastForward = (git: Git, { checkout, step, from, adopted }: Move): FastForward => ({
  checkout,
  async carryOut() {
    // Somebody committed or switched branches in this very moment: the checkout is theirs.
    if ((await headOf(git, checkout, step.branchRef)) !== step.to) return "it is on another commit now";
    if (adopted !== null) await stage(git, { checkout }, adopted);
    const result = await retryLocked(() => git.ask(["read-tree", "-m", "-u", from, step.to], { checkout }));
    return result.code === 0 ? null : troubleLine(result.stderr);
  },
});

/** The commit that is checked out. Git itself is asked unless the file says that it is the branch. */
async function headOf(git: Git, checkout: string, branchRef: string): Promise<string> {
  const own = ownGitDir(checkout);
  const head = own === null ? null : readOrNull(join(own, "HEAD"));
  if (head?.trimEnd() === `ref: ${branchRef}`) return (await readCommit(git.objects, branchRef)).sha;
  return (await git.ask(["rev-parse", "HEAD"], { checkout })).stdout.trim();
}

/** A checkout's own git directory, where its index and its HEAD lie; null where only git knows. */
function ownGitDir(checkout: string): string | null {
  const path = join(checkout, ".git");
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats?.isDirectory() === true) return path;
  const [, to] = /^gitdir: (.+)\n?$/.exec(readOrNull(path) ?? "") ?? [];
  return to === undefined ? null : resolve(checkout, to);
}

function readOrNull(file: string): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return null;
  }
}

async function listChanges(git: Git, { from, to }: CheckoutStep): Promise<readonly RawChange[]> {
  const [before, after] = [await readCommit(git.objects, from), await readCommit(git.objects, to)];
  return diffTrees(git.objects, before.tree, after.tree);
}

/**
 * A file or link that git does not track where the step adds one. Git itself protects these only while they are not
 * ignored, and an ignored file is where people keep what exists nowhere else.
 */
async function findUntracked(git: Git, checkout: string, paths: readonly string[]): Promise<string | null> {
  const parts = paths.map((path) => presentPart(checkout, path)).filter((part) => part !== null);
  const present = [...new Set(parts)];
  for (let at = 0; at < present.length; at += pathsAtOnce) {
    const some = present.slice(at, at + pathsAtOnce).map(literal);
    const others = await git.run(["ls-files", "--others", "-z", "--", ...some], { checkout });
    const [first = ""] = others.split("\0");
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

/** How the task's file lies in the checkout: as committed, as the queue read it, or as somebody left it since. */
type SeenNow =
  | { readonly kind: "committed" | "edited" }
  | { readonly kind: "as-seen"; readonly adopted: Adopted };

/**
 * The task's file may lie uncommitted in the checkout, as the queue read it. The landing commits it, so the index
 * is told of it first; otherwise git would refuse to overwrite it.
 */
async function compareSeen(git: Git, checkout: string, seen: SeenFile): Promise<SeenNow> {
  const args = ["status", "--porcelain=v1", "-z", "--ignored", "--", literal(seen.file)];
  if ((await git.run(args, { checkout })) === "") return { kind: "committed" };
  const inCheckout = await git.ask(["hash-object", "--", seen.file], { checkout });
  const write = ["hash-object", "-w", "--stdin", "--path", seen.file];
  const sha = (await git.run(write, { checkout, input: seen.text })).trim();
  const isAsSeen = inCheckout.code === 0 && inCheckout.stdout.trim() === sha;
  return isAsSeen ? { kind: "as-seen", adopted: { file: seen.file, sha } } : { kind: "edited" };
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

/** The index of a checkout. */
export async function indexOf(git: Git, checkout: string): Promise<string> {
  const own = ownGitDir(checkout);
  if (own !== null) return join(own, "index");
  const args = ["rev-parse", "--path-format=absolute", "--git-path", "index"];
  return (await git.run(args, { checkout })).replace(/\n$/, "");
}

const literal = (path: string): string => `:(literal)${path}`;
