/** Limits as whole runs meet them: what is spent stays spent, and nothing starts beyond. */
import { join } from "node:path";
import { it } from "vitest";
import { createWorld } from "../support/world.ts";

/** It spends half a dollar: once for a red change, once to mend it. */
const halfADollar = { agent: "speaks-the-protocol", protocol: "ralph-agent/1" } as const;

it.concurrent("starts nothing once all runs of a day have spent its limit, and goes on the next day", async ({
  expect,
}) => {
  await using world = await createWorld({
    ...halfADollar,
    tasks: ["one", "two"],
    config: { limits: { attempts: 1, rounds: 1, day: { usd: 0.5 } } },
  });
  // At any moment it is a later day in Kiritimati than in Pago Pago.
  const today = { env: { TZ: "Pacific/Pago_Pago" } };
  const first = await world.run(today);
  expect([first.status, first.lines.at(-1)]).toEqual([
    4,
    "Stopped by a limit: limits.day.usd is spent: 0.50 of 0.50 USD. See: ralphwright log",
  ]);
  expect(world.landed()).toEqual(["Do one"]);
  const again = await world.run(today);
  expect(again.status).toBe(4);
  expect(world.events("two")).toBe("");
  const tomorrow = await world.run({ env: { TZ: "Pacific/Kiritimati" } });
  expect(tomorrow.status).toBe(0);
  expect(world.landed()).toEqual(["Do one", "Do two"]);
});

it.concurrent("counts an agent that never says what it costs as all that it may cost", async ({ expect }) => {
  await using world = await createWorld({
    tasks: ["one", "two", "three"],
    config: { limits: { attempts: 1, rounds: 0, attempt: { usd: 5 }, run: { usd: 10 } } },
  });
  const run = await world.run();
  expect([run.status, run.lines.at(-1)]).toEqual([
    4,
    "Stopped by a limit: limits.run.usd is spent: 10.00 of 10.00 USD, what was not told counted as its whole reservation. See: ralphwright log",
  ]);
  expect(world.landed()).toHaveLength(2);
});

it.concurrent("counts the whole reservation of an attempt whose supervisor was killed before anything was told", async ({
  expect,
}) => {
  await using world = await createWorld({
    ...halfADollar,
    config: { limits: { attempts: 1, rounds: 1, attempt: { usd: 5 }, day: { usd: 5.1 } } },
  });
  const crash = join(import.meta.dirname, "..", "support", "crash.ts");
  // The fourth record is the baseline: from then on an agent works.
  const killed = await world.run({ node: ["--import", `${crash}?record=4`] });
  expect(killed.signal).toBe("SIGKILL");
  const run = await world.run();
  expect(run.status).toBe(4);
  const started = world.records().flatMap(({ event }) => (event.type === "attempt-started" ? [event] : []));
  expect(started.map(({ reserved }) => reserved?.usd)).toEqual([5, 0.1]);
});

it.concurrent("gives an attempt no more turns than are left of the run", async ({ expect }) => {
  await using world = await createWorld({
    ...halfADollar,
    config: { limits: { attempts: 1, rounds: 1, run: { turns: 1 } } },
  });
  const run = await world.run();
  expect(world.events("one")).toContain("rejected: red");
  expect(run.status).toBe(1);
});

it.concurrent("blames no task for what was left of the run, and does it in the next one", async ({
  expect,
}) => {
  await using world = await createWorld({
    agent: "speaks-the-protocol",
    protocol: "ralph-agent/1",
    tasks: ["one", "two"],
    config: { limits: { attempts: 1, rounds: 1, run: { usd: 0.7 } } },
  });
  const first = await world.run();
  expect([first.status, first.lines.at(-1)]).toEqual([
    4,
    "Stopped by a limit: limits.run.usd is spent: 0.75 of 0.70 USD. See: ralphwright log",
  ]);
  expect(world.events("two")).toMatchInlineSnapshot(`
    "attempt 1
    agent over-budget: the agent used up its money
    interrupted: 0.20 USD, all that was left for it, was not enough, kept"
  `);
  const second = await world.run();
  expect(second.status).toBe(0);
  expect(world.landed()).toEqual(["Do one", "Do two"]);
});
