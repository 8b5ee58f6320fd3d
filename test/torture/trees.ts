/**
 * An agent that leaves whatever survives: new sessions, double forks, servers behind nohup, children that ignore TERM,
 * wipe their environment or fork without end. The supervisor is killed, and nothing may be left.
 *
 * In a sandbox of its own process namespace all of it must be gone at once, with the supervisor. Without one, the next
 * supervisor must end whatever carries its mark; what wiped its environment is out of its reach and is counted here.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { killStrays } from "../../src/adapters/process/stray-processes.ts";
import { createDice } from "../../src/drill/chance.ts";
import { signalTo, stateOf } from "./people.ts";
import type { Family, Scenario, Scene } from "./scenario.ts";
import { type Ending, wildScript } from "./torture-world.ts";
import { judgeWorld, type LivingProcess, livingProcesses } from "./world-judge.ts";

export const trees: Family = {
  name: "trees",
  purpose: "a hostile tree of processes whose supervisor is killed, by a seed",
  quick: 12,
  long: 1_000,
  plan(_source, { count, seed, only }) {
    const seeds = only === null ? Array.from({ length: count ?? 1 }, (_, i) => seed + i) : [Number(only)];
    return Promise.resolve(seeds.map((each) => (each % wholeEvery === 1 ? wholeRun(each) : heldTree(each))));
  },
};

const goneMsMax = 2_000;
/** Most trees are held by a small program that starts them just as a supervisor does; one of so many by a whole run. */
const wholeEvery = 50;

const wholeRun = (seed: number): Scenario => ({
  name: String(seed),
  plan: { tasks: ["wild"], isCheckedOut: true, sandbox: "auto" },
  async run(scene) {
    const { world } = scene;
    const attempt = join(world.state, "attempts", "wild", "1");
    const killed = await scene.supervise({}, async (pid) => {
      await treeStands(attempt, pid);
      signalTo(pid, "SIGKILL");
    });
    scene.count("whole runs");
    const { isContained, broken } = await judgeKilled(scene, killed);
    const last = await scene.supervise();
    broken.push(...judgeEscaped(scene, isContained));
    await endAll(scene);
    return [...broken, ...(await judgeWorld(world, last, { landed: ["wild"], givenUp: [] }))];
  },
});

const heldTree = (seed: number): Scenario => ({
  name: String(seed),
  plan: { tasks: [], isCheckedOut: false },
  async run(scene) {
    const { folder } = scene.world;
    const roll = createDice(seed);
    const [isGrown, laterMs] = [roll() < 0.5, roll() * 300];
    const attempt = join(folder, "attempts", "wild", "1");
    for (const place of [attempt, join(folder, "work", "place")]) await mkdir(place, { recursive: true });
    await writeFile(join(folder, "work", "place", "wild.sh"), wildScript);
    const killed = await scene.supervise({ program: [holder, folder] }, async (pid) => {
      await (isGrown ? treeStands(attempt, pid) : waitUntil(() => hasBegun(attempt), pid));
      await sleep(laterMs);
      const alive = livingProcesses(scene.world).length - 1;
      scene.figures.set("processes alive at the kill", alive);
      signalTo(pid, "SIGKILL");
    });
    const { isContained, broken } = await judgeKilled(scene, killed);
    // What the next supervisor does first of all.
    await killStrays(`${folder}.`);
    // Who has no mark goes with the first process of the sandbox, a moment later.
    if (isContained) await waitUntilGone(scene, goneMsMax);
    const escaped = judgeEscaped(scene, isContained);
    await endAll(scene);
    if (isGrown || broken.length === 0) return [...broken, ...escaped];
    // bubblewrap had not yet bound the sandbox to its own life.
    scene.count("left by a start, for the next supervisor");
    return escaped;
  },
});

const holder = join(import.meta.dirname, "tree-holder.ts");

/** A killed supervisor that had its sandbox takes all with it, at once. */
async function judgeKilled(
  scene: Scene,
  { signal, said }: Ending,
): Promise<{ readonly isContained: boolean; readonly broken: string[] }> {
  const isContained = /sandbox: (?!none|off)/.test(said);
  scene.count(signal === "SIGKILL" ? "kills" : "kills too late");
  scene.count(isContained ? "contained" : "not contained");
  const left = await waitUntilGone(scene, isContained ? goneMsMax : 0);
  const outlived = left.map(({ command }) => `outlived the supervisor by 2 s: ${command}`);
  return { isContained, broken: isContained ? outlived : [] };
}

/** Its agent has said that all of the tree is there, or the supervisor has ended. */
const treeStands = (attempt: string, pid: number): Promise<void> => waitUntil(() => hasSaid(attempt), pid);

async function waitUntil(isSo: () => boolean, pid: number): Promise<void> {
  while (stateOf(pid) !== "ended" && !isSo()) await sleep(10);
}

const hasBegun = (attempt: string): boolean => readdirSync(attempt).length > 0;

const hasSaid = (attempt: string): boolean =>
  existsSync(attempt) &&
  readdirSync(attempt, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith("agent.log"))
    .some((name) => readFileSync(join(attempt, name), "utf8").includes("the tree stands"));

async function waitUntilGone({ world }: Scene, msMax: number): Promise<readonly LivingProcess[]> {
  const until = performance.now() + msMax;
  for (;;) {
    const left = livingProcesses(world);
    if (left.length === 0 || performance.now() >= until) return left;
    await sleep(50);
  }
}

/** What no mark leads to: counted where no sandbox holds it, a broken promise anywhere else. */
function judgeEscaped(scene: Scene, isContained: boolean): readonly string[] {
  const broken: string[] = [];
  for (const { command, isMarked } of livingProcesses(scene.world)) {
    if (isMarked || isContained) broken.push(`survived the next supervisor: ${command}`);
    else scene.count("escaped without a mark");
  }
  return broken;
}

/** The torture itself leaves nothing: a process that forks for ever takes several passes. */
async function endAll({ world }: Scene): Promise<void> {
  for (let left = livingProcesses(world); left.length > 0; left = livingProcesses(world)) {
    for (const { pid } of left) signalTo(pid, "SIGKILL");
    await sleep(5);
  }
}
