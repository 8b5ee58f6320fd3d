/**
 * The loop's decision about running work: (state, event, context) → [state, commands].
 *
 * Invariants: one attempt lands at a time; what lands is the candidate of an accept verdict; every attempt that
 * got a workspace releases it; nothing here depends on anything but its arguments, so replaying the journal
 * gives the same state. What starts next is decided in next.ts; what an open attempt does in attempt-step.ts.
 */
import { stepAttempt } from "./attempt-step.ts";
import { invariant } from "./invariant.ts";
import { amountOf, noSpendLimits, noteDay, openAccount } from "./ledger.ts";
import type { TaskId } from "./ids.ts";
import { type LoopEvent, noAmount, type RunLimits } from "./message.ts";
import { advanceLine, joinLine, notComposed } from "./line.ts";
import { pause, requestStop, resume } from "./halt.ts";
import type { Step } from "./move.ts";
import {
  type Attempt,
  editRun,
  type LoopState,
  noteUnrecorded,
  putAttempt,
  putRecord,
  type TaskRecord,
} from "./state.ts";
import { noteProbe } from "./waiting.ts";

export interface Context {
  /** Wall-clock time of the event, as journaled with it; milliseconds since 1970. */
  readonly nowMs: number;
}

type EventOf<Type extends LoopEvent["type"]> = Extract<LoopEvent, { type: Type }>;

/** @throws InvariantError for an event that cannot follow the state: a defect, or a forged journal. */
export function transition(state: LoopState, event: LoopEvent, context: Context): Step {
  return advanceLine(take(state, event, context), context.nowMs);
}

function take(state: LoopState, event: LoopEvent, context: Context): Step {
  switch (event.type) {
    case "run-started":
      return [startRun(state, event, context), []];
    case "attempts-found":
      return [rememberAttempts(state, event.found), []];
    case "state-recovered":
      return [believeGit(state, event), []];
    case "window-closed":
      return [{ ...state, windowOpensMs: event.opensAtMs }, []];
    case "stop-requested":
      return requestStop(state, event.how, event.outcome);
    case "run-paused":
      return [pause(state, event.cause, context), []];
    case "run-resumed":
      return [resume(state, event.by), []];
    case "config-reloaded":
      return [reload(state, event), []];
    case "config-refused":
      return [{ ...state, configTrouble: event.reason }, []];
    case "task-reopened":
      return [reopen(state, event.task), []];
    case "run-ended":
      invariant(state.attempts.size === 0, "a run ended while an attempt was open");
      return [{ ...state, run: null, stopping: null }, []];
    case "attempt-started":
      return startAttempt(state, event, context);
    case "give-up-started":
      return startGiveUp(state, event, context);
    case "workspace-prepared":
    case "baseline-checked":
    case "model-answered":
    case "agent-stopped":
    case "change-sealed":
    case "candidate-composed":
    case "verdict-reached":
    case "target-moved":
    case "landing-refused":
    case "task-landed":
    case "review-opened":
    case "task-blocked":
    case "attempt-rejected":
    case "attempt-interrupted":
    case "workspace-released":
    case "command-failed":
      return stepAttempt(state, event, context.nowMs);
  }
}

function startRun(state: LoopState, event: EventOf<"run-started">, context: Context): LoopState {
  invariant(state.attempts.size === 0, "a run started while an attempt was open");
  const run = {
    id: event.run,
    startedMs: context.nowMs,
    limits: { ...noRunLimits, ...event.limits },
    judgingMax: event.judgingMax ?? 1,
    mode: event.mode ?? "target",
    isDaemon: event.isDaemon ?? false,
    usd: 0,
    usdUnknown: false,
    tokens: 0,
    turns: 0,
    tokensUnknown: false,
    attempts: 0,
    landed: new Set<never>(),
    blocked: new Set<never>(),
    reviewed: new Set<never>(),
    brokenAt: new Set<never>(),
    failuresInARow: 0,
    usedBefore: { ...noAmount, tasks: 0 },
    tooLittle: noAmount,
  };
  // A pause outlives a daemon that is started again; a run that a person starts by hand is meant to run.
  const paused = run.isDaemon ? state.paused : null;
  return { ...state, run, paused, stopping: null, configTrouble: null, windowOpensMs: 0 };
}

/** The windows may be other ones now: where none is open, that is found out and told again. */
function reload(state: LoopState, { changed, limits, judgingMax }: EventOf<"config-reloaded">): LoopState {
  const isOther = changed.some((key) => ["limits", "limits.window"].includes(key));
  const windowOpensMs = isOther ? 0 : state.windowOpensMs;
  const reloaded = { ...editRun(state, () => ({ limits, judgingMax })), configTrouble: null, windowOpensMs };
  const isAboutIt = state.paused?.kind === "configuration" || state.paused?.kind === "baseline";
  return isAboutIt ? resume(reloaded, "supervisor") : reloaded;
}

