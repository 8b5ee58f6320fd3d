/** What the loop starts next, told as what happened before. */
import { describe, expect, it } from "vitest";
import { commitSha, taskId, treeSha } from "../../src/core/ids.ts";
import { noUsage, type Failure, type LoopEvent, type RunLimits } from "../../src/core/message.ts";
import { decideNext, type Next } from "../../src/core/next.ts";
import { emptyState, type LoopState } from "../../src/core/state.ts";
import type { Task } from "../../src/core/task.ts";
import { transition } from "../../src/core/transition.ts";
import { limitsOf, noRunLimits, taskOf } from "./driver.ts";

const a = taskOf("a");
const b = taskOf("b");
const now = { nowMs: 0, day: "1970-01-01", concurrency: 1, opensAtMs: null, hasSecond: false };

function stateAfter(...events: LoopEvent[]): LoopState {
  return events.reduce((state, event) => transition(state, event, { nowMs: 0 })[0], emptyState);
}

interface Moment {
  readonly nowMs?: number;
  readonly concurrency?: number;
  readonly opensAtMs?: number | null;
  readonly hasSecond?: boolean;
}

/** The decision, with a task told by its id. */
function next(state: LoopState, tasks: readonly Task[], moment: Moment = {}): unknown {
  const decision: Next = decideNext(state, { tasks, problems: [] }, { ...now, ...moment });
  if (decision.kind !== "start") return decision;
  return { kind: "start", task: decision.task.id, attempt: decision.attempt };
}

const runStarted = (limits: Partial<RunLimits> = {}): LoopEvent => ({
  type: "run-started",
  run: "run-1",
  limits: { ...noRunLimits, ...limits },
});

const started = ({ id, text }: Task, attempt = 1, attemptsMax = 3): LoopEvent => ({
  type: "attempt-started",
  task: id,
  attempt,
  text,
  limits: limitsOf({ attemptsMax, roundsMax: 0 }),
});

/** The agent asks or breaks down, and the attempt is over. */
function failed({ id: task }: Task, kind: "crashed" | "timed-out" | "question", attempt = 1): LoopEvent[] {
  const failure: Failure = { kind, reason: "why", evidence: null };
  const claim = { status: "blocked", summary: "why", learnings: [], question: "why" } as const;
  const stop = kind === "question" ? ({ kind: "claimed", claim } as const) : { kind, reason: "why" };
  const of = { task, attempt };
  return [
    ...working({ id: task }, attempt),
    { type: "agent-stopped", ...of, stop, usage: { usd: 1, inputTokens: 0, outputTokens: 0, turns: 1 } },
    { type: "attempt-rejected", ...of, failure, commit: null },
    { type: "workspace-released", ...of },
  ];
}

function working({ id: task }: Pick<Task, "id">, attempt = 1): LoopEvent[] {
  return [
    { type: "workspace-prepared", task, attempt, base: commitSha("base") },
    { type: "baseline-checked", task, attempt, baseline: { kind: "green" } },
  ];
}

/** A usage limit ends the attempt without blame. */
function limited({ id: task }: Task, resetsAtMs: number): LoopEvent[] {
  const of = { task, attempt: 1 };
  const usage = { usd: null, inputTokens: 0, outputTokens: 0, turns: 1 };
  return [
    { type: "agent-stopped", ...of, stop: { kind: "limited", resetsAtMs, reason: "usage limit" }, usage },
    { type: "attempt-interrupted", ...of, reason: "usage limit", commit: null },
    { type: "workspace-released", ...of },
  ];
}

function givenUp({ id: task }: Task, attempt = 1): LoopEvent[] {
  const candidate = { commit: commitSha("record"), tree: treeSha("record"), base: commitSha("base") };
  return [
    { type: "give-up-started", task, attempt },
    { type: "verdict-reached", task, attempt, verdict: { kind: "accept", candidate, gates: [] } },
    { type: "task-blocked", task, attempt, why: "why", commit: commitSha("record") },
  ];
}

