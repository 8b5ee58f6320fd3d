/** A remote whose branch is the truth: what lands is pushed first, and nothing of anybody's is overwritten. */
import { rmSync } from "node:fs";
import { it } from "vitest";
import { addRemote } from "../support/remote.ts";
import { makeFolder } from "../support/repository.ts";
import { createWorld, type World } from "../support/world.ts";

const land = { push: "origin" };
/** A grep, so that many runs stay cheap. */
const gates = [{ name: "check", run: "grep -q split src/words.mjs" }];

const isEven = (world: World, remote: { git: World["repository"]["git"] }): boolean =>
  world.repository.git("rev-parse", "main") === remote.git("rev-parse", "main");

it.concurrent("pushes what lands and the record of what is given up, and nothing else", async ({
  expect,
}) => {
  await using world = await createWorld({
    tasks: ["good", "red"],
    agent: { red: "breaks-a-test" },
    config: { gates, land },
  });
  using remote = addRemote(world.repository);
  world.repository.git("branch", "mine");
  world.repository.git("tag", "-a", "-m", "Mine", "v1");
  world.repository.git("config", "push.followTags", "true");
  expect((await world.run()).status).toBe(1);
  expect(remote.refs()).toMatchInlineSnapshot(`
    "refs/heads/main Give up red: gate check exited with 1
    refs/ralph/landed/good Do good"
  `);
  expect(remote.subjects()).toMatchInlineSnapshot(`
    [
      "Give up red: gate check exited with 1",
      "Do good",
      "First commit",
    ]
  `);
  expect(isEven(world, remote)).toBe(true);
  expect(world.leftovers()).toEqual([]);
});

it.concurrent("judges again on what a person pushed meanwhile", async ({ expect }) => {
  await using world = await createWorld({ agent: "meets-the-test", config: { gates, land } });
  using remote = addRemote(world.repository);
  const run = world.start();
  const agent = await world.meetAgent();
  remote.pushAs("A person", { "notes.txt": "theirs\n" });
  agent.behaveAs("lands-a-change");
  expect((await run.done).status).toBe(0);
  expect(world.events("one")).toMatchInlineSnapshot(`
    "attempt 1
    agent claimed complete
    sealed, changed
    accepted by check
    the target moved
    accepted by check
    landed L-0001"
  `);
  expect(remote.subjects()).toEqual(["Do one", "A person", "First commit"]);
  expect(isEven(world, remote)).toBe(true);
  expect(world.leftovers()).toEqual([]);
});

it.concurrent("starts each attempt on what people have pushed by then", async ({ expect }) => {
  await using world = await createWorld({
    agent: "meets-the-test",
    config: { gates, land, limits: { attempts: 2, rounds: 0 } },
  });
  using remote = addRemote(world.repository);
  remote.pushAs("Before the run", { "a.txt": "a\n" });
  const newest = (): string => world.repository.git("log", "-1", "--format=%s");
  const run = world.start();
  const first = await world.meetAgent();
  expect(newest()).toBe("Before the run");
  remote.pushAs("During the run", { "b.txt": "b\n" });
  first.behaveAs("breaks-a-test");
  const second = await world.meetAgent();
  expect(newest()).toBe("During the run");
  second.behaveAs("lands-a-change");
  expect((await run.done).status).toBe(0);
  expect(remote.subjects()).toEqual(["Do one", "During the run", "Before the run", "First commit"]);
  expect(world.leftovers()).toEqual([]);
});

it.concurrent("starts nothing while the target has commits that the remote lacks", async ({ expect }) => {
  await using world = await createWorld({ config: { gates, land } });
  using remote = addRemote(world.repository);
  world.repository.commit("Not pushed yet", { "notes.txt": "mine\n" });
  const run = await world.run();
  expect(run.status).toBe(2);
  expect(world.plain(run.stderr)).toContain("; push them: git push origin main\n");
  expect(run.stderr).toContain("Not pushed yet");
  expect(world.records()).toEqual([]);
  expect(remote.subjects()).toEqual(["First commit"]);
});

it.concurrent("stops when a person commits here without pushing, and pushes nothing of it", async ({
  expect,
}) => {
  await using world = await createWorld({ agent: "meets-the-test", config: { gates, land } });
  using remote = addRemote(world.repository);
  const run = world.start();
  const agent = await world.meetAgent();
  world.repository.commit("Not pushed yet", { "notes.txt": "mine\n" });
  agent.behaveAs("lands-a-change");
  const done = await run.done;
  expect(done.status).toBe(5);
  expect(done.lines.at(-1)).toMatch(
    /main has commits that origin lacks: .* Not pushed yet; push them: git push origin main/,
  );
  expect(remote.subjects()).toEqual(["First commit"]);
  expect(world.kept()).toEqual(["one/1"]);
});

