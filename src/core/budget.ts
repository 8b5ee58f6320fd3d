/** Limits of a run, checked before anything that costs money or time starts. */
import type { Trouble } from "./halt.ts";
import { spentLimit } from "./ledger.ts";
import { type LoopState, type RunState, tasksDone } from "./state.ts";

export interface Today {
  readonly nowMs: number;
  /** For how long the run has run, whatever the wall clock was set to meanwhile; absent: by the wall clock. */
  readonly ranMs?: number;
  /** The local day, such as `2026-11-20`. */
  readonly day: string;
}

/** Why nothing more may start, or null. Money over time over tasks over the breaker: the dearest is told. */
export function budgetStop(state: LoopState, today: Today): Trouble | null {
  const { run } = state;
  if (run === null) return null;
  const { tasksMax, failuresInARowMax } = run.limits;
  const done = countDone(run);
  const spent = spentLimit(state, today.day);
  if (spent !== null) return { kind: "budget", reason: spent };
  const time = timeStop(run, today);
  if (time !== null) return { kind: "budget", reason: time };
  if (tasksMax !== null && done >= tasksMax) {
    return {
      kind: "budget",
      reason: `limits.run.tasks is reached: ${done} of ${tasksMax} tasks are done`,
    };
  }
  if (run.failuresInARow >= failuresInARowMax) {
    return {
      kind: "breaker",
      reason: `${run.failuresInARow} tasks were given up in a row (limits.run.failures_in_a_row)`,
    };
  }
  return null;
}

function timeStop(run: RunState, { nowMs, ranMs = nowMs - run.startedMs }: Today): string | null {
  const { untilMs, wallMsMax } = run.limits;
  if (untilMs !== null && nowMs >= untilMs) return "limits.run.until has come: no new attempt starts";
  if (wallMsMax !== null && ranMs >= wallMsMax) return "limits.run.wall is over: no new attempt starts";
  return null;
}

/** When the run's time is over; null: never. */
export function runEndsMs({ run }: LoopState, { nowMs, ranMs }: Today): number | null {
  const untilMs = run?.limits.untilMs ?? Infinity;
  const beganMs = ranMs === undefined ? (run?.startedMs ?? 0) : nowMs - ranMs;
  const wallEndsMs = beganMs + (run?.limits.wallMsMax ?? Infinity);
  const endsMs = Math.min(untilMs, wallEndsMs);
  return endsMs === Infinity ? null : endsMs;
}

/** Since a person last resumed. */
const countDone = (run: RunState): number => tasksDone(run) - run.usedBefore.tasks;

/** Whether the open attempts, if each becomes a done task, use up limits.run.tasks: then wait for how they end. */
export function isTasksMaxTaken({ run, attempts }: LoopState): boolean {
  const tasksMax = run?.limits.tasksMax ?? Infinity;
  return run !== null && countDone(run) + attempts.size >= tasksMax;
}
