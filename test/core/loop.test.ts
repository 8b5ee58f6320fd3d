/** What holds for the loop whatever happens to it: each property is checked on thousands of random histories. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InvariantError } from "../../src/core/invariant.ts";
import type { OpenAttemptEvent } from "../../src/core/attempt-step.ts";
import { hasLeft } from "../../src/core/ledger.ts";
import { chainWidth } from "../../src/core/line.ts";
import type { Baseline, Candidate, Failure, LoopEvent, Verdict } from "../../src/core/message.ts";
import { emptyState, landingAttempt, type LoopState } from "../../src/core/state.ts";
import { standingOf, type Task } from "../../src/core/task.ts";
import { transition } from "../../src/core/transition.ts";
import { drive, type Entry, noRunLimits, outcomesOf, type Scenario, scenarios } from "./driver.ts";

/** What a property finds wrong in a history: nothing, if it holds. */
type Complaints = (entries: readonly Entry[], scenario: Scenario) => readonly unknown[];

/** The smallest history about which the property complains, told for people; null when there is none. */
function counterexampleTo(complaints: Complaints): string | null {
  const property = fc.property(scenarios, (scenario) => {
    const [first] = complaints(drive(scenario), scenario);
    if (first !== undefined) throw new Error(JSON.stringify(first));
  });
  const found = fc.check(property, { numRuns: 2_000 });
  return found.failed ? (fc.defaultReportMessage(found) ?? "failed") : null;
}

const keyOf = (of: { task: string; attempt: number }): string => `${of.task}/${of.attempt}`;

const repeated = (items: readonly string[]): readonly string[] =>
  items.filter((item, at) => items.indexOf(item) !== at);

type EventOf<Type extends LoopEvent["type"]> = Extract<LoopEvent, { type: Type }>;

function eventsOf<Type extends LoopEvent["type"]>(entries: readonly Entry[], type: Type): EventOf<Type>[] {
  const isOfType = (event: LoopEvent): event is EventOf<Type> => event.type === type;
  return entries.map(({ event }) => event).filter(isOfType);
}

const commandsOf = (entries: readonly Entry[]) => entries.flatMap(({ commands }) => commands);

/** The runs of a history, each from its start to its end. */
function runsOf(entries: readonly Entry[]): readonly (readonly Entry[])[] {
  const starts = entries.flatMap(({ event }, at) => (event.type === "run-started" ? [at] : []));
  return starts.map((start, run) => entries.slice(start, starts[run + 1]));
}

describe("The driver", () => {
  it("meets every event, command, way an agent stops and outcome, so that the properties say something", () => {
    const seen = new Set<string>();
    for (const entries of fc.sample(scenarios, { numRuns: 2_000, seed: 7 }).map(drive)) {
      for (const { event, commands } of entries) {
        seen.add(event.type);
        if (event.type === "agent-stopped") seen.add(`agent ${event.stop.kind}`);
        if (event.type === "verdict-reached") seen.add(`verdict ${event.verdict.kind}`);
        for (const command of commands) seen.add(`command ${command.type}`);
      }
      for (const outcome of outcomesOf(entries)) seen.add(`outcome ${outcome.kind}`);
    }
    expect([...seen].toSorted().join("\n")).toMatchInlineSnapshot(`
      "agent claimed
      agent crashed
      agent declined
      agent finished
      agent handed-over
      agent limited
      agent not-started
      agent over-budget
      agent refused
      agent stalled
      agent stopped
      agent stuck
      agent timed-out
      agent unreachable
      agent-stopped
      attempt-interrupted
      attempt-rejected
      attempt-started
      baseline-checked
      candidate-composed
      change-sealed
      command cancel-judging
      command check-baseline
      command compose-change
      command compose-record
      command hand-over
      command interrupt-attempt
      command judge-candidate
      command land
      command land-record
      command note-blocked
      command prepare-workspace
      command reject-attempt
      command release-workspace
      command return-evidence
      command seal-change
      command start-agent
      command stop-agents
      command-failed
      give-up-started
      landing-refused
      model-answered
      outcome blocked
      outcome breaker
      outcome budget
      outcome configuration
      outcome drained
      outcome refused
      outcome signal
      review-opened
      run-ended
      run-started
      stop-requested
      target-moved
      task-blocked
      task-landed
      verdict accept
      verdict inconclusive
      verdict reject
      verdict-reached
      window-closed
      workspace-prepared
      workspace-released"
    `);
  });
});

