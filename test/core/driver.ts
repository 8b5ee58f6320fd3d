/** Runs the loop without a world: dice choose every answer, and each decision is written down for the properties. */
import * as fc from "fast-check";
import type { OpenAttemptEvent } from "../../src/core/attempt-step.ts";
import { type CommitSha, commitSha, type TaskId, taskId, type TreeSha, treeSha } from "../../src/core/ids.ts";
import type {
  AgentStop,
  AttemptCommand,
  Baseline,
  Change,
  Command,
  Failure,
  LoopEvent,
  RunLimits,
  RunOutcome,
  Usage,
  Verdict,
} from "../../src/core/message.ts";
import { decideNext, type Next } from "../../src/core/next.ts";
import { reserve } from "../../src/core/ledger.ts";
import { emptyState, type LoopState } from "../../src/core/state.ts";
import type { InReview } from "../../src/core/queue.ts";
import type { Task, TaskLimits } from "../../src/core/task.ts";
import { transition } from "../../src/core/transition.ts";
import { isProbe } from "../../src/core/waiting.ts";

export interface Scenario {
  /** For each task: does it depend on the one before? */
  readonly chained: readonly boolean[];
  readonly concurrency: number;
  readonly attemptsMax: number;
  readonly roundsMax: number;
  readonly limits: RunLimits;
  /** Out of each twenty seconds, so many milliseconds something may start. */
  readonly openMs: number;
  readonly hasSecond: boolean;
  /** From the start on, the model cannot be reached for so long, whatever the dice say. */
  readonly outageMs: number;
  readonly judgingMax: number;
  readonly mode: "target" | "branch";
  readonly runs: number;
  /** Every choice takes one. The answer to 0 is always the friendly one, and so is every answer once they are used up. */
  readonly dice: readonly number[];
}

/** One turn of the loop. */
export interface Entry {
  readonly event: LoopEvent;
  readonly nowMs: number;
  readonly before: LoopState;
  readonly after: LoopState;
  readonly commands: readonly Command[];
  /** The queue as it was on disk at that time. */
  readonly tasks: readonly Task[];
  readonly inReview: InReview;
}

export const scenarios: fc.Arbitrary<Scenario> = fc.record({
  chained: fc.array(fc.boolean(), { minLength: 1, maxLength: 5 }),
  concurrency: fc.integer({ min: 1, max: 4 }),
  attemptsMax: fc.integer({ min: 1, max: 3 }),
  roundsMax: fc.integer({ min: 0, max: 2 }),
  limits: fc.record({
    ...spendLimits(),
    day: fc.record(spendLimits()),
    wallMsMax: sometimes(fc.integer({ min: 1, max: 60_000 })),
    untilMs: sometimes(fc.integer({ min: startMs(), max: startMs() + 60_000 })),
    tasksMax: sometimes(fc.integer({ min: 1, max: 3 })),
    failuresInARowMax: fc.integer({ min: 1, max: 10 }),
  }),
  openMs: fc.oneof(fc.constant(20_000), fc.integer({ min: 1_000, max: 19_000 })),
  hasSecond: fc.boolean(),
  outageMs: fc.constant(0),
  judgingMax: fc.integer({ min: 1, max: 4 }),
  mode: fc.constantFrom("target", "branch"),
  runs: fc.integer({ min: 1, max: 2 }),
  // Small numbers are friendly answers: without a bias towards them histories are long and mixed.
  dice: fc.noBias(fc.array(fc.nat({ max: 999_999 }), { minLength: 100, maxLength: 500, size: "max" })),
});

/** Agents of the driver use 2 USD, 110 tokens and a turn at most, each time they work. */
function spendLimits() {
  return {
    usdMax: sometimes(fc.integer({ min: 1, max: 8 })),
    tokensMax: sometimes(fc.integer({ min: 100, max: 2_000 })),
    turnsMax: sometimes(fc.integer({ min: 1, max: 30 })),
  };
}

function sometimes<Value>(arbitrary: fc.Arbitrary<Value>): fc.Arbitrary<Value | null> {
  return fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, { weight: 1, arbitrary });
}

