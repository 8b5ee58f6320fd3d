/** Limits of a run, checked before anything that costs money or time starts. */
import type { RunOutcome } from "./message.ts";
import type { LoopState } from "./state.ts";

/** Why nothing more may start, or null. Money over time over tasks over the breaker: the dearest is told. */
export function budgetStop(state: LoopState, nowMs: number): RunOutcome | null {
  const { run } = state;
  if (run === null) return null;
  const { usdMax, untilMs, tasksMax, failuresInARowMax } = run.limits;
  const tasksDone = run.landed.size + run.blocked.size;
  if (usdMax !== null && run.usd >= usdMax) {
    return {
      kind: "budget",
      reason: `limits.run.usd is spent: ${run.usd.toFixed(2)} of ${usdMax.toFixed(2)} USD`,
    };
  }
  if (untilMs !== null && nowMs >= untilMs) {
    return { kind: "budget", reason: "limits.run.until has come: no new attempt starts" };
  }
  if (tasksMax !== null && tasksDone + openTasks(state) >= tasksMax) {
    return {
      kind: "budget",
      reason: `limits.run.tasks is reached: ${tasksDone} of ${tasksMax} tasks are done`,
    };
  }
  if (run.failuresInARow >= failuresInARowMax) {
    return {
      kind: "breaker",
      reason: `${run.failuresInARow} attempts failed in a row (limits.run.failures_in_a_row)`,
    };
  }
  return null;
}

/** An open attempt may become a done task: it is counted before it is spent. */
function openTasks(state: LoopState): number {
  return state.attempts.size;
}

/** Money an attempt may use: its own limit, or what is left of the run's, whichever is less. */
export function attemptUsdMax(state: LoopState, usdMax: number): number {
  const { run } = state;
  if (run === null || run.limits.usdMax === null) return usdMax;
  return Math.min(usdMax, Math.max(0, run.limits.usdMax - run.usd));
}