describe("Landing", () => {
  it("is granted to one attempt at a time", () => {
    const counterexample = counterexampleTo((entries) =>
      entries.flatMap(({ after }) =>
        [...after.attempts.values()].filter((attempt) => attempt.phase === "landing").slice(1),
      ),
    );
    expect(counterexample).toBeNull();
  });

  it("gets exactly the candidate of the attempt's last accept verdict, and none once the target moved", () => {
    expect(counterexampleTo(unacceptedLandings)).toBeNull();
  });

  it("is asked for only once a candidate, so that nothing lands by repetition", () => {
    const counterexample = counterexampleTo((entries) =>
      repeated(
        commandsOf(entries).flatMap((command) =>
          command.type === "land" || command.type === "land-record" ? [command.candidate.commit] : [],
        ),
      ),
    );
    expect(counterexample).toBeNull();
  });

  it("happens once to a task, in all runs together", () => {
    const counterexample = counterexampleTo((entries) =>
      repeated(eventsOf(entries, "task-landed").map((event) => event.task)),
    );
    expect(counterexample).toBeNull();
  });

  it("is asked for only on the target, or on what has landed since", () => {
    const counterexample = counterexampleTo((entries) => {
      const real = realBases(entries);
      return commandsOf(entries).filter(
        (command) =>
          (command.type === "land" || command.type === "land-record") && !real.has(command.candidate.base),
      );
    });
    expect(counterexample).toBeNull();
  });

  it("leaves nobody waiting who was accepted on the target, while no attempt holds the right to land", () => {
    const counterexample = counterexampleTo((entries) =>
      entries
        .filter(({ after }) => landingAttempt(after) === null)
        .flatMap(({ after }) => [...after.attempts.values()])
        .filter((attempt) => attempt.phase === "queued-to-land" && attempt.onto === null),
    );
    expect(counterexample).toBeNull();
  });
});

describe("The line", () => {
  it("composes one at a time, and judges no more at once than it may", () => {
    const counterexample = counterexampleTo((entries, { judgingMax }) =>
      entries.filter(({ after }) => {
        const attempts = [...after.attempts.values()];
        const composing = attempts.filter(({ phase }) => phase === "composing").length;
        return composing > 1 || attempts.filter(({ phase }) => phase === "judging").length > judgingMax;
      }),
    );
    expect(counterexample).toBeNull();
  });

  it("leaves nobody unjudged while nothing is composed or judged", () => {
    const counterexample = counterexampleTo((entries) =>
      entries.filter(({ after }) => {
        const phases = [...after.attempts.values()].map(({ phase }) => phase);
        return phases.includes("queued-to-judge") && !phases.some((phase) => busy.has(phase));
      }),
    );
    expect(counterexample).toBeNull();
  });

  it("composes each on the target or on a candidate that may still land", () => {
    const counterexample = counterexampleTo((entries) =>
      entries.flatMap(({ after }) => {
        const attempts = [...after.attempts.values()];
        const live = new Set(
          attempts.flatMap(({ candidate, isStale, phase }) =>
            standing.has(phase) && !isStale ? [candidate?.commit] : [],
          ),
        );
        return attempts.filter(
          ({ onto, isStale, phase }) => inLine.has(phase) && !isStale && onto !== null && !live.has(onto),
        );
      }),
    );
    expect(counterexample).toBeNull();
  });

  it("composes each on the target alone where changes land on branches of their own", () => {
    const counterexample = counterexampleTo((entries, { mode }) =>
      commandsOf(entries).filter(
        (command) =>
          mode === "branch" &&
          (command.type === "compose-change" || command.type === "compose-record") &&
          command.onto !== null,
      ),
    );
    expect(counterexample).toBeNull();
  });

  it("counts a red verdict only on a base that is the target, then or later", () => {
    const counterexample = counterexampleTo((entries) => {
      const real = realBases(entries);
      const judgedOn = new Map<string, string>();
      return entries.filter(({ before, event, commands }) => {
        if (event.type === "candidate-composed") judgedOn.set(keyOf(event), event.candidate.base);
        const counted = commands.filter(
          (command) =>
            (command.type === "return-evidence" || command.type === "reject-attempt") &&
            command.failure.kind === "red" &&
            ["judging", "held"].includes(before.attempts.get(command.task)?.phase ?? ""),
        );
        return counted.some((command) => "task" in command && !real.has(judgedOn.get(keyOf(command)) ?? ""));
      });
    });
    expect(counterexample).toBeNull();
  });

  it("is long where changes hold, short where they break, and never longer than it may be", () => {
    const run = transition(
      emptyState,
      { type: "run-started", run: "r", limits: noRunLimits, judgingMax: 6 },
      { nowMs: 0 },
    )[0].run;
    const widthAfter = (...verdicts: readonly boolean[]): number => chainWidth({ run, breakage: verdicts });
    const green = (count: number): boolean[] => Array.from({ length: count }, () => false);
    expect(widthAfter()).toBe(2);
    expect(widthAfter(...green(6))).toBe(4);
    expect(widthAfter(...green(20))).toBe(6);
    expect(widthAfter(...green(45), true, true, true, true, true)).toBe(4);
    expect(widthAfter(true, true, false)).toBe(1);
    expect(chainWidth({ run: null, breakage: green(50) })).toBe(1);
  });
});

