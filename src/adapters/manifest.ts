/**
 * What lies in a folder, entry by entry, and what is no longer as it was.
 *
 * An entry counts as unchanged only while it is the very same inode with the same times: a program can put back a
 * file's content, length and modification time, but not the time of its last change, which the kernel sets.
 */
import { randomUUID } from "node:crypto";
import { lstatSync, readdirSync, type Stats } from "node:fs";
import { lstat, rm, statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate, setTimeout } from "node:timers/promises";

/** Kept small: there is one for every file of a project. */
export interface ManifestEntry {
  readonly mode: number;
  readonly ino: number;
  readonly dev: number;
  readonly size: number;
  readonly mtimeMs: number;
  readonly ctimeMs: number;
  readonly uid: number;
  readonly gid: number;
}

/** Path below the folder → entry; folders are entries, too. */
export type Manifest = Map<string, ManifestEntry>;

/** Which part of a folder: `from` are paths in it, the empty one all of it; `skip` are left out, whatever they are. */
export interface Extent {
  readonly from: readonly string[];
  readonly skip: ReadonlySet<string>;
}

export function entryOf({ mode, ino, dev, size, mtimeMs, ctimeMs, uid, gid }: Stats): ManifestEntry {
  return { mode, ino, dev, size, mtimeMs, ctimeMs, uid, gid };
}

/** Whether it is the very same entry, untouched. */
export function isSameEntry(entry: ManifestEntry, stats: Stats): boolean {
  if (entry.ino !== stats.ino || entry.mode !== stats.mode || entry.dev !== stats.dev) return false;
  if (entry.uid !== stats.uid || entry.gid !== stats.gid) return false;
  // What lies in a folder is looked at entry by entry; its own times change with every one of them.
  if (stats.isDirectory()) return true;
  return entry.ctimeMs === stats.ctimeMs && entry.mtimeMs === stats.mtimeMs && entry.size === stats.size;
}

/** The entry itself, never what a link leads to. */
export function statOrNone(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    // A file has the name of a folder above.
    if (error instanceof Error && "code" in error && error.code === "ENOTDIR") return undefined;
    throw error;
  }
}

/** Null when a name is no valid UTF-8: such an entry could not be found again by its name. */
export async function readManifest(top: string, extent: Extent): Promise<Manifest | null> {
  const manifest: Manifest = new Map();
  const isTellable = await visit(top, extent, (path, stats) => {
    manifest.set(path, entryOf(stats));
    return true;
  });
  return isTellable ? manifest : null;
}

export interface Differences {
  /** Entries that were not there or not so: what has to go. What lies below them is not listed. */
  readonly foreign: readonly string[];
  /** Entries of the manifest that are not there, or will not be once `foreign` is gone. */
  readonly lost: readonly string[];
}

/** Null when a name is no valid UTF-8. Throws for a folder that cannot be read. */
export async function compareManifest(
  top: string,
  extent: Extent,
  manifest: ReadonlyMap<string, ManifestEntry>,
): Promise<Differences | null> {
  const foreign: string[] = [];
  const found = new Set<string>();
  const isTellable = await visit(top, extent, (path, stats) => {
    const entry = manifest.get(path);
    const isSame = entry !== undefined && isSameEntry(entry, stats);
    if (isSame) found.add(path);
    else foreign.push(path);
    return isSame;
  });
  if (!isTellable) return null;
  const lost = found.size === manifest.size ? [] : [...manifest.keys()].filter((path) => !found.has(path));
  return { foreign, lost };
}

/** Looked at without a pause: the kernel answers at once, a promise for each costs more than the answer. */
const entriesAtOnce = 1_000;

/** `look` says whether to go on below an entry. Links are never followed. */
async function visit(
  top: string,
  { from, skip }: Extent,
  look: (path: string, stats: Stats) => boolean,
): Promise<boolean> {
  const open: string[] = [];
  let count = 0;
  const take = (path: string): boolean => {
    count += 1;
    if (path.includes("\uFFFD")) return false;
    const stats = skip.has(path) ? undefined : statOrNone(`${top}/${path}`);
    if (stats !== undefined && look(path, stats) && stats.isDirectory()) open.push(path);
    return true;
  };
  const isWhole = from.includes("");
  if (isWhole) open.push("");
  else if (!from.every(take)) return false;
  for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
    if (count >= entriesAtOnce) count = await setImmediate(0);
    const below = folder === "" ? "" : `${folder}/`;
    for (const name of readdirSync(join(top, folder))) if (!take(below + name)) return false;
  }
  return true;
}

/** Longer than any file system's clock takes to tick that ticks more than ten times a second. */
const triesMax = 100;

/** File systems in memory: a write through a shared mapping changes neither mtime nor ctime there. */
const forgetful: ReadonlySet<number> = new Set([0x01_02_19_94, 0x85_84_58_f6]);

/** Whether what is written below a folder shows in its times: else nothing there can be known by its manifest. */
export async function showsAllWrites(folder: string): Promise<boolean> {
  return !forgetful.has((await statfs(folder)).type);
}

/**
 * Waits until the file system's clock has moved on from every time in the manifest, so that whatever changes from
 * now on has another time. False when it is too coarse for that: then the manifest proves nothing.
 *
 * `folder`: on the same file system, and nobody else's.
 */
export async function settle(folder: string, manifest: ReadonlyMap<string, ManifestEntry>): Promise<boolean> {
  let newestMs = 0;
  for (const { ctimeMs } of manifest.values()) newestMs = Math.max(newestMs, ctimeMs);
  const probe = join(folder, `${randomUUID()}.clock`);
  try {
    for (let tries = 0; tries < triesMax; tries += 1) {
      await writeFile(probe, "");
      if ((await lstat(probe)).ctimeMs > newestMs) return true;
      await setTimeout(1);
    }
    return false;
  } finally {
    await rm(probe, { force: true });
  }
}
