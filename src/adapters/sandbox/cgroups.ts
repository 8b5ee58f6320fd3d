/** Finds cgroups in which this process may make more: version 2 where it has been delegated, else version 1. */
import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";

export interface Hierarchy {
  /** New cgroups are made in it. */
  readonly base: string;
  /** Name, value, and whether the limit would not hold without it. */
  readonly files: readonly (readonly [file: string, value: string, must: boolean])[];
  /** How often a process of a cgroup was killed because the memory was used up. */
  readonly kills: (folder: string) => number;
}

export interface Cgroups {
  readonly name: string;
  readonly hierarchies: readonly Hierarchy[];
}

export interface CgroupLimits {
  readonly memoryBytes: number;
  readonly processesMax: number;
}

/** `reason`: why there are none. */
export function findCgroups(limits: CgroupLimits): Cgroups | { readonly reason: string } {
  if (process.platform !== "linux") return { reason: "this system has no cgroups" };
  const memory = String(limits.memoryBytes);
  const processes = String(limits.processesMax);
  const v2: Omit<Hierarchy, "base"> = {
    files: [
      ["memory.max", memory, true],
      ["memory.swap.max", "0", false],
      ["pids.max", processes, true],
    ],
    kills: (folder) => countIn(join(folder, "memory.events"), /^oom_kill (\d+)$/m),
  };
  const ours = [pathOf("", "cgroup2")].flatMap((path) => (path === null ? [] : [path, dirname(path)]));
  const unified = ours.find((base) => canMake([{ base, must: ["memory.max", "pids.max"] }]));
  if (unified !== undefined) return { name: "cgroup", hierarchies: [{ base: unified, ...v2 }] };
  const v1: readonly [string, string, Omit<Hierarchy, "base">][] = [
    ["pids", "pids.max", { files: [["pids.max", processes, true]], kills: () => 0 }],
    [
      "memory",
      "memory.limit_in_bytes",
      {
        files: [
          // Older kernels bind what is below only where they are told to.
          ["memory.use_hierarchy", "1", false],
          ["memory.limit_in_bytes", memory, true],
          ["memory.memsw.limit_in_bytes", memory, false],
        ],
        kills: (folder) => countIn(join(folder, "memory.oom_control"), /^oom_kill (\d+)$/m),
      },
    ],
  ];
  const hierarchies = v1.flatMap(([controller, file, rest]) => {
    const base = pathOf(controller, "cgroup");
    return base === null ? [] : [{ base, must: [file], ...rest }];
  });
  if (hierarchies.length === v1.length && canMake(hierarchies))
    return { name: "cgroup (version 1)", hierarchies };
  return { reason: "this process may make no cgroups" };
}

function countIn(file: string, pattern: RegExp): number {
  try {
    return Number(pattern.exec(readFileSync(file, "utf8"))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** Where this process is in a hierarchy: the folder. */
function pathOf(controller: string, type: "cgroup" | "cgroup2"): string | null {
  const own = readFileSync("/proc/self/cgroup", "utf8")
    .split("\n")
    .map((line) => /^\d+:([^:]*):(.*)$/.exec(line))
    .find((match) => match?.[1]?.split(",").includes(controller) === true)?.[2];
  const mounts = readFileSync("/proc/self/mountinfo", "utf8").split("\n").map(readMount);
  const mount = mounts.find(
    (each) => each.type === type && (controller === "" || each.options.includes(controller)),
  );
  if (own === undefined || mount === undefined) return null;
  const way = relative(mount.root, own);
  // Of a hierarchy that belongs to somebody else this process sees only a part.
  const folder = way.startsWith("..") ? mount.at : join(mount.at, way);
  return existsSync(folder) ? folder : mount.at;
}

interface MountLine {
  readonly root: string;
  readonly at: string;
  readonly type: string;
  readonly options: readonly string[];
}

function readMount(line: string): MountLine {
  const [left = "", right = ""] = line.split(" - ");
  const [, , , root = "", at = ""] = left.split(" ");
  const [type = "", , options = ""] = right.split(" ");
  return { root, at, type, options: options.split(",") };
}

interface Trial {
  readonly base: string;
  /** Files that a cgroup in it has to have. */
  readonly must: readonly string[];
}

const trialPrefix = "ralph-trial-";
const trialMsMax = 60_000;

/** What those left who were killed meanwhile. */
function removeTrials(base: string): void {
  for (const name of readdirSync(base).filter((each) => each.startsWith(trialPrefix))) {
    const { mtimeMs = Date.now() } = statSync(join(base, name), { throwIfNoEntry: false }) ?? {};
    if (Date.now() - mtimeMs > trialMsMax) tryRemove(join(base, name));
  }
}

/** By making one in each, and having one process join them all: the kernel takes its time for the first. */
function canMake(trials: readonly Trial[]): boolean {
  const folders = trials.map(({ base }) => join(base, `${trialPrefix}${randomUUID()}`));
  try {
    for (const { base } of trials) removeTrials(base);
    for (const folder of folders) mkdirSync(folder);
    const isThere = trials.every(({ must }, at) =>
      must.every((file) => existsSync(join(folders[at] ?? "", file))),
    );
    const script = 'for folder; do echo $$ > "$folder/cgroup.procs" || exit 1; done';
    return isThere && spawnSync("sh", ["-c", script, "sh", ...folders], { stdio: "ignore" }).status === 0;
  } catch {
    return false;
  } finally {
    for (const folder of folders) for (let attempt = 0; attempt < 50 && !tryRemove(folder); attempt += 1);
  }
}

/** Whether it is gone. */
export function tryRemove(folder: string): boolean {
  try {
    rmdirSync(folder);
    return true;
  } catch {
    return !existsSync(folder);
  }
}