const busy: ReadonlySet<string> = new Set(["composing", "judging"]);
const inLine: ReadonlySet<string> = new Set(["composing", "judging", "held", "queued-to-land"]);
const standing: ReadonlySet<string> = new Set(["judging", "queued-to-land", "landing"]);

/** Bases on which something was composed as on the target, and commits that landed. */
function realBases(entries: readonly Entry[]): ReadonlySet<string> {
  const real = new Set<string>();
  for (const { event, before } of entries) {
    if (event.type === "candidate-composed" && before.attempts.get(event.task)?.onto === null)
      real.add(event.candidate.base);
    if ((event.type === "task-landed" || event.type === "task-blocked") && event.commit !== null)
      real.add(event.commit);
  }
  return real;
}

/** Candidates that were held or landed although the last word on the attempt was not an accept verdict for them. */
const unacceptedLandings: Complaints = (entries) => {
  const accepted = new Map<string, Candidate>();
  return entries.flatMap(({ event, after, commands }) => {
    if (event.type === "verdict-reached" || event.type === "target-moved" || event.type === "give-up-started")
      accepted.delete(keyOf(event));
    if (event.type === "verdict-reached" && event.verdict.kind === "accept")
      accepted.set(keyOf(event), event.verdict.candidate);
    const landings = commands.filter((command) => command.type === "land" || command.type === "land-record");
    const held = [...after.attempts.values()].flatMap(({ task, number, accepted: candidate }) =>
      candidate === null ? [] : [{ task, attempt: number, candidate }],
    );
    return [...landings, ...held].filter((of) => accepted.get(keyOf(of)) !== of.candidate);
  });
};

describe("A task in review", () => {
  it("is not started again, nor is what depends on it, until people have merged or deleted its branch", () => {
    const counterexample = counterexampleTo((entries) =>
      entries.filter(({ event, tasks, inReview }) => {
        if (event.type !== "attempt-started") return false;
        const landed = new Set(tasks.filter(({ status }) => status === "landed").map(({ id }) => id));
        const needed = [event.task, ...(tasks.find(({ id }) => id === event.task)?.dependsOn ?? [])];
        return needed.some((task) => inReview.has(task) && !landed.has(task));
      }),
    );
    expect(counterexample).toBeNull();
  });
});

describe("A workspace", () => {
  it("is released exactly once before its run ends", () => {
    const counterexample = counterexampleTo((entries) =>
      runsOf(entries).flatMap((run) => {
        const released = commandsOf(run).flatMap((command) =>
          command.type === "release-workspace" ? [keyOf(command)] : [],
        );
        const kept = eventsOf(run, "workspace-prepared").filter((event) => !released.includes(keyOf(event)));
        return [...repeated(released), ...kept];
      }),
    );
    expect(counterexample).toBeNull();
  });
});