/** @throws Error when the loop waits for nothing, or does not end although every answer is friendly. */
export function drive(scenario: Scenario): readonly Entry[] {
  let rolled = 0;
  const world: World = {
    scenario,
    mode: scenario.mode,
    roll(sides) {
      const die = scenario.dice[rolled] ?? 0;
      rolled += 1;
      return die % sides;
    },
    state: emptyState,
    tasks: scenario.chained.map(firstTask),
    open: [],
    tip: commitSha("tip"),
    inReview: new Map(),
    entries: [],
    nowMs: startMs(),
    outageEndsMs: startMs() + scenario.outageMs,
    turns: 0,
    made: 0,
  };
  const perRun = scenario.dice.length + turnsPerTaskMax * scenario.chained.length;
  // An outage is asked after again and again.
  const turnsMax = perRun * scenario.runs + scenario.outageMs / 5_000;
  for (let run = 1; run <= scenario.runs; run += 1) {
    const { limits, judgingMax, mode } = scenario;
    happen(world, { type: "run-started", run: `run-${run}`, limits, judgingMax, mode });
    while (world.state.run !== null) {
      world.turns += 1;
      if (world.turns > turnsMax) throw new Error("the run does not end");
      if (!meddle(world)) turn(world);
    }
  }
  return world.entries;
}

/** Three attempts with two rounds each and a record commit need 45 events; waits come on top. */
const turnsPerTaskMax = 80;

/** The numbers by which a task's files are told apart; a time of day that is not 0. */
function startMs(): number {
  return 1_000_000;
}

/** What an answer depends on. The simulator has its own. */
export interface Ground {
  /** One of the choices, from 0: the friendly one. */
  readonly roll: (sides: number) => number;
  readonly mode: "target" | "branch";
  readonly state: LoopState;
  readonly nowMs: number;
  /** Until then the model cannot be reached. */
  readonly outageEndsMs?: number;
  /** Of the target. */
  readonly tip: CommitSha;
  /** Commits and trees, so that each has a name of its own. */
  made: number;
}

interface World extends Ground {
  readonly scenario: Scenario;
  state: LoopState;
  tasks: readonly Task[];
  /** Commands that nothing has answered yet. */
  open: readonly AttemptCommand[];
  tip: CommitSha;
  inReview: InReview;
  readonly entries: Entry[];
  nowMs: number;
  turns: number;
}

function firstTask(isChained: boolean, index: number): Task {
  const dependsOn = isChained && index > 0 ? [taskId(`task-${index}`)] : [];
  return taskOf(`task-${index + 1}`, { dependsOn });
}

/** A ready task, as its file would state it. */
export function taskOf(id: string, edits: Partial<Task> = {}): Task {
  return {
    id: taskId(id),
    title: id,
    file: `tasks/${id}.md`,
    status: "ready",
    priority: 0,
    dependsOn: [],
    specs: [],
    agent: null,
    model: null,
    gates: [],
    allow: [],
    allowTests: [],
    proof: [],
    checks: null,
    limits: {},
    body: "",
    text: `${id} as first written`,
    blocked: null,
    ...edits,
  };
}

export function limitsOf(edits: Partial<TaskLimits> = {}): TaskLimits {
  const spend = { wallMsMax: 60_000, idleMsMax: 10_000, turnsMax: 20, usdMax: 5, tokensMax: 1_000_000 };
  return { attemptsMax: 3, roundsMax: 2, ...spend, ...edits };
}

const noSpendLimits = { usdMax: null, tokensMax: null, turnsMax: null };
export const noRunLimits: RunLimits = {
  ...noSpendLimits,
  wallMsMax: null,
  untilMs: null,
  tasksMax: null,
  failuresInARowMax: 5,
  day: noSpendLimits,
};

const windowPeriodMs = 20_000;

/** Null while the window is open. */
export function windowOpensMs({ openMs }: Scenario, nowMs: number): number | null {
  const sinceMs = nowMs % windowPeriodMs;
  return sinceMs < openMs ? null : nowMs - sinceMs + windowPeriodMs;
}

/** A minute is a day here: a few of them pass in a history. */
const dayOf = (nowMs: number): string => `day-${String(Math.floor(nowMs / 60_000)).padStart(6, "0")}`;

type Dice = Pick<Ground, "roll">;

export function pick<Choice>({ roll }: Dice, choices: readonly [Choice, ...Choice[]]): Choice {
  return choices[roll(choices.length)] ?? choices[0];
}

/** The first choice so many times as often as each of the others. */
function mostly<Choice>({ roll }: Dice, times: number, [first, ...others]: [Choice, ...Choice[]]): Choice {
  const at = roll(times + others.length) - times;
  return others[at] ?? first;
}

/** One chance in `sides`, and none once the dice are used up. */
export const isUnlucky = ({ roll }: Dice, sides: number): boolean => roll(sides) === sides - 1;

function happen(world: World, event: LoopEvent): void {
  const before = world.state;
  const [after, commands] = transition(before, event, { nowMs: world.nowMs });
  world.entries.push({
    event,
    nowMs: world.nowMs,
    before,
    after,
    commands,
    tasks: world.tasks,
    inReview: world.inReview,
  });
  world.state = after;
  const asked = commands.filter(
    (command) => command.type !== "stop-agents" && command.type !== "cancel-judging",
  );
  world.open = [...world.open, ...asked];
}