const stop = (how: "drain" | "now"): LoopEvent => ({
  type: "stop-requested",
  how,
  outcome: { kind: "signal", signal: "SIGINT" },
});

describe("With a fresh run", () => {
  it("the first task of the queue starts, as attempt 1", () => {
    expect(next(stateAfter(runStarted()), [b, a])).toEqual({ kind: "start", task: "a", attempt: 1 });
  });

  it("an empty queue is drained", () => {
    expect(next(stateAfter(runStarted()), [])).toEqual({ kind: "end", outcome: { kind: "drained" } });
  });

  it("a queue of landed tasks and drafts is drained", () => {
    const tasks = [taskOf("a", { status: "landed" }), taskOf("b", { status: "draft" })];
    expect(next(stateAfter(runStarted()), tasks)).toEqual({ kind: "end", outcome: { kind: "drained" } });
  });

  it("a queue in which nothing can start ends the run as blocked", () => {
    const stuck = [taskOf("a", { dependsOn: [taskId("a")] }), taskOf("b", { status: "blocked" })];
    expect(next(stateAfter(runStarted()), stuck)).toEqual({ kind: "end", outcome: { kind: "blocked" } });
  });

  it("a file that cannot be read as a task is not a drained queue", () => {
    const problems = [{ file: "tasks/x.md", line: null, task: null, message: "no front matter" }];
    const state = stateAfter(runStarted());
    expect(decideNext(state, { tasks: [], problems }, now)).toEqual({
      kind: "end",
      outcome: { kind: "blocked" },
    });
  });

  it("the attempt gets the number after the highest that is known from refs", () => {
    const found: LoopEvent = { type: "attempts-found", found: [{ task: a.id, attempt: 7 }] };
    expect(next(stateAfter(found, runStarted()), [a])).toEqual({ kind: "start", task: "a", attempt: 8 });
  });
});

describe("With an attempt open", () => {
  const state = stateAfter(runStarted(), started(a));

  it("the loop waits when no more may be open at once", () => {
    expect(next(state, [a, b])).toEqual({ kind: "wait", untilMs: null });
  });

  it("the next task starts when another may be open", () => {
    expect(next(state, [a, b], { concurrency: 2 })).toEqual({ kind: "start", task: "b", attempt: 1 });
  });

  it("the loop waits when nothing else is ready, for the run is not over", () => {
    expect(next(state, [a], { concurrency: 2 })).toEqual({ kind: "wait", untilMs: null });
  });

  it("the loop waits for its end when limits.run.tasks allows no further task", () => {
    const full = stateAfter(runStarted({ tasksMax: 1 }), started(a));
    expect(next(full, [a, b], { concurrency: 2 })).toEqual({ kind: "wait", untilMs: null });
  });
});

describe("After a failure", () => {
  it("a fresh attempt starts at once when the agent ran out of time", () => {
    const state = stateAfter(runStarted(), started(a), ...failed(a, "timed-out"));
    expect(next(state, [a])).toEqual({ kind: "start", task: "a", attempt: 2 });
  });

  it("a crashed agent's task waits, and another task goes first", () => {
    const state = stateAfter(runStarted(), started(a), ...failed(a, "crashed"));
    expect(next(state, [a])).toEqual({ kind: "wait", untilMs: 2_000 });
    expect(next(state, [a, b])).toEqual({ kind: "start", task: "b", attempt: 1 });
    expect(next(state, [a], { nowMs: 2_000 })).toEqual({ kind: "start", task: "a", attempt: 2 });
  });

  it("a task whose text was edited does not wait", () => {
    const state = stateAfter(runStarted(), started(a), ...failed(a, "crashed"));
    expect(next(state, [{ ...a, text: "edited" }])).toEqual({ kind: "start", task: "a", attempt: 2 });
  });

  it("the loop does not wait beyond the end of the run", () => {
    const state = stateAfter(runStarted({ untilMs: 500 }), started(a), ...failed(a, "crashed"));
    expect(next(state, [a])).toEqual({ kind: "wait", untilMs: 500 });
  });

  it("alone opens no breaker: a hard task may use up its attempts", () => {
    const state = stateAfter(runStarted({ failuresInARowMax: 1 }), started(a), ...failed(a, "timed-out"));
    expect(next(state, [a])).toMatchObject({ kind: "start", attempt: 2 });
  });

  it("the run is stopped when its money is spent", () => {
    const state = stateAfter(runStarted({ usdMax: 1 }), started(a), ...failed(a, "timed-out"));
    expect(next(state, [a])).toMatchObject({ kind: "stop", outcome: { kind: "budget" } });
  });
});

