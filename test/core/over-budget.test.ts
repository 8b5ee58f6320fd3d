/** An agent that used up what it had: its task's failure only where it had a whole limit to itself. */
import { describe, expect, it } from "vitest";
import { commitSha, taskId, treeSha } from "../../src/core/ids.ts";
import { isAllHeld, reserve, spentLimit } from "../../src/core/ledger.ts";
import type { AgentStop, Command, LoopEvent, RunLimits } from "../../src/core/message.ts";
import { emptyState, type LoopState } from "../../src/core/state.ts";
import { transition } from "../../src/core/transition.ts";
import { limitsOf, noRunLimits } from "./driver.ts";

const day = "2026-11-20";
const limits = limitsOf({ usdMax: 5, tokensMax: 1_000, turnsMax: 20, roundsMax: 1 });
const at = (task: string) => ({ task: taskId(task), attempt: 1 });

function play(from: LoopState, ...events: readonly LoopEvent[]): readonly [LoopState, readonly Command[]] {
  return events.reduce<readonly [LoopState, readonly Command[]]>(
    ([state], event) => transition(state, event, { nowMs: 0 }),
    [from, []],
  );
}

/** The agent of a task at work, in a run that has spent so much. */
function working(of: Partial<RunLimits>, spentUsd: number): LoopState {
  const [fresh] = play(emptyState, { type: "run-started", run: "r", limits: { ...noRunLimits, ...of } });
  if (fresh.run === null) throw new Error("no run");
  const state = { ...fresh, run: { ...fresh.run, usd: spentUsd } };
  return begin(state, "one");
}

function begin(state: LoopState, task: string): LoopState {
  const reserved = reserve(state, limits, day);
  return play(
    state,
    { type: "attempt-started", ...at(task), text: task, limits, reserved, day },
    { type: "workspace-prepared", ...at(task), base: commitSha("base") },
    { type: "baseline-checked", ...at(task), baseline: { kind: "green" } },
  )[0];
}

const usedUp: AgentStop = { kind: "over-budget", reason: "the agent used up its money", of: "usd" };
const stopped = (usd: number, stop: AgentStop = usedUp, task = "one"): LoopEvent => ({
  type: "agent-stopped",
  ...at(task),
  stop,
  usage: { usd, inputTokens: 10, outputTokens: 10, turns: 1 },
});
const commandOf = ([, [command]]: readonly [LoopState, readonly Command[]]) => command;

describe("An agent that used up its money", () => {
  it("fails its task where the limit was its own", () => {
    expect(commandOf(play(working({ usdMax: 50 }, 1), stopped(5.1)))).toMatchObject({
      type: "reject-attempt",
      failure: { reason: "the agent used up its money (limits.attempt.usd)" },
    });
  });

  it("fails its task where it had the whole limit of the run or the day, which is named", () => {
    expect(commandOf(play(working({ usdMax: 2 }, 0), stopped(2.1)))).toMatchObject({
      failure: { reason: "the agent used up its money (limits.run.usd)" },
    });
    const ofDay = { day: { usdMax: 1, tokensMax: null, turnsMax: null } };
    expect(commandOf(play(working({ usdMax: 2, ...ofDay }, 0), stopped(2.1)))).toMatchObject({
      failure: { reason: "the agent used up its money (limits.day.usd)" },
    });
  });

  it("fails nobody where only a rest was left for it", () => {
    const after = play(working({ usdMax: 2 }, 1.9), stopped(0.2));
    expect(commandOf(after)).toMatchObject({
      type: "interrupt-attempt",
      reason: "0.10 USD, all that was left for it, was not enough",
    });
    expect(spentLimit(after[0], day)).toBe("limits.run.usd is spent: 2.10 of 2.00 USD");
  });

  it("fails its task where a rest was left for it and it reached another limit of its own", () => {
    const stop = { ...usedUp, reason: "the agent used up its turns", of: "turns" } as const;
    expect(commandOf(play(working({ usdMax: 2 }, 1.9), stopped(0, stop)))).toMatchObject({
      failure: { reason: "the agent used up its turns (limits.attempt.turns)" },
    });
    const printed: AgentStop = { kind: "over-budget", reason: "the agent printed too much" };
    expect(commandOf(play(working({ usdMax: 2 }, 1.9), stopped(0, printed)))).toMatchObject({
      failure: { reason: "the agent printed too much" },
    });
  });

  it("fails its task where its work was judged and rejected before", () => {
    const change = { kind: "changed", tree: treeSha("t"), commit: commitSha("c") } as const;
    const red = { kind: "red", reason: "a test fails", evidence: null } as const;
    const after = play(
      working({ usdMax: 2 }, 1.5),
      stopped(0.1, { kind: "finished" }),
      { type: "change-sealed", ...at("one"), change, restored: [] },
      { type: "verdict-reached", ...at("one"), verdict: { kind: "reject", failure: red } },
      stopped(0.5),
    );
    expect(commandOf(after)).toMatchObject({ type: "reject-attempt", failure: { reason: "a test fails" } });
  });
});

describe("What was too little for one attempt", () => {
  const stop = { kind: "over-budget", reason: "the agent stopped at a limit", of: "unsaid" } as const;

  it("starts nothing more in this run, though some of it is left", () => {
    const [state] = play(working({ usdMax: 2 }, 1.5), stopped(0.1, stop));
    expect(spentLimit(state, day)).toBe(
      "limits.run.usd has 0.40 of 2.00 USD left, and 0.50 USD was not enough for an attempt",
    );
    const [resumed] = play(state, { type: "run-resumed", by: "person", reason: "" });
    expect(spentLimit(resumed, day)).toBeNull();
  });

  it("is waited for where open attempts hold more", () => {
    const one = begin(working({ usdMax: 5.5 }, 0), "two");
    const [state] = play(one, stopped(0.1, stop, "two"));
    expect([isAllHeld(state, day), spentLimit(state, day)]).toEqual([true, null]);
    const [free] = play(state, stopped(1));
    expect(isAllHeld(free, day)).toBe(false);
  });
});
