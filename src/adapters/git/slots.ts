/**
 * Slots: directories that hold one commit after another. Laying out a large tree takes its time; bringing a used
 * directory to the next commit takes a look at every entry, and work only where something differs.
 *
 * Invariant: a slot that is taken holds its commit's files with the modes that git gives them, a `.git` that is new,
 * and nothing else but kept dependencies, which whoever provides them verifies. Whatever makes that doubtful has the
 * slot thrown away for a fresh one. All that is known of a slot is in memory: a later run trusts no directory.
 */
import { randomUUID } from "node:crypto";
import { lstat, mkdir, readFile, rename, stat, utimes, writeFile } from "node:fs/promises";
import { join, posix } from "node:path";
import type { CommitSha } from "../../core/ids.ts";
import {
  compareManifest,
  entryOf,
  isSameEntry,
  type Manifest,
  type ManifestEntry,
  readManifest,
  settle,
  showsAllWrites,
  statOrNone,
} from "../manifest.ts";
import type { KeptPlace } from "../process/kept.ts";
import { isFolderInUse } from "../process/open-folders.ts";
import { removeAll, removeDirectory } from "../remove-all.ts";
import type { Git } from "./git.ts";
import { diffTrees, readCommit } from "./object-tree.ts";
import { makeOwnRepository, type Skeleton } from "./own-repository.ts";
import { modes, type RawChange } from "./raw-diff.ts";
import { isFolder, noteRewritten, type Rewritten } from "./rewritten.ts";

export interface Slot {
  readonly commit: CommitSha;
  /** Holds the tree and, beside it, the files through which the supervisor and the tree's user talk. */
  readonly home: string;
  readonly tree: string;
  readonly index: IndexText;
  /** Null when it cannot be watched well enough to be used again. */
  readonly record: SlotRecord | null;
  readonly place: KeptPlace;
  /** Whether it was used before. */
  readonly isWarm: boolean;
}

/**
 * Index as it was when the slot was laid out: with it, only changed files are read again. It is kept in memory,
 * because the directory's user could write any file, and an index can hide changes.
 */
interface IndexText {
  readonly bytes: Buffer;
  /** When it was written: git reads again what changed in that moment or later. */
  readonly writtenAtMs: number;
}

/** What a slot was when it was handed out. */
interface SlotRecord {
  readonly treeSha: string;
  /** The directory itself. */
  readonly root: ManifestEntry;
  /** Without kept dependencies and `.git`. */
  readonly files: Manifest;
}

export interface SlotPool {
  /** A used directory, brought to the commit, or a fresh one. */
  take(commit: CommitSha): Promise<Slot>;
  takeFresh(commit: CommitSha): Promise<Slot>;
  /** To be used again. Only when every process that ran in it is gone. */
  give(slot: Slot): Promise<void>;
  /** Removes those that nobody uses. */
  drain(): Promise<void>;
}

interface Ground {
  readonly git: Git;
  readonly folder: string;
  readonly skeleton: Skeleton;
}

/** It never holds more slots than were in use at once. */
export function createSlotPool(git: Git, folder: string): SlotPool {
  const ground: Ground = { git, folder, skeleton: { config: null } };
  const free: Slot[] = [];
  const takeFresh = (commit: CommitSha): Promise<Slot> => layOutFresh(ground, commit);
  return {
    takeFresh,
    async take(commit) {
      for (let used = free.pop(); used !== undefined; used = free.pop()) {
        const slot = await useAgain(ground, used, commit);
        if (slot !== null) return slot;
      }
      return takeFresh(commit);
    },
    async give(slot) {
      if (slot.record === null) await removeDirectory(slot.home);
      else free.push(slot);
    },
    async drain() {
      await Promise.all(free.splice(0).map(({ home }) => throwAway(home)));
    },
  };
}

/** What cannot be removed now is left for the next sweep, which says why. */
const throwAway = (home: string): Promise<void> => removeDirectory(home).catch(() => {});

async function layOutFresh(ground: Ground, commit: CommitSha): Promise<Slot> {
  const { git, skeleton } = ground;
  const home = join(ground.folder, randomUUID());
  const tree = join(home, "tree");
  await mkdir(tree, { recursive: true, mode: 0o700 });
  const [index, treeSha] = await Promise.all([
    git.withIndex((file) => readInto(git, { tree, commit, file })),
    readCommit(git.objects, commit).then((object) => object.tree),
    makeOwnRepository(git, tree, { commit, skeleton }),
  ]);
  await writeFile(join(tree, ".git", "index"), index.bytes);
  const files = await readManifest(tree, { from: [""], skip: new Set([".git"]) });
  const root = entryOf(await lstat(tree));
  const isWatched = await showsAllWrites(home);
  const record = files === null || !isWatched ? null : await sealRecord(home, { treeSha, root, files });
  // An index that is older than all of its files makes git read every one of them again.
  const trusted = isWatched ? index : { ...index, writtenAtMs: 1_000 };
  return { commit, home, tree, index: trusted, record, place: placeOf(record, null), isWarm: false };
}

