/** Finishes what a killed git left half done in a landing: its locks, and checkouts between the two commits. */
import { constants, lstatSync, readFileSync, realpathSync } from "node:fs";
import { open } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { indexOf } from "./fast-forward.ts";
import type { Git } from "./git.ts";
import { listCheckouts, retryLocked } from "./git-checkout.ts";
import { diffTrees, readCommit } from "./object-tree.ts";
import { modes, type RawChange, stageInput } from "./raw-diff.ts";
import { isInRealFolders } from "./real-folders.ts";
import { locksBelow, removeStaleLocks } from "./stale-locks.ts";

/** Locks on our own refs and on their list, which a start packs; and on the target, where it was being moved. */
export async function removeRefLocks(git: Git, branchRef: string, isMoving: boolean): Promise<void> {
  const ours = locksBelow(join(git.gitDir, "refs", "ralph"));
  const names = ["packed-refs", ...(isMoving ? ["HEAD", branchRef] : [])];
  const shared = names.map((name) => join(git.gitDir, `${name}.lock`));
  await removeStaleLocks([...ours, ...shared], await placesOf(git, branchRef));
}

interface Step {
  readonly from: string;
  readonly to: string;
}

/**
 * Checkouts that a crash left on an earlier commit than the branch, or on the way from there, with nothing else in
 * their index. Returns those that are up to date now.
 */
export async function mendCheckouts(git: Git, branchRef: string, step: Step): Promise<readonly string[]> {
  const mended: string[] = [];
  for (const checkout of await listCheckouts(git, branchRef)) {
    if (!(await isOnTheWay(git, checkout, step))) continue;
    await removeStaleLocks([`${await indexOf(git, checkout)}.lock`], await placesOf(git, branchRef));
    await noteFinished(git, checkout, step);
    const result = await retryLocked(() =>
      git.ask(["read-tree", "-m", "-u", step.from, step.to], { checkout }),
    );
    if (result.code === 0) mended.push(checkout);
  }
  return mended;
}

/** Where a git that holds a lock of this repository could be at work. */
async function placesOf(git: Git, branchRef: string): Promise<readonly string[]> {
  const top = basename(git.gitDir) === ".git" ? [dirname(git.gitDir)] : [];
  const places = [git.gitDir, ...top, ...(await listCheckouts(git, branchRef))];
  return [...new Set(places.flatMap((place) => [place, realpathSync(place)]))];
}

/** Each path of the index is as in one of the two commits, and not all are as in the later one. */
async function isOnTheWay(git: Git, checkout: string, { from, to }: Step): Promise<boolean> {
  const differing = async (commit: string): Promise<readonly string[]> => {
    const names = await git.run(["diff-index", "--cached", "--name-only", "-z", commit], { checkout });
    return names.split("\0").filter((name) => name !== "");
  };
  const [done, left] = [new Set(await differing(from)), await differing(to)];
  return left.length > 0 && !left.some((path) => done.has(path));
}

/** A git that is killed has changed files and not yet its index: it is told of those that are as they shall be. */
async function noteFinished(git: Git, checkout: string, { from, to }: Step): Promise<void> {
  const [before, after] = [await readCommit(git.objects, from), await readCommit(git.objects, to)];
  const changes = await diffTrees(git.objects, before.tree, after.tree);
  for (const change of changes) await finishFile(git, checkout, change);
  const finished = await finishedOf(git, checkout, changes);
  if (finished.length === 0) return;
  const input = stageInput(finished);
  await retryLocked(() => git.ask(["update-index", "-z", "--index-info"], { checkout, input }));
  await git.ask(["update-index", "-q", "--refresh"], { checkout });
}

/**
 * Git writes a file from its beginning. Where there is the beginning of what lands, the rest is added, whoever wrote it:
 * nothing is lost by that. A file that is as before the landing is left to git.
 */
async function finishFile(
  git: Git,
  checkout: string,
  { path, oldSha, newMode, newSha }: RawChange,
): Promise<void> {
  const file = join(checkout, path);
  const stats = lstatSync(file, { throwIfNoEntry: false });
  if (!newMode.startsWith("100") || stats?.isFile() !== true) return;
  if (stats.size >= ((await git.objects.size(newSha)) ?? 0)) return;
  const [landing, before] = [await git.objects.read(newSha), await git.objects.read(oldSha)];
  const present = readFileSync(file);
  if (landing === null || before?.content.equals(present) === true) return;
  if (!landing.content.subarray(0, present.length).equals(present)) return;
  if (await isInRealFolders(checkout, path)) await append(file, landing.content.subarray(present.length));
}

async function append(file: string, bytes: Uint8Array): Promise<void> {
  const { O_APPEND, O_NOFOLLOW, O_WRONLY } = constants;
  await using handle = await open(file, O_WRONLY | O_APPEND | O_NOFOLLOW);
  await handle.writeFile(bytes);
}

async function finishedOf(
  git: Git,
  checkout: string,
  changes: readonly RawChange[],
): Promise<readonly RawChange[]> {
  const statsOf = (path: string): ReturnType<typeof lstatSync> =>
    lstatSync(join(checkout, path), { throwIfNoEntry: false });
  const removed = changes.filter(
    (each) => each.newMode === modes.missing && statsOf(each.path) === undefined,
  );
  const present = changes.filter(({ path, newMode }) => {
    const stats = statsOf(path);
    const isExecutable = stats !== undefined && (Number(stats.mode) & 0o100) !== 0;
    // Names that git would read otherwise in a list of lines are left alone.
    return stats?.isFile() === true && newMode === `100${isExecutable ? 755 : 644}` && !/^"|\n/.test(path);
  });
  const input = present.map(({ path }) => `${path}\n`).join("");
  const hashed = input === "" ? "" : await git.run(["hash-object", "--stdin-paths"], { checkout, input });
  const hashes = hashed.split("\n");
  return [...removed, ...present.filter(({ newSha }, at) => hashes[at] === newSha)];
}
