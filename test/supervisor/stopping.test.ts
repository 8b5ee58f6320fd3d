/** When a run ends before the queue is empty: limits, breakers, wrong configurations, signals, a second supervisor. */
import { it } from "vitest";
import { createWorld, testsGate } from "../support/world.ts";

it.concurrent("starts no agent on a red target", async ({ expect }) => {
  await using world = await createWorld({ files: { "src/words.mjs": "export const words = () => [];\n" } });
  const run = await world.run();
  expect(run.status).toBe(5);
  expect(world.events("one")).toMatchInlineSnapshot(`
    "attempt 1
    baseline red: gate tests reported 1 failed test: "words.test.mjs > splits a text into words" on main, before any change (see <state>/attempts/one/1/baseline/gate-tests.log, or run: ralphwright gate tests; to work on with these failures: red_baseline: compare)
    interrupted: gate tests reported 1 failed test: "words.test.mjs > splits a text into words" on main, before any change (see <state>/attempts/one/1/baseline/gate-tests.log, or run: ralphwright gate tests; to work on with these failures: red_baseline: compare)"
  `);
  expect(run.lines.at(-1)).toMatchInlineSnapshot(
    `"Stopped by the breaker: gate tests reported 1 failed test: "words.test.mjs > splits a text into words" on main, before any change (see <state>/attempts/one/1/baseline/gate-tests.log, or run: ralphwright gate tests; to work on with these failures: red_baseline: compare). See: ralphwright log"`,
  );
  expect(world.leftovers()).toEqual([]);
});

it.concurrent("is told of a gate that cannot work here, at once and before an agent starts", async ({
  expect,
}) => {
  const commands = [
    "no-such-compiler --check",
    "echo more >> README.md",
    "echo more > report.txt",
    "! test -e PROGRESS.md",
    "! grep -rq landed tasks",
  ];
  const told = commands.map(async (command) => {
    await using world = await createWorld({ config: { gates: [{ name: "odd", run: command }] } });
    const run = await world.run();
    expect(run.status).toBe(2);
    expect(world.events("one")).not.toContain("agent");
    return `${command}\n  ${run.lines.at(-1)}`;
  });
  expect((await Promise.all(told)).join("\n")).toMatchInlineSnapshot(`
    "no-such-compiler --check
      The configuration is wrong: gate odd exited with 127 on main, before any change (bash: line 1: no-such-compiler: command not found).
    echo more >> README.md
      The configuration is wrong: the gates changed files of the checkout, so the result is void: README.md on main, before any change; let .gitignore name what gates write, and let them change nothing else.
    echo more > report.txt
      The configuration is wrong: the gates changed files of the checkout, so the result is void: report.txt on main, before any change; let .gitignore name what gates write, and let them change nothing else.
    ! test -e PROGRESS.md
      The configuration is wrong: gate odd exited with 1 once ralphwright writes PROGRESS.md and the status in tasks/one.md; let that gate ignore these files (see <state>/attempts/one/1/own-files).
    ! grep -rq landed tasks
      The configuration is wrong: gate odd exited with 1 once ralphwright writes PROGRESS.md and the status in tasks/one.md; let that gate ignore these files (see <state>/attempts/one/1/own-files)."
  `);
});

it.concurrent("says which configured gate wrote no report", async ({ expect }) => {
  await using world = await createWorld({
    config: { gates: [{ name: "quiet", run: "true", report: "junit" }] },
  });
  const run = await world.run();
  expect(run.status).toBe(2);
  expect(run.lines.at(-1)).toMatchInlineSnapshot(
    `"The configuration is wrong: gate quiet wrote no report to $RALPH_REPORT on main, before any change (see <state>/attempts/one/1/baseline/gate-quiet.log, or run: ralphwright gate quiet)."`,
  );
});

it.concurrent("stops when the agent cannot be started", async ({ expect }) => {
  await using world = await createWorld({ tasks: ["one", "two"] });
  const run = await world.run({ args: ["--agent-command", "no-such-agent --fast"] });
  expect(run.status).toBe(5);
  expect(world.events("one")).toMatchInlineSnapshot(`
    "attempt 1
    agent not-started: the agent could not be started: bash: line 1: no-such-agent: command not found
    interrupted: the agent could not be started: bash: line 1: no-such-agent: command not found"
  `);
  expect(world.events("two")).toBe("");
});

it.concurrent("stops after so many tasks given up in a row", async ({ expect }) => {
  await using world = await createWorld({
    agent: "breaks-a-test",
    tasks: ["a", "b", "c"],
    config: { limits: { attempts: 1, rounds: 0, run: { failures_in_a_row: 2 } } },
  });
  const run = await world.run();
  expect(run.status).toBe(5);
  expect(run.lines.at(-1)).toMatchInlineSnapshot(
    `"Stopped by the breaker: 2 tasks were given up in a row (limits.run.failures_in_a_row). See: ralphwright log"`,
  );
  expect(world.events("c")).toBe("");
  expect(world.landed()).toHaveLength(2);
});

