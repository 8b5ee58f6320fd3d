/**
 * Many instant tasks in one daemon: `npm run soak -- --tasks 10000`. Exits with 1 when memory, descriptors or the cost of
 * a task grow with the number of tasks, or anything is left that the history does not explain.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, readlinkSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { mainProgram } from "../bench/published.ts";
import {
  createProject,
  type ProjectOptions,
  type SampleProject,
  taskName,
  taskText,
} from "../bench/sample-project.ts";

const usage = `Usage: npm run soak -- [options]

  --tasks <n>    instant tasks in one daemon (10000)
  --batch <n>    tasks that are put into the folder at once (200)
  --at-once <n>  workspaces (1)
  --no-sandbox   with sandbox: off
  --tidy         after each batch a person commits that landed tasks are removed
  --below <path> folder for everything, such as a memory disk

Ctrl-C ends it with the batch under way; what has landed by then is judged.
`;

interface Sample {
  readonly landed: number;
  readonly seconds: number;
  /** Processor time of the daemon and all that it started, since its start. */
  readonly cpuMs: number;
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
/** More than noise on a machine with other things to do. */
const costGrowthMax = 1.3;
/** As many as a supervisor lets lie before it packs them (src/adapters/git/pack-refs.ts), and some in a second batch. */
const looseRefsMax = 2_000;
/** The same few files again and again: the project does not grow by what its tasks do. */
const agent = 'echo "$RALPH_TASK" > "src/part-$((10#${RALPH_TASK##*-} % 40)).ts"';
/** Between batches, so that a sample is of an idle daemon. */
const lookMs = 50;
/** A daemon that lands nothing for so long hangs. */
const stallMs = 10 * 60_000;