describe("A run", () => {
  it("ends with nothing open as soon as the world is no longer hostile", () => {
    const counterexample = counterexampleTo((entries, { runs }) => {
      const open = [...(entries.at(-1)?.after.attempts.keys() ?? [])];
      return outcomesOf(entries).length === runs ? open : ["a run did not end"];
    });
    expect(counterexample).toBeNull();
  });

  it("is rebuilt from its journal: replaying events and their times gives the same state and commands", () => {
    const histories = fc.sample(scenarios, 200).map(drive);
    for (const entries of histories) {
      let state: LoopState = emptyState;
      const asked = entries.map(({ event, nowMs }) => {
        const [replayed, commands] = transition(state, event, { nowMs });
        state = replayed;
        return commands;
      });
      expect(state).toEqual(entries.at(-1)?.after);
      expect(asked).toEqual(entries.map(({ commands }) => commands));
    }
  });

  it("takes no event twice: what has been answered cannot be answered again", () => {
    const counterexample = counterexampleTo((entries) =>
      entries.filter(
        ({ event, before, after }) =>
          "task" in event &&
          !repeatable.has(event.type) &&
          !isHandOff(event) &&
          // It is composed and judged again, and another answer is waited for.
          before.attempts.get(event.task)?.isStale !== true &&
          isTaken(after, event),
      ),
    );
    expect(counterexample).toBeNull();
  });

  it("is stopped by a verdict that says nothing, by a red baseline and by a command that failed", () => {
    const counterexample = counterexampleTo((entries) =>
      entries.filter(({ event, before, after }) => {
        const isUnknown =
          event.type === "verdict-reached" &&
          event.verdict.kind === "inconclusive" &&
          before.attempts.get(event.task)?.isStale === false;
        const isRed = event.type === "baseline-checked" && holdsAll(event.baseline);
        return (isUnknown || isRed || event.type === "command-failed") && after.stopping === null;
      }),
    );
    expect(counterexample).toBeNull();
  });

  it("is not stopped by gates that are red at the base and that one task alone asks for", () => {
    const counterexample = counterexampleTo((entries) =>
      entries.filter(
        ({ event, before, after }) =>
          event.type === "baseline-checked" &&
          event.baseline.kind !== "green" &&
          !holdsAll(event.baseline) &&
          before.stopping === null &&
          (after.stopping !== null || after.attempts.get(event.task)?.phase !== "ending"),
      ),
    );
    expect(counterexample).toBeNull();
  });

  it("starts nothing after it was asked to stop", () => {
    const counterexample = counterexampleTo((entries) =>
      entries.filter(
        ({ event, before }) =>
          before.stopping !== null && (event.type === "attempt-started" || event.type === "give-up-started"),
      ),
    );
    expect(counterexample).toBeNull();
  });

  it("starts no agent after it was asked to stop, and returns no evidence when it stops now", () => {
    const counterexample = counterexampleTo((entries) =>
      entries
        .filter(({ before }) => before.stopping !== null)
        .flatMap(({ commands, before }) =>
          commands.map((command) => ({ command, how: before.stopping?.how })),
        )
        .filter(
          ({ command, how }) =>
            command.type === "start-agent" || (command.type === "return-evidence" && how === "now"),
        ),
    );
    expect(counterexample).toBeNull();
  });

  it("tells the first reason why it was stopped", () => {
    const counterexample = counterexampleTo((entries) =>
      runsOf(entries).filter((run) => {
        const stopping = run.map(({ after }) => after.stopping).find((reason) => reason !== null);
        return stopping !== undefined && outcomesOf(run)[0] !== stopping.outcome;
      }),
    );
    expect(counterexample).toBeNull();
  });

  it("starts no attempt once its money is spent or its time is up", () => {
    expect(counterexampleTo(overspentStarts)).toBeNull();
  });

  it("lands no more tasks than limits.run.tasks", () => {
    const counterexample = counterexampleTo((entries, { limits }) =>
      runsOf(entries).flatMap((run) => eventsOf(run, "task-landed").slice(limits.tasksMax ?? Infinity)),
    );
    expect(counterexample).toBeNull();
  });

  it("is not stopped for limits.run.tasks before that many tasks are done", () => {
    const counterexample = counterexampleTo((entries, { limits }) =>
      runsOf(entries).filter((run) => {
        const stop = eventsOf(run, "stop-requested").find(({ outcome }) => says(outcome, "limits.run.tasks"));
        const ended = ["task-landed", "review-opened", "task-blocked"];
        const done = run.filter(({ event }) => ended.includes(event.type)).length;
        return stop !== undefined && done < (limits.tasksMax ?? Infinity);
      }),
    );
    expect(counterexample).toBeNull();
  });

  it("starts no attempt after too many failures in a row, and then ends with the breaker open", () => {
    expect(counterexampleTo(ignoredFailures)).toBeNull();
  });

  it("that nobody stopped leaves no ready task behind that could have run", () => {
    const counterexample = counterexampleTo((entries) =>
      runsOf(entries).flatMap((run) => {
        const end = run.at(-1);
        if (end === undefined || end.before.stopping !== null) return [];
        return end.tasks.filter((task) => !awaitsReview(task, end) && isLeftBehind(task, end.tasks, run));
      }),
    );
    expect(counterexample).toBeNull();
  });

  it("that nobody stopped calls itself drained when only landed tasks, drafts and what people review are left, and blocked else", () => {
    const counterexample = counterexampleTo((entries) =>
      runsOf(entries).filter((run) => {
        const end = run.at(-1);
        if (end === undefined || end.before.stopping !== null) return false;
        const leftOver = end.tasks.filter(
          (task) =>
            ["ready", "blocked"].includes(standingOf(task)) &&
            (end.before.run?.blocked.has(task.id) === true || !awaitsReview(task, end)),
        );
        return outcomesOf(run)[0]?.kind !== (leftOver.length === 0 ? "drained" : "blocked");
      }),
    );
    expect(counterexample).toBeNull();
  });
});

