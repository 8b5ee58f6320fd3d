/**
 * Dependencies that stay in a directory from one use to the next: what they were right after they were copied from
 * the store, and how they are made so again.
 */
import { execFile } from "node:child_process";
import { cp, mkdir, stat } from "node:fs/promises";
import { dirname, isAbsolute, join, posix } from "node:path";
import { compareManifest, type Extent, type Manifest, readManifest, settle } from "../manifest.ts";
import { removeAll } from "../remove-all.ts";

export interface Kept {
  /** Of the store's entry that they were copied from. */
  readonly key: string;
  /** Paths that hold all of it and nothing of the commit. */
  readonly roots: readonly string[];
  /** Held in memory: nobody who can write the directory can write this. */
  readonly manifest: Manifest;
}

/** A directory that is used again and again. */
export interface KeptPlace {
  kept: Kept | null;
  /** Whether a path is part of the commit. */
  isTracked(path: string): boolean;
}

export async function copyKept(keep: readonly string[], from: string, to: string): Promise<void> {
  for (const path of keep) {
    if (!(await exists(join(from, path)))) continue;
    await removeAll(join(to, path));
    await mkdir(dirname(join(to, path)), { recursive: true });
    await copyWhole(join(from, path), join(to, path));
  }
}

/** `cp` copies ten times as fast as Node, and shares the blocks where the file system can. Not every `cp` can do it. */
async function copyWhole(from: string, to: string): Promise<void> {
  const isCopied = await new Promise((resolve) => {
    execFile("cp", ["-a", "--reflink=auto", "--", from, to], (error) => resolve(error === null));
  });
  if (isCopied === true) return;
  await removeAll(to);
  await copySlowly(from, to);
}

const copySlowly = (from: string, to: string): Promise<void> =>
  cp(from, to, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });

/** Notes what was just copied. Null when that cannot be told apart from the commit, or not be watched. */
export async function noteKept(
  key: string,
  keep: readonly string[],
  {
    directory,
    place,
    scratch,
  }: { readonly directory: string; readonly place: KeptPlace; readonly scratch: string },
): Promise<Kept | null> {
  const paths = keep.map((path) => posix.normalize(path).replace(/\/+$/, ""));
  if (paths.some((path) => isOutside(path) || place.isTracked(path))) return null;
  const roots = [...new Set(paths.map((path) => rootOf(path, place)))];
  const manifest = await readManifest(directory, extentOf(roots));
  if (manifest === null || !(await settle(scratch, manifest))) return null;
  return { key, roots, manifest };
}

const isOutside = (path: string): boolean => isAbsolute(path) || path === "." || /^\.\.(\/|$)/.test(path);

const extentOf = (roots: readonly string[]): Extent => ({ from: roots, skip: new Set() });

/** The topmost folder above a kept path that is no part of the commit, or the path itself. */
function rootOf(path: string, place: KeptPlace): string {
  const names = path.split("/");
  for (let depth = 1; depth < names.length; depth += 1) {
    const above = names.slice(0, depth).join("/");
    if (!place.isTracked(above)) return above;
  }
  return path;
}

/** Above this, copying everything anew is quicker. */
const mendedMax = 200;

/** How what is kept differs from what it was: `same`, `mended` from the store, or `spoilt` beyond that. */
export async function mendKept(
  { roots, manifest }: Kept,
  directory: string,
  source: { readonly stored: string; isMendable(): Promise<boolean> },
): Promise<"same" | "mended" | "spoilt"> {
  const found = await compareManifest(directory, extentOf(roots), manifest);
  if (found === null) return "spoilt";
  const { foreign, lost } = found;
  if (foreign.length === 0 && lost.length === 0) return "same";
  const lostSet = new Set(lost);
  const tops = lost.filter((path) => !lostSet.has(posix.dirname(path)));
  if (tops.length + foreign.length > mendedMax || !(await source.isMendable())) return "spoilt";
  for (const path of foreign) await removeAll(join(directory, path));
  for (const path of tops) await copySlowly(join(source.stored, path), join(directory, path));
  return "mended";
}

export const exists = async (path: string): Promise<boolean> => (await stat(path).catch(() => null)) !== null;
