/** Which tasks run, in which order, and what holds only those that are written wrongly. */
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { it } from "vitest";
import { makeFolder } from "../support/repository.ts";
import { createWorld, taskText } from "../support/world.ts";

it.concurrent("lands tasks in the order of dependencies first, then priority, then id", async ({
  expect,
}) => {
  await using world = await createWorld({
    tasks: {
      "10-last": "",
      "2-second": "",
      "3-dear": "priority: 5",
      "1-waits": "priority: 9\ndepends_on: [10-last]",
    },
  });
  const run = await world.run();
  expect(run.status).toBe(0);
  expect(world.landed()).toEqual(["Do 3-dear", "Do 2-second", "Do 10-last", "Do 1-waits"]);
});

it.concurrent("runs the rest of the queue when tasks wait in a circle or for nobody, and says so", async ({
  expect,
}) => {
  await using world = await createWorld({
    tasks: {
      a: "depends_on: [b]",
      b: "depends_on: [a]",
      c: "depends_on: [nobody]",
      d: "",
      e: "depends_on: [a]",
    },
  });
  const run = await world.run();
  expect(run.status).toBe(1);
  expect(world.landed()).toEqual(["Do d"]);
  expect(run.stderr).toContain("depends_on goes in a circle: a → b → a");
  expect(run.stderr).toContain("depends_on names nobody, and no task has that id");
});

it.concurrent("runs the rest of the queue beside files that are no tasks, and names them", async ({
  expect,
}) => {
  await using world = await createWorld({
    tasks: ["good"],
    files: {
      "tasks/typo.md": taskText("typo", "priorty: 1"),
      "tasks/deep/same.md": taskText("same"),
      "tasks/same.md": taskText("same"),
      "tasks/huge.md": "x".repeat(1_100_000),
      "tasks/README.md": "Not a task.\n",
    },
  });
  const tasks = join(world.repository.path, "tasks");
  mkdirSync(join(tasks, "folder.md"));
  writeFileSync(join(tasks, "latin.md"), Buffer.from("# Gr\u00F6\u00DFe\n", "latin1"));
  writeFileSync(join(tasks, "begun.md"), "");
  symlinkSync("../README.md", join(tasks, "link.md"));
  execFileSync("mkfifo", [join(tasks, "pipe.md")]);
  const run = await world.run();
  expect(run.status).toBe(1);
  expect(world.landed()).toEqual(["Do good"]);
  expect(run.stderr).toContain("tasks/typo.md:3");
  expect(run.stderr).toContain("the id same is also used by tasks/same.md");
  expect(run.stderr).toContain("the file has 1100000 bytes; a task may have at most 1000000");
  expect(run.stderr).toContain("tasks/latin.md:1: this is not UTF-8");
  expect(run.stderr).toContain("tasks/begun.md: it is empty");
  expect(run.stderr).toContain("tasks/link.md: the file is a link");
  expect(run.stderr).toContain("tasks/pipe.md: this is no file");
});

it.concurrent("takes up a task that is dropped into the folder while the run goes on", async ({ expect }) => {
  await using world = await createWorld({ agent: "meets-the-test", tasks: ["one"] });
  const run = world.start();
  const first = await world.meetAgent();
  world.repository.write("tasks/two.md", taskText("two"));
  first.behaveAs("lands-a-change");
  (await world.meetAgent()).behaveAs("lands-a-change");
  expect((await run.done).status).toBe(0);
  expect(world.landed()).toEqual(["Do one", "Do two"]);
  expect(world.repository.git("status", "--porcelain")).toBe("");
});

it.concurrent("has nothing to do with an empty queue", async ({ expect }) => {
  await using world = await createWorld({ tasks: [] });
  const run = await world.run();
  expect(run.status).toBe(0);
  expect(run.lines.at(-1)).toMatchInlineSnapshot(
    `"The queue is drained: nothing is left to do. See: ralphwright log"`,
  );
});

it.concurrent("does not land a task twice when its file says ready again", async ({ expect }) => {
  await using world = await createWorld();
  await world.run();
  world.repository.commit("Reset the status", { "tasks/one.md": taskText("one") });
  const run = await world.run();
  expect(run.status).toBe(1);
  expect(world.landed()).toEqual(["Do one", "Reset the status"]);
  expect(run.stderr).toContain("ralphwright task retry one");
});

/** Does the same task twice and has something to change each time. */
const addsALine = { kind: "command", command: "cat > /dev/null; echo more >> src/more.txt" };