/** Recovery may send these at any time. */
/** The same agent goes on in a fresh process: its next stop arrives in the same phase. */
const isHandOff = (event: LoopEvent): event is Extract<LoopEvent, { type: "agent-stopped" }> =>
  event.type === "agent-stopped" && event.stop.kind === "handed-over";

const repeatable: ReadonlySet<string> = new Set([
  "attempt-interrupted",
  "command-failed",
  // Said again, they change nothing.
  "model-answered",
  "task-reopened",
]);

function isTaken(state: LoopState, event: LoopEvent): boolean {
  try {
    transition(state, event, { nowMs: 0 });
    return true;
  } catch (error) {
    if (error instanceof InvariantError) return false;
    throw error;
  }
}

/** Gates that one task alone asks for are nobody else's trouble. */
const holdsAll = (baseline: Baseline): boolean =>
  baseline.kind === "unusable" || (baseline.kind === "red" && baseline.isTasksOwn !== true);

const says = (outcome: object, words: string): boolean =>
  "reason" in outcome && String(outcome.reason).includes(words);

const overspentStarts: Complaints = (entries, { limits }) =>
  runsOf(entries).flatMap((run) => {
    let usd = 0;
    return run.filter(({ event, nowMs }) => {
      if (event.type === "agent-stopped") usd += event.usage.usd ?? 0;
      const isSpent = usd >= (limits.usdMax ?? Infinity) || nowMs >= (limits.untilMs ?? Infinity);
      return event.type === "attempt-started" && isSpent;
    });
  });

const ignoredFailures: Complaints = (entries, { limits }) =>
  runsOf(entries).flatMap((run) => {
    let inARow = 0;
    return run.filter(({ event, before }) => {
      const last =
        event.type === "task-blocked" ? before.records.get(event.task)?.failures.at(-1) : undefined;
      if (event.type === "task-blocked" && last?.kind !== "question") inARow += 1;
      if (landings.has(event.type)) inARow = 0;
      const isOpen = inARow >= limits.failuresInARowMax;
      if (event.type === "attempt-started") return isOpen;
      if (event.type !== "stop-requested" || !says(event.outcome, "failures_in_a_row")) return false;
      return !isOpen || outcomesOf(run)[0]?.kind !== "breaker";
    });
  });

