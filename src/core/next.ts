/** What the loop starts next, if anything: the other half of the decision beside transition.ts. */
import { retryDateMs } from "./backoff.ts";
import { budgetStop, isTasksMaxTaken, runEndsMs, type Today } from "./budget.ts";
import { diskAlarm, type DiskFloor, type DiskRoom, diskStop } from "./disk.ts";
import { isStuck } from "./give-up.ts";
import { pauseKind, type Trouble } from "./halt.ts";
import type { CommitSha, TaskId } from "./ids.ts";
import { isAllHeld, isRunSpent, spentLimit } from "./ledger.ts";
import type { AgentRole, PauseCause, RunOutcome } from "./message.ts";
import { type Queue, resolveQueue, type Standing } from "./queue.ts";
import type { LoopState, Pause, TaskRecord } from "./state.ts";
import { standingOf, type Task } from "./task.ts";
import { opensMs } from "./waiting.ts";

export type Next =
  | { readonly kind: "start"; readonly task: Task; readonly attempt: number; readonly agent: AgentRole }
  | { readonly kind: "give-up"; readonly task: TaskId; readonly attempt: number }
  | { readonly kind: "stop"; readonly how: "drain" | "now"; readonly outcome: RunOutcome }
  /** Something could start, and no window is open. */
  | { readonly kind: "close"; readonly opensAtMs: number }
  | { readonly kind: "pause"; readonly cause: PauseCause }
  | { readonly kind: "resume"; readonly reason: string }
  /** Nothing to start now. `untilMs`: look again then, null when only an event can change it. */
  | { readonly kind: "wait"; readonly untilMs: number | null }
  | { readonly kind: "end"; readonly outcome: RunOutcome };

export interface NextContext extends Today {
  /** How many attempts may be open at once. */
  readonly concurrency: number;
  /** Null or absent: nobody looks at the disk. */
  readonly disk?: {
    readonly rooms: readonly DiskRoom[];
    readonly floor: DiskFloor;
    /** True where nobody restarts what stops: then it is waited for room. */
    readonly isAwaited?: boolean;
  } | null;
  /** When the next window opens; null while one is open. */
  readonly opensAtMs: number | null;
  /** Whether there is an agent that takes over while the main one waits. */
  readonly hasSecond: boolean;
  /** Where the target is; needed only while a red baseline pauses. */
  readonly tip?: CommitSha | null;
}

/** How long agents run unseen, and how soon it is looked again whether there is room. */
export const diskLookMs = 5_000;

/** Pure: the same state, queue and time give the same answer. */
export function decideNext(state: LoopState, queue: Queue, context: NextContext): Next {
  const { attempts, stopping, paused } = state;
  const { disk } = context;
  const alarm =
    disk && attempts.size > 0 && stopping?.how !== "now" ? diskAlarm(disk.rooms, disk.floor) : null;
  if (alarm !== null) return { kind: "stop", how: "now", outcome: alarm };
  if (stopping !== null && attempts.size === 0) return { kind: "end", outcome: stopping.outcome };
  if (stopping !== null) return { kind: "wait", untilMs: null };
  if (paused !== null) return whilePaused(paused, context);
  if (attempts.size >= context.concurrency) return { kind: "wait", untilMs: null };
  return findExhausted(state, queue) ?? decideStart(state, queue, context);
}

function whilePaused({ base, untilMs, day }: Pause, { nowMs, day: today, tip = null }: NextContext): Next {
  if (day !== null && day !== today) return { kind: "resume", reason: "a new day has begun" };
  if (untilMs !== null && nowMs >= untilMs) return { kind: "resume", reason: "its time has come" };
  if (base !== null && tip !== null && tip !== base)
    return { kind: "resume", reason: "the target has moved" };
  return { kind: "wait", untilMs };
}

function decideStart(state: LoopState, queue: Queue, context: NextContext): Next {
  const standing = resolveQueue(queue.tasks, state.run?.landed ?? new Set(), queue.inReview);
  const startable = standing.ready.filter((task) => isStartable(state, task));
  if (startable.length === 0) {
    if (state.attempts.size > 0 || state.run?.isDaemon === true) return { kind: "wait", untilMs: null };
    return { kind: "end", outcome: drainedOutcome(state, queue, standing) };
  }
  const spent = budgetStop(state, context);
  if (spent !== null) return haltFor(state, spent, context.day);
  const full = lackOfRoom(context);
  if (full !== null) return full;
  if (isTasksMaxTaken(state) || isAllHeld(state, context.day)) return { kind: "wait", untilMs: null };
  return closeWindow(state, context) ?? startFirst(state, startable, context);
}

