/** A short run of the simulator, and that it would notice: each broken core is found by the invariant that it breaks. */
import { describe, expect, it } from "vitest";
import type { LoopEvent } from "../../src/core/message.ts";
import { dropAttempt, editRun, type LoopState, putAttempt } from "../../src/core/state.ts";
import { emptyTally, simulate } from "./simulate.ts";
import { type Core, realCore } from "./supervisor.ts";

const histories = 3_000;
/** Far more than any of the broken cores needs. */
const seedsMax = 4_000;

describe("The loop", () => {
  it("holds every invariant in thousands of simulated histories with kills, pushes and a clock that is set", () => {
    const tally = emptyTally();
    const broken = Array.from({ length: histories }, (_, at) => simulate(at + 1, tally)).filter(
      (found) => found !== null,
    );
    expect(broken.map(({ seed, message }) => `seed ${seed}: ${message}`)).toEqual([]);
    expect(tally.crashes).toBeGreaterThan(histories / 2);
    expect(tally.landings).toBeGreaterThan(histories);
  }, 300_000);
});

it("recovers a record commit in line behind a landing that was stopped at once, and killed", () => {
  // Found by a long run: what ends the first of them ends the second, too.
  expect(simulate(2_170_318, emptyTally())).toBeNull();
});

it("waits for a limit that another agent meets while one asks, though the clock was set back", () => {
  for (const seed of [2_041_429, 3_073_359]) expect(simulate(seed, emptyTally())).toBeNull();
});

type Transition = Core["transition"];

/** A core with another transition. */
const withTransition = (transition: Transition): Core => ({ ...realCore, transition });

/** A core that takes each event for another one. */
const mishearing = (mishear: (event: LoopEvent, state: LoopState) => LoopEvent): Core =>
  withTransition((state, event, context) => realCore.transition(state, mishear(event, state), context));

/** A core that decides with another view of the state. */
const misreading = (misread: (state: LoopState) => LoopState): Core => ({
  ...realCore,
  decideNext: (state, queue, context) => realCore.decideNext(misread(state), queue, context),
});

let calls = 0;