/** Ready, all it depends on landed, and not given up in this run with the text that it has now. */
function isLeftBehind(task: Task, tasks: readonly Task[], run: readonly Entry[]): boolean {
  const hasLanded = (id: string): boolean =>
    tasks.some((other) => other.id === id && other.status === "landed");
  if (standingOf(task) !== "ready" || !task.dependsOn.every(hasLanded)) return false;
  const givenUp = run.flatMap(({ event, before }) =>
    event.type === "task-blocked" && event.task === task.id ? [before.records.get(task.id)?.text] : [],
  );
  return givenUp.at(-1) !== task.text;
}

describe("An attempt", () => {
  it("is made at most attempts times for one text of a task, not counting those that were interrupted", () => {
    expect(counterexampleTo(surplusAttempts)).toBeNull();
  });

  it("has a number that no other attempt at the task ever had", () => {
    const counterexample = counterexampleTo((entries) =>
      repeated(eventsOf(entries, "attempt-started").map(keyOf)),
    );
    expect(counterexample).toBeNull();
  });

  it("gets an agent only on a green baseline", () => {
    const counterexample = counterexampleTo((entries) =>
      entries.filter(({ event, commands }) => {
        const isGreen = event.type === "baseline-checked" && event.baseline.kind === "green";
        return commands.some((command) => command.type === "start-agent") && !isGreen;
      }),
    );
    expect(counterexample).toBeNull();
  });

  it("is judged before anything of it lands, whatever its agent claims", () => {
    const counterexample = counterexampleTo((entries) =>
      entries.filter(
        ({ event, commands }) =>
          event.type === "agent-stopped" &&
          commands.some(
            (command) =>
              // A refused login stops all agents.
              !["seal-change", "reject-attempt", "interrupt-attempt", "hand-over", "stop-agents"].includes(
                command.type,
              ),
          ),
      ),
    );
    expect(counterexample).toBeNull();
  });

  it("is handed over to a fresh process at most three times, with the note and the last red verdict", () => {
    const counterexample = counterexampleTo((entries) => {
      const counts = new Map<string, number>();
      return entries.filter(({ event, after, commands }) => {
        if (!isHandOff(event)) return false;
        const over = commands.find((command) => command.type === "hand-over");
        const open = after.attempts.get(event.task);
        const mayEnd = after.stopping !== null || open === undefined || !hasLeft(after, open);
        if (over === undefined) return (counts.get(keyOf(event)) ?? 0) < 3 && !mayEnd;
        const count = (counts.get(keyOf(event)) ?? 0) + 1;
        counts.set(keyOf(event), count);
        const attempt = after.attempts.get(event.task);
        return count > 3 || over.note !== "go on with the tests" || over.rejection !== attempt?.rejection;
      });
    });
    expect(counterexample).toBeNull();
  });

  it("gets evidence back at most rounds times", () => {
    const counterexample = counterexampleTo((entries, { roundsMax }) => {
      const counts = new Map<string, number>();
      return commandsOf(entries).filter((command) => {
        if (command.type !== "return-evidence") return false;
        const count = (counts.get(keyOf(command)) ?? 0) + 1;
        counts.set(keyOf(command), count);
        return count > roundsMax;
      });
    });
    expect(counterexample).toBeNull();
  });

  it("gets a fresh base instead of evidence after a conflict", () => {
    const counterexample = counterexampleTo((entries) =>
      commandsOf(entries).filter(
        (command) => command.type === "return-evidence" && command.failure.kind === "conflict",
      ),
    );
    expect(counterexample).toBeNull();
  });

  it("is judged unless its very tree was rejected before, for the text that the task has now", () => {
    expect(counterexampleTo(wrongJudgements)).toBeNull();
  });

  it("starts only for a task that stands ready, and so does giving it up", () => {
    const counterexample = counterexampleTo((entries) =>
      entries.filter(({ event, tasks }) => {
        if (event.type !== "attempt-started" && event.type !== "give-up-started") return false;
        const task = tasks.find((other) => other.id === event.task);
        return task === undefined || standingOf(task) !== "ready";
      }),
    );
    expect(counterexample).toBeNull();
  });

  it("starts only when all that its task depends on has landed", () => {
    const counterexample = counterexampleTo((entries) =>
      entries.filter(({ event, tasks }) => {
        const landed = tasks.filter((other) => other.status === "landed").map((other) => other.id);
        const task = tasks.find((other) => event.type === "attempt-started" && other.id === event.task);
        return task?.dependsOn.every((on) => landed.includes(on)) === false;
      }),
    );
    expect(counterexample).toBeNull();
  });
});

