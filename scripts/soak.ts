/**
 * Many instant tasks in one daemon: `npm run soak -- --tasks 10000`. Exits with 1 when memory, descriptors or disk grow
 * with the number of tasks, or a process is left.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, readlinkSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import {
  createProject,
  mainProgram,
  type SampleProject,
  taskName,
  taskText,
} from "../bench/sample-project.ts";

const usage = `Usage: npm run soak -- [options]

  --tasks <n>    instant tasks in one daemon (10000)
  --batch <n>    tasks that are put into the folder at once (200)
  --below <path> folder for everything, such as a memory disk
`;

interface Sample {
  readonly landed: number;
  readonly seconds: number;
  readonly rssMb: number;
  readonly descriptors: number;
  readonly children: number;
  readonly zombies: number;
  readonly stateMb: number;
  readonly gitMb: number;
}

interface Daemon {
  readonly child: ChildProcess;
  readonly pid: number;
  landed: number;
  isOver: boolean;
}

const samplesMax = 50;
const rssMbMax = 150;
const growthMax = 1.1;
/** Between batches, so that a sample is of an idle daemon. */
const lookMs = 50;
/** A daemon that lands nothing for so long hangs. */
const stallMs = 10 * 60_000;

function startDaemon({ repository: cwd, env }: SampleProject): Daemon {
  const child = spawn(process.execPath, [mainProgram, "daemon", "--log", "json"], {
    cwd,
    env,
    stdio: ["ignore", "ignore", "pipe"],
  });
  const daemon: Daemon = { child, pid: child.pid ?? 0, landed: 0, isOver: false };
  let rest = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    daemon.landed += lines.filter((line) => line.includes('"msg":"task landed"')).length;
  });
  child.once("close", () => (daemon.isOver = true));
  return daemon;
}

/** Written beside the folder and renamed into it: no file is seen half written. */
function addTasks({ folder, repository }: SampleProject, from: number, to: number): void {
  for (let number = from; number <= to; number += 1) {
    const name = `${taskName(number)}.md`;
    writeFileSync(join(folder, name), taskText(number));
    renameSync(join(folder, name), join(repository, "tasks", name));
  }
}

async function waitFor(daemon: Daemon, count: number): Promise<void> {
  let [seen, sinceMs] = [daemon.landed, Date.now()];
  while (daemon.landed < count) {
    if (daemon.landed > seen) [seen, sinceMs] = [daemon.landed, Date.now()];
    if (daemon.isOver || Date.now() - sinceMs > stallMs)
      throw new Error(`the daemon ${daemon.isOver ? "ended" : "hangs"} after ${daemon.landed} tasks`);
    await sleep(lookMs);
  }
}

function take(project: SampleProject, daemon: Daemon, startedMs: number): Sample {
  const status = readFileSync(`/proc/${daemon.pid}/status`, "utf8");
  const children = childrenOf(daemon.pid);
  return {
    landed: daemon.landed,
    seconds: (Date.now() - startedMs) / 1_000,
    rssMb: Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1_024,
    descriptors: descriptorsOf(daemon.pid),
    children: children.length,
    zombies: children.filter((pid) => stateOf(pid) === "Z").length,
    stateMb: megabytesIn(project.state),
    gitMb: megabytesIn(join(project.repository, ".git")),
  };
}

const descriptorsOf = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length;

function fieldsOf(pid: number): readonly string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  } catch {
    return [];
  }
}

const processes = (): readonly number[] => readdirSync("/proc").map(Number).filter(Number.isInteger);
const stateOf = (pid: number): string => fieldsOf(pid)[0] ?? "";
const childrenOf = (pid: number): readonly number[] =>
  processes().filter((each) => fieldsOf(each)[1] === String(pid));

/** Whatever still works below the project's folder. */
function leftIn(folder: string): readonly number[] {
  return processes().filter((pid) => {
    try {
      return readlinkSync(`/proc/${pid}/cwd`).startsWith(folder);
    } catch {
      return false;
    }
  });
}

/** Directories come and go meanwhile: what has gone has no size. */
const megabytesIn = (folder: string): number =>
  Number(spawnSync("du", ["-sk", folder], { encoding: "utf8" }).stdout.split("\t")[0]) / 1_024;

