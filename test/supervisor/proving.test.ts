/** Proof: what gates cannot say, whether the task was done at all. */
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { it } from "vitest";
import { createWorld } from "../support/world.ts";
import { makeFolder } from "../support/repository.ts";

it.concurrent("lands what its proof holds for, and says so in the trailer", async ({ expect }) => {
  await using world = await createWorld({ tasks: { one: 'proof: ["test -e src/one.mjs"]' } });
  const run = await world.run();
  expect(run.status).toBe(0);
  expect(world.landed()).toEqual(["Do one"]);
  expect(world.repository.git("log", "-1", "--format=%(trailers:key=Gates,valueonly)").trim()).toBe(
    "style tests proof",
  );
});

it.concurrent("rejects green work that does not do the task, and tells what the proof printed", async ({
  expect,
}) => {
  await using world = await createWorld({
    tasks: { one: 'proof: ["echo no rocket; test -e src/rocket.mjs"]' },
  });
  const run = await world.run();
  expect(run.status).toBe(1);
  expect(world.events("one")).toContain(
    "red: the proof of the task does not hold: `echo no rocket; test -e src/rocket.mjs` exited with 1",
  );
  expect(world.attemptFile("one", 1, "evidence-0.md")).toContain("no rocket");
  expect(world.attemptFile("one", 1, "brief.md")).toContain("- `echo no rocket; test -e src/rocket.mjs`");
});

it.concurrent("closes a task that is done already without starting an agent", async ({ expect }) => {
  await using world = await createWorld({ tasks: { one: 'proof: ["grep -q split src/words.mjs"]' } });
  const run = await world.run();
  expect(run.status).toBe(0);
  expect(world.records().map(({ event }) => event.type)).not.toContain("agent-stopped");
  expect(world.landed()).toEqual(["Do one"]);
  expect(world.repository.git("show", "--format=%b", "--name-only")).toContain(
    "It was done already: its proof was green before any work.",
  );
  expect(world.onTarget("tasks/one.md")).toContain("status: landed");
  expect(world.repository.git("diff", "--name-only", "main~1", "main").split("\n")).toEqual([
    "PROGRESS.md",
    "tasks/one.md",
  ]);
  expect(world.leftovers()).toEqual([]);
});

/** A folder beside the repository with one sealed check, which looks for what an agent cannot know. */
function sealChecks(
  text: string,
  more: Readonly<Record<string, string>> = {},
): { folder: string; [Symbol.dispose]: () => void } {
  const folder = makeFolder("sealed");
  mkdirSync(join(folder, "limits", "test"), { recursive: true });
  writeFileSync(join(folder, "limits", "test", "sealed.mjs"), text);
  for (const [path, content] of Object.entries(more)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return { folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}

const sealedTask = 'proof: ["node test/sealed.mjs"]\nchecks: limits';

it.concurrent("lays sealed checks over the tree for the proof alone, and shows nobody what they say", async ({
  expect,
}) => {
  using sealed = sealChecks('console.log("the secret of the check"); process.exit(1);');
  await using world = await createWorld({
    agent: "lists-its-files",
    tasks: { one: sealedTask },
    config: { checks_dir: sealed.folder },
  });
  await world.run();
  expect(world.events("one")).toContain(
    "red: the proof of the task does not hold: `node test/sealed.mjs` exited with 1",
  );
  expect(world.attemptFile("one", 1, "evidence-0.md")).not.toContain("secret of the check");
  // Nor does a file of the state keep it: whoever works next is of the same user.
  const search = spawnSync("grep", ["-rl", "secret of the check", world.state], { encoding: "utf8" });
  expect(search).toMatchObject({ status: 1, stdout: "" });
  const seen = world.attemptFile("one", 1, "agent/agent.log");
  expect(seen).toContain("words.test.mjs");
  expect(seen).not.toContain("sealed.mjs");
  expect(world.onTarget("PROGRESS.md")).not.toContain("secret of the check");
});

it.concurrent("lets a check win over a file of its name that the change brings", async ({ expect }) => {
  using sealed = sealChecks("process.exit(3);");
  await using world = await createWorld({
    agent: "brings-its-own-check",
    tasks: { one: sealedTask },
    config: { checks_dir: sealed.folder },
  });
  await world.run();
  expect(world.events("one")).toContain("`node test/sealed.mjs` exited with 3");
  expect(world.redCommits()).toEqual([]);
});

it.concurrent("takes away what the change adds beside a check, even a file where its folder belongs", async ({
  expect,
}) => {
  using sealed = sealChecks("", {
    "limits/sealed/check.mjs":
      'import { existsSync } from "node:fs"; process.exit(existsSync("sealed/extra") ? 0 : 4);',
  });
  const matter = 'proof: ["node sealed/check.mjs"]\nchecks: limits';
  await using world = await createWorld({
    agent: { beside: "adds-beside-a-check", instead: "adds-a-file-named-sealed" },
    tasks: { beside: matter, instead: matter },
    config: { checks_dir: sealed.folder },
  });
  const run = await world.run();
  expect(run.status).toBe(1);
  for (const task of ["beside", "instead"])
    expect(world.events(task)).toContain("`node sealed/check.mjs` exited with 4");
});

it.concurrent("is void when the checks are changed while they run", async ({ expect }) => {
  using sealed = sealChecks("");
  await using world = await createWorld({
    tasks: { one: 'proof: ["test -e src/one.mjs && echo true >test/sealed.mjs"]\nchecks: limits' },
    config: { checks_dir: sealed.folder },
  });
  await world.run();
  expect(world.events("one")).toContain(
    "the sealed checks were changed while they ran, so the result is void",
  );
});

it.concurrent("says which checks are missing, and runs the rest of the queue", async ({ expect }) => {
  using sealed = sealChecks("");
  await using world = await createWorld({
    tasks: { one: 'proof: ["true"]\nchecks: limit', two: "" },
    config: { checks_dir: sealed.folder },
  });
  const run = await world.run();
  expect(run.status).toBe(1);
  expect(run.stderr).toContain("checks names limit, and there is no such folder with files in checks_dir");
  expect(world.landed()).toEqual(["Do two"]);
});

it.concurrent("refuses sealed checks inside the repository", async ({ expect }) => {
  await using world = await createWorld({ config: { checks_dir: "sealed" }, files: { "sealed/a/b": "" } });
  const run = await world.run();
  expect(run.status).toBe(2);
  expect(run.stderr).toContain("checks_dir: sealed is inside the repository, where agents see it");
});
