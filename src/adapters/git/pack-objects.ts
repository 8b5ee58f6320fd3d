/**
 * Packs the loose objects that landings leave: 12 files and 50 KB a task, which packed are 2 KB. Git does so by itself
 * where a person commits or pulls; where a daemon is alone, nobody does.
 */
import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { RalphError } from "../../errors.ts";
import { type Git, troubleLine } from "./git.ts";

/** As git has it where nobody says otherwise. */
const gcAuto = 6_700;
/** So many take some seconds; the rest is for the next time. */
const atOnceMax = 50_000;
/** No work is judged for so long. */
const oldMs = 12 * 3_600_000;
/** No git writes at one file for so long without changing it. */
const abandonedMs = 24 * 3_600_000;
/** Git takes a longer one for forgotten, too. */
const collectingMsMax = 12 * 3_600_000;

/**
 * By git's own measure, in steps that lose nothing wherever they are cut off: what is loose is written as a pack and
 * flushed, and only what a pack has is removed. Who reads meanwhile finds the one or the other.
 *
 * What no ref reaches is packed when it is old, not before: a work that is being judged has no ref, and in a pack a
 * person's `git repack -a -d` would drop it, which leaves loose objects alone.
 */
export function createPacker(git: Git): (signal: AbortSignal) => Promise<void> {
  const folder = join(git.gitDir, "objects");
  /** What the last packing had to leave, in the one folder that is looked at. */
  let left = 0;
  return async (signal) => {
    await removeAbandoned(join(folder, "pack"));
    const max = await mostInOne(git);
    const collecting = await ageOf(join(git.gitDir, "gc.pid"));
    if (max === 0 || (collecting !== null && collecting < collectingMsMax)) return;
    const isNews = (await objectsIn(folder, lookedAt)).length - left > max;
    if (isNews) await pack(git, reachable, { signal });
    const rest = await objectsIn(folder, lookedAt);
    left = isNews ? rest.length : Math.min(left, rest.length);
    if ((await oldOf(folder, lookedAt, rest)).length <= max) return;
    await pack(git, [], { signal, input: `${(await allOld(folder)).join("\n")}\n` });
  };
}

/** Git looks at this one of 256 folders, too. */
const lookedAt = "17";

/** As `git repack` asks for it. */
const reachable = ["--all", "--reflog", "--indexed-objects", "--unpacked"] as const;

/** @throws RalphError `git-failed`, also when `signal` ended it */
async function pack(
  git: Git,
  what: readonly string[],
  options: { readonly signal: AbortSignal; readonly input?: string },
): Promise<void> {
  const file = join(git.gitDir, "objects", "pack", "pack");
  const args = ["pack-objects", "--quiet", "--non-empty", "--threads=1", ...what, file];
  const packed = await git.ask(args, options);
  if (packed.code !== 0) throw failed("packed", packed.stderr);
  const { signal } = options;
  const pruned = await git.ask(["prune-packed", "--quiet"], { signal });
  if (pruned.code !== 0) throw failed("removed after they were packed", pruned.stderr);
}

/** A person who has said `gc.auto = 0` wants none of it: 0. What we give to git ourselves has the scope `command`. */
async function mostInOne(git: Git): Promise<number> {
  const { stdout } = await git.ask(["config", "--show-scope", "--type=int", "--get-all", "gc.auto"]);
  const said = stdout.split("\n").filter((line) => line !== "" && !line.startsWith("command\t"));
  return Math.max(0, Math.ceil(Number(said.at(-1)?.split("\t")[1] ?? gcAuto) / 256));
}

async function allOld(folder: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const prefix of (await namesIn(folder)).filter((name) => /^[0-9a-f]{2}$/.test(name))) {
    const old = await oldOf(folder, prefix, await objectsIn(folder, prefix));
    found.push(...old.map((rest) => prefix + rest));
    if (found.length >= atOnceMax) break;
  }
  return found;
}

async function oldOf(folder: string, prefix: string, names: readonly string[]): Promise<readonly string[]> {
  const ages = await Promise.all(names.map((name) => ageOf(join(folder, prefix, name))));
  return names.filter((_, at) => (ages[at] ?? 0) > oldMs);
}

/** Packs that were not finished: of ours, and of any git that was killed. */
async function removeAbandoned(folder: string): Promise<void> {
  for (const name of (await namesIn(folder)).filter((each) => each.startsWith("tmp_")))
    if (((await ageOf(join(folder, name))) ?? 0) > abandonedMs) await rm(join(folder, name), { force: true });
}

/** Milliseconds since it was changed; null when it is not there. */
const ageOf = (file: string): Promise<number | null> =>
  stat(file).then(
    ({ mtimeMs }) => Date.now() - mtimeMs,
    () => null,
  );

/** Without what is being written. */
const objectsIn = async (folder: string, prefix: string): Promise<readonly string[]> =>
  (await namesIn(join(folder, prefix))).filter((name) => /^(?:[0-9a-f]{38}|[0-9a-f]{62})$/.test(name));

const namesIn = (folder: string): Promise<string[]> => readdir(folder).catch(() => []);

const failed = (what: string, stderr: string): RalphError =>
  new RalphError("git-failed", `loose objects could not be ${what}: ${troubleLine(stderr)}`, {
    hint: "Nothing is lost by this. See whether the repository is whole: git fsck.",
  });