function startDaemon({ repository: cwd, env }: SampleProject): Daemon {
  const child = spawn(process.execPath, [mainProgram, "daemon", "--log", "json"], {
    cwd,
    env,
    stdio: ["ignore", "ignore", "pipe"],
    // Ctrl-C is for this program alone.
    detached: true,
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

/** As people do from time to time: what has landed leaves the queue, and the progress file begins anew. */
function tidy({ repository, git }: SampleProject): void {
  for (const name of readdirSync(join(repository, "tasks"))) rmSync(join(repository, "tasks", name));
  rmSync(join(repository, "PROGRESS.md"), { force: true });
  git("-c", "gc.autoDetach=false", "commit", "-q", "-a", "-m", "Tidy up");
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
    cpuMs: cpuMsOf(daemon.pid),
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

/** Ticks of 10 ms: its own in both modes, and those of children that ended. */
const cpuMsOf = (pid: number): number =>
  fieldsOf(pid)
    .slice(11, 15)
    .reduce((sum, ticks) => sum + Number(ticks) * 10, 0);

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

/** Of those since the sample before. */
const costOf = (sample: Sample, before: Sample | undefined): number =>
  (sample.cpuMs - (before?.cpuMs ?? 0)) / Math.max(1, sample.landed - (before?.landed ?? 0));

function show(sample: Sample, before: Sample | undefined): string {
  const { landed, seconds, rssMb, descriptors, children, zombies, stateMb, gitMb } = sample;
  const cells = [
    landed,
    seconds.toFixed(0),
    costOf(sample, before).toFixed(0),
    rssMb.toFixed(1),
    descriptors,
    children,
    zombies,
    stateMb.toFixed(1),
    gitMb.toFixed(1),
  ];
  return cells
    .map((cell) => String(cell).padStart(9))
    .join("")
    .slice(1);
}

const head = ["landed", "seconds", "cpu ms", "rss MB", "fds", "children", "zombies", "state MB", "git MB"];

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
  const costs = samples.slice(1).map((sample, i) => costOf(sample, samples[i]));
  const middle = Math.floor(costs.length / 2);
  const [cost, later] = [median(costs.slice(0, middle)), median(costs.slice(middle))];
  const [start, end] = [warm[0], warm.at(-1)];
  const fds = (end?.descriptors ?? 0) - (start?.descriptors ?? 0);
  const zombies = Math.max(...samples.map((sample) => sample.zombies));
  console.log(
    `memory: median ${first.toFixed(1)} MB, then ${second.toFixed(1)} MB; most ${most.toFixed(1)} MB`,
  );
  console.log(`processor time a task: median ${cost.toFixed(0)} ms, then ${later.toFixed(0)} ms`);
  return [
    ...(later > cost * costGrowthMax
      ? [`a task cost ${cost.toFixed(0)} ms of processor time, and later ${later.toFixed(0)}`]
      : []),
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
  const { git, repository, state } = project;
  const left = leftIn(project.folder);
  const unexplained = ["work", "scratch"].flatMap((name) =>
    readdirSync(join(state, name))
      .filter((entry) => entry !== "reports")
      .map((entry) => `${name}/${entry}`),
  );
  const landed = git("rev-list", "--first-parent", "--grep=^Task: ", "main").split("\n").length - 1;
  const marked = git("for-each-ref", "--format=x", "refs/ralph/landed").split("\n").length - 1;
  const loose = readdirSync(join(repository, ".git/refs/ralph/landed")).length;
  const kilobytes = (megabytesIn(join(state, "attempts")) * 1_024) / tasks;
  console.log(`history: ${kilobytes.toFixed(1)} KB of files for each attempt`);
  return [
    ...(left.length > 0 ? [`processes are left: ${left.join(", ")}`] : []),
    ...(unexplained.length > 0 ? [`files are left: ${unexplained.slice(0, 5).join(", ")}`] : []),
    ...(landed === tasks ? [] : [`${landed} commits on main for ${tasks} tasks`]),
    ...(marked === tasks ? [] : [`${marked} landed refs for ${tasks} tasks`]),
    ...(loose > looseRefsMax ? [`${loose} loose refs`] : []),
  ];
}

interface SoakOptions {
  readonly tasks: number;
  readonly batch: number;
  readonly isTidied: boolean;
  readonly project: Partial<ProjectOptions>;
}

async function soak({ tasks, batch, isTidied, ...options }: SoakOptions): Promise<number> {
  using project = createProject({ ...options.project, tasks: 1, agent });
  const daemon = startDaemon(project);
  const ended = once(daemon.child, "close");
  const samples: Sample[] = [];
  const every = Math.max(batch, Math.ceil(tasks / samplesMax));
  let isCut = false;
  process.once("SIGINT", () => (isCut = true));
  let done = 1;
  try {
    console.log(
      head
        .map((name) => name.padStart(9))
        .join("")
        .slice(1),
    );
    const startedMs = Date.now();
    for (;;) {
      await waitFor(daemon, done);
      const isLast = done === tasks || isCut;
      if (isLast || done >= (samples.at(-1)?.landed ?? -every) + every) {
        const sample = take(project, daemon, startedMs);
        console.log(show(sample, samples.at(-1)));
        samples.push(sample);
      }
      if (isLast) break;
      if (isTidied) tidy(project);
      const next = Math.min(tasks, done + batch);
      addTasks(project, done + 1, next);
      done = next;
    }
  } finally {
    daemon.child.kill("SIGTERM");
    await ended;
  }
  const trouble = [...judge(samples), ...judgeEnd(project, done)];
  for (const each of trouble) console.error(`MISS: ${each}`);
  return trouble.length === 0 ? 0 : 1;
}

/** Null: no soak is asked for. */
function readOptions(): SoakOptions | null {
  const { values } = parseArgs({
    options: {
      tasks: { type: "string", default: "10000" },
      batch: { type: "string", default: "200" },
      "at-once": { type: "string", default: "1" },
      "no-sandbox": { type: "boolean", default: false },
      tidy: { type: "boolean", default: false },
      below: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    return null;
  }
  return {
    tasks: countOf("--tasks", values.tasks),
    batch: countOf("--batch", values.batch),
    isTidied: values.tidy,
    project: {
      concurrency: countOf("--at-once", values["at-once"]),
      ...(values["no-sandbox"] ? { sandbox: "off" } : {}),
      ...(values.below === undefined ? {} : { below: values.below }),
    },
  };
}

function countOf(option: string, text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new Error(`${option} takes a whole number of at least 1, and "${text}" is none`);
}

function optionsOrNull(): SoakOptions | null {
  try {
    return readOptions();
  } catch (error) {
    console.error(`soak: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 2;
    return null;
  }
}

const options = optionsOrNull();
if (options !== null) process.exitCode = await soak(options);
