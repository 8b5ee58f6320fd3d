/** Limits of a run, checked before anything that costs money or time starts. */
import type { RunOutcome } from "./message.ts";
import type { LoopState, RunState } from "./state.ts";

/** Why nothing more may start, or null. Money over time over tasks over the breaker: the dearest is told. */
export function budgetStop(state: LoopState, nowMs: number): RunOutcome | null {
  const { run } = state;
  if (run === null) return null;
  const { usdMax, untilMs, tasksMax, failuresInARowMax } = run.limits;
  const tasksDone = countDone(run);
  if (usdMax !== null && isMoneySpent(state)) {
    return {
      kind: "budget",
      reason: `limits.run.usd is spent: ${run.usd.toFixed(2)} of ${usdMax.toFixed(2)} USD`,
    };
  }
  if (untilMs !== null && nowMs >= untilMs) {
    return { kind: "budget", reason: "limits.run.until has come: no new attempt starts" };
  }
  if (tasksMax !== null && tasksDone >= tasksMax) {
    return {
      kind: "budget",
      reason: `limits.run.tasks is reached: ${tasksDone} of ${tasksMax} tasks are done`,
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

const countDone = ({ landed, blocked, reviewed }: RunState): number =>
  landed.size + blocked.size + reviewed.size;

/** Checked before an attempt and before a round: both cost money. */
export function isMoneySpent({ run }: LoopState): boolean {
  return run !== null && run.limits.usdMax !== null && run.usd >= run.limits.usdMax;
}

/** Whether the open attempts, if each becomes a done task, use up limits.run.tasks: then wait for how they end. */
export function isTasksMaxTaken({ run, attempts }: LoopState): boolean {
  const tasksMax = run?.limits.tasksMax ?? Infinity;
  return run !== null && countDone(run) + attempts.size >= tasksMax;
}

/** Money an attempt may use: its own limit, or what is left of the run's, whichever is less. */
export function attemptUsdMax(state: LoopState, usdMax: number): number {
  const { run } = state;
  if (run === null || run.limits.usdMax === null) return usdMax;
  return Math.min(usdMax, Math.max(0, run.limits.usdMax - run.usd));
}
