/** When a run may start nothing more. */
import { describe, expect, it } from "vitest";
import { budgetStop } from "../../src/core/budget.ts";
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
    turns: 0,
    tokensUnknown: false,
    attempts: 0,
    brokenAt: new Set<TaskId>(),
    unreachable: 0,
    failuresInARow: 0,
    usedBefore: { usd: 0, tokens: 0, turns: 0, tasks: 0 },
    tooLittle: { usd: 0, tokens: 0, turns: 0 },
    isDaemon: false,
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
const today = { nowMs: 0, day: "2026-11-20" };

describe("A run may start nothing more", () => {
  it("once its money is spent", () => {
    expect(budgetStop(inRun({ usdMax: 5 }, { usd: 4.99 }), today)).toBeNull();
    expect(budgetStop(inRun({ usdMax: 5 }, { usd: 5 }), today)).toEqual({
      kind: "budget",
      reason: "limits.run.usd is spent: 5.00 of 5.00 USD",
    });
  });

  it("once its tokens or turns are used up", () => {
    expect(budgetStop(inRun({ tokensMax: 500, turnsMax: 9 }, { tokens: 499, turns: 8 }), today)).toBeNull();
    expect(budgetStop(inRun({ tokensMax: 500 }, { tokens: 500 }), today)).toEqual({
      kind: "budget",
      reason: "limits.run.tokens is spent: 500 of 500 tokens",
    });
    expect(budgetStop(inRun({ turnsMax: 9 }, { turns: 9 }), today)).toEqual({
      kind: "budget",
      reason: "limits.run.turns is spent: 9 of 9 turns",
    });
  });

  it("once what is left of its money is the rest of a sum of fractions", () => {
    expect(budgetStop(inRun({ usdMax: 0.6 }, { usd: 0.1 + 0.2 + 0.3 - 2e-16 }), today)).not.toBeNull();
  });

  it("once the day is spent, whichever run spent it, and says where that is a guess", () => {
    const days = new Map([["2026-11-20", { usd: 1.2, tokens: 0, turns: 0 }]]);
    const day = { usdMax: 1, tokensMax: null, turnsMax: null };
    const state = { ...inRun({ day }, { usdUnknown: true }), days };
    expect(budgetStop(state, today)).toEqual({
      kind: "budget",
      reason: "limits.day.usd is spent: 1.20 of 1.00 USD, what was not told counted as its whole reservation",
    });
    expect(budgetStop(state, { ...today, day: "2026-11-21" })).toBeNull();
  });

  it("once its time has come, or is over", () => {
    expect(budgetStop(inRun({ untilMs: 1_000 }), { ...today, nowMs: 999 })).toBeNull();
    expect(budgetStop(inRun({ untilMs: 1_000 }), { ...today, nowMs: 1_000 })).toMatchObject({
      kind: "budget",
    });
    const begun = inRun({ wallMsMax: 1_000 }, { startedMs: 500 });
    expect(budgetStop(begun, { ...today, nowMs: 1_499 })).toBeNull();
    // The wall clock may be set meanwhile: what counts is for how long the run has run.
    expect(budgetStop(begun, { ...today, nowMs: 9_999_999, ranMs: 999 })).toBeNull();
    expect(budgetStop(begun, { ...today, nowMs: 0, ranMs: 1_000 })).not.toBeNull();
    expect(budgetStop(begun, { ...today, nowMs: 1_500 })).toEqual({
      kind: "budget",
      reason: "limits.run.wall is over: no new attempt starts",
    });
  });

  it("once as many tasks as allowed have landed or were given up", () => {
    expect(budgetStop(inRun({ tasksMax: 3 }, { landed: ids("a"), blocked: ids("b") }), today)).toBeNull();
    expect(budgetStop(inRun({ tasksMax: 3 }, { landed: ids("a", "c"), blocked: ids("b") }), today)).toEqual({
      kind: "budget",
      reason: "limits.run.tasks is reached: 3 of 3 tasks are done",
    });
  });

  it("once too many attempts in a row have failed", () => {
    expect(budgetStop(inRun({ failuresInARowMax: 2 }, { failuresInARow: 1 }), today)).toBeNull();
    expect(budgetStop(inRun({ failuresInARowMax: 2 }, { failuresInARow: 2 }), today)).toEqual({
      kind: "breaker",
      reason: "2 tasks were given up in a row (limits.run.failures_in_a_row)",
    });
  });

  it("and is told the money first, for it is the dearest", () => {
    const limits = { usdMax: 1, untilMs: 0, tasksMax: 0, failuresInARowMax: 0 };
    expect(budgetStop(inRun(limits, { usd: 2 }), { ...today, nowMs: 1 })).toMatchObject({
      reason: expect.stringContaining("limits.run.usd"),
    });
  });

  it("for no reason at all while no run is on", () => {
    expect(budgetStop(emptyState, today)).toBeNull();
  });
});
