/**
 * An agent that leaves whatever survives: new sessions, double forks, servers behind nohup, children that ignore TERM,
 * wipe their environment or fork without end. The supervisor is killed, and nothing may be left.
 *
 * In a sandbox of its own process namespace all of it must be gone at once, with the supervisor. Without one, the next
 * supervisor must end whatever carries its mark; what wiped its environment is out of its reach and is counted here.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { signalTo, stateOf } from "./people.ts";
import type { Family, Scenario, Scene } from "./scenario.ts";
import { judgeWorld, type LivingProcess, livingProcesses } from "./world-judge.ts";

export const trees: Family = {
  name: "trees",
  purpose: "a hostile tree of processes whose supervisor is killed",
  quick: 4,
  long: 1_000,
  plan(_source, { count, only }) {
    const names = only === null ? Array.from({ length: count ?? 1 }, (_, i) => String(i + 1)) : [only];
    return Promise.resolve(names.map(scenarioOf));
  },
};

const goneMsMax = 2_000;

const scenarioOf = (name: string): Scenario => ({
  name,
  plan: { tasks: ["wild"], isCheckedOut: true, sandbox: "auto" },
  async run(scene) {
    const { world } = scene;
    const killed = await scene.supervise({}, async (pid) => {
      await treeStands(join(world.state, "attempts", "wild", "1"), pid);
      signalTo(pid, "SIGKILL");
    });
    scene.count(killed.signal === "SIGKILL" ? "kills" : "kills too late");
    const isContained = /sandbox: (?!none|off)/.test(killed.said);
    const left = await waitUntilGone(scene, isContained ? goneMsMax : 0);
    const broken = isContained ? left.map(({ command }) => `outlived the supervisor by 2 s: ${command}`) : [];
    scene.count(isContained ? "contained" : "not contained");
    const last = await scene.supervise();
    broken.push(...judgeEscaped(scene, isContained));
    await endAll(scene);
    return [...broken, ...(await judgeWorld(world, last, { landed: ["wild"], givenUp: [] }))];
  },
});

/** Its agent has said that all of the tree is there, or the supervisor has ended. */
async function treeStands(attempt: string, pid: number): Promise<void> {
  while (stateOf(pid) !== "ended" && !hasSaid(attempt)) await sleep(10);
}

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