it.concurrent("does a landed task again after a retry, and leaves the checkout as it landed", async ({
  expect,
}) => {
  await using world = await createWorld({ config: { agent: addsALine } });
  await world.run();
  expect((await world.run({ command: "task", args: ["retry", "one"] })).status).toBe(0);
  expect((await world.run()).status).toBe(0);
  expect(world.leftovers()).toEqual([]);
  expect((await world.run()).status).toBe(0);
  expect(world.landed()).toEqual(["Do one", "Do one"]);
});

it.concurrent("keeps what a person writes into a task while it is judged for the second time", async ({
  expect,
}) => {
  const folder = makeFolder("edit");
  const edit = `printf '\\nAnd more.\\n' >> ${folder}/one.md && touch ${folder}/edited`;
  const isFirst = `test "$(grep -c more src/more.txt)" -lt 2`;
  await using world = await createWorld({
    files: { "src/more.txt": "" },
    config: {
      agent: addsALine,
      gates: [{ name: "edits", run: `${isFirst} || test -e ${folder}/edited || { ${edit}; }` }],
      limits: { attempts: 2, rounds: 0 },
      // In a sandbox no gate has hands that reach so far.
      sandbox: "off",
    },
  });
  symlinkSync(join(world.repository.path, "tasks", "one.md"), join(folder, "one.md"));
  await world.run();
  await world.run({ command: "task", args: ["retry", "one"] });
  expect((await world.run()).status).toBe(0);
  rmSync(folder, { recursive: true });
  expect(world.events("one")).toContain("tasks/one.md was edited while the agent worked on it");
  expect(world.onTarget("tasks/one.md")).toContain("And more.");
  expect(world.repository.git("status", "--porcelain")).toBe("");
});

it.concurrent("works on drafts and landed tasks never", async ({ expect }) => {
  await using world = await createWorld({
    tasks: { a: "status: draft", b: "status: landed", c: "depends_on: [b]" },
  });
  const run = await world.run();
  expect(run.status).toBe(0);
  expect(world.landed()).toEqual(["Do c"]);
});

it.concurrent("runs an optional gate for the task that names it, and refuses a name that no gate has", async ({
  expect,
}) => {
  const gates = [
    { name: "always", run: "true" },
    { name: "sometimes", run: "! test -e src/picky.mjs", optional: true },
  ];
  await using world = await createWorld({
    tasks: { plain: "", picky: "gates: [sometimes]", wrong: "gates: [never]" },
    config: { gates },
  });
  const run = await world.run();
  expect(run.status).toBe(1);
  expect(world.events("plain")).toContain("accepted by always\n");
  expect(world.events("picky")).toContain("red: gate sometimes exited with 1");
  expect(world.events("wrong")).toBe("");
  expect(run.stderr).toContain("gates names never, and no gate of the configuration has that name");
});

it.concurrent("gives up only the task whose own gate is red before any change", async ({ expect }) => {
  const gates = [
    { name: "always", run: "true" },
    { name: "broken", run: "test -e repaired", optional: true },
  ];
  await using world = await createWorld({ tasks: { one: "gates: [broken]", two: "" }, config: { gates } });
  const run = await world.run();
  expect(run.status).toBe(1);
  expect(world.events("one")).toMatchInlineSnapshot(`
    "attempt 1
    baseline red: gate broken exited with 1 on main, before any change (run: ralphwright gate broken)
    rejected: refused: gate broken exited with 1 on main, before any change (run: ralphwright gate broken)
    giving up
    accepted by always
    blocked: gate broken exited with 1 on main, before any change (run: ralphwright gate broken)"
  `);
  expect(world.onTarget("tasks/one.md")).toContain("status: blocked");
  expect(world.landed()).toContain("Do two");
  expect(world.leftovers()).toEqual([]);
});

it.concurrent("gives up only the task whose own gate a person's commit made red meanwhile", async ({
  expect,
}) => {
  const gates = [
    { name: "always", run: "true" },
    { name: "broken", run: "test ! -e spoilt", optional: true },
  ];
  await using world = await createWorld({
    agent: "meets-the-test",
    tasks: { one: "gates: [broken]", two: "" },
    config: { gates },
  });
  const run = world.start();
  const agent = await world.meetAgent();
  world.repository.commit("A person", { spoilt: "" });
  agent.behaveAs("lands-a-change");
  void world.meetAgent().then((next) => next.behaveAs("lands-a-change"));
  expect((await run.done).status).toBe(1);
  expect(world.events("one")).toContain("rejected: conflict: gate broken exited with 1 on main");
  expect(world.landed()).toContain("Do two");
});
