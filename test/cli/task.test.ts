/** `task add` and `task retry`: what they write is what the queue takes, and what they say is true. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { it } from "vitest";
import { makeFolder, runGit } from "../support/repository.ts";
import { createWorld, type FinishedRun, type World } from "../support/world.ts";

const task = (world: World, ...args: readonly string[]): Promise<FinishedRun> =>
  world.run({ command: "task", args });

it.concurrent("task add writes nothing that the queue would refuse, and says why", async ({ expect }) => {
  await using world = await createWorld();
  const refused = [
    [["--priority", "99999999999999999999"], "argument '99999999999999999999' is invalid"],
    [["--spec", "../x"], "the queue would refuse this task: specs[0]: expected a path inside the repository"],
    [["--depends-on", "a b"], "the queue would refuse this task: depends_on[0]: expected a name of letters"],
  ] as const;
  for (const [args, why] of refused) {
    const { status, stdout, stderr } = await task(world, "add", "Say hello", ...args);
    expect(stderr).toContain(why);
    expect([status, stdout]).toEqual([2, ""]);
  }
  expect(world.repository.git("status", "--porcelain")).toBe("");
});

it.concurrent("task add warns of tasks and specs that are not there, with what was probably meant", async ({
  expect,
}) => {
  await using world = await createWorld({ files: { "specs/words.md": "# Words\n" }, tasks: ["0001-first"] });
  const unknown = ["--depends-on", "nobody", "0001", "--spec", "words.md", "gone.md"];
  const { status, stdout, stderr } = await task(world, "add", "Say hello", ...unknown);
  expect(status).toBe(0);
  expect(stdout).toContain("Wrote tasks/0002-say-hello.md.");
  expect(stderr).toMatchInlineSnapshot(`
    "ralphwright: depends_on names nobody, and no task has that id: 0002-say-hello is stuck until one has
      Mend it in tasks/0002-say-hello.md.
    ralphwright: depends_on names 0001, and no task has that id: 0002-say-hello is stuck until one has
      Did you mean 0001-first? Mend it in tasks/0002-say-hello.md.
    ralphwright: specs names words.md, and there is no such Markdown file in specs/: agents are not shown it
      Did you mean specs/words.md? Mend it in tasks/0002-say-hello.md.
    ralphwright: specs names gone.md, and there is no such Markdown file in specs/: agents are not shown it
      Mend it in tasks/0002-say-hello.md.
    "
  `);
  const known = ["--depends-on", "0001-first", "--spec", "specs/words.md"];
  expect(await task(world, "add", "Say more", ...known)).toMatchObject({ status: 0, stderr: "" });
});

it.concurrent("task add knows a dependency that has landed and whose file is gone", async ({ expect }) => {
  await using world = await createWorld();
  await world.run();
  world.repository.git("rm", "-q", "tasks/one.md");
  world.repository.commit("Tidy up");
  expect(await task(world, "add", "Go on", "--depends-on", "one")).toMatchObject({ status: 0, stderr: "" });
});

it.concurrent("task add works before the first commit", async ({ expect }) => {
  await using world = await createWorld();
  const cwd = makeFolder("unborn");
  runGit(cwd, ["init", "-q", "-b", "main"]);
  writeFileSync(join(cwd, "ralph.config.yaml"), "version: 1\ngates: [{ name: a, run: 'true' }]\n");
  mkdirSync(join(cwd, "below"));
  const run = await world.run({ command: "task", args: ["add", "First"], cwd: join(cwd, "below") });
  expect(run).toMatchObject({ status: 0, stderr: "" });
  const second = await world.run({
    command: "task",
    args: ["add", "Second", "--depends-on", "0001-first"],
    cwd,
  });
  expect(second).toMatchObject({ status: 0, stderr: "" });
  rmSync(cwd, { recursive: true });
});

it.concurrent("task add says how to write a title that begins with a hyphen", async ({ expect }) => {
  await using world = await createWorld();
  const { status, stderr } = await task(world, "add", "-x");
  expect(status).toBe(2);
  expect(stderr).toContain("a title that begins with - goes after --");
  expect((await task(world, "add", "--", "-x")).stdout).toContain("Wrote tasks/0001-x.md.");
});

it.concurrent("task add says on another branch that the task is not in the queue yet, and how it gets there", async ({
  expect,
}) => {
  await using world = await createWorld();
  world.repository.git("checkout", "-q", "-b", "feature");
  const said = await task(world, "add", "On feature");
  expect(said.stdout.replaceAll(/\s+/g, " ")).toBe(
    "Wrote tasks/0001-on-feature.md on feature. A supervisor of main takes it once it is on main: " +
      "commit it there, or check main out. ",
  );
  const linked = join(makeFolder("linked"), "tree");
  world.repository.git("worktree", "add", "-q", linked, "main");
  expect((await task(world, "add", "Again")).stdout.replaceAll(/\s+/g, " ")).toContain(
    `or add it in ${linked}. `,
  );
  const there = await world.run({ command: "task", args: ["add", "There"], cwd: linked });
  expect(there.stdout.replaceAll(/\s+/g, " ")).toContain("a running supervisor picks it up by itself.");
  expect((await task(world, "list")).stdout).toMatch(/There$/m);
  rmSync(join(linked, ".."), { recursive: true });
});

it.concurrent("task retry changes nothing where the target is not checked out", async ({ expect }) => {
  await using world = await createWorld();
  await world.run();
  world.repository.git("checkout", "-q", "-b", "feature");
  const before = world.repository.git("for-each-ref");
  const { status, stderr } = await task(world, "retry", "one");
  expect(status).toBe(2);
  expect(stderr).toMatchInlineSnapshot(`
    "ralphwright: one is a task of main, and here feature is checked out
      Nothing was changed. Check main out and try again: git checkout main
    "
  `);
  expect(world.repository.git("for-each-ref")).toBe(before);
  expect(world.repository.git("status", "--porcelain")).toBe("");
  const linked = join(makeFolder("linked"), "tree");
  world.repository.git("worktree", "add", "-q", linked, "main");
  expect((await task(world, "retry", "one")).stderr).toContain(`Do it where main is checked out: ${linked}`);
  const there = await world.run({ command: "task", args: ["retry", "one"], cwd: linked });
  expect(there.stdout).toContain("one is ready again");
  rmSync(join(linked, ".."), { recursive: true });
});
