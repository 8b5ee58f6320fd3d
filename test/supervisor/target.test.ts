/** What happens when people work on the target at the same time: nothing of theirs is lost, nothing red lands. */
import { rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { it } from "vitest";
import { makeFolder } from "../support/repository.ts";
import { createWorld, taskText } from "../support/world.ts";

it.concurrent("replays a change onto what a person committed meanwhile, and judges it again", async ({
  expect,
}) => {
  await using world = await createWorld({ agent: "meets-the-test" });
  const run = world.start();
  const agent = await world.meetAgent();
  world.repository.commit("A person", { "src/person.mjs": "export const person = 1;\n" });
  agent.behaveAs("lands-a-change");
  expect((await run.done).status).toBe(0);
  expect(world.landed()).toEqual(["A person", "Do one"]);
  expect(world.repository.git("ls-tree", "--name-only", "main", "src/").split("\n")).toEqual([
    "src/one.mjs",
    "src/person.mjs",
    "src/words.mjs",
  ]);
  expect(world.redCommits()).toEqual([]);
  expect(world.leftovers()).toEqual([]);
});

it.concurrent("does not land a change that is green alone and red with a person's commit", async ({
  expect,
}) => {
  await using world = await createWorld({ agent: "meets-the-test" });
  const run = world.start();
  const agent = await world.meetAgent();
  const test = `import assert from "node:assert";
import { existsSync } from "node:fs";
import { it } from "node:test";
it("has no module one", () => assert.ok(!existsSync("src/one.mjs")));
`;
  world.repository.commit("Forbid a module", { "test/forbidden.test.mjs": test });
  agent.behaveAs("lands-a-change");
  expect((await run.done).status).toBe(1);
  expect(world.events("one")).toMatchInlineSnapshot(`
    "attempt 1
    agent claimed complete
    sealed, changed
    red: gate tests reported 1 failed test: "forbidden.test.mjs > has no module one"
    rejected: red: gate tests reported 1 failed test: "forbidden.test.mjs > has no module one", kept
    giving up
    accepted by style tests
    blocked: gate tests reported 1 failed test: "forbidden.test.mjs > has no module one""
  `);
  expect(world.redCommits()).toEqual([]);
});

it.concurrent("starts a fresh attempt on the new base when the change conflicts with a person's commit", async ({
  expect,
}) => {
  await using world = await createWorld({
    agent: "meets-the-test",
    config: { limits: { attempts: 2, rounds: 2 } },
  });
  const run = world.start();
  const first = await world.meetAgent();
  world.repository.commit("A person", { "README.md": "# Words\n\nas a person says\n" });
  first.behaveAs("conflicts");
  const second = await world.meetAgent();
  second.behaveAs("conflicts");
  expect((await run.done).status).toBe(0);
  expect(world.events("one")).toMatchInlineSnapshot(`
    "attempt 1
    agent claimed complete
    sealed, changed
    conflict: main moved meanwhile, and the change conflicts with it in README.md
    rejected: conflict: main moved meanwhile, and the change conflicts with it in README.md, kept
    attempt 2
    agent claimed complete
    sealed, changed
    accepted by style tests
    landed"
  `);
  expect(world.landed()).toEqual(["A person", "Do one"]);
  expect(world.onTarget("README.md")).toBe("# Words\n\nas the agent says\n");
});

it.concurrent("stops when a person's commit makes the target red", async ({ expect }) => {
  await using world = await createWorld({ agent: "meets-the-test" });
  const run = world.start();
  const agent = await world.meetAgent();
  world.repository.commit("Break it", { "src/words.mjs": "export const words = () => [];\n" });
  agent.behaveAs("lands-a-change");
  expect((await run.done).status).toBe(5);
  expect(world.events("one")).toMatchInlineSnapshot(`
    "attempt 1
    agent claimed complete
    sealed, changed
    inconclusive: gate tests reported 1 failed test: "words.test.mjs > splits a text into words" on main, before any change (see <state>/attempts/one/1/baseline/gate-tests.log, or run: ralphwright gate tests; to work on with these failures: red_baseline: compare)
    interrupted: gate tests reported 1 failed test: "words.test.mjs > splits a text into words" on main, before any change (see <state>/attempts/one/1/baseline/gate-tests.log, or run: ralphwright gate tests; to work on with these failures: red_baseline: compare), kept"
  `);
  expect(world.landed()).toEqual(["Break it"]);
  expect(world.kept()).toEqual(["one/1"]);
});

it.concurrent("lands nothing over somebody's uncommitted changes, keeps them, and lands in the next run", async ({
  expect,
}) => {
  await using world = await createWorld({ agent: "meets-the-test" });
  const run = world.start();
  const agent = await world.meetAgent();
  writeFileSync(join(world.repository.path, "PROGRESS.md"), "my own notes\n");
  agent.behaveAs("lands-a-change");
  const done = await run.done;
  expect(done.status).toBe(5);
  expect(done.lines.at(-1)).toMatchInlineSnapshot(
    `"Stopped by the breaker: <repository> has changes that landing would overwrite (PROGRESS.md is not in git and would be overwritten); commit or stash them and run again. See: ralphwright log"`,
  );
  expect(world.landed()).toEqual([]);
  expect(world.repository.git("status", "--porcelain")).toBe("?? PROGRESS.md");
  world.repository.git("clean", "-q", "-f", "PROGRESS.md");
  const again = world.start();
  (await world.meetAgent()).behaveAs("lands-a-change");
  expect((await again.done).status).toBe(0);
  expect(world.leftovers()).toEqual([]);
});

it.concurrent("keeps a person's changes that a landing does not touch", async ({ expect }) => {
  await using world = await createWorld({ agent: "meets-the-test" });
  const run = world.start();
  const agent = await world.meetAgent();
  world.repository.write("README.md", "half a thought\n");
  world.repository.write("notes.txt", "mine\n");
  agent.behaveAs("lands-a-change");
  expect((await run.done).status).toBe(0);
  expect(world.repository.git("status", "--porcelain")).toBe(" M README.md\n?? notes.txt");
});

it.concurrent("lands a task file that was never committed, with its status", async ({ expect }) => {
  await using world = await createWorld({ tasks: [] });
  world.repository.write("tasks/fresh.md", taskText("fresh"));
  const run = await world.run();
  expect(run.status).toBe(0);
  expect(world.onTarget("tasks/fresh.md")).toBe(taskText("fresh", "status: landed"));
  expect(world.leftovers()).toEqual([]);
});

it.concurrent("notices a task that is edited while its change is judged, and does it anew", async ({
  expect,
}) => {
  const folder = makeFolder("edit");
  // The gate has a person's hands: the first change that it sees makes it edit the task.
  const edit = `printf '\\nAnd more.\\n' >> ${folder}/one.md && touch ${folder}/edited`;
  const run = `test ! -e src/one.mjs || test -e ${folder}/edited || { ${edit}; }`;
  await using world = await createWorld({
    tasks: ["one", "two"],
    // In a sandbox no gate has hands that reach so far.
    config: { gates: [{ name: "edits", run }], limits: { attempts: 2, rounds: 0 }, sandbox: "off" },
  });
  symlinkSync(join(world.repository.path, "tasks", "one.md"), join(folder, "one.md"));
  const finished = await world.run();
  rmSync(folder, { recursive: true });
  expect(finished.status).toBe(0);
  expect(world.events("one")).toMatchInlineSnapshot(`
    "attempt 1
    agent claimed complete
    sealed, changed
    accepted by edits
    the target moved
    conflict: tasks/one.md was edited while the agent worked on it
    rejected: conflict: tasks/one.md was edited while the agent worked on it, kept
    attempt 2
    agent claimed complete
    sealed, changed
    accepted by edits
    landed L-0001"
  `);
  expect(world.landed()).toEqual(["Do one", "Do two"]);
  expect(world.onTarget("tasks/one.md")).toContain("And more.");
});

it.concurrent("notices a task that is edited while an agent works on it", async ({ expect }) => {
  await using world = await createWorld({ agent: "meets-the-test" });
  const run = world.start();
  const agent = await world.meetAgent();
  world.repository.write("tasks/one.md", taskText("one").replace("Do it.", "Do something else."));
  agent.behaveAs("lands-a-change");
  (await world.meetAgent()).behaveAs("lands-a-change");
  expect((await run.done).status).toBe(0);
  expect(world.events("one")).toMatchInlineSnapshot(`
    "attempt 1
    agent claimed complete
    sealed, changed
    conflict: tasks/one.md was edited while the agent worked on it
    rejected: conflict: tasks/one.md was edited while the agent worked on it, kept
    attempt 2
    agent claimed complete
    sealed, changed
    accepted by style tests
    landed L-0001"
  `);
  expect(world.onTarget("tasks/one.md")).toMatchInlineSnapshot(`
    "---
    title: Do one
    status: landed
    ---

    Do something else.

    ## Acceptance

    - It is done.
    "
  `);
});

it.concurrent("drops a task whose file is removed while an agent works on it, and goes on", async ({
  expect,
}) => {
  await using world = await createWorld({ agent: "meets-the-test", tasks: ["one", "two"] });
  const run = world.start();
  const agent = await world.meetAgent();
  world.repository.git("rm", "-q", "tasks/one.md");
  world.repository.commit("Never mind");
  agent.behaveAs("lands-a-change");
  (await world.meetAgent()).behaveAs("lands-a-change");
  expect((await run.done).status).toBe(0);
  expect(world.events("one")).toMatchInlineSnapshot(`
    "attempt 1
    agent claimed complete
    sealed, changed
    conflict: tasks/one.md was removed, or made unreadable, while the agent worked on it
    rejected: conflict: tasks/one.md was removed, or made unreadable, while the agent worked on it, kept"
  `);
  expect(world.landed()).toEqual(["Never mind", "Do two"]);
});

it.concurrent("works where another branch is checked out, and leaves that checkout alone", async ({
  expect,
}) => {
  await using world = await createWorld();
  world.repository.git("checkout", "-q", "-b", "mine");
  world.repository.write("README.md", "half a thought\n");
  const run = await world.run();
  expect(run.status).toBe(0);
  expect(world.landed()).toEqual(["Do one"]);
  expect(world.repository.git("status", "--porcelain")).toBe(" M README.md");
});
