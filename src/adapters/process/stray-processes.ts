/**
 * Finds, stops and ends processes that left their process group, by a mark in their environment.
 *
 * A child that called setsid or was double-forked no longer hears a signal to the group. Its environment still
 * carries the mark it was started with. Linux only (`/proc`); a process that wipes its own environment escapes
 * this net, which is what the sandbox's PID namespace is for.
 */
import { closeSync, openSync, readdirSync, readFileSync, readSync } from "node:fs";
import { setImmediate } from "node:timers/promises";

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
    killed += pids.filter((pid) => signalProcess(pid, "SIGKILL")).length;
    await new Promise((resolve) => setTimeout(resolve, Math.min(5 * pass, delayMsMax)));
  }
  return killed;
}

/**
 * Stops every process of a group, with its marked strays. Returns them once none of them runs, null when they do
 * not hold still.
 */
export async function stopProcesses(prefix: string, group: number): Promise<readonly number[] | null> {
  const needle = needleFor(prefix);
  const isMember = (pid: string): boolean => isInGroup(pid, group) || isMarked(pid, needle);
  return stopAll(() => findProcesses(isMember));
}

/** Stops all that are found, until those are the same twice and none of them runs; null when that does not come. */
export async function stopAll(find: () => Promise<readonly number[]>): Promise<readonly number[] | null> {
  const told = new Set<number>();
  let before: string | null = null;
  for (let pass = 1; pass <= passesMax; pass += 1) {
    const pids = await find();
    const running = pids.filter((pid) => !isStill(pid, told));
    for (const pid of running) if (signalProcess(pid, "SIGSTOP")) told.add(pid);
    // A process may fork once more before it stops: the same ones twice, all of them still, are all there are.
    const seen = pids.join(" ");
    if (running.length === 0 && seen === before) return pids;
    before = seen;
    await new Promise((resolve) => setTimeout(resolve, Math.min(pass, delayMsMax)));
  }
  return null;
}

/** The marked ones of them: the group hears a signal of its own. */
export function continueStrays(prefix: string, pids: readonly number[]): void {
  const needle = needleFor(prefix);
  // A number may be another process's by now.
  for (const pid of pids) if (isMarked(String(pid), needle)) signalProcess(pid, "SIGCONT");
}

/** Processes looked at without a pause: the kernel answers at once, a promise for each costs more than the answer. */
const pidsAtOnce = 200;

async function markedProcesses(prefix: string): Promise<readonly number[]> {
  const needle = needleFor(prefix);
  return findProcesses((pid) => isMarked(pid, needle));
}

const needleFor = (prefix: string): Buffer => Buffer.from(`${groupMark}=${prefix}`);

async function findProcesses(isWanted: (pid: string) => boolean): Promise<readonly number[]> {
  if (process.platform !== "linux") return [];
  const found: number[] = [];
  for (const [i, name] of readdirSync("/proc").entries()) {
    if (i % pidsAtOnce === pidsAtOnce - 1) await setImmediate();
    if (/^\d+$/.test(name) && isWanted(name)) found.push(Number(name));
  }
  return found;
}

function isMarked(pid: string, needle: Buffer): boolean {
  const path = `/proc/${pid}/environ`;
  try {
    const size = readInto(room, path);
    return holds(size < room.length ? room.subarray(0, size) : readFileSync(path), needle);
  } catch {
    // Gone meanwhile, or somebody else's.
    return false;
  }
}

/** Larger than most environments. Kept: a buffer for each process at each look would be megabytes of waste. */
const room = Buffer.alloc(128 * 1024);

/** Returns how many bytes there were; as many as the buffer has when there may be more. */
function readInto(buffer: Buffer, path: string): number {
  const descriptor = openSync(path, "r");
  try {
    let size = 0;
    for (let count = -1; count !== 0 && size < buffer.length; size += count)
      count = readSync(descriptor, buffer, size, buffer.length - size, null);
    return size;
  } finally {
    closeSync(descriptor);
  }
}

/** Whether the needle stands at the beginning of an entry. */
function holds(environment: Buffer, needle: Buffer): boolean {
  for (let at = environment.indexOf(needle); at >= 0; at = environment.indexOf(needle, at + 1)) {
    if (at === 0 || environment[at - 1] === 0) return true;
  }
  return false;
}

/** Whether it is no process any more, or a dead one that nobody has asked about. */
export function isGone(pid: number): boolean {
  try {
    return "ZX".includes(statOf(`/proc/${pid}`)[0] ?? "X");
  } catch {
    return true;
  }
}

/** False when it is gone. */
export function signalProcess(pid: number, name: "SIGKILL" | "SIGSTOP" | "SIGCONT" | "SIGTERM"): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}

/**
 * Whether every thread is stopped or dead. A process that is gone is still, too; and so is one that was told to
 * stop and waits inside the kernel, perhaps for a stopped child: it stops before it runs again.
 */
function isStill(pid: number, told: ReadonlySet<number>): boolean {
  const states = told.has(pid) ? "TtZXD" : "TtZX";
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    return threads.every((thread) => states.includes(statOf(`/proc/${pid}/task/${thread}`)[0] ?? "X"));
  } catch {
    return true;
  }
}

function isInGroup(pid: string, group: number): boolean {
  try {
    return statOf(`/proc/${pid}`)[2] === String(group);
  } catch {
    return false;
  }
}

/** State, parent, group and so on: what follows the name, which may hold anything, brackets too. */
function statOf(folder: string): readonly string[] {
  const text = readFileSync(`${folder}/stat`, "latin1");
  return text.slice(text.lastIndexOf(") ") + 2).split(" ", 3);
}
