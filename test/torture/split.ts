/**
 * Two supervisors on one repository at once, with the lease out of the way: state directories of their own, or the
 * lease file removed. One of them may stand still in the middle of its work while the other one does all of it.
 */
import { existsSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createDice } from "../../src/drill/chance.ts";
import { signalTo, stateOf } from "./people.ts";
import type { Family, Scenario, Scene } from "./scenario.ts";
import type { StartOptions, WorldPlan } from "./torture-world.ts";
import { type Expectation, judgeSafety, judgeWorld } from "./world-judge.ts";

const boundariesMax = 1_700;

export const split: Family = {
  name: "split",
  purpose: "two supervisors at once, the lease out of the way, by a seed",
  quick: 10,
  long: 1_000,
  plan(_source, { count, seed, only }) {
    const seeds = only === null ? Array.from({ length: count ?? 1 }, (_, i) => seed + i) : [Number(only)];
    return Promise.resolve(seeds.map(scenarioOf));
  },
};

function scenarioOf(seed: number): Scenario {
  const roll = createDice(seed);
  const plan: WorldPlan = { tasks: ["left", "right"], isCheckedOut: roll() < 0.3 };
  return {
    name: String(seed),
    plan,
    async run(scene) {
      const { world } = scene;
      if (roll() < 0.2) return shareState(scene, roll);
      const other = join(world.folder, "other-state");
      await mkdir(other);
      const states = [world.state, other];
      const second: StartOptions = { state: other };
      await (roll() < 0.6 ? standStill(scene, second, roll) : raceBoth(scene, second, roll));
      scene.count("doubles");
      await scene.supervise(second);
      const last = await scene.supervise();
      const end: Expectation = { landed: [], givenUp: [], oneOf: ["left", "right"], states };
      return judgeWorld(world, last, end);
    },
  };
}

/** Somebody removes the lease of a living supervisor. What the two make of one journal is told, and never lands wrong. */
async function shareState(scene: Scene, roll: () => number): Promise<readonly string[]> {
  const { world } = scene;
  const lease = join(world.state, "lease.json");
  const laterMs = roll() * 600;
  scene.count("leases removed");
  await scene.supervise({}, async (pid) => {
    while (stateOf(pid) === "running" && !existsSync(lease)) await sleep(5);
    await sleep(laterMs);
    await rm(lease, { force: true });
    await scene.supervise();
  });
  return judgeSafety(world);
}

/** The first one stops itself somewhere, the second one works through everything, then the first one goes on. */
async function standStill(scene: Scene, second: StartOptions, roll: () => number): Promise<void> {
  const at = 1 + Math.floor(roll() * boundariesMax);
  const side = roll() < 0.5 ? "before" : "after";
  const order = { self: { signal: "SIGSTOP", side, at } } as const;
  await scene.supervise({ order }, async (pid) => {
    const isStopped = await hasStopped(pid);
    scene.count(isStopped ? "stood still" : "one after the other");
    await scene.supervise(second);
    signalTo(pid, "SIGCONT");
  });
}

async function raceBoth(scene: Scene, second: StartOptions, roll: () => number): Promise<void> {
  const laterMs = roll() * 600;
  scene.count("raced");
  const later = async (): Promise<void> => {
    await sleep(laterMs);
    await scene.supervise(second);
  };
  await Promise.all([scene.supervise(), later()]);
}

/** Waits until it stands still or has ended. */
async function hasStopped(pid: number): Promise<boolean> {
  for (;;) {
    const state = stateOf(pid);
    if (state !== "running") return state === "stopped";
    await sleep(5);
  }
}
