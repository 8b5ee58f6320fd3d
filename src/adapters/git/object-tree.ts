/** What commits and trees say, read object by object: which tree, which parents, which files, what changed. */
import { posix } from "node:path";
import type { CommitSha } from "../../core/ids.ts";
import { RalphError } from "../../errors.ts";
import type { GitObject, ObjectReader } from "./object-reader.ts";
import { modes, type RawChange } from "./raw-diff.ts";

export interface CommitObject {
  readonly sha: string;
  readonly tree: string;
  readonly parents: readonly string[];
}

/** `name`: a commit, or what leads to one. @throws RalphError `git-failed` when there is none. */
export async function readCommit(objects: ObjectReader, name: string): Promise<CommitObject> {
  const { sha, content } = await mustRead(objects, `${name}^{commit}`);
  const lines = content.toString("latin1").split("\n\n")[0]?.split("\n") ?? [];
  const valuesOf = (key: string): readonly string[] =>
    lines.filter((line) => line.startsWith(`${key} `)).map((line) => line.slice(key.length + 1));
  return { sha, tree: valuesOf("tree")[0] ?? "", parents: valuesOf("parent") };
}

/** The text of a file at a commit; null when there is none, or it is no file. */
export async function readBlob(
  objects: ObjectReader,
  commit: CommitSha,
  path: string,
): Promise<string | null> {
  const object = await objects.read(nameIn(commit, path));
  return object?.type === "blob" ? object.content.toString() : null;
}

/** Where a symbolic link points, by the name of its object. */
export const readLink = async (objects: ObjectReader, sha: string): Promise<string> =>
  (await mustRead(objects, sha)).content.toString();

/** Every file below a folder, by its path from the top. */
export async function listBelow(
  objects: ObjectReader,
  commit: CommitSha,
  folder: string,
): Promise<readonly string[]> {
  const tree = await objects.read(nameIn(commit, folder));
  if (tree?.type !== "tree") return [];
  const top = plain(folder) === "" ? "" : `${plain(folder)}/`;
  return (await diffSides(objects, { old: [], now: parseTree(tree) }, toBytes(top))).map(({ path }) => path);
}

/** Names of the entries of one folder; none where there is no folder. */
export async function listEntries(
  objects: ObjectReader,
  commit: CommitSha,
  folder: string,
): Promise<readonly string[]> {
  const tree = await objects.read(nameIn(commit, folder));
  if (tree?.type !== "tree") return [];
  return parseTree(tree).map(({ name }) => Buffer.from(name, "latin1").toString());
}

/** What `git diff-tree -r --raw --no-renames` says of two trees. */
export async function diffTrees(
  objects: ObjectReader,
  from: string,
  to: string,
): Promise<readonly RawChange[]> {
  return from === to ? [] : diffSides(objects, await readSides(objects, from, to), "");
}

interface Entry {
  /** Byte by byte, since git's names are bytes: two names that are no UTF-8 must not become one. */
  readonly name: string;
  readonly mode: string;
  readonly sha: string;
}

interface Sides {
  readonly old: readonly Entry[];
  readonly now: readonly Entry[];
}

async function diffSides(objects: ObjectReader, sides: Sides, folder: string): Promise<readonly RawChange[]> {
  const changes: RawChange[] = [];
  const [old, now] = [byKey(sides.old), byKey(sides.now)];
  for (const key of [...new Set([...old.keys(), ...now.keys()])].toSorted()) {
    const [before, after] = [old.get(key), now.get(key)];
    if (before?.sha === after?.sha && before?.mode === after?.mode) continue;
    if (key.endsWith("/")) {
      const inner = await readSides(objects, before?.sha, after?.sha);
      changes.push(...(await diffSides(objects, inner, folder + key)));
    } else changes.push(changeOf(folder + key, before, after));
  }
  return changes;
}

/** A folder's key ends in a slash, as git sorts it: a file that became a folder is two changes. */
const byKey = (entries: readonly Entry[]): ReadonlyMap<string, Entry> =>
  new Map(entries.map((entry) => [entry.mode === modes.tree ? `${entry.name}/` : entry.name, entry]));

