/**
 * Packs the loose objects that landings leave: 12 files and 50 KB a task, which packed are 2 KB. Git does so by itself
 * where a person commits or pulls; where a daemon is alone, nobody does.
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { RalphError } from "../../errors.ts";
import { type Git, troubleLine } from "./git.ts";

/** As git has it where nobody says otherwise. */
const gcAuto = 6_700;
/** So many take some seconds; the rest is for the next time. */
const atOnceMax = 50_000;

/**
 * By git's own measure, in steps that lose nothing wherever they are cut off: what is loose, reachable or not, is
 * written as a pack and flushed, and only what a pack has is removed. Who reads meanwhile finds the one or the other.
 * Returns how many objects were packed.
 *
 * @throws RalphError `git-failed`, also when `signal` ended it
 */
export async function packLooseObjects(git: Git, signal: AbortSignal): Promise<number> {
  const folder = join(git.gitDir, "objects");
  if (!(await isCrowded(git, await objectsIn(folder, "17")))) return 0;
  const names = await looseObjects(folder);
  const pack = await git.ask(["pack-objects", "--quiet", "--threads=1", join(folder, "pack", "pack")], {
    input: `${names.join("\n")}\n`,
    signal,
  });
  if (pack.code !== 0) throw failed("packed", pack.stderr);
  const pruned = await git.ask(["prune-packed", "--quiet"], { signal });
  if (pruned.code !== 0) throw failed("removed after they were packed", pruned.stderr);
  return names.length;
}

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
