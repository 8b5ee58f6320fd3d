import { describe, expect, it } from "vitest";
import { taskId } from "../../src/core/ids.ts";
import type { LoopEvent, RunOutcome } from "../../src/core/message.ts";
import { describeOutcome, exitStatusOf, viewStatus, weakGatesText } from "../../src/core/report.ts";
import { emptyState, type LoopState } from "../../src/core/state.ts";
import { transition } from "../../src/core/transition.ts";
import { limitsOf, noRunLimits, taskOf } from "./driver.ts";

const task = taskOf("a");
const address = { task: task.id, attempt: 1 };
const failure = { kind: "crashed", reason: "the agent exited with 1", evidence: null } as const;

const giveUp: readonly LoopEvent[] = [
  { type: "run-started", run: "r", limits: noRunLimits },
  { type: "attempt-started", ...address, text: task.text, limits: limitsOf({ attemptsMax: 1 }) },
  { type: "attempt-interrupted", ...address, reason: "-", commit: null },
  { type: "workspace-released", ...address },
  { type: "give-up-started", ...address },
  { type: "verdict-reached", ...address, verdict: { kind: "reject", failure } },
];

const after = (...events: readonly LoopEvent[]): LoopState =>
  events.reduce((state, event) => transition(state, event, { nowMs: 1 })[0], emptyState);

describe("The status", () => {
  it("counts the queue by what its tasks can do", () => {
    const tasks = [
      task,
      taskOf("b", { dependsOn: [task.id] }),
      taskOf("c", { status: "draft" }),
      taskOf("d", { status: "landed" }),
      taskOf("e", { status: "blocked" }),
    ];
    const view = viewStatus(emptyState, { tasks, problems: [] });
    const counts = { running: 0, ready: 1, waiting: 1, stuck: 0, review: 0, landed: 1, blocked: 1, draft: 1 };
    expect(view.tasks).toEqual(counts);
    expect(view.run).toBeNull();
    const lost = [...tasks, taskOf("f", { dependsOn: [taskId("gone")] })];
    const working = after(...giveUp.slice(0, 2));
    expect(viewStatus(working, { tasks: lost, problems: [] }).tasks).toEqual({
      ...counts,
      running: 1,
      ready: 0,
      stuck: 1,
    });
  });

  it("tells a problem in one line without control characters, whatever the file is called", () => {
    const file = "tasks/a\u001b[31m\n\u2714 0009 landed.md";
    const problems = [{ file, line: 2, task: null, message: 'its name, "a\u001b[31m\n", cannot be an id' }];
    expect(viewStatus(emptyState, { tasks: [], problems }).problems).toEqual([
      'tasks/a\ufffd[31m\ufffd\u2714 0009 landed.md:2: its name, "a\ufffd[31m\ufffd", cannot be an id',
    ]);
  });

  it("tells the limits of the run, with what was used when a person granted them once more", () => {
    const limits = { ...noRunLimits, usdMax: 20, tokensMax: 100, untilMs: 7 };
    const state = after({ type: "run-started", run: "r", limits });
    const queue = { tasks: [], problems: [] };
    expect(viewStatus(state, queue).run).toMatchObject({
      usdMax: 20,
      tokensMax: 100,
      turnsMax: null,
      untilMs: 7,
    });
    const usedBefore = { usd: 1.5, tokens: 40, turns: 3, tasks: 0 };
    const resumed = { ...state, run: state.run && { ...state.run, usedBefore } };
    expect(viewStatus(resumed, queue).run).toMatchObject({ usdMax: 21.5, tokensMax: 140, turnsMax: null });
  });

  it("keeps telling of a task whose record commit was refused, until an attempt is made again", () => {
    const refused: LoopEvent = { type: "task-blocked", ...address, why: "two reasons", commit: null };
    const queue = { tasks: [task], problems: [] };
    expect(viewStatus(after(...giveUp, refused), queue).problems).toEqual(["a: given up, two reasons"]);
    const ended: LoopEvent = { type: "run-ended", outcome: { kind: "blocked" } };
    const again: LoopEvent = { type: "run-started", run: "r2", limits: noRunLimits };
    const next: LoopEvent = {
      type: "attempt-started",
      ...address,
      attempt: 2,
      text: task.text,
      limits: limitsOf(),
    };
    expect(viewStatus(after(...giveUp, refused, ended, again), queue).problems).toHaveLength(1);
    expect(viewStatus(after(...giveUp, refused, ended, again, next), queue).problems).toEqual([]);
  });
});

describe("An outcome", () => {
  const outcomes: readonly (readonly [RunOutcome, number])[] = [
    [{ kind: "drained" }, 0],
    [{ kind: "blocked" }, 1],
    [{ kind: "configuration", reason: "x" }, 2],
    [{ kind: "budget", reason: "x" }, 4],
    [{ kind: "breaker", reason: "x" }, 5],
    [{ kind: "refused", reason: "x" }, 6],
    [{ kind: "signal", signal: "SIGINT" }, 130],
    [{ kind: "signal", signal: "SIGTERM" }, 143],
  ];

  it.each(outcomes)("%o has the exit status that the contract names, and a sentence", (outcome, status) => {
    expect(exitStatusOf(outcome)).toBe(status);
    expect(describeOutcome(outcome)).toMatch(/^\S.*[^.]$/);
  });
});

describe("Gates without a report", () => {
  const gate = (name: string, run: string, report: "junit" | null = null) => {
    return {
      name,
      run,
      report,
      reportFile: null,
      redBaseline: "hold" as const,
      timeoutMs: 1,
      env: [],
      optional: false,
    };
  };
  const told = (...gates: readonly ReturnType<typeof gate>[]): string | null =>
    weakGatesText([gate("whole", "x", "junit"), ...gates]);

  it("are told where they seem to run tests", () => {
    const gates = [gate("e2e", "make browser"), gate("node", "npm test"), gate("py", "python3 -m pytest -q")];
    expect(told(...gates)).toBe("judged by exit code alone: e2e, node, py");
  });

  it("are not told where they check something else", () => {
    expect(
      told(gate("lint", "eslint test"), gate("types", "npm run test:types"), gate("build", "make latest")),
    ).toBeNull();
  });

  it("are told, whatever they run, where no gate has a report", () => {
    expect(weakGatesText([gate("lint", "x"), gate("all", "make")])).toBe(
      "judged by exit code alone: lint, all",
    );
    expect(weakGatesText([gate("all", "make", "junit")])).toBeNull();
  });
});
