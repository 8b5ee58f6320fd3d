/**
 * Removes the locks of a git that was killed: git itself never does, and every later one stops at them.
 *
 * A lock says nothing of its owner. It counts as left behind when it has not changed for two seconds and no git lives
 * that could be at work in this repository. Where that cannot be known, which takes `/proc`, it stays for a person.
 */
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";

const looksMax = 20;
const delayMs = 100;

/** Of these files, and for as long as each is the very same one. `places`: where a git that holds one may be at work. */
export async function removeStaleLocks(files: readonly string[], places: readonly string[]): Promise<void> {
  let held = present(files);
  for (let look = 1; look <= looksMax && held.size > 0; look += 1) {
    await new Promise((resolve) => setTimeout(resolve, delayMs));
    const now = present([...held.keys()]);
    held = new Map([...now].filter(([file, identity]) => held.get(file) === identity));
  }
  if (held.size === 0 || mayBeAtWork(places)) return;
  for (const file of held.keys()) await rm(file, { force: true });
}

function present(files: readonly string[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const file of files) {
    const stats = lstatSync(file, { throwIfNoEntry: false });
    if (stats?.isFile() === true) found.set(file, `${stats.ino} ${stats.mtimeMs} ${stats.size}`);
  }
  return found;
}

/** Whether a git lives that is not our own and of which it is not known that it works elsewhere. */
function mayBeAtWork(places: readonly string[]): boolean {
  if (!existsSync("/proc/self/comm")) return true;
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.some((pid) => {
    try {
      if (!readFileSync(`/proc/${pid}/comm`, "latin1").startsWith("git")) return false;
      const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
      const [state = "", parent = ""] = stat.slice(stat.lastIndexOf(") ") + 2).split(" ");
      if (state === "Z" || Number(parent) === process.pid) return false;
      const told = ["environ", "cmdline"].map((name) => readFileSync(`/proc/${pid}/${name}`, "utf8"));
      return [readlinkSync(`/proc/${pid}/cwd`), ...told].some((text) =>
        places.some((place) => text.includes(place)),
      );
    } catch (error) {
      // One that has just ended holds nothing; of one that may not be looked at nothing is known.
      return !/ENOENT|ESRCH/.test(String(error));
    }
  });
}

/** The locks below a folder of refs. */
export const locksBelow = (folder: string): readonly string[] =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true, encoding: "utf8" })
        .filter((name) => name.endsWith(".lock"))
        .map((name) => join(folder, name))
    : [];
