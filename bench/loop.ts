/** Time per task that is neither agent nor gate, as a ratio: the loop beside a plain shell loop on the same project. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { readJournal } from "../src/adapters/state/journal-file.ts";
import type { JournalRecord } from "../src/ports.ts";
import { type Figure, median, spread } from "./figure.ts";
import { createProject, finish, instantAgent, type SampleProject, startRun } from "./sample-project.ts";

const plainLoop = join(import.meta.dirname, "plain-loop.sh");

/** How the plain loop's git flushes to disk: as git comes, or as ours does it. */
const durabilities = {
  "git's own settings": {},
  "the same flushing": {
    GIT_CONFIG_COUNT: "2",
    GIT_CONFIG_KEY_0: "core.fsync",
    GIT_CONFIG_VALUE_0: "committed,reference",
    GIT_CONFIG_KEY_1: "core.fsyncMethod",
    GIT_CONFIG_VALUE_1: "batch",
  },
} as const;

interface OurTimes {
  /** The whole program, start and first baseline and all, shared by the tasks. */
  readonly wholeMs: number;
  /** From the second task on. */
  readonly steadyMs: number;
  readonly records: readonly JournalRecord[];
}

/** Alternates between all sides, so that whatever disturbs the machine disturbs them alike. */
export async function measureLoop(options: {
  readonly tasks: number;
  readonly repeats: number;
}): Promise<readonly Figure[]> {
  const { tasks, repeats } = options;
  const plain = new Map<string, number[]>();
  const ours: OurTimes[] = [];
  for (let i = 0; i < repeats; i += 1) {
    for (const [name, env] of Object.entries(durabilities))
      plain.set(name, [...(plain.get(name) ?? []), await timePlain(tasks, env)]);
    ours.push(await timeOurs(tasks));
  }
  const steady = ours.map(({ steadyMs }) => steadyMs);
  const steadyMs = median(steady);
  const wholeMs = median(ours.map((times) => times.wholeMs));
  const ratios = [...plain].flatMap(([name, times]) => [
    { title: `plain loop, ${name}`, value: median(times), unit: "ms per task", note: spread(times) },
    {
      title: `ralphwright / plain loop, ${name}`,
      value: steadyMs / median(times),
      unit: "times",
      limit: 1.5,
      note: `${(wholeMs / median(times)).toFixed(2)} with start and first baseline`,
    },
  ]);
  return [
    { title: "ralphwright", value: steadyMs, unit: "ms per task", note: spread(steady) },
    ...ratios,
    ...phaseFigures(ours),
  ];
}

async function timePlain(tasks: number, env: Readonly<Record<string, string>>): Promise<number> {
  using project = createProject({ tasks });
  const startMs = performance.now();
  const args = [project.repository, join(project.folder, "work"), instantAgent, "true"];
  await finish(
    spawn(plainLoop, args, { env: { ...project.env, ...env }, stdio: ["ignore", "ignore", "pipe"] }),
  );
  const ms = (performance.now() - startMs) / tasks;
  requireLanded(project, tasks);
  return ms;
}

async function timeOurs(tasks: number): Promise<OurTimes> {
  using project = createProject({ tasks });
  const startMs = performance.now();
  await finish(startRun(project));
  const wholeMs = (performance.now() - startMs) / tasks;
  requireLanded(project, tasks);
  const records = readJournal(join(project.state, "journal.jsonl"));
  // The first task pays for the baseline and for the trial with the supervisor's own files.
  const from = records.find(({ event }) => event.type === "workspace-released")?.atMs ?? 0;
  const steadyMs = ((records.at(-1)?.atMs ?? 0) - from) / (tasks - 1);
  return { wholeMs, steadyMs, records };
}

/** A side that lands less than the whole queue would only look fast. */
function requireLanded(project: SampleProject, tasks: number): void {
  const landed = Number(project.git("rev-list", "--count", "--first-parent", "main")) - 1;
  const dirty = project.git("status", "--porcelain");
  if (landed !== tasks || dirty !== "") throw new Error(`${landed} of ${tasks} tasks landed; ${dirty}`);
}

const phases: Readonly<Partial<Record<JournalRecord["event"]["type"], string>>> = {
  "attempt-started": "read the queue, decide",
  "workspace-prepared": "prepare the workspace",
  "baseline-checked": "recall the baseline",
  "agent-stopped": "brief and agent",
  "change-sealed": "seal",
  "candidate-composed": "compose, guard",
  "verdict-reached": "gate, check afterwards",
  "task-landed": "land",
  "workspace-released": "release the workspace",
};

/** Where the time goes, from the times in the journal: each event ends the step before it. */
function phaseFigures(runs: readonly OurTimes[]): readonly Figure[] {
  return Object.entries(phases).map(([type, title]) => {
    const times = runs.flatMap(({ records }) => {
      const firstEnd = records.findIndex(({ event }) => event.type === "workspace-released");
      return records
        .map(({ event, atMs }, i) => ({ i, type: event.type, ms: atMs - (records[i - 1]?.atMs ?? atMs) }))
        .filter((step) => step.i > firstEnd && step.type === type)
        .map(({ ms }) => ms);
    });
    const mean = times.reduce((sum, ms) => sum + ms, 0) / times.length;
    return { title: `  of it: ${title}`, value: mean, unit: "ms per task" };
  });
}
