/** For people who review: each task lands on a branch of its own, and counts as landed when they have merged it. */
import { rmSync } from "node:fs";
import { it } from "vitest";
import { addRemote } from "../support/remote.ts";
import { makeFolder } from "../support/repository.ts";
import { createWorld, type World } from "../support/world.ts";

const land = { mode: "branch" };
const gates = [{ name: "check", run: "grep -q split src/words.mjs" }];

const branches = (world: World): string =>
  world.repository.git("for-each-ref", "--format=%(refname) %(subject)", "refs/heads", "refs/ralph/review");

it.concurrent("puts each task on a branch on the target's tip, and the target stays", async ({ expect }) => {
  await using world = await createWorld({
    tasks: { one: "", two: "", three: "depends_on: [one]" },
    config: { gates, land, concurrency: 2 },
    files: { ".gitattributes": "PROGRESS.md merge=union\n" },
  });
  const tip = world.repository.git("rev-parse", "main");
  const run = await world.run();
  expect(run.status).toBe(0);
  expect(run.lines.at(-1)).toMatchInlineSnapshot(
    `"The queue is drained: nothing is left to do (1 waiting, 2 in review). See: ralphwright log"`,
  );
  expect(branches(world)).toMatchInlineSnapshot(`
    "refs/heads/main First commit
    refs/heads/ralph/one Do one
    refs/heads/ralph/two Do two
    refs/ralph/review/one Do one
    refs/ralph/review/two Do two"
  `);
  expect(world.repository.git("rev-parse", "main", "ralph/one^", "ralph/two^").split("\n")).toEqual([
    tip,
    tip,
    tip,
  ]);
  expect(world.events("one")).toMatchInlineSnapshot(`
    "attempt 1
    agent claimed complete
    sealed, changed
    accepted by check
    in review on ralph/one L-0001"
  `);
  expect(world.leftovers()).toEqual([]);
  expect((await world.run()).status).toBe(0);
  expect(world.records().filter(({ event }) => event.type === "attempt-started")).toHaveLength(2);
  for (const branch of ["ralph/one", "ralph/two"]) world.repository.git("merge", "-q", "--no-edit", branch);
  expect(world.onTarget("PROGRESS.md").match(/^## \w+: landed/gm)).toEqual([
    "## one: landed",
    "## two: landed",
  ]);
});

it.concurrent("counts a task as landed once it is merged or squashed, and goes on with what depends on it", async ({
  expect,
}) => {
  await using world = await createWorld({
    tasks: { one: "", two: "depends_on: [one]", three: "depends_on: [two]" },
    config: { gates, land },
  });
  await world.run();
  world.repository.git("merge", "-q", "--no-ff", "-m", "Merge one", "ralph/one");
  await world.run();
  world.repository.git("merge", "-q", "--squash", "ralph/two");
  world.repository.commit("Squash two");
  expect((await world.run()).status).toBe(0);
  expect(world.repository.git("log", "--format=%s", "ralph/three").split("\n")).toEqual([
    "Do three",
    "Squash two",
    "Merge one",
    "Do one",
    "First commit",
  ]);
});

it.concurrent("makes a task ready again when its branch is deleted, and keeps what was refused", async ({
  expect,
}) => {
  await using world = await createWorld({ config: { gates, land } });
  await world.run();
  const refused = world.repository.git("rev-parse", "ralph/one^{tree}:src/one.mjs");
  world.repository.git("branch", "-q", "-D", "ralph/one");
  expect((await world.run()).status).toBe(0);
  expect(world.kept()).toEqual(["one/1", "one/2"]);
  expect(world.repository.git("rev-parse", "refs/ralph/attempts/one/1:src/one.mjs")).toBe(refused);
  expect(
    world.repository.git("log", "-1", "--format=%(trailers:key=Attempt,valueonly)", "ralph/one").trim(),
  ).toBe("2");
});

it.concurrent("puts the record of a task that is given up on its branch, too", async ({ expect }) => {
  await using world = await createWorld({ agent: "breaks-a-test", config: { gates, land } });
  expect((await world.run()).status).toBe(1);
  expect(branches(world)).toMatchInlineSnapshot(`
    "refs/heads/main First commit
    refs/heads/ralph/one Give up one: gate check exited with 1
    refs/ralph/review/one Give up one: gate check exited with 1"
  `);
  expect(world.repository.git("show", "ralph/one:tasks/one.md")).toContain("status: blocked");
  expect((await world.run()).status).toBe(0);
  world.repository.git("merge", "-q", "ralph/one");
  expect((await world.run()).status).toBe(1);
});

