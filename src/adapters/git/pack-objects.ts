/**
 * Packs the loose objects that landings leave: 12 files and 50 KB a task, which packed are 2 KB. Git does so by itself
 * where a person commits or pulls; where a daemon is alone, nobody does.
 */
import { readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { RalphError, unlessAbsent } from "../../errors.ts";
import { type Git, troubleLine } from "./git.ts";

/** As git has it where nobody says otherwise. */
const gcAuto = 6_700;
/** So many take some seconds; the rest is for the next time. */
const atOnceMax = 50_000;
/** No work is judged for so long. Git takes a tidying of its own that is older for forgotten, too. */
const keptMs = 12 * 3_600_000;
/** No git writes at one file for so long without changing it. */
const abandonedMs = 24 * 3_600_000;

/**
 * By git's own measure, in steps that lose nothing wherever they are cut off: what is loose, reachable or not, is
 * written as a pack and flushed, and only what a pack has is removed. Who reads meanwhile finds the one or the other.
 *
 * Work that is being judged has no ref, and a person's `git repack -a -d` drops from packs what no ref reaches, though
 * it leaves loose objects alone: so a pack is marked as one to keep until all that is in it has long been judged.
 *
 * @throws RalphError `git-failed`, also when `signal` ended it
 */
export async function packLooseObjects(git: Git, signal: AbortSignal): Promise<void> {
  const folder = join(git.gitDir, "objects");
  const packs = join(folder, "pack");
  await tidyPacks(packs);
  const tidying = await ageOf(join(git.gitDir, "gc.pid"));
  if (tidying !== null && tidying < keptMs) return;
  if (!(await isCrowded(git, await objectsIn(folder, "17")))) return;
  const names = await looseObjects(folder);
  const packed = await git.ask(["pack-objects", "--quiet", "--threads=1", join(packs, "pack")], {
    input: `${names.join("\n")}\n`,
    signal,
  });
  if (packed.code !== 0) throw failed("packed", packed.stderr);
  await writeFile(join(packs, `pack-${packed.stdout.trim()}.keep`), keepText);
  const pruned = await git.ask(["prune-packed", "--quiet"], { signal });
  if (pruned.code !== 0) throw failed("removed after they were packed", pruned.stderr);
}

const keepText = "ralphwright: work that is being judged may be in it\n";

/** Packs need not be kept for ever; and some were never finished, by ours or by any git that was killed. */
async function tidyPacks(folder: string): Promise<void> {
  for (const name of await namesIn(folder)) {
    const file = join(folder, name);
    const isOver = name.startsWith("tmp_")
      ? await isOlder(file, abandonedMs)
      : name.endsWith(".keep") && (await isOlder(file, keptMs)) && (await isOurs(file));
    if (isOver) await rm(file, { force: true });
  }
}

const isOurs = async (file: string): Promise<boolean> =>
  (await unlessAbsent(readFile(file, "utf8"))) === keepText;

const isOlder = async (file: string, ms: number): Promise<boolean> => ((await ageOf(file)) ?? 0) > ms;

/** Milliseconds since it was changed; null when it is not there. */
const ageOf = async (file: string): Promise<number | null> => {
  const stats = await unlessAbsent(stat(file));
  return stats === null ? null : Date.now() - stats.mtimeMs;
};

/** Git looks at one of 256 folders, too. */
const perFolder = (objects: number): number => Math.ceil(objects / 256);

/** A person who has said `gc.auto = 0` wants none of it. What we give to git ourselves has the scope `command`. */
async function isCrowded(git: Git, { length: inOne }: readonly string[]): Promise<boolean> {
  const { stdout } = await git.ask(["config", "--show-scope", "--type=int", "--get-all", "gc.auto"]);
  const said = stdout.split("\n").filter((line) => line !== "" && !line.startsWith("command\t"));
  const max = Number(said.at(-1)?.split("\t")[1] ?? gcAuto);
  return max > 0 && inOne > perFolder(max);
}

async function looseObjects(folder: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const prefix of (await namesIn(folder)).filter((name) => /^[0-9a-f]{2}$/.test(name))) {
    found.push(...(await objectsIn(folder, prefix)).map((rest) => prefix + rest));
    if (found.length >= atOnceMax) break;
  }
  return found;
}

/** Without what is being written. */
const objectsIn = async (folder: string, prefix: string): Promise<readonly string[]> =>
  (await namesIn(join(folder, prefix))).filter((name) => /^(?:[0-9a-f]{38}|[0-9a-f]{62})$/.test(name));

const namesIn = (folder: string): Promise<string[]> => readdir(folder).catch(() => []);

const failed = (what: string, stderr: string): RalphError =>
  new RalphError("git-failed", `loose objects could not be ${what}: ${troubleLine(stderr)}`, {
    hint: "Nothing is lost by this. See whether the repository is whole: git fsck.",
  });