/** Sometimes a person acts: stops the run, edits a task, or puts it off. True when something happened. */
function meddle(world: World): boolean {
  if (isUnlucky(world, 250)) {
    const how = pick(world, ["drain", "now"] as const);
    happen(world, { type: "stop-requested", how, outcome: { kind: "signal", signal: "SIGTERM" } });
    return true;
  }
  // Nobody tells the loop when a person pushes.
  if (isUnlucky(world, 60)) world.tip = newCommit(world, "pushed");
  if (world.inReview.size > 0 && isUnlucky(world, 30)) {
    review(world);
    return true;
  }
  if (!isUnlucky(world, 20)) return false;
  const index = world.roll(world.tasks.length);
  const edit = pick<(task: Task) => Task>(world, [
    (task) => ({ ...task, text: `${task.id} as edited at turn ${world.entries.length}` }),
    (task) => (task.status === "ready" ? { ...task, status: "draft" } : task),
    (task) => (task.status === "draft" ? { ...task, status: "ready" } : task),
  ]);
  world.tasks = world.tasks.map((task, at) => (at === index ? edit(task) : task));
  return true;
}

/** A person merges a branch, however that is done, or deletes it. */
function review(world: World): void {
  const task = [...world.inReview.keys()][world.roll(world.inReview.size)];
  if (task === undefined) return;
  world.inReview = new Map([...world.inReview].filter(([other]) => other !== task));
  if (world.roll(2) === 1) return;
  world.tip = newCommit(world, "merged");
  world.tasks = editTask(world.tasks, task, { status: "landed" });
}

function turn(world: World): void {
  const { concurrency } = world.scenario;
  const queue = { tasks: world.tasks, problems: [], inReview: world.inReview };
  const { nowMs } = world;
  const { hasSecond } = world.scenario;
  const opensAtMs = windowOpensMs(world.scenario, nowMs);
  const today = { nowMs, day: dayOf(nowMs), opensAtMs };
  const next = decideNext(world.state, queue, { ...today, concurrency, hasSecond });
  if (next.kind === "wait") wait(world, next.untilMs);
  else happen(world, eventOf(world, next));
}

function eventOf(world: World, next: Exclude<Next, { kind: "wait" }>): LoopEvent {
  switch (next.kind) {
    case "start": {
      const { attemptsMax, roundsMax } = world.scenario;
      const limits = limitsOf({ attemptsMax, roundsMax });
      const { id: task, text } = next.task;
      const day = dayOf(world.nowMs);
      const reserved = reserve(world.state, limits, day);
      const { attempt, agent } = next;
      return { type: "attempt-started", task, attempt, text, limits, reserved, day, agent };
    }
    case "give-up":
      return { type: "give-up-started", task: next.task, attempt: next.attempt };
    case "close":
      return { type: "window-closed", opensAtMs: next.opensAtMs };
    case "pause":
      return { type: "run-paused", cause: next.cause };
    case "resume":
      return { type: "run-resumed", by: "supervisor", reason: next.reason };
    case "stop":
      return { type: "stop-requested", how: "drain", outcome: next.outcome };
    case "end":
      return { type: "run-ended", outcome: next.outcome };
  }
}

/** Answers one of the open commands, or lets the time come that the loop waits for. */
function wait(world: World, untilMs: number | null): void {
  world.nowMs += world.roll(3_000);
  const command = world.open[world.roll(Math.max(1, world.open.length))];
  if (command !== undefined) {
    if (isSeenToAnswer(world, command)) return;
    world.open = world.open.filter((other) => other !== command);
    settle(world, answer(world, command));
    return;
  }
  if (untilMs === null) throw new Error("the loop waits for an event, and no command is open");
  world.nowMs = Math.max(world.nowMs, untilMs);
}

const isOutage = ({ nowMs, outageEndsMs = 0 }: Ground): boolean => nowMs < outageEndsMs;

const works: ReadonlySet<string> = new Set(["start-agent", "return-evidence", "hand-over"]);

/** Sometimes the model is seen to answer long before its agent stops: told only where others wait for it. */
function isSeenToAnswer(world: World, { type, task, attempt }: AttemptCommand): boolean {
  if (isOutage(world)) return false;
  const open = world.state.attempts.get(task);
  if (!works.has(type) || open === undefined || !isProbe(world.state, open) || world.roll(2) === 1)
    return false;
  happen(world, { type: "model-answered", task, attempt });
  return true;
}