it.concurrent("stops at the number of tasks a run may do", async ({ expect }) => {
  await using world = await createWorld({
    tasks: ["a", "b", "c"],
    config: { limits: { attempts: 1, rounds: 0, run: { tasks: 2 } } },
  });
  const run = await world.run();
  expect(run.status).toBe(4);
  expect(run.lines.at(-1)).toMatchInlineSnapshot(
    `"Stopped by a limit: limits.run.tasks is reached: 2 of 2 tasks are done. See: ralphwright log"`,
  );
  expect(world.landed()).toEqual(["Do a", "Do b"]);
});

it.concurrent("stops when the money of a run is spent", async ({ expect }) => {
  await using world = await createWorld({
    agent: "speaks-the-protocol",
    protocol: "ralph-agent/1",
    tasks: ["a", "b", "c"],
    config: { limits: { attempts: 1, rounds: 1, run: { usd: 0.5 } } },
  });
  const run = await world.run();
  expect(run.status).toBe(4);
  expect(run.lines.at(-1)).toMatchInlineSnapshot(
    `"Stopped by a limit: limits.run.usd is spent: 0.50 of 0.50 USD. See: ralphwright log"`,
  );
  expect(world.landed()).toEqual(["Do a"]);
});

it.concurrent("finishes and lands what runs after the first SIGINT, and starts nothing new", async ({
  expect,
}) => {
  await using world = await createWorld({ agent: "meets-the-test", tasks: ["one", "two"] });
  const run = world.start();
  const agent = await world.meetAgent();
  run.kill("SIGINT");
  await run.told("finishing what runs");
  agent.behaveAs("lands-a-change");
  expect((await run.done).status).toBe(130);
  expect(world.landed()).toEqual(["Do one"]);
  expect(world.events("two")).toBe("");
  expect(world.leftovers()).toEqual([]);
});

it.concurrent("ends every agent and lands nothing after the second SIGINT, and goes on in the next run", async ({
  expect,
}) => {
  await using world = await createWorld({ agent: "meets-the-test" });
  const run = world.start();
  const agent = await world.meetAgent();
  run.kill("SIGINT");
  await run.told("finishing what runs");
  run.kill("SIGINT");
  expect((await run.done).status).toBe(130);
  agent.behaveAs("lands-a-change");
  expect(world.landed()).toEqual([]);
  expect(world.events("one")).toMatchInlineSnapshot(`
    "attempt 1
    agent stopped
    interrupted: stopped by the supervisor"
  `);
  expect(world.leftovers()).toEqual([]);
  const again = world.start();
  (await world.meetAgent()).behaveAs("lands-a-change");
  expect((await again.done).status).toBe(0);
  expect(world.landed()).toEqual(["Do one"]);
});

it.concurrent("exits with 143 after SIGTERM", async ({ expect }) => {
  await using world = await createWorld({ agent: "meets-the-test" });
  const run = world.start();
  const agent = await world.meetAgent();
  run.kill("SIGTERM");
  await run.told("finishing what runs");
  agent.behaveAs("lands-a-change");
  expect((await run.done).status).toBe(143);
  expect(world.landed()).toEqual(["Do one"]);
});

it.concurrent("finishes what runs when the terminal hangs up", async ({ expect }) => {
  await using world = await createWorld({ agent: "meets-the-test", tasks: ["one", "two"] });
  const run = world.start();
  const agent = await world.meetAgent();
  run.kill("SIGHUP");
  await run.told('"msg":"stop requested"');
  // From the shell and from the kernel: nobody has asked for more.
  run.kill("SIGHUP");
  run.kill("SIGHUP");
  agent.behaveAs("lands-a-change");
  const done = await run.done;
  expect(done.signal).toBe(null);
  expect(world.landed()).toEqual(["Do one"]);
  expect(world.leftovers()).toEqual([]);
});

it.concurrent("ends a gate that runs when it is told to stop now", async ({ expect }) => {
  const gate = { name: "slow", run: "if [ -e src/one.mjs ]; then echo gate runs >&2; sleep 300; fi" };
  await using world = await createWorld({ config: { gates: [gate, testsGate] } });
  const run = world.start();
  await run.told('"msg":"change sealed"');
  run.kill("SIGINT");
  await run.told("finishing what runs");
  run.kill("SIGINT");
  expect((await run.done).status).toBe(130);
  expect(world.landed()).toEqual([]);
  expect(world.kept()).toEqual(["one/1"]);
  expect(world.leftovers()).toEqual([]);
});

it.concurrent("refuses to work beside another supervisor, and does not disturb it", async ({ expect }) => {
  await using world = await createWorld({ agent: "meets-the-test" });
  const run = world.start();
  const agent = await world.meetAgent();
  const second = await world.run();
  expect(second.status).toBe(3);
  expect(second.lines.join("\n")).toMatchInlineSnapshot(`
    "ralphwright: another supervisor works on this repository: pid <pid> on <host>, since <time>
      Wait for it, stop it with \`ralphwright stop\`, or see \`ralphwright status\`. The lease is <state>/lease.json."
  `);
  agent.behaveAs("lands-a-change");
  expect((await run.done).status).toBe(0);
  expect(world.leftovers()).toEqual([]);
});
