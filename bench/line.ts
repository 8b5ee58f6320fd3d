/** What many workspaces at once give, and what judging ahead of the target costs in gate runs. */
import { join } from "node:path";
import { commitSha, taskId, treeSha } from "../src/core/ids.ts";
import type { AttemptCommand, LoopEvent } from "../src/core/message.ts";
import { noUsage } from "../src/core/message.ts";
import { emptyState, type LoopState } from "../src/core/state.ts";
import { transition } from "../src/core/transition.ts";
import { type Figure, median, spread } from "./figure.ts";
import { readJournal } from "../src/adapters/state/journal-file.ts";
import { createProject, finish, startRun } from "./sample-project.ts";

/** An agent that takes as long as this is waiting for a model: what several of them can do at the same time. */
const agentSeconds = 0.5;
const slowAgent = `sleep ${agentSeconds}; echo "$RALPH_TASK" > "src/$RALPH_TASK.txt"`;
const widths = [1, 2, 4, 8] as const;

export async function measureLine(options: {
  readonly tasks: number;
  readonly repeats: number;
}): Promise<readonly Figure[]> {
  return [...simulateChains(), await measureLanding(options), ...(await measureWorkspaces(options))];
}

const largeFiles = 5_000;

/** What a change pays from its sealing to its landing on a large repository, with a gate that does nothing. */
async function measureLanding({ tasks }: { readonly tasks: number }): Promise<Figure> {
  using project = createProject({ tasks, sourceFiles: largeFiles });
  await finish(startRun(project));
  const sealedMs = new Map<string, number>();
  const times: number[] = [];
  for (const { event, atMs } of readJournal(join(project.state, "journal.jsonl"))) {
    if (event.type === "change-sealed") sealedMs.set(event.task, atMs);
    if (event.type === "task-landed") times.push(atMs - (sealedMs.get(event.task) ?? Number.NaN));
  }
  return {
    title: `from sealed to landed on ${largeFiles} files, gate: true`,
    value: median(times),
    unit: "ms",
    limit: 100,
    note: spread(times),
  };
}

/** Whole runs: tasks per second with N workspaces, beside one. */
async function measureWorkspaces({
  tasks,
  repeats,
}: {
  readonly tasks: number;
  readonly repeats: number;
}): Promise<readonly Figure[]> {
  const rates = new Map<number, number[]>(widths.map((width) => [width, []]));
  for (let i = 0; i < repeats; i += 1)
    for (const width of widths) rates.get(width)?.push(await timeRun(tasks, width));
  const one = median(rates.get(1) ?? []);
  return [...rates].map(([width, times]) => ({
    title: `${width} at once, agents of ${agentSeconds} s, tasks at the rate of one workspace`,
    value: one / median(times),
    unit: "times",
    note: `${(0.85 * width).toFixed(2)} wanted; ${median(times).toFixed(0)} ms per task, ${spread(times)}`,
  }));
}

async function timeRun(tasks: number, concurrency: number): Promise<number> {
  using project = createProject({ tasks, agent: slowAgent, concurrency });
  const startMs = performance.now();
  await finish(startRun(project));
  const landed = Number(project.git("rev-list", "--count", "--first-parent", "main")) - 1;
  if (landed !== tasks) throw new Error(`${landed} of ${tasks} tasks landed`);
  return (performance.now() - startMs) / tasks;
}

const changesMax = 5_000;

/** The real decisions on a queue that is never empty: gate runs per change, where each breaks with a chance. */
function simulateChains(): readonly Figure[] {
  return [
    [0.02, 4],
    [0.1, 4],
    [0.1, 8],
    [0.3, 4],
  ].map(([rate = 0, judgingMax = 1]) => {
    const { runs, rounds } = simulate(rate, judgingMax);
    return {
      title: `gate runs per change, up to ${judgingMax} at once, ${rate * 100} % break`,
      value: runs,
      unit: "runs",
      limit: 1.2,
      note: `${rounds.toFixed(2)} rounds of gates per change`,
    };
  });
}

const noLimits = {
  attemptsMax: 9,
  roundsMax: 0,
  wallMsMax: 1,
  idleMsMax: 1,
  turnsMax: 1,
  usdMax: 1,
  tokensMax: 1,
};