function show({ landed, seconds, rssMb, ...counts }: Sample): string {
  const { descriptors, children, zombies, stateMb, gitMb } = counts;
  const cells = [
    landed,
    seconds.toFixed(0),
    rssMb.toFixed(1),
    descriptors,
    children,
    zombies,
    stateMb.toFixed(1),
    gitMb.toFixed(1),
  ];
  return cells.map((cell) => String(cell).padStart(9)).join("");
}

const head = ["landed", "seconds", "rss MB", "fds", "children", "zombies", "state MB", "git MB"];

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

/** The first few samples are of a heap that still finds its size. */
function judge(samples: readonly Sample[]): readonly string[] {
  const warm = samples.slice(Math.floor(samples.length / 10));
  const half = Math.floor(warm.length / 2);
  const rss = (some: readonly Sample[]): number => median(some.map(({ rssMb }) => rssMb));
  const [first, second] = [rss(warm.slice(0, half)), rss(warm.slice(half))];
  const most = Math.max(...samples.map(({ rssMb }) => rssMb));
  const [start, end] = [warm[0], warm.at(-1)];
  const fds = (end?.descriptors ?? 0) - (start?.descriptors ?? 0);
  const zombies = Math.max(...samples.map((sample) => sample.zombies));
  console.log(
    `memory: median ${first.toFixed(1)} MB, then ${second.toFixed(1)} MB; most ${most.toFixed(1)} MB`,
  );
  return [
    ...(second > first * growthMax
      ? [`memory grew from ${first.toFixed(1)} to ${second.toFixed(1)} MB`]
      : []),
    ...(most > rssMbMax ? [`memory reached ${most.toFixed(1)} MB, and ${rssMbMax} are allowed`] : []),
    ...(fds > 2 ? [`${fds} descriptors more at the end than at the beginning`] : []),
    ...(zombies > 0 ? [`${zombies} zombies`] : []),
  ];
}

/** Of the state directory only what the history explains may stay. */
function judgeEnd(project: SampleProject, tasks: number): readonly string[] {
  const left = leftIn(project.folder);
  const unexplained = ["work", "scratch"].flatMap((name) =>
    readdirSync(join(project.state, name))
      .filter((entry) => entry !== "reports")
      .map((entry) => `${name}/${entry}`),
  );
  const landed = Number(project.git("rev-list", "--count", "--first-parent", "main")) - 1;
  return [
    ...(left.length > 0 ? [`processes are left: ${left.join(", ")}`] : []),
    ...(unexplained.length > 0 ? [`files are left: ${unexplained.slice(0, 5).join(", ")}`] : []),
    ...(landed === tasks ? [] : [`${landed} commits on main for ${tasks} tasks`]),
  ];
}

async function soak(tasks: number, batch: number, below: string | undefined): Promise<number> {
  using project = createProject({ tasks: 1, ...(below === undefined ? {} : { below }) });
  const daemon = startDaemon(project);
  const ended = once(daemon.child, "close");
  const samples: Sample[] = [];
  const every = Math.max(batch, Math.ceil(tasks / samplesMax));
  try {
    console.log(head.map((name) => name.padStart(9)).join(""));
    const startedMs = Date.now();
    for (let done = 1; ; done = Math.min(tasks, done + batch)) {
      await waitFor(daemon, done);
      if (done === tasks || done >= (samples.at(-1)?.landed ?? -every) + every) {
        samples.push(take(project, daemon, startedMs));
        console.log(show(samples.at(-1) ?? take(project, daemon, startedMs)));
      }
      if (done === tasks) break;
      addTasks(project, done + 1, Math.min(tasks, done + batch));
    }
  } finally {
    daemon.child.kill("SIGTERM");
    await ended;
  }
  const trouble = [...judge(samples), ...judgeEnd(project, tasks)];
  for (const each of trouble) console.error(`MISS: ${each}`);
  return trouble.length === 0 ? 0 : 1;
}

const { values } = parseArgs({
  options: {
    tasks: { type: "string", default: "10000" },
    batch: { type: "string", default: "200" },
    below: { type: "string" },
    help: { type: "boolean", default: false },
  },
});
if (values.help) process.stdout.write(usage);
else process.exitCode = await soak(Number(values.tasks), Number(values.batch), values.below);