/** What the commits of the supervisor write into the task's file. */
function settle(world: World, event: LoopEvent): void {
  if (world.scenario.mode === "branch") return settleOnBranch(world, event);
  const isLanding = event.type === "task-landed" || event.type === "task-blocked";
  if (isLanding && event.commit !== null) world.tip = event.commit;
  happen(world, event);
  world.tasks = asWritten(world, event);
}

/** The tasks once the commit of this event, if it has one, is on the target. */
export function asWritten(
  { tasks, state }: Pick<World, "tasks" | "state">,
  event: LoopEvent,
): readonly Task[] {
  if (event.type === "task-landed") return editTask(tasks, event.task, { status: "landed" });
  if (event.type !== "task-blocked" || event.commit === null) return tasks;
  const text = state.records.get(event.task)?.text ?? "";
  const blocked = { attempt: event.attempt, text, why: event.why };
  return editTask(tasks, event.task, { status: "blocked", blocked });
}

function settleOnBranch(world: World, event: LoopEvent): void {
  const isOpened = event.type === "review-opened" || (event.type === "task-blocked" && event.commit !== null);
  if (isOpened) world.inReview = new Map(world.inReview).set(event.task, `ralph/${event.task}`);
  happen(world, event);
}

export function editTask(tasks: readonly Task[], id: TaskId, edits: Partial<Task>): readonly Task[] {
  return tasks.map((task) => (task.id === id ? { ...task, ...edits } : task));
}

/** What the world says to a command. */
export function answer(world: Ground, command: AttemptCommand): OpenAttemptEvent {
  const { task, attempt } = command;
  // A failed landing is rare enough in itself, and others may be waiting behind it.
  if (isUnlucky(world, command.type.startsWith("land") ? 25 : 250)) {
    return { type: "command-failed", task, attempt, command: command.type, reason: "the disk is full" };
  }
  switch (command.type) {
    case "prepare-workspace":
      return { type: "workspace-prepared", task, attempt, base: newCommit(world, "base") };
    case "check-baseline":
      return { type: "baseline-checked", task, attempt, baseline: someBaseline(world) };
    case "start-agent":
    case "return-evidence":
    case "hand-over":
      return { type: "agent-stopped", task, attempt, stop: someStop(world), usage: someUsage(world) };
    case "seal-change":
      return someSealed(world, { task, attempt });
    case "compose-change":
    case "compose-record":
      return someComposed(world, command);
    case "judge-candidate":
      return { type: "verdict-reached", task, attempt, verdict: someVerdict(world, command) };
    case "land":
    case "land-record":
      return someLanding(world, command);
    case "note-blocked":
      return { type: "task-blocked", task, attempt, why: command.why, commit: null };
    case "reject-attempt":
      return { type: "attempt-rejected", task, attempt, failure: command.failure, commit: someKept(world) };
    case "interrupt-attempt":
      return { type: "attempt-interrupted", task, attempt, reason: command.reason, commit: someKept(world) };
    case "release-workspace":
      return { type: "workspace-released", task, attempt };
  }
}

const someKept = (world: Ground) => pick(world, [null, newCommit(world, "kept")]);

export const newCommit = (world: Pick<Ground, "made">, what: string) =>
  commitSha(`${what}-${(world.made += 1)}`);

/** Never the tree of another commit, unless the dice say that the agent did the same thing again. */
const someTree = (world: Ground): TreeSha =>
  pick(world, [treeSha(`tree-${(world.made += 1)}`), treeSha("tree-a"), treeSha("tree-b")]);

const someBaseline = (world: Ground): Baseline =>
  mostly<Baseline>(world, 60, [
    { kind: "green" },
    { kind: "red", reason: "tests are red on the base" },
    { kind: "red", reason: "a gate of the task's own is red on the base", isTasksOwn: true },
    { kind: "unusable", reason: "no gate can run" },
  ]);

/** The agent lies: whatever it did, it says that the work is complete. */
const lie: AgentStop = {
  kind: "claimed",
  claim: { status: "complete", summary: "all tests pass", learnings: [], question: null },
};
const question: AgentStop = {
  kind: "claimed",
  claim: { status: "blocked", summary: "stuck", learnings: [], question: "which database?" },
};