it.concurrent("never touches a branch of that name with commits of a person's", async ({ expect }) => {
  await using world = await createWorld({ agent: "meets-the-test", config: { gates, land } });
  const run = world.start();
  const agent = await world.meetAgent();
  world.repository.git(
    "branch",
    "ralph/one",
    world.repository.git("commit-tree", "-p", "main", "-m", "Mine", "main^{tree}"),
  );
  agent.behaveAs("lands-a-change");
  expect((await run.done).status).toBe(0);
  expect(world.events("one")).toMatchInlineSnapshot(`
    "attempt 1
    agent claimed complete
    sealed, changed
    interrupted: one is in review already, on ralph/one, kept"
  `);
  expect(world.repository.git("log", "-1", "--format=%s", "ralph/one")).toBe("Mine");
  expect(world.kept()).toEqual(["one/1"]);
});

it.concurrent("gives nobody up whose task is in review", async ({ expect }) => {
  await using world = await createWorld({ agent: "meets-the-test", config: { gates, land } });
  const run = world.start();
  const agent = await world.meetAgent();
  const mine = world.repository.git("commit-tree", "-p", "main", "-m", "Mine", "main^{tree}");
  world.repository.git("branch", "ralph/one", mine);
  agent.behaveAs("exits-nonzero");
  expect((await run.done).status).toBe(0);
  expect(world.events("one")).toMatchInlineSnapshot(`
    "attempt 1
    agent crashed: the agent exited with 3: the model is overloaded
    rejected: crashed: the agent exited with 3: the model is overloaded, kept"
  `);
});

it.concurrent("pushes the branch alone, and two supervisors open one review", async ({ expect }) => {
  await using world = await createWorld({
    agent: "meets-the-test",
    config: { gates, land: { mode: "branch", push: "origin" } },
  });
  using remote = addRemote(world.repository);
  const clone = remote.clone();
  const state = makeFolder("state");
  try {
    const here = world.start();
    const first = await world.meetAgent();
    const there = world.start({ cwd: clone.path, env: { RALPH_STATE_DIR: state } });
    const second = await world.meetAgent();
    second.behaveAs("lands-a-change");
    expect((await there.done).status).toBe(0);
    first.behaveAs("lands-a-change");
    expect((await here.done).status).toBe(0);
    expect(remote.refs()).toMatchInlineSnapshot(`
      "refs/heads/main First commit
      refs/heads/ralph/one Do one"
    `);
    expect(world.events("one")).toMatchInlineSnapshot(`
      "attempt 1
      agent claimed complete
      sealed, changed
      accepted by check
      the target moved
      interrupted: one is in review already, on ralph/one, kept"
    `);
    // Its people send it back: ready again, here as there.
    remote.git("branch", "-D", "ralph/one");
    const again = world.start();
    (await world.meetAgent()).behaveAs("lands-a-change");
    expect((await again.done).status).toBe(0);
    expect(remote.git("log", "-1", "--format=%s", "ralph/one")).toBe("Do one");
    // They merge it, and delete the branch.
    remote.git("update-ref", "refs/heads/main", "refs/heads/ralph/one");
    remote.git("branch", "-D", "ralph/one");
    expect((await world.run()).status).toBe(0);
    expect(world.onTarget("tasks/one.md")).toContain("status: landed");
    expect(world.leftovers()).toEqual([]);
  } finally {
    rmSync(state, { recursive: true, force: true });
  }
});

const crash = (query: string): readonly string[] => [
  "--import",
  `${new URL("../support/crash.ts", import.meta.url).href}?${query}`,
];

it.concurrent.for([
  ["push", 1],
  ["update-ref", 2],
] as const)(
  "opens one review when it is killed right after git %s number %i",
  async ([command, nth], { expect }) => {
    await using world = await createWorld({ config: { gates, land: { mode: "branch", push: "origin" } } });
    using remote = addRemote(world.repository);
    const killed = await world.run({ node: crash(`git=${command}&nth=${nth}`) });
    const run = await world.run();
    expect(run.status, run.stderr).toBe(0);
    expect(remote.refs()).toMatchInlineSnapshot(`
      "refs/heads/main First commit
      refs/heads/ralph/one Do one"
    `);
    expect(world.records().filter(({ event }) => event.type === "review-opened")).toHaveLength(1);
    expect(world.leftovers()).toEqual([]);
    expect(killed.signal).toBe("SIGKILL");
  },
);
