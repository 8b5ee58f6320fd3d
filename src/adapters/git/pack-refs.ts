/** Keeps the refs of many landings quick to list: one file for all of them instead of one file for each. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { type Git, troubleLine } from "./git.ts";

/** Packing so many takes a fraction of a second, and listing them unpacked takes no longer. */
const looseMax = 1_000;

/**
 * Does what `git gc` does with refs, whoever else works in the repository: git locks each of them. Where somebody holds
 * a lock, it is done next time. Returns git's trouble, for tests; null when there was none.
 */
export async function packRefs(git: Git, max = looseMax): Promise<string | null> {
  if (countLoose(join(git.gitDir, "refs", "ralph"), max) <= max) return null;
  const packed = await git.ask(["pack-refs", "--all", "--prune"]);
  return packed.code === 0 ? null : troubleLine(packed.stderr);
}

/**
 * For a supervisor that runs for weeks: called after each landing, it packs when so many have landed as a start would
 * pack. What landed has landed, whatever becomes of this.
 */
export function createRefPacker(git: Git, max = looseMax): () => Promise<void> {
  let landings = 0;
  return async () => {
    landings += 1;
    if (landings <= max) return;
    landings = 0;
    await packRefs(git, max).catch(() => null);
  };
}

/** Counts no further than it has to. */
function countLoose(folder: string, max: number): number {
  let count = 0;
  for (const entry of entriesOf(folder)) {
    count += entry.isDirectory() ? countLoose(join(folder, entry.name), max - count) : 1;
    if (count > max) break;
  }
  return count;
}

/** None where refs are kept in another way. */
function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}
