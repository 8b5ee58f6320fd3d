/** Paths below a folder that somebody else may write: none may lead out of it by a link. */
import { lstat } from "node:fs/promises";
import { join } from "node:path";
import { unlessAbsent } from "../../errors.ts";

/** Whether the folders above a path are folders: what lies behind a link is not ours to delete or to write. */
export async function isInRealFolders(workTree: string, path: string): Promise<boolean> {
  const names = path.split("/").slice(0, -1);
  for (let depth = 1; depth <= names.length; depth += 1) {
    const stats = await unlessAbsent(lstat(join(workTree, ...names.slice(0, depth))));
    if (stats === null) return true;
    if (!stats.isDirectory()) return false;
  }
  return true;
}
