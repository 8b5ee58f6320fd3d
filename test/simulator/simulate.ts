/** One simulated history: chance first, then friendly answers until nothing is left to do. */
import { resolveQueue } from "../../src/core/queue.ts";
import { Broken, broken } from "./broken.ts";
import { type Core, queueOf, realCore, Supervisor, type Tally } from "./supervisor.ts";
import { createWorld, meddle, type World } from "./world.ts";

export interface BrokenRun {
  readonly seed: number;
  readonly invariant: string;
  readonly message: string;
  readonly history: readonly string[];
}

export const emptyTally = (): Tally => ({ events: 0, crashes: 0, runs: 0, landings: 0 });

/** What is counted over many histories, for a figure that says something. */
export const addTally = (a: Tally, b: Tally): Tally => ({
  events: a.events + b.events,
  crashes: a.crashes + b.crashes,
  runs: a.runs + b.runs,
  landings: a.landings + b.landings,
});

/** Null when every invariant holds in the history of this seed. */
export function simulate(seed: number, tally = emptyTally(), core: Core = realCore): BrokenRun | null {
  const found = play(createWorld(seed, false), tally, core);
  if (found === null) return null;
  // Once more, and written down.
  const world = createWorld(seed, true);
  play(world, emptyTally(), core);
  return { seed, invariant: found.invariant, message: found.message, history: world.told ?? [] };
}

/** @throws whatever the core throws beside its own invariants. */
function play(world: World, tally: Tally, core: Core): Broken | null {
  try {
    live(world, tally, core);
    return null;
  } catch (error) {
    if (error instanceof Broken) return error;
    throw error;
  }
}

/** A task needs some 30 steps when all answers are friendly. */
const stepsMax = 2_000;

function live(world: World, tally: Tally, core: Core): void {
  const { roll, dice } = world;
  const names = roll(6) === 5 ? ["first", "second"] : ["first"];
  const supervisors = names.map((name) => new Supervisor(name, world, { core, tally }));
  world.supervisors.push(...supervisors);
  const calmAt = 10 + roll(100);
  for (let steps = 0; ; steps += 1) {
    if (steps === calmAt) dice.calm();
    if (steps > stepsMax) broken("the loop ends", `it goes on after ${steps} steps`);
    meddle(world);
    const active = supervisors.filter(({ isDone }) => !isDone);
    if (active.length === 0) break;
    (active[roll(active.length)] ?? active[0])?.step();
  }
  // Each knows what it did from its journal alone.
  for (const supervisor of supervisors) supervisor.checkReplay();
  checkNoneLost(world);
}

/** Whatever happened before: a run that nothing disturbs leaves no task that could have been done. */
function checkNoneLost(world: World): void {
  const { landed } = world.target;
  const { tasks, inReview } = queueOf(world, landed);
  const { ready } = resolveQueue(tasks, new Set(landed.keys()), inReview);
  const [lost] = ready;
  if (lost !== undefined) broken("no task is lost", `${lost.id} is ready, and nobody waits for anything`);
}