/** In review itself, or waiting for what is. */
function awaitsReview(task: Task, end: Pick<Entry, "tasks" | "inReview">): boolean {
  const { id, dependsOn } = task;
  if (standingOf(task) !== "ready") return false;
  const open = end.tasks.filter((other) => dependsOn.includes(other.id) && other.status !== "landed");
  return end.inReview.has(id) || open.some((other) => awaitsReview(other, end));
}

const surplusAttempts: Complaints = (entries, { attemptsMax }) => {
  const failed = new Map<string, { text: string; count: number }>();
  return entries.filter(({ event }) => {
    const known = "task" in event ? failed.get(event.task) : undefined;
    if (event.type === "attempt-started") {
      const count = known?.text === event.text ? known.count : 0;
      failed.set(event.task, { text: event.text, count });
      return count >= attemptsMax;
    }
    if (event.type === "attempt-rejected" && known !== undefined) known.count += 1;
    // Whether it is tried again in another run is up to the status in the file.
    if (event.type === "task-blocked" && known !== undefined) known.count = 0;
    // Whoever deletes a branch wants the task done again.
    if (event.type === "review-opened" && known !== undefined) known.count = 0;
    return false;
  });
};

const failureOf = (verdict: Verdict): Failure | null => (verdict.kind === "reject" ? verdict.failure : null);

/** Of a verdict on the target, or of one that was held until what it was reached on had landed. */
function failureThatCounts({ before, event }: Entry, task: string): Failure | null {
  const attempt = [...before.attempts.values()].find((one) => one.task === task);
  if (attempt === undefined || attempt.goal !== "land") return null;
  const { onto, isStale, held, phase } = attempt;
  if (event.type === "verdict-reached" && event.task === task)
    return onto === null && !isStale ? failureOf(event.verdict) : null;
  const landed = event.type === "task-landed" || event.type === "task-blocked" ? event.commit : null;
  return phase === "held" && landed !== null && landed === onto ? held : null;
}

const landings: ReadonlySet<string> = new Set(["task-landed", "review-opened"]);
/** What was rejected before them says nothing about the task's next attempt. */
const forgiving: ReadonlySet<string> = new Set(["task-blocked", "review-opened"]);

/** What is sealed while everything stops is not judged any more. */
function sealedIn({ event, after }: Entry): string | null {
  const isJudged = event.type === "change-sealed" && after.stopping?.how !== "now";
  return isJudged && event.change.kind === "changed" ? event.change.tree : null;
}

const isAbout = (event: LoopEvent, task: string): event is OpenAttemptEvent | EventOf<"attempt-started"> =>
  "task" in event && event.task === task;

/** Changes that went to the gates again after a red verdict, and changes that never were red but were not judged. */
const wrongJudgements: Complaints = (entries) => {
  const tasks = new Set(eventsOf(entries, "attempt-started").map((event) => event.task));
  return [...tasks].flatMap((task) => {
    let text = "";
    let tree = "";
    const red = new Set<string>();
    return entries.filter((entry) => {
      const { event, after } = entry;
      const failure = failureThatCounts(entry, task);
      // A change in conflict was not judged at all.
      if ((failure?.kind ?? "conflict") !== "conflict") red.add(tree);
      if (!isAbout(event, task)) return false;
      const started = event.type === "attempt-started" ? event.text : text;
      if (started !== text || forgiving.has(event.type)) red.clear();
      text = started;
      const sealed = sealedIn(entry);
      if (sealed === null) return false;
      tree = sealed;
      return red.has(tree) === (after.attempts.get(event.task)?.phase !== "ending");
    });
  });
};