function changeOf(path: string, before: Entry | undefined, after: Entry | undefined): RawChange {
  const none = "0".repeat((before ?? after)?.sha.length ?? 0);
  return {
    path: Buffer.from(path, "latin1").toString(),
    oldMode: before?.mode ?? modes.missing,
    oldSha: before?.sha ?? none,
    newMode: after?.mode ?? modes.missing,
    newSha: after?.sha ?? none,
  };
}

/**
 * What may differ between two trees; undefined: there is none. What is the same at the beginning and at the end is
 * passed over unread: in a folder of thousands, mostly one entry is left.
 */
async function readSides(objects: ObjectReader, old?: string, now?: string): Promise<Sides> {
  const [a, b] = [await readTree(objects, old), await readTree(objects, now)];
  const [olds, news] = [a.ends.length, b.ends.length];
  const most = Math.min(olds, news);
  const isSame = (i: number, j: number): boolean =>
    a.content.compare(b.content, startOf(b, j), b.ends[j], startOf(a, i), a.ends[i]) === 0;
  let [first, last] = [0, 0];
  while (first < most && isSame(first, first)) first += 1;
  while (last < most - first && isSame(olds - 1 - last, news - 1 - last)) last += 1;
  return {
    old: a.ends.slice(first, olds - last).map((_, i) => parseEntry(a, first + i)),
    now: b.ends.slice(first, news - last).map((_, i) => parseEntry(b, first + i)),
  };
}

/** A tree, cut into entries that nobody has read yet. */
interface CutTree {
  readonly content: Buffer;
  /** Where each entry ends. */
  readonly ends: readonly number[];
  readonly shaSize: number;
}

const startOf = ({ ends }: CutTree, i: number): number => ends[i - 1] ?? 0;

async function readTree(objects: ObjectReader, sha: string | undefined): Promise<CutTree> {
  if (sha === undefined) return { content: Buffer.alloc(0), ends: [], shaSize: 0 };
  return cutTree(await mustRead(objects, `${sha}^{tree}`));
}

/** `<mode> <name>` NUL `<sha>` for each entry; the SHA is as long as the tree's own, in bytes. */
function cutTree({ sha, content }: GitObject): CutTree {
  const shaSize = sha.length / 2;
  const ends: number[] = [];
  for (let at = 0; at < content.length; ends.push(at)) {
    const end = content.indexOf(0, at);
    if (end < 0) throw unreadable(sha);
    at = end + 1 + shaSize;
  }
  return { content, ends, shaSize };
}

function parseTree(object: GitObject): readonly Entry[] {
  const tree = cutTree(object);
  return tree.ends.map((_, i) => parseEntry(tree, i));
}

function parseEntry(tree: CutTree, i: number): Entry {
  const { content, ends, shaSize } = tree;
  const [start, end] = [startOf(tree, i), ends[i] ?? 0];
  const [space, shaAt] = [content.indexOf(0x20, start), end - shaSize];
  return {
    mode: canonicalMode(content.toString("latin1", start, space)),
    name: content.toString("latin1", space + 1, shaAt - 1),
    sha: content.toString("hex", shaAt, end),
  };
}

/** As git reads them: old programs wrote modes that it no longer writes. */
function canonicalMode(mode: string): string {
  const bits = Number.parseInt(mode, 8);
  switch (bits & 0o170000) {
    case 0o100000:
      return (bits & 0o100) === 0 ? "100644" : "100755";
    case 0o120000:
      return modes.symlink;
    case 0o040000:
      return modes.tree;
    default:
      return modes.gitlink;
  }
}

async function mustRead(objects: ObjectReader, name: string): Promise<GitObject> {
  const object = await objects.read(name);
  if (object === null) throw unreadable(name);
  return object;
}

const unreadable = (name: string): RalphError =>
  new RalphError("git-failed", `git does not have ${name}`, {
    hint: "See whether the branch exists and the repository is whole: git fsck.",
  });

const nameIn = (commit: CommitSha, path: string): string => `${commit}:${plain(path)}`;

/** To git, a path that begins with a dot would be relative to a directory that is no checkout: it would give up. */
function plain(path: string): string {
  const normal = posix.normalize(path).replace(/\/+$/, "");
  if (normal === ".") return "";
  return /^\.\.(\/|$)/.test(normal) ? `/${normal}` : normal;
}

const toBytes = (text: string): string => Buffer.from(text).toString("latin1");
