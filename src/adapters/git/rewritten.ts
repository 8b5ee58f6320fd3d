/** Looks at what git wrote into a directory and removed from it, and holds it against what a fresh one would have. */
import { randomUUID } from "node:crypto";
import { readdirSync, type Stats } from "node:fs";
import { rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { entryOf, type Manifest, statOrNone } from "../manifest.ts";
import { modes, type RawChange } from "./raw-diff.ts";

export interface Rewritten {
  /** Paths of the old commit that were missing. */
  readonly lost: readonly string[];
  /** From the old commit to the new one. */
  readonly changes: readonly RawChange[];
}

/** Brings the manifest up to date. False when anything is not as git makes it in a fresh directory. */
export async function noteRewritten(
  tree: string,
  files: Manifest,
  { lost, changes }: Rewritten,
): Promise<boolean> {
  if (lost.length + changes.length === 0) return true;
  const fresh = await modeOfNew(dirname(tree));
  const all = new Set([...changes.map(({ path }) => path), ...lost]);
  const written = new Map(
    changes.flatMap(({ path, newMode }) => (newMode === modes.missing ? [] : [[path, newMode]])),
  );
  const removed = changes.flatMap(({ path, newMode }) => (newMode === modes.missing ? [path] : []));
  // A folder may have taken the place of a file, and be gone with its last one.
  const folders = new Set([...removed, ...lost.filter((path) => isFolder(files.get(path)))]);
  for (const path of all) for (const above of foldersAbove(path)) folders.add(above);
  const restored = lost.filter((path) => !written.has(path) && !folders.has(path));
  const noteIf = (path: string, isProper: (stats: Stats | undefined) => boolean): boolean => {
    const stats = statOrNone(join(tree, path));
    if (!isProper(stats)) return false;
    if (stats === undefined) files.delete(path);
    else files.set(path, entryOf(stats));
    return true;
  };
  return (
    restored.every((path) => noteIf(path, (stats) => stats?.mode === files.get(path)?.mode)) &&
    [...written].every(([path, mode]) => noteIf(path, (stats) => isAsGitMakes(stats, mode, fresh))) &&
    [...folders]
      .filter((path) => !written.has(path))
      .every((path) => {
        // The folder of a submodule is empty, and git has not made it again.
        const mayGo = !lost.includes(path) || lost.some((other) => other.startsWith(`${path}/`));
        return noteIf(path, (stats) =>
          stats === undefined ? mayGo : isProperFolder(stats, join(tree, path), fresh),
        );
      })
  );
}

export const isFolder = (entry: { readonly mode: number } | undefined): boolean =>
  entry !== undefined && (entry.mode & 0o170000) === 0o040000;

/** What the process's mask leaves of 0777. */
async function modeOfNew(folder: string): Promise<number> {
  const probe = join(folder, `${randomUUID()}.mode`);
  await writeFile(probe, "", { mode: 0o777 });
  const mode = (await stat(probe)).mode & 0o777;
  await rm(probe);
  return mode;
}

function isAsGitMakes(stats: Stats | undefined, mode: string, fresh: number): boolean {
  switch (mode) {
    case modes.symlink:
      return stats?.isSymbolicLink() === true;
    case modes.gitlink:
      return stats?.isDirectory() === true;
    default:
      return (
        stats?.isFile() === true && (stats.mode & 0o7777) === (mode === "100755" ? fresh : fresh & 0o666)
      );
  }
}

/** With something in it: git would not have made an empty one. */
function isProperFolder(stats: Stats, path: string, fresh: number): boolean {
  // The set-group-id bit comes from the folder above.
  return stats.isDirectory() && (stats.mode & 0o5777) === fresh && readdirSync(path).length > 0;
}

function foldersAbove(path: string): readonly string[] {
  const names = path.split("/");
  return names.slice(1).map((_, i) => names.slice(0, i + 1).join("/"));
}
