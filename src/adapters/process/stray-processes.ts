/**
 * Finds and ends processes that left their process group, by a mark in their environment.
 *
 * A child that called setsid or was double-forked no longer hears a signal to the group. Its environment still
 * carries the mark it was started with. Linux only (`/proc`); a process that wipes its own environment escapes
 * this net, which is what the sandbox's PID namespace is for.
 */
import { readdir, readFile } from "node:fs/promises";

/** Environment variable that marks every process the supervisor starts. */
export const groupMark = "RALPH_GROUP";

/** About ten seconds: a killed process dies when it next runs, which takes a while on a machine that is full. */
const passesMax = 200;
const delayMsMax = 50;

/** Kills every process whose mark starts with `prefix`. Returns how many there were. */
export async function killStrays(prefix: string): Promise<number> {
  let killed = 0;
  // A process that is being killed may fork once more before it dies.
  for (let pass = 1; pass <= passesMax; pass += 1) {
    const pids = await markedProcesses(prefix);
    if (pids.length === 0) break;
    killed += pids.filter(kill).length;
    await new Promise((resolve) => setTimeout(resolve, Math.min(5 * pass, delayMsMax)));
  }
  return killed;
}

async function markedProcesses(prefix: string): Promise<readonly number[]> {
  if (process.platform !== "linux") return [];
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const needle = `${groupMark}=${prefix}`;
  const marked = await Promise.all(pids.map(async (pid) => isMarked(pid, needle)));
  return pids.filter((_, i) => marked[i] === true).map(Number);
}

async function isMarked(pid: string, needle: string): Promise<boolean> {
  try {
    const environment = await readFile(`/proc/${pid}/environ`, "latin1");
    return environment.startsWith(needle) || environment.includes(`\0${needle}`);
  } catch {
    // Gone meanwhile, or somebody else's.
    return false;
  }
}

function kill(pid: number): boolean {
  try {
    return process.kill(pid, "SIGKILL");
  } catch {
    return false;
  }
}