function someStop(world: Ground): AgentStop {
  if (world.state.stopping?.how === "now" && world.roll(4) > 0) return { kind: "stopped" };
  if (isOutage(world)) return { kind: "unreachable", reason: "503" };
  const resetsAtMs = pick(world, [world.nowMs + 1 + world.roll(90_000), null, 0]);
  return mostly<AgentStop>(world, 14, [
    lie,
    question,
    { kind: "finished" },
    { kind: "crashed", reason: "exited with 1" },
    { kind: "stalled", reason: "silent for 10 min" },
    { kind: "timed-out", reason: "took longer than 45 min" },
    {
      kind: "over-budget",
      reason: "used 5 USD",
      ...pick<{ of?: "usd" | "unsaid" }>(world, [{}, { of: "usd" }, { of: "unsaid" }]),
    },
    { kind: "limited", resetsAtMs, reason: "usage limit" },
    { kind: "stuck", reason: "the same call again and again" },
    { kind: "declined", reason: "refused by the model" },
    { kind: "handed-over", note: "go on with the tests" },
    { kind: "unreachable", reason: "529 eight times" },
    mostly<AgentStop>(world, 6, [
      lie,
      { kind: "not-started", reason: "no such command" },
      { kind: "refused", reason: "login refused" },
    ]),
  ]);
}

const someUsage = (world: Ground): Usage =>
  pick<Usage>(world, [
    { usd: pick(world, [0, 0.5, 1, 2]), inputTokens: 100, outputTokens: 10, turns: 1 },
    { usd: pick(world, [1, null]), inputTokens: 100, outputTokens: 10, turns: 1 },
    { usd: pick(world, [0, null]), inputTokens: 0, outputTokens: 0, turns: 0 },
  ]);

function someSealed(world: Ground, of: { task: TaskId; attempt: number }): OpenAttemptEvent {
  const change = mostly<Change>(world, 14, [
    { kind: "changed", tree: someTree(world), commit: newCommit(world, "change") },
    { kind: "empty" },
    { kind: "refused", reason: "a file is larger than 1 MB" },
  ]);
  return { type: "change-sealed", ...of, change, restored: [] };
}

type ComposeCommand = Extract<AttemptCommand, { type: "compose-change" | "compose-record" }>;

function someComposed(world: Ground, { task, attempt, type, onto }: ComposeCommand): OpenAttemptEvent {
  const candidate = { commit: newCommit(world, "candidate"), tree: someTree(world), base: onto ?? world.tip };
  const kind = pick(world, ["refused", "conflict"] as const);
  const failure: Failure = { kind, reason: `the change is ${kind}`, evidence: null };
  const composed: OpenAttemptEvent = { type: "candidate-composed", task, attempt, candidate };
  if (type === "compose-record") return composed;
  const reject: Verdict = { kind: "reject", failure };
  const unsure: Verdict = { kind: "inconclusive", reason: "the target is red" };
  return mostly<OpenAttemptEvent>(world, 12, [
    composed,
    { type: "verdict-reached", task, attempt, verdict: reject },
    { type: "verdict-reached", task, attempt, verdict: mostly<Verdict>(world, 4, [reject, unsure]) },
  ]);
}

function someVerdict(
  world: Ground,
  { task, candidate }: Extract<AttemptCommand, { type: "judge-candidate" }>,
): Verdict {
  const isRecord = world.state.attempts.get(task)?.goal === "give-up";
  const kind = isRecord ? "red" : pick(world, ["red", "red", "red", "refused"] as const);
  const failure: Failure = { kind, reason: `the change is ${kind}`, evidence: null };
  return mostly<Verdict>(world, 60, [
    pick(world, [
      { kind: "accept", candidate, gates: ["tests"] },
      { kind: "reject", failure },
    ]),
    { kind: "inconclusive", reason: "the gate checkout changed under the gates" },
  ]);
}

function someLanding(
  world: Ground,
  command: Extract<AttemptCommand, { type: "land" | "land-record" }>,
): OpenAttemptEvent {
  const { task, attempt, candidate, type } = command;
  const { commit } = candidate;
  const isReviewed = world.mode === "branch";
  if (candidate.base !== world.tip && !isReviewed) return { type: "target-moved", task, attempt };
  const landed: OpenAttemptEvent = isReviewed
    ? { type: "review-opened", task, attempt, commit, branch: `ralph/${task}`, learnings: [] }
    : { type: "task-landed", task, attempt, commit, learnings: [] };
  const done: OpenAttemptEvent =
    type === "land" ? landed : { type: "task-blocked", task, attempt, why: command.why, commit };
  return mostly<OpenAttemptEvent>(world, 30, [
    done,
    { type: "target-moved", task, attempt },
    { type: "landing-refused", task, attempt, reason: "the checkout holds somebody's changes" },
  ]);
}

/** The outcome with which each run of the trace ended. */
export const outcomesOf = (entries: readonly Entry[]): readonly RunOutcome[] =>
  entries.flatMap(({ event }) => (event.type === "run-ended" ? [event.outcome] : []));
