/** Usage limits and outages are events with a time: nothing starts before it, and one attempt goes first. */
import { describe, expect, it } from "vitest";
import { spread } from "../../src/core/backoff.ts";
import { commitSha } from "../../src/core/ids.ts";
import { type AgentStop, type LoopEvent, noUsage } from "../../src/core/message.ts";
import { decideNext, type Next } from "../../src/core/next.ts";
import { emptyState, type LoopState } from "../../src/core/state.ts";
import type { Task } from "../../src/core/task.ts";
import { transition } from "../../src/core/transition.ts";
import { type Complaints, counterexampleTo } from "./counterexample.ts";
import { drive, limitsOf, noRunLimits, outcomesOf, type Scenario, taskOf, windowOpensMs } from "./driver.ts";

const hourMs = 3_600_000;
const [a, b] = [taskOf("a"), taskOf("b")];

function play(from: LoopState, nowMs: number, ...events: readonly LoopEvent[]): LoopState {
  return events.reduce((state, event) => transition(state, event, { nowMs })[0], from);
}

const inRun = play(emptyState, 0, { type: "run-started", run: "r", limits: noRunLimits });

/** An attempt whose agent works. */
const begun = ({ id: task, text }: Task, attempt = 1, agent: "main" | "second" = "main"): LoopEvent[] => [
  { type: "attempt-started", task, attempt, text, limits: limitsOf(), agent },
  { type: "workspace-prepared", task, attempt, base: commitSha("base") },
  { type: "baseline-checked", task, attempt, baseline: { kind: "green" } },
];

const stopped = ({ id: task }: Task, stop: AgentStop, attempt = 1): LoopEvent[] => [
  { type: "agent-stopped", task, attempt, stop, usage: noUsage },
  { type: "attempt-interrupted", task, attempt, reason: "why", commit: null },
  { type: "workspace-released", task, attempt },
];

const limited = (resetsAtMs: number | null): AgentStop => ({
  kind: "limited",
  resetsAtMs,
  reason: "5-hour limit",
});
const unreachable: AgentStop = { kind: "unreachable", reason: "529" };

function next(
  state: LoopState,
  nowMs: number,
  more: { hasSecond?: boolean; concurrency?: number } = {},
): Next {
  const context = { nowMs, day: "", concurrency: 3, opensAtMs: null, hasSecond: false, ...more };
  return decideNext(state, { tasks: [a, b], problems: [] }, context);
}

const untilOf = (state: LoopState): number => state.waits.get("main")?.untilMs ?? 0;

/** Met again and again, each time by the attempt that asks first. */
function metAgain(stop: (nowMs: number) => AgentStop, times: number): readonly number[] {
  let [state, nowMs] = [inRun, 1_000];
  return Array.from({ length: times }, (_, i) => {
    state = play(state, nowMs, ...begun(a, i + 1), ...stopped(a, stop(nowMs), i + 1));
    const waitedMs = untilOf(state) - nowMs;
    nowMs = untilOf(state);
    return waitedMs;
  });
}