function lackOfRoom({ disk = null, nowMs }: NextContext): Next | null {
  const full = disk && diskStop(disk.rooms, disk.floor);
  if (full === null) return null;
  return disk?.isAwaited === true
    ? { kind: "wait", untilMs: nowMs + diskLookMs }
    : { kind: "stop", how: "drain", outcome: full };
}

/** What only today has nothing left for goes on by itself tomorrow. */
function haltFor(state: LoopState, trouble: Trouble, today: string): Next {
  if (state.run?.isDaemon !== true) return { kind: "stop", how: "drain", outcome: trouble };
  const isToday = spentLimit(state, today) !== null && !isRunSpent(state);
  const { reason } = trouble;
  const cause = { kind: pauseKind(trouble, {}), reason, untilMs: null, day: isToday ? today : null };
  return { kind: "pause", cause };
}

/** A task whose attempts are used up, or whose agent asked a question, is given up before anything else starts. */
function findExhausted(state: LoopState, queue: Queue): Next | null {
  for (const [task, record] of state.records) {
    if (state.attempts.has(task) || !isExhausted(record)) continue;
    // The text was edited meanwhile, or the file is gone: there is nothing left to give up.
    const current = queue.tasks.find((candidate) => candidate.id === task);
    if (current?.text !== record.text || standingOf(current) !== "ready") continue;
    if (state.run?.blocked.has(task) === true || queue.inReview?.has(task) === true) continue;
    return { kind: "give-up", task, attempt: record.lastAttempt };
  }
  return null;
}

function isExhausted({ failures, limits }: TaskRecord): boolean {
  return failures.length >= limits.attemptsMax || failures.at(-1)?.kind === "question" || isStuck(failures);
}

function isStartable(state: LoopState, task: Task): boolean {
  const gaveUp = state.run?.blocked.has(task.id) === true && state.records.get(task.id)?.text === task.text;
  return !state.attempts.has(task.id) && !gaveUp;
}

/** Told once for each time that no window is open, then waited for, but not beyond the end of the run. */
function closeWindow(state: LoopState, context: NextContext): Next | null {
  const { opensAtMs } = context;
  if (opensAtMs === null) return null;
  if (state.windowOpensMs !== opensAtMs) return { kind: "close", opensAtMs };
  return { kind: "wait", untilMs: Math.min(opensAtMs, runEndsMs(state, context) ?? Infinity) };
}

function startFirst(state: LoopState, startable: readonly Task[], context: NextContext): Next {
  const { nowMs } = context;
  // Nobody waits beyond the end of the run.
  let untilMs = runEndsMs(state, context) ?? Infinity;
  for (const task of startable) {
    const record = state.records.get(task.id);
    const taskMs = record?.text === task.text ? retryDateMs(record.notBeforeMs, nowMs) : 0;
    const roles = rolesFor(task, context).map((agent) => ({ agent, ms: opensMs(state, agent, nowMs) }));
    const free = roles.find(({ ms }) => ms <= nowMs);
    if (free !== undefined && taskMs <= nowMs)
      return { kind: "start", task, attempt: (record?.lastAttempt ?? 0) + 1, agent: free.agent };
    const agentMs = Math.min(...roles.map(({ ms }) => ms));
    untilMs = Math.min(untilMs, Math.max(agentMs, taskMs));
  }
  return { kind: "wait", untilMs: untilMs === Infinity ? null : untilMs };
}

/** A task that names an agent or a model is not done by another one. */
const rolesFor = (task: Task, { hasSecond }: NextContext): readonly AgentRole[] =>
  hasSecond && task.agent === null && task.model === null ? ["main", "second"] : ["main"];

/** Drained means nothing can start any more; only a queue with nothing left over is drained for good. */
function drainedOutcome({ run }: LoopState, queue: Queue, standing: Standing): RunOutcome {
  // What still stands ready was given up in this run, and its file does not say so (yet).
  const { ready, blocked, waiting } = standing;
  // What people review is done; but where that is the record of a task that was given up, they are needed.
  const needed = [...waiting.keys()].filter(
    (task) => run?.blocked.has(task) === true || !awaitsReview(task, waiting),
  );
  const leftOver = ready.length + blocked.length + needed.length + queue.problems.length;
  return leftOver === 0 ? { kind: "drained" } : { kind: "blocked" };
}

/** In review itself, or waiting for what is. Circles are stuck, so that this ends. */
function awaitsReview(task: TaskId, waiting: Standing["waiting"]): boolean {
  const why = waiting.get(task);
  return why?.kind === "review" || (why?.kind === "dependency" && awaitsReview(why.on, waiting));
}