describe("An agent that breaks down and leaves nothing", () => {
  const crashes = [
    runStarted(),
    started(a),
    ...failed(a, "crashed"),
    started(a, 2),
    ...failed(a, "crashed", 2),
  ];

  it("may do so again and again at one task: that may be the task's fault", () => {
    expect(stateAfter(...crashes).stopping).toBeNull();
  });

  it("stops the run at a second task, before one after the other is given up for it", () => {
    const state = stateAfter(...crashes, started(b), ...failed(b, "crashed"));
    const reason = "the agent broke down at 2 tasks and left nothing: why";
    expect(next(state, [a, b])).toEqual({ kind: "end", outcome: { kind: "breaker", reason } });
  });

  it("is forgiven by the first attempt that ends otherwise", () => {
    const state = stateAfter(
      ...crashes,
      started(b),
      ...failed(b, "timed-out"),
      started(a, 3),
      ...failed(a, "crashed", 3),
    );
    expect(state.stopping).toBeNull();
  });
});

describe("A usage limit", () => {
  const state = stateAfter(runStarted(), started(a), ...working(a), ...limited(a, 90_000));

  it("lets every task wait for its date, and counts as no failure", () => {
    const untilMs = state.waits.get("main")?.untilMs ?? 0;
    expect(untilMs).toBeGreaterThanOrEqual(90_000);
    expect(next(state, [a, b])).toEqual({ kind: "wait", untilMs });
    expect(next(state, [a, b], { nowMs: untilMs })).toEqual({ kind: "start", task: "a", attempt: 2 });
    expect(state.run?.failuresInARow).toBe(0);
  });

  it("is not shortened by another agent's earlier date", () => {
    const both = [started(a), started(b), ...working(a), ...working(b), ...limited(a, 90_000)];
    const later = stateAfter(runStarted(), ...both, ...limited(b, 4_000));
    expect(next(later, [a, b])).toEqual({ kind: "wait", untilMs: state.waits.get("main")?.untilMs });
  });
});

describe("A model that cannot be reached", () => {
  const outage = { kind: "unreachable", reason: "529 overloaded" } as const;
  const outages = (count: number): LoopEvent[] =>
    Array.from({ length: count }, (_, i) => {
      const of = { task: a.id, attempt: i + 1 };
      const end = { type: "attempt-interrupted", ...of, reason: "529", commit: null } as const;
      return [
        started(a, i + 1),
        ...working(a, i + 1),
        { type: "agent-stopped", ...of, stop: outage, usage: noUsage } as const,
        end,
        { type: "workspace-released", ...of } as const,
      ];
    }).flat();

  it("is waited for, and the task is not blamed", () => {
    const state = stateAfter(runStarted(), ...outages(5));
    expect(state.stopping).toBeNull();
    expect(next(state, [a])).toMatchObject({ kind: "wait" });
    expect(state.records.get(a.id)?.failures).toEqual([]);
  });
});

