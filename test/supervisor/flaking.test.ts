/** Gates that are red now and then, and targets that are red already: told apart from changes that are red. */
import { it } from "vitest";
import { createWorld, testsGate } from "../support/world.ts";

/** Red on the runs with these numbers; the baseline takes the first two. It counts in HOME, which a sandbox empties. */
const redOnRuns = (...runs: readonly number[]): string =>
  `n=$(cat "$HOME/runs" 2>/dev/null || echo 0); n=$((n+1)); echo $n >"$HOME/runs"; case $n in ${runs.join("|")}) exit 1;; esac`;

it.concurrent("repeats a red gate once, lands what is green then, and puts the gate on the list", async ({
  expect,
}) => {
  const gates = [{ name: "moody", run: redOnRuns(3) }];
  await using world = await createWorld({ config: { gates, sandbox: "off" } });
  const run = await world.run();
  expect(run.status).toBe(0);
  expect(world.landed()).toEqual(["Do one"]);
  const verdict = world.records().find(({ event }) => event.type === "verdict-reached")?.event;
  expect(verdict).toMatchObject({ verdict: { kind: "accept", flaky: ["moody"] } });
  expect(world.leftovers()).toEqual([]);
});

it.concurrent("repeats it only once: what is red twice is red", async ({ expect }) => {
  const gates = [{ name: "moody", run: redOnRuns(3, 4) }];
  await using world = await createWorld({ config: { gates, sandbox: "off" } });
  await world.run();
  expect(world.events("one")).toContain("red: gate moody exited with 1");
  expect(world.landed()).toEqual([expect.stringContaining("Give up one")]);
});

it.concurrent("repeats nothing where a gate changed the checkout: what the others said is void, too", async ({
  expect,
}) => {
  const gates = [
    { name: "rewrites", run: "if [ -e src/one.mjs ]; then echo more >>README.md; fi" },
    { name: "moody", run: redOnRuns(3) },
  ];
  await using world = await createWorld({ config: { gates, sandbox: "off" } });
  await world.run();
  expect(world.events("one")).toContain("red: gate moody exited with 1");
  expect(world.landed()).toEqual([expect.stringContaining("Give up one")]);
});

it.concurrent("repeats a red baseline once before it holds the run", async ({ expect }) => {
  const gates = [{ name: "moody", run: redOnRuns(1) }];
  await using world = await createWorld({ config: { gates, sandbox: "off" } });
  const run = await world.run();
  expect(run.status).toBe(0);
  expect(world.landed()).toEqual(["Do one"]);
});

it.concurrent("refuses a new test that fails in one of two runs", async ({ expect }) => {
  await using world = await createWorld({ agent: "adds-a-flaky-test", config: { sandbox: "off" } });
  await world.run();
  expect(world.events("one")).toContain(
    'gate tests: new tests failed in one of two runs on the same code: "moody.test.mjs > passes now and then"',
  );
  expect(world.redCommits()).toEqual([]);
});

const redTest = {
  "test/red.test.mjs":
    'import { it } from "node:test";\nit("is red", () => { throw new Error("as ever"); });\n',
};

it.concurrent("holds the run when the target is red, with the failures and how to see them", async ({
  expect,
}) => {
  await using world = await createWorld({ files: redTest });
  const run = await world.run();
  expect(run.status).toBe(5);
  expect(world.landed()).toEqual([]);
  expect(run.lines.join("\n")).toContain(
    'gate tests reported 1 failed test: "red.test.mjs > is red" on main, before any change',
  );
  expect(run.lines.join("\n")).toContain(
    "or run: ralphwright gate tests; to work on with these failures: red_baseline: compare",
  );
});

it.concurrent("compares failure by failure where people say so: old ones excuse no new ones", async ({
  expect,
}) => {
  await using world = await createWorld({
    files: redTest,
    tasks: ["honest", "breaks"],
    agent: { breaks: "breaks-a-test" },
    config: { gates: [{ ...testsGate, red_baseline: "compare" }] },
  });
  await world.run();
  expect(world.landed().toSorted()).toEqual([
    expect.stringContaining("Do honest"),
    expect.stringContaining("Give up breaks"),
  ]);
  expect(world.events("breaks")).toContain(
    'gate tests reported 1 failed test: "words.test.mjs > splits a text into words"',
  );
  const baseline = world.records().find(({ event }) => event.type === "baseline-checked")?.event;
  expect(baseline).toMatchObject({
    baseline: { kind: "green", failing: ['tests: "red.test.mjs > is red"'] },
  });
});
