/** Where the time per task goes on the side of the machine: git commands, processes, flushes to disk. */
import { spawn, spawnSync } from "node:child_process";
import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Figure } from "./figure.ts";
import { createProject, finish, instantAgent, type SampleProject, startRun } from "./sample-project.ts";

const plainLoop = join(import.meta.dirname, "plain-loop.sh");

/** `wrapper` runs the side's program, a tracer say; `onText` hears standard error. */
type Side = (
  project: SampleProject,
  wrapper: readonly string[],
  onText?: (text: string) => void,
) => Promise<void>;

const sides: Readonly<Record<string, Side>> = {
  ralphwright: (project, wrapper, onText) => finish(startRun(project, {}, wrapper), onText),
  "plain loop": (project, wrapper, onText) => {
    const command = [...wrapper, plainLoop, project.repository, join(project.folder, "work"), instantAgent];
    const [program, ...args] = [...command, "true"];
    const child = spawn(program, args, { env: project.env, stdio: ["ignore", "ignore", "pipe"] });
    return finish(child, onText);
  },
};

/** The difference between a longer and a shorter queue: start and first baseline fall out. */
const shortQueue = 2;

export async function countCalls(tasks: number): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const [name, side] of Object.entries(sides)) {
    const [few, many] = [await traceGit(side, shortQueue), await traceGit(side, shortQueue + tasks)];
    const seconds = (await timeProcessor(side, shortQueue + tasks)) - (await timeProcessor(side, shortQueue));
    const title = `${name}: processor time, all programs`;
    figures.push({ title, value: (seconds / tasks) * 1_000, unit: "ms per task" });
    figures.push(...gitFigures(name, few, many, tasks));
    if (spawnSync("strace", ["-V"]).status !== 0) continue;
    const [fewCalls, manyCalls] = [
      await traceSystem(side, shortQueue),
      await traceSystem(side, shortQueue + tasks),
    ];
    for (const [call, count] of Object.entries(manyCalls)) {
      const value = (count - (fewCalls[call] ?? 0)) / tasks;
      figures.push({ title: `${name}: ${call}`, value, unit: "per task" });
    }
  }
  return figures;
}

/** Seconds of all processors, user and system: other programs on the machine disturb it less than the clock. */
async function timeProcessor(side: Side, tasks: number): Promise<number> {
  using project = createProject({ tasks });
  const timer = ["bash", "-c", 'TIMEFORMAT="processor %U %S"; time "$@"', "bench"];
  let tail = "";
  await side(project, timer, (text) => {
    tail = (tail + text).slice(-200);
  });
  const [, user, system] = /processor ([\d.]+) ([\d.]+)/.exec(tail) ?? [];
  return Number(user) + Number(system);
}

interface GitCall {
  readonly name: string;
  readonly ms: number;
  /** Started by another git command. */
  readonly isInner: boolean;
  /** Answers questions for as long as the run goes on. */
  readonly isStanding: boolean;
}

/** Git writes down its own calls; only the user's configuration can ask for it, because we take no `GIT_*`. */
async function traceGit(side: Side, tasks: number): Promise<readonly GitCall[]> {
  using project = createProject({ tasks });
  const trace = join(project.folder, "trace.jsonl");
  appendFileSync(join(project.folder, "home", ".gitconfig"), `[trace2]\n\teventTarget = ${trace}\n`);
  await side(project, []);
  const calls = new Map<string, GitCall>();
  for (const line of readFileSync(trace, "utf8").trim().split("\n")) {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- git documents these fields
    const event = JSON.parse(line) as TraceEvent;
    if (event.event === "start") calls.set(event.sid, beginCall(event.sid, event.argv ?? []));
    const call = calls.get(event.sid);
    if (event.event === "atexit" && call !== undefined)
      calls.set(event.sid, { ...call, ms: (event.t_abs ?? 0) * 1_000 });
  }
  return [...calls.values()];
}

const beginCall = (sid: string, argv: readonly string[]): GitCall => ({
  name: nameOf(argv),
  ms: 0,
  isInner: sid.includes("/"),
  isStanding: argv.includes("--batch"),
});

interface TraceEvent {
  readonly event: string;
  readonly sid: string;
  readonly argv?: readonly string[];
  readonly t_abs?: number;
}

/** `rev-parse`, and `read-tree -n` apart from `read-tree`. */
function nameOf(argv: readonly string[]): string {
  const words = argv.slice(1);
  const first = words.findIndex((word, i) => !word.startsWith("-") && !isOptionWithValue(words[i - 1]));
  return `${words[first] ?? argv[0] ?? ""}${words.includes("-n") ? " -n" : ""}`;
}

const isOptionWithValue = (word: string | undefined): boolean => word === "-c" || word === "-C";

function gitFigures(
  side: string,
  few: readonly GitCall[],
  many: readonly GitCall[],
  tasks: number,
): readonly Figure[] {
  const outer = (calls: readonly GitCall[]): readonly GitCall[] => calls.filter(({ isInner }) => !isInner);
  const perTask = (count: (calls: readonly GitCall[]) => number): number =>
    (count(many) - count(few)) / tasks;
  const names = [...new Set(outer(many).map(({ name }) => name))];
  const title = `${side}: git commands`;
  const byName = names.map((name): Figure => {
    const named = (calls: readonly GitCall[]): readonly GitCall[] =>
      outer(calls).filter((call) => call.name === name);
    const ms = perTask((calls) => named(calls).reduce((sum, call) => sum + call.ms, 0));
    const value = perTask((calls) => named(calls).length);
    return { title: `  ${name}`, value, unit: "per task", note: `${ms.toFixed(1)} ms` };
  });
  const inner = perTask((calls) => calls.length - outer(calls).length);
  // A git that stays for the whole run counts by its life, which says nothing about a task.
  const ms = perTask((calls) => outer(calls).reduce((sum, call) => sum + (call.isStanding ? 0 : call.ms), 0));
  const note = `${ms.toFixed(0)} ms by git's own clock; it started ${inner.toFixed(1)} more`;
  return [
    { title, value: perTask((calls) => outer(calls).length), unit: "per task", note },
    ...byName.filter(({ value }) => value !== 0).toSorted((a, b) => b.value - a.value),
  ];
}

/** Processes started (forks and programs) and flushes, as the kernel sees them. */
async function traceSystem(side: Side, tasks: number): Promise<Record<string, number>> {
  using project = createProject({ tasks });
  const output = join(project.folder, "strace.txt");
  const calls = "execve,clone,clone3,vfork,fsync,fdatasync,sync_file_range";
  await side(project, ["strace", "-f", "-qq", "--signal=none", "-e", `trace=${calls}`, "-o", output]);
  const lines = readFileSync(output, "utf8").split("\n");
  const count = (pattern: RegExp): number => lines.filter((line) => pattern.test(line)).length;
  return {
    "programs started": count(/execve(?:\(.*| resumed.*)= 0$/),
    "flushes to disk": count(/ (?:fsync|fdatasync)\(/),
  };
}
