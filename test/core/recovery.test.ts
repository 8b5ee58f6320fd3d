/** What is made of a state that a killed supervisor left, whatever instant it was killed at. */
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { commitSha, taskId } from "../../src/core/ids.ts";
import type { LoopEvent } from "../../src/core/message.ts";
import {
  commitsInDoubt,
  decideRecovery,
  describeRecovery,
  type RecoveryFacts,
} from "../../src/core/recovery.ts";
import { emptyState, type LoopState } from "../../src/core/state.ts";
import { transition } from "../../src/core/transition.ts";
import { drive, scenarios } from "./driver.ts";

const nothing: RecoveryFacts = { onTarget: new Set(), reviews: new Map(), landed: new Map(), kept: [] };

const after = (state: LoopState, events: readonly LoopEvent[]): LoopState =>
  events.reduce((known, event) => transition(known, event, { nowMs: 9 })[0], state);

/** A state at some instant of a random history, and whether git has what was landing then. */
const instants = fc.tuple(scenarios, fc.nat(), fc.boolean()).map(([scenario, at, hasLanded]) => {
  const entries = drive(scenario);
  const state = entries[at % entries.length]?.after ?? emptyState;
  const isReviewed = scenario.mode === "branch";
  const landing = [...state.attempts.values()].filter(({ phase }) => phase === "landing");
  const done = landing.flatMap(({ task, accepted }) =>
    accepted !== null && hasLanded ? [[task, accepted.commit] as const] : [],
  );
  const before = [...(state.run?.landed ?? [])].map((task) => [task, commitSha("before")] as const);
  const facts: RecoveryFacts = {
    ...nothing,
    onTarget: isReviewed ? new Set() : new Set(done.map(([, commit]) => commit)),
    reviews: new Map(
      isReviewed ? done.map(([task, commit]) => [task, { branch: `ralph/${task}`, commit }] as const) : [],
    ),
    landed: new Map(before),
  };
  return { state, facts, done };
});

it("closes whatever was open at any instant, so that there is nothing left to recover", () => {
  fc.assert(
    fc.property(instants, ({ state, facts }) => {
      const recovered = after(state, decideRecovery(state, facts));
      expect(recovered.attempts.size).toBe(0);
      expect(recovered.run).toBeNull();
      expect(decideRecovery(recovered, facts)).toEqual([]);
    }),
    { numRuns: 2_000 },
  );
});

it("says that a task landed, was given up or is in review exactly when git has what was landing", () => {
  const complete = new Set(["task-landed", "review-opened", "task-blocked"]);
  fc.assert(
    fc.property(instants, ({ state, facts, done }) => {
      const told = decideRecovery(state, facts).filter(({ type }) => complete.has(type));
      expect(told.map((event) => "commit" in event && event.commit)).toEqual(
        done.map(([, commit]) => commit),
      );
    }),
    { numRuns: 2_000 },
  );
});

it("interrupts no attempt that had ended before", () => {
  fc.assert(
    fc.property(instants, ({ state, facts }) => {
      const events = decideRecovery(state, facts);
      const ended = [...state.attempts.values()].filter(({ phase }) => phase === "releasing");
      const interrupted = events.flatMap((event) =>
        event.type === "attempt-interrupted" ? [event.task] : [],
      );
      expect(interrupted.filter((task) => ended.some((attempt) => attempt.task === task))).toEqual([]);
    }),
    { numRuns: 1_000 },
  );
});

it("comes to the same end when it is killed between any two of its own events", () => {
  fc.assert(
    fc.property(instants, fc.nat(), ({ state, facts }, at) => {
      const events = decideRecovery(state, facts);
      const killed = after(state, events.slice(0, at % (events.length + 1)));
      expect(after(killed, decideRecovery(killed, facts))).toEqual(after(state, events));
    }),
    { numRuns: 2_000 },
  );
});

const [one, two] = [taskId("one"), taskId("two")];
const runLimits = { usdMax: null, untilMs: null, tasksMax: null, failuresInARowMax: 5 };
const open = (): LoopState => after(emptyState, [{ type: "run-started", run: "run", limits: runLimits }]);

it("asks git about nothing but what was landing", () => {
  expect(commitsInDoubt(open())).toEqual([]);
});

it("believes git that a task has landed which the journal only saw fail", () => {
  const state = after(open(), [{ type: "attempts-found", found: [{ task: one, attempt: 2 }] }]);
  const facts = { ...nothing, landed: new Map([[one, commitSha("c1")]]) };
  const events = decideRecovery(state, facts);
  expect(events[0]).toEqual({
    type: "state-recovered",
    landed: [{ task: one, commit: "c1" }],
    notLanded: [],
  });
  expect(after(state, events).records.size).toBe(0);
  expect(describeRecovery(events)).toEqual(["one has landed, says git, and the journal did not know"]);
});

it("believes git that a task has not landed, although the journal of the open run says so", () => {
  const run = open().run;
  const state: LoopState = { ...open(), run: run && { ...run, landed: new Set([one, two]) } };
  const facts = { ...nothing, landed: new Map([[two, commitSha("c2")]]) };
  const events = decideRecovery(state, facts);
  expect(events[0]).toEqual({ type: "state-recovered", landed: [], notLanded: [one] });
  expect(describeRecovery(events)).toEqual(["one has not landed, says git, although the journal says so"]);
});

it("uses no attempt number again that a kept ref has", () => {
  const state = after(emptyState, [{ type: "attempts-found", found: [{ task: one, attempt: 2 }] }]);
  const kept = [
    { task: one, attempt: 2 },
    { task: two, attempt: 4 },
  ];
  expect(decideRecovery(state, { ...nothing, kept })).toEqual([
    { type: "attempts-found", found: [{ task: two, attempt: 4 }] },
  ]);
});