const brokenCores: readonly (readonly [string, string, Core])[] = [
  [
    "takes a red verdict for a green one",
    "nothing lands unjudged",
    mishearing((event, { attempts }) => {
      if (event.type !== "verdict-reached" || event.verdict.kind !== "reject") return event;
      const candidate = attempts.get(event.task)?.candidate ?? null;
      return candidate === null ? event : { ...event, verdict: { kind: "accept", candidate, gates: [] } };
    }),
  ],
  [
    "lets everybody land who was accepted",
    "one lands at a time",
    withTransition((state, event, context) => {
      const [next, commands] = realCore.transition(state, event, context);
      const eager = [...next.attempts.values()].filter(({ phase }) => phase === "queued-to-land");
      return [
        eager.reduce((known, attempt) => putAttempt(known, { ...attempt, phase: "landing" }), next),
        commands,
      ];
    }),
  ],
  [
    "forgets what was landing when it was killed",
    "what landed is in the journal",
    {
      ...realCore,
      decideRecovery: (state, facts) =>
        realCore.decideRecovery(state, {
          ...facts,
          onTarget: new Set(),
          landed: new Map(),
          reviews: new Map(),
        }),
    },
  ],
  [
    "takes whatever was landing for landed",
    "what the journal says has landed has landed",
    {
      ...realCore,
      decideRecovery: (state, facts) => {
        const commits = [...state.attempts.values()].flatMap(({ accepted }) => accepted?.commit ?? []);
        return realCore.decideRecovery(state, { ...facts, onTarget: new Set(commits) });
      },
    },
  ],
  [
    "leaves open what was open when it was killed",
    "recovery leaves nothing open",
    { ...realCore, decideRecovery: () => [] },
  ],
  [
    "knows nothing of the refs of kept attempts",
    "no attempt has the number of another",
    {
      ...realCore,
      decideRecovery: (state, facts) => realCore.decideRecovery(state, { ...facts, kept: [] }),
    },
  ],
  [
    "goes on after it was asked to stop",
    "nothing starts while stopping",
    {
      ...realCore,
      decideNext: (state, queue, context) =>
        realCore.decideNext({ ...state, stopping: null }, queue, context),
      transition: (state, event, context) =>
        realCore.transition(
          event.type === "attempt-started" ? { ...state, stopping: null } : state,
          event,
          context,
        ),
    },
  ],
  [
    "does not wait for the date of a usage limit",
    "a wait is over at its date",
    misreading((state) => ({ ...state, waits: new Map() })),
  ],
  [
    "does not see what it has spent",
    "limits hold",
    misreading((state) => ({ ...editRun(state, () => ({ usd: 0 })), days: new Map() })),
  ],
  [
    "does not count tasks that it gave up",
    "limits hold",
    misreading((state) => editRun(state, () => ({ failuresInARow: 0 }))),
  ],
  [
    "starts what has landed once more",
    "only ready tasks start",
    {
      ...realCore,
      decideNext: (state, { tasks, problems }, context) => {
        const again = tasks.map((task) =>
          task.status === "landed" ? { ...task, status: "ready" as const } : task,
        );
        const run = editRun(state, () => ({ landed: new Set() }));
        return realCore.decideNext(run, { tasks: again, problems }, context);
      },
    },
  ],
  [
    "does not look at tasks that failed twice",
    "no task is lost",
    {
      ...realCore,
      decideNext: (state, queue, context) => {
        const tasks = queue.tasks.filter(({ id }) => state.records.get(id)?.failures.length !== 2);
        return realCore.decideNext(state, { ...queue, tasks }, context);
      },
    },
  ],
  [
    "drops a rejected attempt with its directory",
    "a workspace is made once",
    withTransition((state, event, context) => {
      const [next, commands] = realCore.transition(state, event, context);
      if (event.type !== "attempt-rejected") return [next, commands];
      return [dropAttempt(next, event.task), commands.filter(({ type }) => type !== "release-workspace")];
    }),
  ],
  [
    "gives no command to release",
    "a wait is for something",
    withTransition((state, event, context) => {
      const [next, commands] = realCore.transition(state, event, context);
      return [next, commands.filter(({ type }) => type !== "release-workspace")];
    }),
  ],
  [
    "takes up a change of its own mind",
    "a replay of the journal gives the same state",
    withTransition((state, event, context) => {
      calls += 1;
      const [next, commands] = realCore.transition(state, event, context);
      return [calls % 50 === 0 ? { ...next, flaky: new Set([`call ${calls}`]) } : next, commands];
    }),
  ],
  [
    "gives each command twice",
    "an attempt does one thing at a time",
    withTransition((state, event, context) => {
      const [next, commands] = realCore.transition(state, event, context);
      return [next, commands.flatMap((command) => [command, command])];
    }),
  ],
  [
    "composes all at once",
    "one is composed at a time",
    withTransition((state, event, context) => {
      const [next, commands] = realCore.transition(state, event, context);
      const queued = [...next.attempts.values()].filter(({ phase }) => phase === "queued-to-judge");
      const all = queued.map((attempt) => ({ ...attempt, phase: "composing" as const }));
      return [all.reduce(putAttempt, next), commands];
    }),
  ],
  [
    "gives each attempt the first number",
    "the core expects what happens",
    {
      ...realCore,
      decideNext: (state, queue, context) => {
        const next = realCore.decideNext(state, queue, context);
        return next.kind === "start" ? { ...next, attempt: 1 } : next;
      },
    },
  ],
  [
    "ends a run that it is to stop at once",
    "a run ends when nothing runs",
    {
      ...realCore,
      decideNext: (state, queue, context) =>
        state.stopping === null
          ? realCore.decideNext(state, queue, context)
          : { kind: "end", outcome: state.stopping.outcome },
      transition: (state, event, context) =>
        realCore.transition(
          event.type === "run-ended" ? { ...state, attempts: new Map() } : state,
          event,
          context,
        ),
    },
  ],
  [
    "ends a run with directories left",
    "every workspace is released",
    {
      ...realCore,
      decideNext: (state, queue, context) => {
        const isReleasing = [...state.attempts.values()].every(({ phase }) => phase === "releasing");
        const isOver = state.stopping !== null && isReleasing;
        return isOver
          ? { kind: "end", outcome: { kind: "drained" } }
          : realCore.decideNext(state, queue, context);
      },
      transition: (state, event, context) =>
        realCore.transition(
          event.type === "run-ended" ? { ...state, attempts: new Map() } : state,
          event,
          context,
        ),
    },
  ],
  [
    "recovers the same thing again and again",
    "recovery has nothing left to do",
    {
      ...realCore,
      decideRecovery: (state, facts) => [
        ...realCore.decideRecovery(state, facts),
        { type: "attempts-found", found: [] },
      ],
    },
  ],
  [
    "never ends",
    "the loop ends",
    {
      ...realCore,
      decideNext: (state, queue, context) => {
        const next = realCore.decideNext(state, queue, context);
        return next.kind === "end" ? { kind: "wait", untilMs: context.nowMs + 1_000 } : next;
      },
    },
  ],
  [
    "tries for ever",
    "limits hold",
    mishearing((event) =>
      event.type === "attempt-started"
        ? { ...event, limits: { ...event.limits, attemptsMax: 1_000 } }
        : event,
    ),
  ],
];

/** The invariants that a core breaks in the first histories, until one of this name is found. */
function findBroken(core: Core, wanted: string): readonly string[] {
  const found = new Set<string>();
  for (let seed = 1; seed <= seedsMax && !found.has(wanted); seed += 1) {
    const broken = simulate(seed, emptyTally(), core);
    if (broken !== null) found.add(broken.invariant);
  }
  return [...found];
}

describe("The simulator", () => {
  it.each(brokenCores)("finds a core that %s", (_what, invariant, core) => {
    expect(findBroken(core, invariant)).toContain(invariant);
  });

  it("tells the history of a seed the same way each time, up to what broke", () => {
    const core: Core = { ...realCore, decideRecovery: () => [] };
    const seeds = Array.from({ length: 100 }, (_, at) => at + 1);
    const invariant = "recovery leaves nothing open";
    const isIt = (each: number): boolean => simulate(each, emptyTally(), core)?.invariant === invariant;
    const seed = seeds.find(isIt) ?? 0;
    const first = simulate(seed, emptyTally(), core);
    expect(first).toMatchObject({ seed, invariant });
    expect(first?.history.filter((line) => line.endsWith(" is killed"))).not.toEqual([]);
    expect(simulate(seed, emptyTally(), core)).toEqual(first);
  });
});
