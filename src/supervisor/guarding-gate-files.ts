/** Follows what gates run into the files that it loads, as they are at the base. */
import type { GateFiles } from "../core/guard/gate-files.ts";
import { ownImports } from "../core/guard/gate-imports.ts";
import type { CommitSha } from "../core/ids.ts";
import type { Target } from "../ports.ts";

/** What a gate runs is small; more than this is a program of its own. */
const filesReadMax = 50;

export async function followGateFiles(
  target: Pick<Target, "readFile">,
  base: CommitSha,
  named: GateFiles,
): Promise<GateFiles> {
  const files = new Map(named);
  let read = 0;
  // A map that grows while it is read.
  for (const [path, gate] of files) {
    if (read >= filesReadMax) break;
    const text = await target.readFile(base, path);
    if (text === null) continue;
    read += 1;
    // Also what is not there: a new file of that name would be loaded before another one.
    for (const place of ownImports(path, text)) if (!files.has(place)) files.set(place, gate);
  }
  return files;
}