describe("A usage limit", () => {
  it("is waited for until its date and a little longer, however often the journal is replayed", () => {
    const events = [...begun(a), ...stopped(a, limited(5 * hourMs))];
    const [state, again] = [play(inRun, 1_000, ...events), play(inRun, 1_000, ...events)];
    expect(untilOf(state)).toBeGreaterThanOrEqual(5 * hourMs);
    expect(untilOf(state)).toBeLessThanOrEqual(5 * hourMs + 60_000);
    expect(untilOf(again)).toBe(untilOf(state));
    expect(next(state, 2_000)).toEqual({ kind: "wait", untilMs: untilOf(state) });
    expect(state.records.get(a.id)?.failures).toEqual([]);
  });

  it("a second away is waited for a second and a tenth at most", () => {
    const [first = 0] = metAgain((nowMs) => limited(nowMs + 1_000), 1);
    expect(first).toBeGreaterThanOrEqual(1_000);
    expect(first).toBeLessThanOrEqual(1_100);
  });

  it.each([
    ["in the past", () => limited(5)],
    ["missing", () => limited(null)],
    ["a second away each time", (nowMs: number) => limited(nowMs + 1_000)],
  ])("whose date is %s is asked again ever more rarely, half an hour apart at most", (_, stop) => {
    const waits = metAgain(stop, 12).slice(1);
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(15_000);
    expect(Math.min(...waits.slice(6))).toBeGreaterThanOrEqual(15 * 60_000);
    expect(Math.max(...waits)).toBeLessThanOrEqual(30 * 60_000);
  });

  it("whose date is years away is asked again after a week", () => {
    const [first = 0] = metAgain(() => limited(253_370_764_800_000), 1);
    expect(first).toBeLessThanOrEqual(7 * 24 * hourMs + 60_000);
  });

  it("that several agents meet at once is met once, and the latest date counts", () => {
    const both = play(inRun, 1_000, ...begun(a), ...begun(b));
    const state = play(both, 2_000, ...stopped(a, limited(hourMs)), ...stopped(b, limited(2 * hourMs)));
    expect(untilOf(state)).toBeGreaterThanOrEqual(2 * hourMs);
    expect(state.waits.get("main")).toMatchObject({ tries: 1 });
  });

  it("never ends a run by itself", () => {
    let [state, nowMs] = [inRun, 0];
    for (let attempt = 1; attempt < 60; attempt += 1) {
      state = play(state, nowMs, ...begun(a, attempt), ...stopped(a, limited(nowMs + 5 * hourMs), attempt));
      nowMs = untilOf(state);
    }
    expect(state.stopping).toBeNull();
  });
});

describe("An outage", () => {
  it("is asked after from seconds to half an hour, spread by the run's id", () => {
    const waits = metAgain(() => unreachable, 40);
    expect(Math.max(...waits.slice(0, 1))).toBeLessThanOrEqual(30_000);
    expect(Math.max(...waits)).toBeLessThanOrEqual(30 * 60_000);
    expect(Math.max(...waits)).toBeGreaterThan(10 * 60_000);
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(1_000);
  });

  it("of two hours is waited for, and then everything lands", () => {
    const entries = drive({ ...calm, outageMs: 2 * hourMs });
    expect(outcomesOf(entries)).toEqual([{ kind: "drained" }]);
    expect(entries.filter(({ event }) => event.type === "task-landed")).toHaveLength(4);
    expect(entries.filter(({ event }) => event.type === "attempt-rejected")).toEqual([]);
    const asked = entries.filter(({ event }) => event.type === "attempt-started").length - 4;
    expect(asked).toBeLessThan(40);
  });

  it("of a day ends the run", () => {
    const entries = drive({ ...calm, outageMs: 30 * hourMs });
    expect(outcomesOf(entries)).toEqual([
      { kind: "breaker", reason: "the model could not be reached for a day: 503" },
    ]);
    const lastedMs = (entries.at(-1)?.nowMs ?? 0) - (entries[0]?.nowMs ?? 0);
    expect(lastedMs).toBeGreaterThanOrEqual(24 * hourMs);
    expect(lastedMs).toBeLessThan(26 * hourMs);
  });

  it("that began in an earlier run does not end this one", () => {
    const old = play(inRun, 0, ...begun(a), ...stopped(a, unreachable), {
      type: "run-ended",
      outcome: { kind: "drained" },
    });
    const later = play(old, 30 * hourMs, { type: "run-started", run: "s", limits: noRunLimits });
    const state = play(later, 30 * hourMs, ...begun(a, 2), ...stopped(a, unreachable, 2));
    expect(state.stopping).toBeNull();
  });
});

const calm: Scenario = {
  chained: [false, false, true, false],
  concurrency: 3,
  attemptsMax: 1,
  roundsMax: 0,
  limits: noRunLimits,
  openMs: 20_000,
  hasSecond: false,
  outageMs: 0,
  judgingMax: 2,
  mode: "target",
  runs: 1,
  dice: [],
};

