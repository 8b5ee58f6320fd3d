/** When a run may start nothing more, and how much an attempt may spend. */
import { describe, expect, it } from "vitest";
import { attemptUsdMax, budgetStop } from "../../src/core/budget.ts";
import { type TaskId, taskId } from "../../src/core/ids.ts";
import type { RunLimits } from "../../src/core/message.ts";
import { emptyState, type LoopState, type RunState } from "../../src/core/state.ts";
import { noRunLimits } from "./driver.ts";

function inRun(limits: Partial<RunLimits>, spent: Partial<RunState> = {}): LoopState {
  const counts = {
    judgingMax: 1,
    usd: 0,
    usdUnknown: false,
    tokens: 0,
    attempts: 0,
    brokenAt: new Set<TaskId>(),
    unreachable: 0,
    failuresInARow: 0,
  };
  const tasks = { landed: new Set<never>(), blocked: new Set<never>(), reviewed: new Set<never>() };
  const run: RunState = {
    mode: "target",
    id: "run-1",
    startedMs: 0,
    limits: { ...noRunLimits, ...limits },
    ...counts,
    ...tasks,
    ...spent,
  };
  return { ...emptyState, run };
}

const ids = (...texts: string[]) => new Set(texts.map(taskId));

describe("A run may start nothing more", () => {
  it("once its money is spent", () => {
    expect(budgetStop(inRun({ usdMax: 5 }, { usd: 4.99 }), 0)).toBeNull();
    expect(budgetStop(inRun({ usdMax: 5 }, { usd: 5 }), 0)).toEqual({
      kind: "budget",
      reason: "limits.run.usd is spent: 5.00 of 5.00 USD",
    });
  });

  it("once its time has come", () => {
    expect(budgetStop(inRun({ untilMs: 1_000 }), 999)).toBeNull();
    expect(budgetStop(inRun({ untilMs: 1_000 }), 1_000)).toMatchObject({ kind: "budget" });
  });

  it("once as many tasks as allowed have landed or were given up", () => {
    expect(budgetStop(inRun({ tasksMax: 3 }, { landed: ids("a"), blocked: ids("b") }), 0)).toBeNull();
    expect(budgetStop(inRun({ tasksMax: 3 }, { landed: ids("a", "c"), blocked: ids("b") }), 0)).toEqual({
      kind: "budget",
      reason: "limits.run.tasks is reached: 3 of 3 tasks are done",
    });
  });

  it("once too many attempts in a row have failed", () => {
    expect(budgetStop(inRun({ failuresInARowMax: 2 }, { failuresInARow: 1 }), 0)).toBeNull();
    expect(budgetStop(inRun({ failuresInARowMax: 2 }, { failuresInARow: 2 }), 0)).toEqual({
      kind: "breaker",
      reason: "2 tasks were given up in a row (limits.run.failures_in_a_row)",
    });
  });

  it("and is told the money first, for it is the dearest", () => {
    const limits = { usdMax: 1, untilMs: 0, tasksMax: 0, failuresInARowMax: 0 };
    expect(budgetStop(inRun(limits, { usd: 2 }), 1)).toMatchObject({
      reason: expect.stringContaining("limits.run.usd"),
    });
  });

  it("for no reason at all while no run is on", () => {
    expect(budgetStop(emptyState, 0)).toBeNull();
  });
});

describe("An attempt may spend", () => {
  it("its own limit while the run has more than that left", () => {
    expect(attemptUsdMax(inRun({ usdMax: 50 }, { usd: 10 }), 5)).toBe(5);
  });

  it("what is left of the run's money when that is less, and never less than nothing", () => {
    expect(attemptUsdMax(inRun({ usdMax: 50 }, { usd: 48 }), 5)).toBe(2);
    expect(attemptUsdMax(inRun({ usdMax: 50 }, { usd: 51 }), 5)).toBe(0);
  });

  it("its own limit when the run has none, or no run is on", () => {
    expect(attemptUsdMax(inRun({}), 5)).toBe(5);
    expect(attemptUsdMax(emptyState, 5)).toBe(5);
  });
});
