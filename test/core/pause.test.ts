/** What a daemon does where a run would end, and how it goes on. */
import { expect, it } from "vitest";
import { commitSha } from "../../src/core/ids.ts";
import { type LoopEvent, noUsage, type RunLimits } from "../../src/core/message.ts";
import { decideNext, type Next } from "../../src/core/next.ts";
import { viewWaits } from "../../src/core/report.ts";
import { emptyState, type LoopState } from "../../src/core/state.ts";
import type { Task } from "../../src/core/task.ts";
import { transition } from "../../src/core/transition.ts";
import { limitsOf, noRunLimits, taskOf } from "./driver.ts";

const after = (state: LoopState, ...events: readonly LoopEvent[]): LoopState =>
  events.reduce((known, event) => transition(known, event, { nowMs: 5 })[0], state);

const started = (limits: Partial<RunLimits> = {}): LoopEvent => ({
  type: "run-started",
  run: "r-1",
  limits: { ...noRunLimits, ...limits },
  isDaemon: true,
});
const daemon = (limits: Partial<RunLimits> = {}): LoopState => after(emptyState, started(limits));

const a = taskOf("a");
const b = taskOf("b");
const of = { task: a.id, attempt: 1 } as const;
const base = commitSha("base");
const begun: readonly LoopEvent[] = [
  { type: "attempt-started", ...of, text: a.text, limits: limitsOf({}), day: "2026-11-20" },
  { type: "workspace-prepared", ...of, base },
];
const spend = (usd: number): readonly LoopEvent[] => [
  ...begun,
  { type: "baseline-checked", ...of, baseline: { kind: "green" } },
  {
    type: "agent-stopped",
    ...of,
    stop: { kind: "crashed", reason: "gone" },
    usage: { ...noUsage, usd, turns: 1 },
  },
  {
    type: "attempt-rejected",
    ...of,
    failure: { kind: "crashed", reason: "gone", evidence: null },
    commit: base,
  },
  { type: "workspace-released", ...of },
];

const next = (state: LoopState, tasks: readonly Task[], context: { tip?: string; day?: string } = {}): Next =>
  decideNext(
    state,
    { tasks, problems: [] },
    {
      nowMs: 1e12,
      day: context.day ?? "2026-11-20",
      concurrency: 1,
      opensAtMs: null,
      hasSecond: false,
      ...(context.tip === undefined ? {} : { tip: commitSha(context.tip) }),
    },
  );

const byPerson = (reason: string): LoopEvent => ({
  type: "run-paused",
  cause: { kind: "person", reason, untilMs: null, day: null },
});
const resumed: LoopEvent = { type: "run-resumed", by: "person", reason: "a person said so" };

it("waits for tasks where a run would end", () => {
  expect(next(daemon(), [])).toEqual({ kind: "wait", untilMs: null });
  expect(next(daemon(), [taskOf("a", { status: "blocked" })])).toEqual({ kind: "wait", untilMs: null });
});

it("starts nothing while a person has paused it, and goes on when they say so", () => {
  const paused = after(daemon(), byPerson("lunch"));
  expect(next(paused, [a])).toEqual({ kind: "wait", untilMs: null });
  expect(next(after(paused, resumed), [a])).toMatchObject({ kind: "start", attempt: 1 });
});

it("keeps a pause over a restart of the daemon; a run that is started by hand runs", () => {
  const ended = after(daemon(), byPerson("lunch"), {
    type: "stop-requested",
    how: "drain",
    outcome: { kind: "stopped" },
  });
  expect(next(ended, [a])).toEqual({ kind: "end", outcome: { kind: "stopped" } });
  const over = after(ended, { type: "run-ended", outcome: { kind: "stopped" } });
  expect(after(over, started()).paused).toMatchObject({ kind: "person", reason: "lunch" });
  expect(after(over, { type: "run-started", run: "r-2", limits: noRunLimits }).paused).toBeNull();
});

it("pauses when the money of the run is spent, and grants it once more when a person resumes", () => {
  const spent = after(daemon({ usdMax: 2 }), ...spend(2));
  const decided = next(spent, [b]);
  expect(decided).toMatchObject({ kind: "pause", cause: { kind: "limit", untilMs: null, day: null } });
  if (decided.kind !== "pause") return;
  const paused = after(spent, { type: "run-paused", cause: decided.cause });
  expect(next(paused, [b])).toEqual({ kind: "wait", untilMs: null });
  const granted = after(paused, resumed);
  expect(granted.run?.usd).toBe(2);
  expect(next(granted, [b])).toMatchObject({ kind: "start" });
});

it("goes on by itself the day after the money of a day was spent", () => {
  const none = { usdMax: null, tokensMax: null, turnsMax: null };
  const spent = after(daemon({ day: { ...none, usdMax: 2 } }), ...spend(2));
  const decided = next(spent, [b]);
  expect(decided).toMatchObject({ kind: "pause", cause: { kind: "limit", day: "2026-11-20" } });
  if (decided.kind !== "pause") return;
  const paused = after(spent, { type: "run-paused", cause: decided.cause });
  expect(next(paused, [b])).toEqual({ kind: "wait", untilMs: null });
  expect(next(paused, [b], { day: "2026-11-21" })).toMatchObject({ kind: "resume" });
});

