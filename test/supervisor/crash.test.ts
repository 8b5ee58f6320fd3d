/** A supervisor killed at any instant: the next one lands every task once, and nothing is left behind. */
import { it } from "vitest";
import { createWorld, type World } from "../support/world.ts";

/** One task lands, one is given up; the gate is a grep, so that many runs stay cheap. */
const createScenario = (): Promise<World> =>
  createWorld({
    tasks: ["good", "red"],
    agent: { red: "breaks-a-test" },
    config: { gates: [{ name: "check", run: "grep -q split src/words.mjs" }] },
  });

const recordsOfARun = 24;
const commandsOfARun = {
  "update-ref": [1, 2, 3, 4, 5],
  "commit-tree": [1, 2, 3, 4, 5, 6],
  "read-tree": [5, 6, 7],
};

const crashProgram = (query: string): readonly string[] => [
  "--import",
  `${new URL("../support/crash.ts", import.meta.url).href}?${query}`,
];

const kindsOf = (world: World, type: string): number =>
  world.records().filter(({ event }) => event.type === type).length;

/** Several candidates in line, one behind the other, when the supervisor dies. */
const createLine = (): Promise<World> =>
  createWorld({
    tasks: ["good", "fine", "red", "well"],
    agent: { red: "breaks-a-test" },
    config: { gates: [{ name: "check", run: "grep -q split src/words.mjs" }], concurrency: 4 },
  });

/** What must be true in the end, wherever the first supervisor died. */
function judgeWorld(world: World): object {
  const landed = world.landed();
  const commits = world.repository.git("rev-list", "--first-parent", "main").split("\n");
  return {
    landed: landed.filter((subject) => subject === "Do good").length,
    givenUp: landed.filter((subject) => subject.startsWith("Give up red")).length,
    others: landed.length - 2,
    red: commits.filter(
      (commit) => !world.repository.git("show", `${commit}:src/words.mjs`).includes("split"),
    ),
    told: [kindsOf(world, "task-landed"), kindsOf(world, "task-blocked")],
    landedRefs: world.repository.git("for-each-ref", "--format=%(refname)", "refs/ralph/landed/"),
    leftovers: world.leftovers(),
    seqs: world.records().every(({ seq }, i) => seq === i + 1),
  };
}

const asItShouldBe = {
  landed: 1,
  givenUp: 1,
  others: 0,
  red: [],
  told: [1, 1],
  landedRefs: "refs/ralph/landed/good",
  leftovers: [],
  seqs: true,
};

it.concurrent("has a scenario whose instants are all known", async ({ expect }) => {
  await using world = await createScenario();
  const run = await world.run();
  expect(run.status).toBe(1);
  expect(world.records()).toHaveLength(recordsOfARun);
  expect(judgeWorld(world)).toEqual(asItShouldBe);
});

it.concurrent.for(Array.from({ length: recordsOfARun }, (_, i) => i + 1))(
  "comes to the same end when it is killed right after journal record %i",
  async (record, { expect }) => {
    await using world = await createScenario();
    const killed = await world.run({ node: crashProgram(`record=${record}`) });
    expect(killed.signal).toBe("SIGKILL");
    expect(world.records()).toHaveLength(record);
    const run = await world.run();
    expect(run.status, run.stderr).toBe(1);
    expect(judgeWorld(world)).toEqual(asItShouldBe);
  },
);

const instants = Object.entries(commandsOfARun).flatMap(([command, numbers]) =>
  numbers.map((nth) => [command, nth] as const),
);

it.concurrent.for(instants)(
  "comes to the same end when it is killed right after git %s number %i",
  async ([command, nth], { expect }) => {
    await using world = await createScenario();
    const killed = await world.run({ node: crashProgram(`git=${command}&nth=${nth}`) });
    expect(killed.signal).toBe("SIGKILL");
    const run = await world.run();
    expect(run.status, run.stderr).toBe(1);
    expect(judgeWorld(world)).toEqual(asItShouldBe);
  },
);

it.concurrent.for([12, 16, 19, 22, 25, 28, 31, 34])(
  "lands each of several tasks once when it is killed after record %i with a line of them",
  async (record, { expect }) => {
    await using world = await createLine();
    const killed = await world.run({ node: crashProgram(`record=${record}`) });
    expect(killed.signal).toBe("SIGKILL");
    const run = await world.run();
    expect(run.status, run.stderr).toBe(1);
    const landed = world.landed();
    expect(landed.filter((subject) => subject.startsWith("Do ")).toSorted()).toEqual([
      "Do fine",
      "Do good",
      "Do well",
    ]);
    expect(landed.filter((subject) => subject.startsWith("Give up red"))).toHaveLength(1);
    expect(landed).toHaveLength(4);
    expect(judgeWorld(world)).toMatchObject({ red: [], leftovers: [], seqs: true });
  },
);