it.concurrent("says what the remote says when it refuses, and keeps the work", async ({ expect }) => {
  await using world = await createWorld({ config: { gates, land } });
  using remote = addRemote(world.repository);
  remote.hook("pre-receive", "echo 'main is frozen until Monday' >&2; exit 1");
  const run = await world.run();
  expect(run.status).toBe(5);
  expect(run.lines.at(-1)).toMatchInlineSnapshot(
    `"Stopped by the breaker: origin refused the push: [remote rejected] (pre-receive hook declined): main is frozen until Monday. See: ralphwright log"`,
  );
  expect(world.kept()).toEqual(["one/1"]);
  expect(remote.refs()).toBe("refs/heads/main First commit");
  expect(world.landed()).toEqual([]);
  expect(world.leftovers()).toEqual([]);
});

it.concurrent("stops cleanly when the remote is gone at the landing, and lands in the next run", async ({
  expect,
}) => {
  await using world = await createWorld({ agent: "meets-the-test", config: { gates, land } });
  using remote = addRemote(world.repository);
  const run = world.start();
  const agent = await world.meetAgent();
  world.repository.git("remote", "set-url", "origin", "/nowhere");
  agent.behaveAs("lands-a-change");
  const done = await run.done;
  expect(done.status).toBe(5);
  expect(done.lines.at(-1)).toMatchInlineSnapshot(
    `"Stopped by the breaker: origin cannot be reached: fatal: '/nowhere' does not appear to be a git repository. See: ralphwright log"`,
  );
  expect((await world.run()).status).toBe(5);
  world.repository.git("remote", "set-url", "origin", remote.path);
  const again = world.start();
  (await world.meetAgent()).behaveAs("lands-a-change");
  expect((await again.done).status).toBe(0);
  expect(remote.subjects()).toEqual(["Do one", "First commit"]);
});

it.concurrent("lands a task once when two supervisors on two machines work on it", async ({ expect }) => {
  await using world = await createWorld({ agent: "meets-the-test", config: { gates, land } });
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
    expect(remote.subjects()).toEqual(["Do one", "First commit"]);
    expect(world.events("one")).toMatchInlineSnapshot(`
      "attempt 1
      agent claimed complete
      sealed, changed
      accepted by check
      the target moved
      interrupted: one has landed meanwhile, from elsewhere, kept"
    `);
    expect(world.kept()).toEqual(["one/1"]);
    expect(isEven(world, remote)).toBe(true);
    expect(world.leftovers()).toEqual([]);
  } finally {
    rmSync(state, { recursive: true, force: true });
  }
});

const crash = (query: string): readonly string[] => [
  "--import",
  `${new URL("../support/crash.ts", import.meta.url).href}?${query}`,
];

const instants = [
  ["push", 1],
  ["push", 2],
  ["fetch", 1],
  ["fetch", 2],
  ["update-ref", 1],
  ["update-ref", 2],
  ["update-ref", 3],
  ["update-ref", 4],
  ["read-tree", 5],
  ["read-tree", 6],
] as const;

it.concurrent.for(instants)(
  "comes to the same end when it is killed right after git %s number %i",
  async ([command, nth], { expect }) => {
    await using world = await createWorld({
      tasks: ["good", "red"],
      agent: { red: "breaks-a-test" },
      config: { gates, land },
    });
    using remote = addRemote(world.repository);
    remote.pushAs("A person", { "notes.txt": "theirs\n" });
    const killed = await world.run({ node: crash(`git=${command}&nth=${nth}`) });
    expect(killed.signal).toBe("SIGKILL");
    const run = await world.run();
    expect(run.status, run.stderr).toBe(1);
    expect(remote.subjects().filter((subject) => subject === "Do good")).toHaveLength(1);
    expect(remote.subjects().filter((subject) => subject.startsWith("Give up red"))).toHaveLength(1);
    expect(remote.subjects()).toHaveLength(4);
    expect(isEven(world, remote)).toBe(true);
    expect(world.leftovers()).toEqual([]);
  },
);

/** Every event of a run with one landing, from its start on. */
const boundaries = Array.from({ length: 10 }, (_, i) => i + 1);

it.concurrent.for(boundaries)(
  "lands once, on top of what a person pushes right after journal record %i",
  async (record, { expect }) => {
    await using world = await createWorld({ config: { gates, land } });
    using remote = addRemote(world.repository);
    const { path } = remote.clone();
    const push = `cd '${path}' && git pull -q --rebase && echo 1 > b && git add b && git commit -qm Person && git push -q`;
    const run = await world.run({ node: crash(`record=${record}&sh=${encodeURIComponent(push)}`) });
    expect(run.status, run.stderr).toBe(0);
    expect(remote.subjects().toSorted()).toEqual(["Do one", "First commit", "Person"]);
    expect(remote.git("ls-tree", "--name-only", "main", "b", "src/one.mjs")).toBe("b\nsrc/one.mjs");
    expect(world.leftovers()).toEqual([]);
  },
);