describe("After a wait", () => {
  const waited = play(inRun, 0, ...begun(a), ...stopped(a, limited(hourMs)));
  const laterMs = 2 * hourMs;
  const asking = play(waited, laterMs, ...begun(a, 2));

  it("one attempt goes first, and the others follow when the model has answered it", () => {
    expect(next(waited, laterMs)).toMatchObject({ kind: "start", agent: "main" });
    expect(next(asking, laterMs)).toEqual({ kind: "wait", untilMs: null });
    const answered = play(asking, laterMs, { type: "model-answered", task: a.id, attempt: 2 });
    expect(next(answered, laterMs)).toMatchObject({ kind: "start", agent: "main" });
  });

  it("the end of its agent is an answer, unless the model gave none", () => {
    const done = play(asking, laterMs, ...stopped(a, { kind: "finished" }, 2).slice(0, 1));
    expect(next(done, laterMs)).toMatchObject({ kind: "start" });
    const again = play(asking, laterMs, ...stopped(a, limited(3 * hourMs), 2));
    expect(next(again, laterMs)).toMatchObject({ kind: "wait", untilMs: untilOf(again) });
  });

  it("another one asks when the first ended without an answer", () => {
    const [, ...cut] = stopped(a, { kind: "stopped" }, 2);
    expect(next(play(asking, laterMs, ...cut), laterMs)).toMatchObject({ kind: "start" });
  });
});

describe("A second agent", () => {
  const waited = play(inRun, 0, ...begun(a), ...stopped(a, limited(hourMs)));

  it("takes up tasks while the main one waits, and the main one goes on when it may", () => {
    expect(next(waited, 1_000, { hasSecond: true })).toMatchObject({ kind: "start", agent: "second" });
    expect(next(waited, 1_000)).toMatchObject({ kind: "wait" });
    expect(next(waited, 2 * hourMs, { hasSecond: true })).toMatchObject({ kind: "start", agent: "main" });
  });

  it("takes up no task that names an agent or a model", () => {
    const named = [
      { ...a, model: "m" },
      { ...b, agent: "claude" },
    ];
    const context = { nowMs: 1_000, day: "", concurrency: 3, opensAtMs: null, hasSecond: true };
    expect(decideNext(waited, { tasks: named, problems: [] }, context)).toMatchObject({ kind: "wait" });
  });

  it("waits for limits of its own, and the run for whichever ends first", () => {
    const both = play(waited, 1_000, ...begun(b, 1, "second"), ...stopped(b, limited(600_000)));
    const decided = next(both, 2_000, { hasSecond: true });
    expect(decided).toEqual({ kind: "wait", untilMs: both.waits.get("second")?.untilMs });
    expect(next(both, 700_000, { hasSecond: true })).toMatchObject({ kind: "start", agent: "second" });
  });
});

describe("A refused login", () => {
  it("stops everything at once", () => {
    const both = play(inRun, 0, ...begun(a), ...begun(b));
    const stop = { kind: "refused", reason: "401" } as const;
    const event = { type: "agent-stopped", task: a.id, attempt: 1, stop, usage: noUsage } as const;
    const [state, commands] = transition(both, event, { nowMs: 0 });
    expect(state.stopping).toMatchObject({ how: "now", outcome: { kind: "refused" } });
    expect(commands.map(({ type }) => type)).toEqual(["stop-agents", "interrupt-attempt"]);
  });
});

describe("Outside every window", () => {
  const context = { nowMs: 1_000, day: "", concurrency: 1, opensAtMs: 9_000, hasSecond: false };
  const queue = { tasks: [a], problems: [] };

  it("nothing starts, and that is told once", () => {
    expect(decideNext(inRun, queue, context)).toEqual({ kind: "close", opensAtMs: 9_000 });
    const told = play(inRun, 1_000, { type: "window-closed", opensAtMs: 9_000 });
    expect(decideNext(told, queue, context)).toEqual({ kind: "wait", untilMs: 9_000 });
    expect(decideNext(told, queue, { ...context, nowMs: 9_000, opensAtMs: null })).toMatchObject({
      kind: "start",
    });
  });

  it("nobody waits beyond the end of the run", () => {
    const limits = { ...noRunLimits, untilMs: 5_000 };
    const run = play(
      emptyState,
      0,
      { type: "run-started", run: "r", limits },
      { type: "window-closed", opensAtMs: 9_000 },
    );
    expect(decideNext(run, queue, context)).toEqual({ kind: "wait", untilMs: 5_000 });
  });

  it("a queue that is drained is drained", () => {
    expect(decideNext(inRun, { tasks: [], problems: [] }, context)).toMatchObject({ kind: "end" });
  });
});

