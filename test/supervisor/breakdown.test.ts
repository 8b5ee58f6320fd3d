/** Agents that hang, flood, vanish or wreck their surroundings: the attempt ends, the run goes on, nothing is left. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { it } from "vitest";
import { createWorld } from "../support/world.ts";

it.concurrent.for([
  "floods-stdout",
  "closes-stdout-early",
  "prints-garbage",
  "lands-quietly",
  "claims-with-a-pipe",
])("lands the honest work of an agent that %s", async (agent, { expect }) => {
  await using world = await createWorld({ agent });
  const run = await world.run();
  expect(run.status).toBe(0);
  expect(world.landed()).toEqual(["Do one"]);
  expect(world.leftovers()).toEqual([]);
});

it.concurrent("ends the processes that an agent leaves behind before it looks at the work", async ({
  expect,
}) => {
  await using world = await createWorld({ agent: "leaves-a-grandchild" });
  const run = await world.run();
  expect(run.status).toBe(0);
  expect(world.leftovers()).toEqual([]);
  const [sealed, landed] = [world.records(), world.repository.git("rev-parse", "main^{tree}")];
  expect(sealed.map(({ event }) => event.type)).toContain("task-landed");
  expect(landed).toBe(world.repository.git("write-tree"));
});

it.concurrent("counts an agent that exits with an error as a failed attempt, and keeps its work", async ({
  expect,
}) => {
  await using world = await createWorld({ agent: "exits-nonzero" });
  const run = await world.run();
  expect(run.status).toBe(1);
  expect(world.events("one")).toMatchInlineSnapshot(`
    "attempt 1
    agent crashed: the agent exited with 3: the model is overloaded
    rejected: crashed: the agent exited with 3: the model is overloaded, kept
    giving up
    accepted by style tests
    blocked: the agent exited with 3: the model is overloaded"
  `);
  expect(world.repository.git("show", "refs/ralph/attempts/one/1:src/one.mjs")).toContain("answer");
});

it.concurrent("ends an agent that shows no sign of life", async ({ expect }) => {
  await using world = await createWorld({
    agent: "hangs",
    config: { limits: { attempts: 1, rounds: 0, attempt: { idle: "1s" } } },
  });
  const run = await world.run();
  expect(run.status).toBe(1);
  expect(world.events("one")).toMatchInlineSnapshot(`
    "attempt 1
    agent stalled: the agent showed no sign of life (limits.attempt.idle)
    rejected: stalled: the agent showed no sign of life (limits.attempt.idle)
    giving up
    accepted by style tests
    blocked: the agent showed no sign of life (limits.attempt.idle)"
  `);
  expect(world.leftovers()).toEqual([]);
});

it.concurrent("kills an agent that ignores a polite signal when its time is up", async ({ expect }) => {
  await using world = await createWorld({
    agent: "ignores-sigterm",
    config: { limits: { attempts: 1, rounds: 0, attempt: { wall: "2s" } } },
  });
  const run = await world.run();
  expect(run.status).toBe(1);
  expect(world.events("one")).toMatchInlineSnapshot(`
    "attempt 1
    agent timed-out: the agent used up its time (limits.attempt.wall)
    rejected: timed-out: the agent used up its time (limits.attempt.wall)
    giving up
    accepted by style tests
    blocked: the agent used up its time (limits.attempt.wall)"
  `);
  expect(world.leftovers()).toEqual([]);
});

it.concurrent("ends an agent that spends more than its attempt may cost", async ({ expect }) => {
  await using world = await createWorld({
    agent: "spends-money",
    protocol: "ralph-agent/1",
    config: { limits: { attempts: 1, rounds: 0, attempt: { usd: 2 } } },
  });
  const run = await world.run();
  expect(run.status).toBe(1);
  expect(world.events("one")).toMatchInlineSnapshot(`
    "attempt 1
    agent over-budget: the agent used up its money
    rejected: over-budget: the agent used up its money (limits.attempt.usd), kept
    giving up
    accepted by style tests
    blocked: the agent used up its money (limits.attempt.usd)"
  `);
});

it.concurrent.for(["removes-the-workspace", "replaces-the-workspace"])(
  "refuses the work of an agent that %s and goes on with the queue",
  async (agent, { expect }) => {
    await using world = await createWorld({
      agent: { one: agent },
      tasks: ["one", "two"],
      config: { limits: { attempts: 2, rounds: 2 } },
    });
    const run = await world.run();
    expect(world.events("one")).toBe(
      [
        "attempt 1",
        "agent finished",
        "not sealed: the workspace was replaced",
        "rejected: refused: the workspace was replaced",
        "attempt 2",
        "agent finished",
        "not sealed: the workspace was replaced",
        "rejected: refused: the workspace was replaced",
        "giving up",
        "accepted by style tests",
        "blocked: the workspace was replaced",
      ].join("\n"),
    );
    expect(world.events("two")).toContain("landed");
    expect(run.status).toBe(1);
    expect(world.leftovers()).toEqual([]);
  },
);

it.concurrent("is not disturbed by what an agent writes beside its directory", async ({ expect }) => {
  await using world = await createWorld({ agent: "spoils-its-surroundings" });
  const run = await world.run();
  expect(run.status).toBe(0);
  expect(world.landed()).toEqual(["Do one"]);
});

it.concurrent("reads and writes nothing through what an agent put in the place of brief and claim", async ({
  expect,
}) => {
  await using world = await createWorld({
    agent: "claims-with-a-folder",
    config: { limits: { attempts: 1, rounds: 1 } },
  });
  const home = join(world.state, "..", "precious");
  const run = await world.run({ env: { HOME: home } });
  expect(run.status).toBe(1);
  expect(existsSync(home)).toBe(false);
  expect(world.events("one")).toMatchInlineSnapshot(`
    "attempt 1
    agent finished
    sealed, changed
    red: gate tests reported 1 failed test: "words.test.mjs > splits a text into words"
    agent finished
    sealed, changed
    rejected: no-progress: the change is the same as one that was rejected before: gate tests reported 1 failed test: "words.test.mjs > splits a text into words", kept
    giving up
    accepted by style tests
    blocked: the change is the same as one that was rejected before: gate tests reported 1 failed test: "words.test.mjs > splits a text into words""
  `);
});
