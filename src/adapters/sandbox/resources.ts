/** Limits on memory, processes and file size of one contained program: by cgroups where they are ours, else by rlimits. */
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { totalmem } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { ResourceLimits } from "../../core/config.ts";
import { messageOf } from "../../errors.ts";
import { formatBytes } from "../../formats/byte-size.ts";
import { findCgroups, type Hierarchy, tryRemove } from "./cgroups.ts";

/** The limits of one program that is started now. */
export interface Share {
  /** Lines of bash that put the shell, and whatever it starts, under the limits that a process sets itself. */
  readonly script: string;
  /**
   * Puts a process, and whatever it starts, under the limits that are set from outside. The kernel takes some ten
   * milliseconds for it: meanwhile bubblewrap makes its mounts.
   */
  readonly admit: (pid: number) => Promise<void>;
  /** Whether they count every process of the user's on the machine, unless they are set inside of a user namespace. */
  readonly isForInside: boolean;
  readonly release: () => Promise<string | null>;
}

export interface Resources {
  readonly begin: () => Share;
  /** Removes the cgroups of this mark, with whoever is in them. */
  readonly sweep: () => void;
  /** What holds, and by what, for people. */
  readonly facts: readonly string[];
  readonly warnings: readonly string[];
}

const prefixOf = (mark: string): string => `ralph-${mark}-`;

/** @param mark Names this supervisor's cgroups. */
export function openResources(mark: string, limits: ResourceLimits): Resources {
  const memoryBytes = limits.memoryBytes ?? defaultMemory();
  const texts = [`memory ${formatBytes(memoryBytes)}`, `processes ${limits.processesMax}`];
  const file = `file size ${formatBytes(limits.fileBytesMax)} by rlimit`;
  const cgroups = findCgroups({ memoryBytes, processesMax: limits.processesMax });
  // In units of 1024 bytes, as bash counts them.
  const fileLimit = `ulimit -c 0; ulimit -f ${Math.ceil(limits.fileBytesMax / 1024)} || exit 125`;
  if ("reason" in cgroups) {
    const isRoot = process.getuid?.() === 0;
    const rlimits = `ulimit -d ${Math.ceil(memoryBytes / 1024)}; ulimit -u ${limits.processesMax}`;
    const script = `${fileLimit}; ${rlimits}`;
    return {
      begin: () => ({
        script,
        isForInside: true,
        admit: () => Promise.resolve(),
        release: () => Promise.resolve(null),
      }),
      sweep: () => {},
      facts: [
        `${texts[0] ?? ""} for each process by rlimit`,
        ...(isRoot ? [] : [`${texts[1] ?? ""} by rlimit`]),
        file,
      ],
      warnings: isRoot
        ? [`the number of processes is not limited: ${cgroups.reason}, and rlimits do not bind root`]
        : [`limits are rlimits, for each process alone: ${cgroups.reason}`],
    };
  }
  return {
    begin: () =>
      beginIn(cgroups.hierarchies, { name: `${prefixOf(mark)}${randomUUID()}`, fileLimit, memoryBytes }),
    sweep: () => cgroups.hierarchies.forEach(({ base }) => removeLeft(base, prefixOf(mark))),
    facts: [`${texts.join(" and ")} by ${cgroups.name}`, file],
    warnings: [],
  };
}

/** The rest is for people, the supervisor and the file cache. */
const machineShare = 0.75;

const defaultMemory = (): number =>
  Math.floor(Math.min(totalmem(), process.constrainedMemory() || Infinity) * machineShare);

interface Begin {
  readonly name: string;
  readonly fileLimit: string;
  readonly memoryBytes: number;
}

/**
 * Programs are in a cgroup below the one with the limits: with a user namespace of its own a program can mount what is
 * from its own cgroup downwards, and write there.
 */
const inner = "program";

function beginIn(hierarchies: readonly Hierarchy[], { name, fileLimit, memoryBytes }: Begin): Share {
  const places = hierarchies.map((hierarchy) => ({ ...hierarchy, folder: join(hierarchy.base, name) }));
  let entered: Promise<unknown> = Promise.resolve();
  return {
    script: fileLimit,
    isForInside: false,
    async admit(pid) {
      const entering = places.map((place) => enter(place, pid));
      entered = Promise.allSettled(entering);
      await Promise.all(entering);
    },
    async release() {
      // Who was killed at once may be gone before his cgroups are made.
      await entered;
      const isOver = places.some(({ kills, folder }) => cgroupsIn(folder).some((each) => kills(each) > 0));
      // Nobody waits for it: a process that has just died counts for some milliseconds.
      for (const { folder } of places) void removeCgroup(folder);
      return isOver ? `the memory limit (limits.attempt.memory, ${formatBytes(memoryBytes)})` : null;
    },
  };
}

interface Place extends Hierarchy {
  readonly folder: string;
}

async function enter({ folder, files }: Place, pid: number): Promise<void> {
  await mkdir(folder);
  for (const [file, value, must] of files) {
    try {
      await writeFile(join(folder, file), value);
    } catch (error) {
      // Without swap in the kernel there is nothing to limit.
      if (must)
        throw new Error(`the cgroup ${folder} takes no ${file}: ${messageOf(error)}`, { cause: error });
    }
  }
  await mkdir(join(folder, inner));
  await writeFile(join(folder, inner, "cgroup.procs"), String(pid));
}

/** A program may have made more of them, without end. */
const cgroupsMax = 1_000;

/** It and those in it, the deepest last. */
function cgroupsIn(folder: string): readonly string[] {
  const found = [folder];
  for (const each of found) {
    if (found.length < cgroupsMax) found.push(...foldersIn(each));
  }
  return found;
}

function foldersIn(folder: string): readonly string[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(folder, name));
  } catch {
    // Gone meanwhile, or deeper than a path may be long.
    return [];
  }
}

const triesMax = 40;

/** What stays is removed at the next start. */
async function removeCgroup(folder: string): Promise<void> {
  for (let attempt = 1; attempt <= triesMax; attempt += 1) {
    const isLeft = cgroupsIn(folder)
      .toReversed()
      .map(tryRemove)
      .some((isGone) => !isGone);
    if (!isLeft) return;
    // Nested deeper than a path may be long: this one goes down step by step.
    if (attempt > stepwiseAfter) await new Promise((end) => void execFile("find", stepwise(folder), end));
    await setTimeout(5);
  }
}

const stepwiseAfter = 5;
const stepwise = (folder: string): readonly string[] => [folder, "-depth", "-type", "d", "-delete"];

function removeLeft(base: string, prefix: string): void {
  for (const name of readdirSync(base).filter((each) => each.startsWith(prefix))) {
    const folder = join(base, name);
    for (const pid of cgroupsIn(folder).flatMap(processesIn)) {
      try {
        process.kill(Number(pid), "SIGKILL");
      } catch {
        // Gone meanwhile.
      }
    }
    void removeCgroup(folder);
  }
}

function processesIn(folder: string): readonly string[] {
  try {
    return readFileSync(join(folder, "cgroup.procs"), "utf8").split("\n").filter(Boolean);
  } catch {
    return [];
  }
}