async function sealRecord(home: string, record: SlotRecord): Promise<SlotRecord | null> {
  return (await settle(home, record.files)) ? record : null;
}

const placeOf = (record: SlotRecord | null, kept: KeptPlace["kept"]): KeptPlace => ({
  kept,
  isTracked: (path) => record?.files.has(path) ?? true,
});

interface ReadOrder {
  readonly tree: string;
  readonly commit: CommitSha;
  readonly file: string;
}

async function readInto(git: Git, { tree, commit, file }: ReadOrder): Promise<IndexText> {
  await git.run(["read-tree", "--reset", "-u", commit], { workTree: tree, index: file });
  return readIndex(file);
}

const readIndex = async (file: string): Promise<IndexText> => ({
  bytes: await readFile(file),
  writtenAtMs: Math.floor((await stat(file)).mtimeMs),
});

/** The index as it was, with its time: a younger file would make git trust what changed just after it was written. */
export async function restoreIndex({ index }: Slot, file: string): Promise<void> {
  await writeFile(file, index.bytes);
  await utimes(file, index.writtenAtMs / 1000, index.writtenAtMs / 1000);
}

/** Null, and the slot is gone, when it cannot be proven clean. */
async function useAgain(ground: Ground, used: Slot, commit: CommitSha): Promise<Slot | null> {
  const home = join(ground.folder, randomUUID());
  try {
    if (!isFolderInUse(used.home)) {
      // Nobody knows the new place, and what lay beside the tree stays behind.
      await mkdir(home, { mode: 0o700 });
      await rename(used.tree, join(home, "tree"));
      await removeDirectory(used.home);
      const slot = await reset(ground, { ...used, home, tree: join(home, "tree") }, commit);
      if (slot !== null) return slot;
    }
  } catch {
    // A folder that cannot be read, a name that git refuses: a fresh directory shows whether it was the slot.
  }
  await Promise.all([throwAway(used.home), throwAway(home)]);
  return null;
}

async function reset(ground: Ground, slot: Slot, commit: CommitSha): Promise<Slot | null> {
  const { git, skeleton } = ground;
  const { tree, record, home } = slot;
  const root = statOrNone(tree);
  if (record === null || root === undefined || !isSameEntry(record.root, root)) return null;
  const treeSha = (await readCommit(git.objects, commit)).tree;
  const changes = await diffTrees(git.objects, record.treeSha, treeSha);
  if (changes.some(changesMore)) return null;
  const kept = slot.place.kept !== null && touches(changes, slot.place.kept.roots) ? null : slot.place.kept;
  const skip = new Set([".git", ...(kept?.roots ?? [])]);
  const found = await compareManifest(tree, { from: [""], skip }, record.files);
  if (found === null) return null;
  for (const path of [...found.foreign, ".git"]) await removeAll(join(tree, path));
  const [index] = await Promise.all([
    bringTo(git, slot, { commit, lost: found.lost, changes }),
    makeOwnRepository(git, tree, { commit, skeleton }),
  ]);
  await writeFile(join(tree, ".git", "index"), index.bytes);
  if (!(await noteRewritten(tree, record.files, { lost: found.lost, changes }))) return null;
  const next = await sealRecord(home, { ...record, treeSha });
  return { ...slot, commit, index, record: next, place: placeOf(next, kept), isWarm: true };
}

interface NextCommit extends Rewritten {
  readonly commit: CommitSha;
}

/**
 * Everything else is known to be what the old index says, so git need not look at it: missing files are written,
 * then those that differ between the commits. Of the first, the index keeps the old times: git will read them again.
 */
async function bringTo(git: Git, slot: Slot, { commit, lost, changes }: NextCommit): Promise<IndexText> {
  const changed = new Set(changes.map(({ path }) => path));
  const missing = lost.filter((path) => !changed.has(path) && !isFolder(slot.record?.files.get(path)));
  if (missing.length + changes.length === 0) return slot.index;
  return git.withIndex(async (index) => {
    // Its files were just looked at, so it may be as young as it is: git need not read again what is older.
    await writeFile(index, slot.index.bytes);
    const place = { workTree: slot.tree, index };
    const input = missing.map((path) => `${path}\0`).join("");
    if (missing.length > 0) await git.run(["checkout-index", "-f", "-z", "--stdin"], { ...place, input });
    if (changes.length === 0) return slot.index;
    await git.run(["read-tree", "-m", "-u", commit], place);
    return readIndex(index);
  });
}

/** Attributes decide how other files are written; a name that is no valid UTF-8 cannot be looked up. */
const changesMore = ({ path }: RawChange): boolean =>
  path.includes("\uFFFD") || posix.basename(path).toLowerCase() === ".gitattributes";

/** Whether the commit has anything to say about what is kept, or about the folders above it. */
function touches(changes: readonly RawChange[], roots: readonly string[]): boolean {
  return roots.some((root) =>
    changes.some(({ path, newMode }) => {
      if (isWithin(path, root) || isWithin(root, path)) return true;
      return newMode === modes.missing && isWithin(path, posix.dirname(root));
    }),
  );
}

const isWithin = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`);