interface Simulation {
  state: LoopState;
  open: AttemptCommand[];
  made: number;
  judged: number;
}

/** All gates that run at one time end together: a round. */
function simulate(rate: number, judgingMax: number): { readonly runs: number; readonly rounds: number } {
  const random = seeded(7);
  const isBad = (task: string): boolean => bad.has(task);
  const bad = new Set<string>();
  const world: Simulation = { state: emptyState, open: [], made: 0, judged: 0 };
  const limits = { usdMax: null, untilMs: null, tasksMax: null, failuresInARowMax: changesMax };
  happen(world, { type: "run-started", run: "r", limits, judgingMax });
  let rounds = 0;
  let settled = 0;
  while (settled < changesMax) {
    while (world.state.attempts.size < judgingMax * 2) {
      const task = taskId(`t${(world.made += 1)}`);
      if (random() < rate) bad.add(task);
      happen(world, { type: "attempt-started", task, attempt: 1, text: task, limits: noLimits });
    }
    // Everything but the gates takes no time.
    for (let command = takeQuick(world); command !== undefined; command = takeQuick(world)) {
      settled += Number(command.type === "release-workspace");
      happen(world, answer(world, command, isBad));
    }
    const judging = world.open.splice(0);
    world.judged += judging.length;
    rounds += 1;
    for (const command of judging) happen(world, answer(world, command, isBad));
  }
  return { runs: world.judged / settled, rounds: rounds / settled };
}

function takeQuick(world: Simulation): AttemptCommand | undefined {
  const at = world.open.findIndex((command) => command.type !== "judge-candidate");
  return at < 0 ? undefined : world.open.splice(at, 1)[0];
}

function happen(world: Simulation, event: LoopEvent): void {
  const [state, commands] = transition(world.state, event, { nowMs: 1 });
  world.state = state;
  for (const command of commands)
    if (command.type !== "stop-agents" && command.type !== "cancel-judging") world.open.push(command);
}

function answer(world: Simulation, command: AttemptCommand, isBad: (task: string) => boolean): LoopEvent {
  const { task, attempt } = command;
  const of = { task, attempt };
  const name = `${task}-${(world.made += 1)}`;
  switch (command.type) {
    case "prepare-workspace":
      return { type: "workspace-prepared", ...of, base: commitSha("base") };
    case "check-baseline":
      return { type: "baseline-checked", ...of, baseline: { kind: "green" } };
    case "start-agent":
      return { type: "agent-stopped", ...of, stop: { kind: "finished" }, usage: noUsage };
    case "seal-change": {
      const change = { kind: "changed", tree: treeSha(name), commit: commitSha(name) } as const;
      return { type: "change-sealed", ...of, change, restored: [] };
    }
    case "compose-change": {
      const candidate = {
        commit: commitSha(name),
        tree: treeSha(name),
        base: command.onto ?? commitSha("base"),
      };
      return { type: "candidate-composed", ...of, candidate };
    }
    case "judge-candidate": {
      const failure = { kind: "red", reason: "red", evidence: null } as const;
      const { candidate } = command;
      // A change behind a bad one is red with it.
      const verdict = isOnBad(world, task, isBad)
        ? ({ kind: "reject", failure } as const)
        : ({ kind: "accept", candidate, gates: [] } as const);
      return { type: "verdict-reached", ...of, verdict };
    }
    case "land":
      return { type: "task-landed", ...of, commit: command.candidate.commit, learnings: [] };
    case "reject-attempt":
      return { type: "attempt-rejected", ...of, failure: command.failure, commit: null };
    case "release-workspace":
      return { type: "workspace-released", ...of };
    default:
      throw new Error(`the simulation has no answer to ${command.type}`);
  }
}

/** Whether it, or anything ahead that it is composed on, is bad. */
function isOnBad(world: Simulation, task: string, isBad: (task: string) => boolean): boolean {
  const attempts = [...world.state.attempts.values()];
  let attempt = attempts.find((one) => one.task === task);
  while (attempt !== undefined) {
    if (isBad(attempt.task)) return true;
    const { onto } = attempt;
    attempt = onto === null ? undefined : attempts.find(({ candidate }) => candidate?.commit === onto);
  }
  return false;
}

/** A small generator of numbers from 0 to 1 (mulberry32), so that the figures repeat. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d_2b_79_f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
