/** Several disturbances one after the other, drawn by a seed; then one undisturbed run. The scenario's name is its seed. */
import { setTimeout as sleep } from "node:timers/promises";
import { createDice } from "../../src/drill/chance.ts";
import { canSetClocks, commitAsPerson, openClock, pause, signalTo } from "./people.ts";
import type { Family, Scenario, Scene } from "./scenario.ts";
import type { StartOptions, WorldPlan } from "./torture-world.ts";
import { type Expectation, judgeWorld } from "./world-judge.ts";

/** About as many as an undisturbed run of two tasks has; a kill beyond its end is none. */
const boundariesMax = 1_700;
const runMs = 1_000;

export const multi: Family = {
  name: "multi",
  purpose: "kills, slain git, pauses, clock steps and people's commits, by a seed",
  quick: 10,
  long: 10_000,
  plan(_source, { count, seed, only }) {
    const seeds = only === null ? Array.from({ length: count ?? 1 }, (_, i) => seed + i) : [Number(only)];
    return Promise.resolve(seeds.map(scenarioOf));
  },
};

type Dice = () => number;

function scenarioOf(seed: number): Scenario {
  const roll = createDice(seed);
  const isCheckedOut = roll() < 0.5;
  const isClash = roll() < 0.5;
  const plan: WorldPlan = {
    tasks: isClash ? ["left", "right"] : ["good", "red"],
    isCheckedOut,
  };
  const end: Expectation = isClash
    ? { landed: [], givenUp: [], oneOf: ["left", "right"] }
    : { landed: ["good"], givenUp: ["red"] };
  return {
    name: String(seed),
    plan,
    async run(scene) {
      const times = 1 + Math.floor(roll() * 3);
      let people = 0;
      for (let time = 0; time < times; time += 1) {
        const isVisited = !isCheckedOut && roll() < 0.5;
        const visit = isVisited ? visitLater(scene, time, roll() * runMs) : Promise.resolve(false);
        await disturb(scene, roll);
        if (await visit) people += 1;
      }
      const last = await scene.supervise();
      return judgeWorld(scene.world, last, { ...end, people });
    },
  };
}

async function visitLater(scene: Scene, number: number, afterMs: number): Promise<boolean> {
  await sleep(afterMs);
  const hasCommitted = await commitAsPerson(scene.world, number);
  if (hasCommitted) scene.count("people's commits");
  return hasCommitted;
}

/** One supervisor that does not come to its end in peace. */
async function disturb(scene: Scene, roll: Dice): Promise<void> {
  const disturbances = [
    killByNumber,
    killByNumber,
    killByTime,
    slayProgram,
    holdAndKill,
    ...(canSetClocks ? [stepClock] : []),
  ];
  const chosen = disturbances[Math.floor(roll() * disturbances.length)] ?? killByNumber;
  await chosen(scene, roll);
}

async function killByNumber(scene: Scene, roll: Dice): Promise<void> {
  const at = 1 + Math.floor(roll() * boundariesMax);
  const side = roll() < 0.5 ? "before" : "after";
  noteKill(scene, await scene.supervise({ order: { self: { signal: "SIGKILL", side, at } } }));
}

const noteKill = (scene: Scene, { signal }: { readonly signal: string | null }): void =>
  scene.count(signal === "SIGKILL" ? "kills" : "kills too late");

async function killByTime(scene: Scene, roll: Dice, options: StartOptions = {}): Promise<void> {
  const afterMs = roll() * runMs;
  const ending = await scene.supervise(options, async (pid) => {
    await sleep(afterMs);
    signalTo(pid, "SIGKILL");
  });
  noteKill(scene, ending);
}

/** Any git; more often than chance would, one that may hold a lock in the user's repository. */
const slain = [
  { place: "git ", startsMax: 60, msMax: 4 },
  { place: "git update-ref", startsMax: 6, msMax: 10 },
  { place: "git read-tree", startsMax: 14, msMax: 6 },
] as const;

async function slayProgram(scene: Scene, roll: Dice): Promise<void> {
  const { place, startsMax, msMax } = slain[Math.floor(roll() * slain.length)] ?? slain[0];
  scene.count("gits slain");
  const slay = { place, at: 1 + Math.floor(roll() * startsMax), afterMs: roll() * msMax };
  await scene.supervise({ order: { slay } });
}

async function holdAndKill(scene: Scene, roll: Dice): Promise<void> {
  const [firstMs, forMs, killMs] = [roll() * runMs, roll() * 500, roll() * runMs];
  const ending = await scene.supervise({}, async (pid) => {
    await sleep(firstMs);
    await pause(pid, forMs);
    await sleep(killMs);
    signalTo(pid, "SIGKILL");
  });
  scene.count("pauses");
  noteKill(scene, ending);
}

async function stepClock(scene: Scene, roll: Dice): Promise<void> {
  const clock = await openClock(scene.world);
  const steps = [roll(), roll()].map((each) => Math.round((each - 0.5) * 20_000));
  const [waitMs, killMs] = [roll() * 800, roll() * runMs];
  const ending = await scene.supervise({ env: clock.env }, async (pid) => {
    for (const step of steps) {
      await sleep(waitMs);
      await clock.set(step);
      scene.count("clock steps");
    }
    await sleep(killMs);
    signalTo(pid, "SIGKILL");
  });
  noteKill(scene, ending);
}