it("pauses at a red baseline, and goes on when the target is another commit", () => {
  const red = after(daemon(), ...begun, {
    type: "baseline-checked",
    ...of,
    baseline: { kind: "red", reason: "gate tests is red" },
  });
  expect(red.stopping).toBeNull();
  expect(red.paused).toMatchObject({ kind: "baseline", reason: "gate tests is red", base });
  const closed = after(
    red,
    { type: "attempt-interrupted", ...of, reason: "red", commit: null },
    { type: "workspace-released", ...of },
  );
  expect(next(closed, [a], { tip: "base" })).toEqual({ kind: "wait", untilMs: null });
  expect(next(closed, [a], { tip: "another" })).toMatchObject({ kind: "resume" });
});

it("lets a person's word outrank a red baseline: a new commit does not end their pause", () => {
  const red = after(daemon(), ...begun, {
    type: "baseline-checked",
    ...of,
    baseline: { kind: "red", reason: "gate tests is red" },
  });
  const paused = after(red, byPerson("lunch"));
  expect(paused.paused).toMatchObject({ kind: "person", base: null });
});

it("tells a person's last reason, and since when it is paused at all", () => {
  const again = transition(after(daemon(), byPerson("lunch")), byPerson("until noon"), { nowMs: 9 })[0];
  expect(again.paused).toMatchObject({ kind: "person", reason: "until noon", sinceMs: 5 });
});

it("keeps a person's pause when a red baseline comes after it", () => {
  const paused = after(daemon(), ...begun, byPerson("lunch"), {
    type: "baseline-checked",
    ...of,
    baseline: { kind: "red", reason: "gate tests is red" },
  });
  expect(paused.paused).toMatchObject({ kind: "person", reason: "lunch" });
});

it("pauses instead of ending when an effect breaks, and stops all the same when a login is refused", () => {
  const broken = after(daemon(), ...begun, {
    type: "command-failed",
    ...of,
    command: "check-baseline",
    reason: "no space left",
  });
  expect(broken.paused).toMatchObject({ kind: "breaker", reason: "no space left" });
  expect(broken.stopping).toBeNull();
  const refused = after(
    daemon(),
    ...begun,
    { type: "baseline-checked", ...of, baseline: { kind: "green" } },
    { type: "agent-stopped", ...of, stop: { kind: "refused", reason: "login" }, usage: noUsage },
  );
  expect(refused.paused).toBeNull();
  expect(refused.stopping?.outcome).toEqual({ kind: "refused", reason: "login" });
});

it("begins no agent that was being prepared when it was paused, and does not count that", () => {
  const paused = after(daemon(), ...begun, byPerson("lunch"), {
    type: "baseline-checked",
    ...of,
    baseline: { kind: "green" },
  });
  expect(paused.attempts.get(a.id)?.phase).toBe("ending");
  expect(paused.records.get(a.id)?.failures).toEqual([]);
});

it("takes new limits from a reload, and goes on after a red baseline that it may have mended", () => {
  const red = after(daemon({ tasksMax: 1 }), ...begun, {
    type: "baseline-checked",
    ...of,
    baseline: { kind: "unusable", reason: "gate tests cannot run" },
  });
  const reload: LoopEvent = {
    type: "config-reloaded",
    changed: ["gates"],
    restart: [],
    limits: noRunLimits,
    judgingMax: 2,
  };
  const reloaded = after(red, { type: "config-refused", reason: "line 3" }, reload);
  expect(reloaded).toMatchObject({ paused: null, configTrouble: null, run: { judgingMax: 2 } });
  expect(reloaded.run?.limits.tasksMax).toBeNull();
  expect(after(daemon(), byPerson("lunch"), reload).paused).toMatchObject({ kind: "person" });
});

it("forgets that no window is open where a reload or a new run may have other windows", () => {
  const closed = after(daemon(), { type: "window-closed", opensAtMs: 9_000 });
  const reloaded = (key: string): LoopState =>
    after(closed, {
      type: "config-reloaded",
      changed: [key],
      restart: [],
      limits: noRunLimits,
      judgingMax: 1,
    });
  expect(viewWaits(reloaded("gates"))).toEqual(viewWaits(closed));
  expect(viewWaits(reloaded("limits.window"))).toEqual([]);
  expect(viewWaits(reloaded("limits"))).toEqual([]);
  expect(viewWaits(after(closed, started()))).toEqual([]);
});

it("forgets the end of a task that a person opened again", () => {
  const given: LoopState = daemon();
  const run = given.run;
  if (run === null) throw new Error("a daemon has a run");
  const blocked = { ...given, run: { ...run, blocked: new Set([a.id]), landed: new Set([b.id]) } };
  const open = after(blocked, { type: "task-reopened", task: a.id }, { type: "task-reopened", task: b.id });
  expect([open.run?.blocked.size, open.run?.landed.size]).toEqual([0, 0]);
});
