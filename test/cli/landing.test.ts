/** What the commands say of a remote and of reviews, and what `task retry` does about them. */
import { spawnSync } from "node:child_process";
import { it } from "vitest";
import { mainProgram } from "../support/program.ts";
import { addRemote } from "../support/remote.ts";
import { gitEnvironment } from "../support/repository.ts";
import { createWorld, type World } from "../support/world.ts";

const gates = [{ name: "check", run: "grep -q split src/words.mjs" }];

function call(
  world: World,
  ...args: readonly string[]
): { readonly status: number | null; readonly text: string } {
  const env = { ...process.env, ...gitEnvironment, RALPH_STATE_DIR: world.state, NO_COLOR: "1", TZ: "UTC" };
  const cwd = world.repository.path;
  const { status, stdout, stderr } = spawnSync(process.execPath, [mainProgram, ...args], {
    cwd,
    env,
    encoding: "utf8",
  });
  return { status, text: world.plain(stdout + stderr) };
}

it.concurrent("names what is in review, and lets nobody retry it before its branch is gone", async ({
  expect,
}) => {
  await using world = await createWorld({
    tasks: { one: "", two: "depends_on: [one]" },
    config: { gates, land: { mode: "branch" } },
  });
  await world.run();
  expect(call(world, "task", "list").text).toMatch(
    /one +in review +Do one\n +on ralph\/one\ntwo +waiting +Do two\n +for one\n/,
  );
  expect(call(world, "status").text).toMatch(/in review +ralph\/one\n/);
  expect(call(world, "status").text).toContain("0 ready, 1 waiting, 0 landed");
  expect(call(world, "log").text).toMatch(/In review: .*\n +ralph\/one +Do one\n/);
  expect(JSON.parse(call(world, "log", "--json").text)).toMatchObject({
    inReview: [{ task: "one", branch: "ralph/one" }],
  });
  expect(call(world, "doctor").text).toContain("0 ready, 1 waiting, 0 blocked, 1 in review");
  expect(call(world, "task", "retry", "one")).toMatchObject({
    status: 2,
    text: expect.stringContaining("one is in review on ralph/one"),
  });
  world.repository.git("branch", "-D", "ralph/one");
  expect(call(world, "task", "list").text).toMatch(/one +ready/);
});

it.concurrent("doctor tries whether a push would be let in, and changes nothing", async ({ expect }) => {
  await using world = await createWorld({ config: { gates, land: { push: "origin" } } });
  expect(call(world, "doctor").text).toContain("there is no such remote here");
  expect((await world.run()).status).toBe(2);
  using remote = addRemote(world.repository);
  expect(call(world, "doctor").text).toContain("✔ remote        origin is reached");
  expect(remote.refs()).toBe("refs/heads/main First commit");
  world.repository.git("remote", "set-url", "origin", "/nowhere");
  expect(call(world, "doctor").text).toContain("✘ project       origin cannot be reached");
});

it.concurrent("task retry takes the landed ref back on the remote, too, so that the task can land again", async ({
  expect,
}) => {
  await using world = await createWorld({ config: { gates, land: { push: "origin" } } });
  using remote = addRemote(world.repository);
  await world.run();
  expect(call(world, "task", "retry", "one").status).toBe(0);
  expect(remote.refs()).toBe("refs/heads/main Do one");
  world.repository.git("rm", "-q", "src/one.mjs");
  world.repository.commit("Once more");
  world.repository.git("push", "-q", "origin", "main");
  expect((await world.run()).status).toBe(0);
  expect(remote.subjects()).toEqual(["Do one", "Once more", "Do one", "First commit"]);
  // A file that is made ready by hand is not enough.
  world.repository.commit("By hand", {
    "tasks/one.md": world.onTarget("tasks/one.md").replace("landed", "ready"),
  });
  world.repository.git("push", "-q", "origin", "main");
  expect((await world.run()).status).toBe(1);
});