describe("A task with its attempts used up", () => {
  const history = [runStarted(), started(a, 1, 1), ...failed(a, "timed-out")];

  it("is given up before anything else starts", () => {
    const urgent = taskOf("b", { priority: 9 });
    expect(next(stateAfter(...history), [a, urgent])).toEqual({ kind: "give-up", task: "a", attempt: 1 });
  });

  it("is given up at once when its agent asked a question", () => {
    const state = stateAfter(runStarted(), started(a), ...failed(a, "question"));
    expect(next(state, [a])).toEqual({ kind: "give-up", task: "a", attempt: 1 });
    expect(state.run?.failuresInARow).toBe(0);
  });

  it("starts afresh when it was edited meanwhile", () => {
    expect(next(stateAfter(...history), [{ ...a, text: "edited" }])).toEqual({
      kind: "start",
      task: "a",
      attempt: 2,
    });
  });

  it("is left alone when somebody made it a draft, marked it landed, or removed it", () => {
    const state = stateAfter(...history);
    for (const tasks of [[{ ...a, status: "draft" }], [{ ...a, status: "landed" }], []] as const) {
      expect(next(state, tasks)).toEqual({ kind: "end", outcome: { kind: "drained" } });
    }
  });

  it("does not start again once it was given up, even if its file does not say so yet", () => {
    expect(next(stateAfter(...history, ...givenUp(a)), [a])).toEqual({
      kind: "end",
      outcome: { kind: "blocked" },
    });
  });
});

describe("A task that was given up and then edited", () => {
  const edited = { ...a, text: "edited" };
  const history = [runStarted(), started(a, 1, 1), ...failed(a, "timed-out"), ...givenUp(a)];

  it("starts with fresh attempts", () => {
    expect(next(stateAfter(...history), [edited])).toEqual({ kind: "start", task: "a", attempt: 2 });
  });

  it("gets all its attempts in the same run", () => {
    const state = stateAfter(...history, started(edited, 2, 2), ...failed(edited, "timed-out", 2));
    expect(next(state, [edited])).toEqual({ kind: "start", task: "a", attempt: 3 });
  });

  it("is given up again when they are used up", () => {
    const state = stateAfter(...history, started(edited, 2, 1), ...failed(edited, "timed-out", 2));
    expect(next(state, [edited])).toEqual({ kind: "give-up", task: "a", attempt: 2 });
  });
});

describe("A task that landed in this run", () => {
  it("does not start again while its file still says ready, and what depends on it starts", () => {
    const candidate = { commit: commitSha("c"), tree: treeSha("t"), base: commitSha("base") };
    const of = { task: a.id, attempt: 1 };
    const change = { kind: "changed", tree: treeSha("t"), commit: commitSha("change") } as const;
    const usage = { usd: null, inputTokens: 0, outputTokens: 0, turns: 1 };
    const state = stateAfter(
      runStarted(),
      started(a),
      ...working(a),
      { type: "agent-stopped", ...of, stop: { kind: "finished" }, usage },
      { type: "change-sealed", ...of, change, restored: [] },
      { type: "verdict-reached", ...of, verdict: { kind: "accept", candidate, gates: ["tests"] } },
      { type: "task-landed", ...of, commit: candidate.commit, learnings: [] },
      { type: "workspace-released", ...of },
    );
    expect(next(state, [a])).toEqual({ kind: "end", outcome: { kind: "drained" } });
    const dependent = taskOf("b", { dependsOn: [a.id] });
    expect(next(state, [a, dependent])).toEqual({ kind: "start", task: "b", attempt: 1 });
  });
});

describe("A run that is stopping", () => {
  it("waits for the attempts that are open", () => {
    const state = stateAfter(runStarted(), started(a), stop("drain"));
    expect(next(state, [a, b], { concurrency: 2 })).toEqual({ kind: "wait", untilMs: null });
  });

  it("ends with its reason once nothing is open", () => {
    const outcome = { kind: "signal", signal: "SIGINT" };
    expect(next(stateAfter(runStarted(), stop("drain")), [a])).toEqual({ kind: "end", outcome });
  });

  it("lets now outrank drain, and not the other way round", () => {
    expect(stateAfter(runStarted(), stop("drain"), stop("now")).stopping?.how).toBe("now");
    expect(stateAfter(runStarted(), stop("now"), stop("drain")).stopping?.how).toBe("now");
  });
});