/** Its record stays: numbers of attempts are never used twice. */
function reopen(state: LoopState, task: TaskId): LoopState {
  const without = (tasks: ReadonlySet<TaskId>): ReadonlySet<TaskId> =>
    new Set([...tasks].filter((id) => id !== task));
  return editRun(state, ({ landed, blocked, reviewed }) => ({
    landed: without(landed),
    blocked: without(blocked),
    reviewed: without(reviewed),
  }));
}

const noRunLimits: Omit<RunLimits, "failuresInARowMax"> = {
  ...noSpendLimits,
  wallMsMax: null,
  untilMs: null,
  tasksMax: null,
  day: noSpendLimits,
};

/** Attempt numbers that refs know and the journal does not: a deleted state directory must not reuse them. */
function rememberAttempts(state: LoopState, found: EventOf<"attempts-found">["found"]): LoopState {
  // One map for all of them: a copy for each would take seconds for ten thousand tasks.
  const records = new Map(state.records);
  for (const { task, attempt } of found) {
    const known = records.get(task) ?? blankRecord;
    if (known.lastAttempt < attempt) records.set(task, { ...known, lastAttempt: attempt });
  }
  return { ...state, records };
}

function believeGit(state: LoopState, { landed, notLanded }: EventOf<"state-recovered">): LoopState {
  const records = new Map(state.records);
  for (const { task } of landed) records.delete(task);
  return editRun({ ...state, records }, (run) => ({
    landed: new Set([...run.landed].filter((task) => !notLanded.includes(task))),
  }));
}

/** Stands until the task's next attempt brings its text and limits. */
const blankRecord: TaskRecord = {
  text: "",
  limits: {
    attemptsMax: Infinity,
    roundsMax: 0,
    wallMsMax: 0,
    idleMsMax: 0,
    turnsMax: 0,
    usdMax: 0,
    tokensMax: 0,
  },
  lastAttempt: 0,
  failures: [],
  trees: [],
  notBeforeMs: 0,
};

function startAttempt(state: LoopState, event: EventOf<"attempt-started">, context: Context): Step {
  const { task, attempt: number, limits, text } = event;
  invariant(state.run !== null && state.stopping === null, `attempt ${number} of ${task} outside a run`);
  invariant(!state.attempts.has(task), `task ${task} has an open attempt already`);
  const known = state.records.get(task) ?? blankRecord;
  invariant(number > known.lastAttempt, `attempt ${number} of ${task} is not a new one`);
  // An edited task is a new question: what failed before says nothing about it.
  const history =
    known.text === text ? { failures: known.failures, trees: known.trees } : { failures: [], trees: [] };
  const record = { ...known, ...history, text, limits, lastAttempt: number };
  const { reserved = amountOf(limits), day = "", agent = "main" } = event;
  const account = openAccount(day, reserved);
  const attempt = opened({ task, number, limits, goal: "land", phase: "preparing", account, agent }, context);
  // A task that was given up and then edited is open again.
  const counted = editRun(noteDay(state, day), (run) => ({
    attempts: run.attempts + 1,
    blocked: new Set([...run.blocked].filter((id) => id !== task)),
  }));
  const noted = noteUnrecorded(putAttempt(putRecord(counted, task, record), attempt), task, null);
  return [noteProbe(noted, attempt), [{ type: "prepare-workspace", task, attempt: number }]];
}

/** After the last attempt: a record commit says so in the task's file, judged like any other commit. */
function startGiveUp(state: LoopState, event: EventOf<"give-up-started">, context: Context): Step {
  const { task, attempt: number } = event;
  const record = state.records.get(task);
  invariant(record !== undefined && !state.attempts.has(task), `task ${task} cannot be given up now`);
  const { limits } = record;
  // No agent works on it: nothing is reserved.
  const account = openAccount("", noAmount);
  const attempt = opened(
    { task, number, limits, goal: "give-up", phase: "queued-to-judge", account, agent: "main" },
    context,
  );
  return joinLine({ state, attempt, nowMs: context.nowMs });
}

type Opening = Pick<Attempt, "task" | "number" | "limits" | "goal" | "phase" | "account" | "agent">;

function opened(opening: Opening, context: Context): Attempt {
  return {
    ...opening,
    sinceMs: context.nowMs,
    base: null,
    round: 0,
    handOffs: 0,
    usd: 0,
    rejection: null,
    moves: 0,
    change: null,
    tree: null,
    place: 0,
    ...notComposed,
  };
}
