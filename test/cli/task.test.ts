/** `task add` and `task retry`: what they say of the queue is true. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { it } from "vitest";
import { makeFolder } from "../support/repository.ts";
import { createWorld, type FinishedRun, type World } from "../support/world.ts";

const task = (world: World, ...args: readonly string[]): Promise<FinishedRun> =>
  world.run({ command: "task", args });

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