describe("Whatever happens", () => {
  it("no attempt starts outside a window", () => {
    const counterexample = counterexampleTo((entries, scenario) =>
      entries.filter(
        ({ event, nowMs }) => event.type === "attempt-started" && windowOpensMs(scenario, nowMs) !== null,
      ),
    );
    expect(counterexample).toBeNull();
  });

  it("no attempt starts before a wait of its agent has ended, nor a second one before the first was answered", () => {
    expect(counterexampleTo(hastyStarts)).toBeNull();
  });

  it("the second agent works only where there is one, and only while the main one waits", () => {
    const counterexample = counterexampleTo((entries, { hasSecond }) =>
      entries.filter(
        ({ event, before }) =>
          event.type === "attempt-started" &&
          event.agent === "second" &&
          !(hasSecond && before.waits.has("main")),
      ),
    );
    expect(counterexample).toBeNull();
  });
});

const silent: ReadonlySet<string> = new Set(["limited", "unreachable", "refused", "not-started", "stopped"]);

interface Asked {
  untilMs: number;
  first: string | null;
}

/** Told from the events alone: what each agent was told to wait for, and who asked first since. */
const hastyStarts: Complaints = (entries) => {
  const asked = new Map<string, Asked>();
  const agentOf = new Map<string, string>();
  return entries.filter(({ event, nowMs }) => {
    if (!("attempt" in event)) return false;
    const name = `${event.task}/${event.attempt}`;
    if (event.type === "attempt-started") agentOf.set(name, event.agent ?? "main");
    const agent = agentOf.get(name) ?? "main";
    const wait = asked.get(agent);
    if (event.type === "attempt-started" && wait !== undefined) {
      const isHasty = nowMs < wait.untilMs || wait.first !== null;
      wait.first = name;
      return isHasty;
    }
    noteAsked(asked, { agent, name, event });
    return false;
  });
};

function noteAsked(
  asked: Map<string, Asked>,
  { agent, name, event }: { readonly agent: string; readonly name: string; readonly event: LoopEvent },
): void {
  const wait = asked.get(agent);
  if (wait?.first === name) noteFirst(asked, agent, event);
  if (event.type !== "agent-stopped") return;
  const { stop } = event;
  if (stop.kind !== "limited" && stop.kind !== "unreachable") return;
  const knownMs = wait === undefined || wait.first === name ? 0 : wait.untilMs;
  const untilMs = stop.kind === "limited" ? (stop.resetsAtMs ?? 0) : 0;
  asked.set(agent, { untilMs: Math.max(untilMs, knownMs), first: null });
}

/** Of the attempt that asks first. */
function noteFirst(asked: Map<string, Asked>, agent: string, event: LoopEvent): void {
  const wait = asked.get(agent);
  // Its directory stays where it cannot be removed: the attempt is over all the same.
  const isOver =
    event.type === "workspace-released" ||
    (event.type === "command-failed" && event.command === "release-workspace");
  if (isOver && wait !== undefined) wait.first = null;
  if (event.type === "model-answered") asked.delete(agent);
  if (event.type === "agent-stopped" && !silent.has(event.stop.kind)) asked.delete(agent);
}

it("Chance that follows from a text is spread evenly", () => {
  const chances = Array.from({ length: 2_000 }, (_, i) => spread(`2026-11-20T22-00-03Z ${i}`));
  const tenths = Array.from(
    { length: 10 },
    (_, tenth) => chances.filter((chance) => Math.floor(chance * 10) === tenth).length,
  );
  expect(Math.min(...tenths)).toBeGreaterThan(140);
  expect(Math.max(...tenths)).toBeLessThan(260);
});
