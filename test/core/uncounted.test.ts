/** Ends that do not count must not be a way past a rejection. */
import { expect, it } from "vitest";
import { commitSha, treeSha } from "../../src/core/ids.ts";
import { type AgentStop, type LoopEvent, noUsage } from "../../src/core/message.ts";
import { emptyState, type LoopState } from "../../src/core/state.ts";
import { transition } from "../../src/core/transition.ts";
import { limitsOf, noRunLimits, taskOf } from "./driver.ts";

const stateAfter = (...events: readonly LoopEvent[]): LoopState =>
  events.reduce((state, event) => transition(state, event, { nowMs: 0 })[0], emptyState);

const { id: task, text } = taskOf("a");
const of = { task, attempt: 1 };
const rejection = { kind: "red", reason: "gate tests is red", evidence: null } as const;
const begun: readonly LoopEvent[] = [
  { type: "run-started", run: "run-1", limits: noRunLimits },
  { type: "attempt-started", ...of, text, limits: limitsOf({ roundsMax: 2 }) },
  { type: "workspace-prepared", ...of, base: commitSha("base") },
  { type: "baseline-checked", ...of, baseline: { kind: "green" } },
];
const redRound: readonly LoopEvent[] = [
  { type: "agent-stopped", ...of, stop: { kind: "finished" }, usage: noUsage },
  {
    type: "change-sealed",
    ...of,
    change: { kind: "changed", tree: treeSha("t"), commit: commitSha("c") },
    restored: [],
  },
  { type: "verdict-reached", ...of, verdict: { kind: "reject", failure: rejection } },
];
const stops: readonly AgentStop[] = [
  { kind: "limited", resetsAtMs: 0, reason: "a limit in the past" },
  { kind: "unreachable", reason: "no network" },
];
const ended = (stop: AgentStop): LoopEvent => ({ type: "agent-stopped", ...of, stop, usage: noUsage });

it.each(stops)("An agent that is $kind before any verdict is not blamed", (stop) => {
  const state = stateAfter(...begun, ended(stop));
  expect(state.attempts.get(task)?.phase).toBe("ending");
  const after = stateAfter(...begun, ended(stop), {
    type: "attempt-interrupted",
    ...of,
    reason: "",
    commit: null,
  });
  expect(after.records.get(task)?.failures).toEqual([]);
});

it.each(stops)("An agent that says it is $kind after a red verdict has its attempt counted", (stop) => {
  const after = stateAfter(...begun, ...redRound, ended(stop), {
    type: "attempt-rejected",
    ...of,
    failure: rejection,
    commit: null,
  });
  expect(after.records.get(task)?.failures).toMatchObject([rejection]);
  expect(after.waits.get("main")?.untilMs).toBeGreaterThan(0);
});

it("A limit that is years away is waited for a week at most", () => {
  const state = stateAfter(
    ...begun,
    ended({ kind: "limited", resetsAtMs: 253_370_764_800_000, reason: "9999" }),
  );
  expect(state.waits.get("main")?.untilMs).toBeLessThanOrEqual(8 * 24 * 3_600_000);
});
