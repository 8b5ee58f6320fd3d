/** What becomes of a task: it lands, it is tried again with the reason, or it is given up and waits for a person. */
import { it } from "vitest";
import { agentCommand, createWorld, taskText } from "../support/world.ts";

it.concurrent("lands a change at once when every gate passes", async ({ expect }) => {
  await using world = await createWorld();
  const run = await world.run();
  expect(run.status).toBe(0);
  expect(world.events("one")).toMatchInlineSnapshot(`
    "attempt 1
    agent claimed complete
    sealed, changed
    accepted by style tests
    landed L-0001"
  `);
  expect(world.plain(world.repository.git("log", "-1", "--format=%B", "main"))).toMatchInlineSnapshot(`
    "Do one

    Adds the module one.

    Task: one
    Attempt: 1
    Gates: style tests
    Agent: command lands-a-change.ts
    Cost-USD: unknown
    Learnings: L-0001
    Run: <time>
    "
  `);
  expect(world.onTarget("tasks/one.md")).toContain("status: landed");
  expect(world.repository.git("show", "--name-only", "--format=", "main").split("\n")).toEqual([
    "PROGRESS.md",
    "src/one.mjs",
    "tasks/one.md",
    "test/one.test.mjs",
  ]);
  expect(world.leftovers()).toEqual([]);
});

it.concurrent("tells a run in few lines", async ({ expect }) => {
  await using world = await createWorld();
  const run = await world.run();
  expect(run.lines.join("\n")).toMatchInlineSnapshot(`
    "run <time> on main; sandbox: bubblewrap
    run started
    attempt started
    workspace prepared
    baseline checked
    agent stopped
    change sealed
    candidate composed
    verdict reached
    task landed
    workspace released
    run ended
    The queue is drained: nothing is left to do. See: ralphwright log"
  `);
});

it.concurrent("sends the evidence of a red round back to the agent, which then lands", async ({ expect }) => {
  await using world = await createWorld({
    agent: "red-then-green",
    config: { limits: { attempts: 1, rounds: 1 } },
  });
  const run = await world.run();
  expect(run.status).toBe(0);
  expect(world.events("one")).toMatchInlineSnapshot(`
    "attempt 1
    agent claimed complete
    sealed, changed
    red: gate tests reported 1 failed test: "words.test.mjs > splits a text into words"
    agent claimed complete
    sealed, changed
    accepted by style tests
    landed L-0001"
  `);
  const heard = world.attemptFile("one", 1, "agent/agent.log");
  const evidence = world.attemptFile("one", 1, "evidence-0.md");
  expect(heard).toContain(evidence);
  expect(evidence.length).toBeLessThanOrEqual(24_000);
  expect(world.plain(evidence).split("\n").slice(0, 7).join("\n")).toMatchInlineSnapshot(`
    "The change was judged and rejected: gate tests reported 1 failed test: "words.test.mjs > splits a text into words"
    Green: style.

    ## Gate tests

    Ran: node --test --test-isolation=none --test-reporter=spec --test-reporter-destination=stdout --test-reporter=junit --test-…
    Full log: <state>/attempts/one/1/gates-0/gate-tests.log"
  `);
  expect(world.kept()).toEqual([]);
});

it.concurrent("keeps evidence within its size when a gate prints megabytes", async ({ expect }) => {
  const noisy =
    "node -e \"console.log('noise '.repeat(400000)); console.log('Error: here it is'); process.exitCode = 1\"";
  const run = `if [ -e src/one.mjs ]; then ${noisy}; fi`;
  await using world = await createWorld({ config: { gates: [{ name: "noisy", run }] } });
  await world.run();
  const evidence = world.attemptFile("one", 1, "evidence-0.md");
  expect(evidence.length).toBeLessThanOrEqual(24_000);
  expect(evidence).toContain("Error: here it is");
  expect(evidence).toContain("Full log: ");
});

it.concurrent("keeps rejected work under a ref and tells the next attempt what was tried and why", async ({
  expect,
}) => {
  await using world = await createWorld({
    agent: { one: "breaks-a-test,lands-a-change" },
    config: { limits: { attempts: 2, rounds: 0 } },
  });
  const run = await world.run();
  expect(run.status).toBe(0);
  expect(world.events("one")).toMatchInlineSnapshot(`
    "attempt 1
    agent claimed complete
    sealed, changed
    red: gate tests reported 1 failed test: "words.test.mjs > splits a text into words"
    rejected: red: gate tests reported 1 failed test: "words.test.mjs > splits a text into words", kept
    attempt 2
    agent claimed complete
    sealed, changed
    accepted by style tests
    landed L-0001"
  `);
  expect(world.kept()).toEqual(["one/1"]);
  expect(world.repository.git("show", "refs/ralph/attempts/one/1:src/words.mjs")).toContain("=> []");
  const [, tried = ""] = world.attemptFile("one", 2, "brief.md").split("# What was tried before\n\n");
  expect(world.plain(tried).split("\n").slice(0, 10).join("\n")).toMatchInlineSnapshot(`
    "Another agent tried before you and was rejected. Do not repeat it; find out why first.

    - Attempt 1 (red): gate tests reported 1 failed test: "words.test.mjs > splits a text into words". Its work: \`git diff <commit>^ <commit>\`.

    The last one in detail:

    The change was judged and rejected: gate tests reported 1 failed test: "words.test.mjs > splits a text into words"
    Green: style.

    ## Gate tests"
  `);
  expect(world.repository.git("log", "-1", "--format=%(trailers:key=Attempt,valueonly)", "main").trim()).toBe(
    "2",
  );
});

it.concurrent("gives a task up after its last attempt, and writes down why", async ({ expect }) => {
  await using world = await createWorld({
    agent: "breaks-differently",
    config: { limits: { attempts: 2, rounds: 1 } },
  });
  const run = await world.run();
  expect(run.status).toBe(1);
  expect(world.events("one")).toMatchInlineSnapshot(`
    "attempt 1
    agent claimed complete
    sealed, changed
    red: gate tests reported 2 failed tests: "words.test.mjs > splits a text into words", "words.test.mjs > finds no word in an empty text"
    agent claimed complete
    sealed, changed
    red: gate tests reported 2 failed tests: "words.test.mjs > splits a text into words", "words.test.mjs > finds no word in an empty text"
    rejected: red: gate tests reported 2 failed tests: "words.test.mjs > splits a text into words", "words.test.mjs > finds no word in an empty text", kept
    attempt 2
    agent claimed complete
    sealed, changed
    red: gate tests reported 2 failed tests: "words.test.mjs > splits a text into words", "words.test.mjs > finds no word in an empty text"
    agent claimed complete
    sealed, changed
    red: gate tests reported 2 failed tests: "words.test.mjs > splits a text into words", "words.test.mjs > finds no word in an empty text"
    rejected: red: gate tests reported 2 failed tests: "words.test.mjs > splits a text into words", "words.test.mjs > finds no word in an empty text", kept
    giving up
    accepted by style tests
    blocked: gate tests reported 2 failed tests: "words.test.mjs > splits a text into words", "words.test.mjs > finds no word in an empty text""
  `);
  // Every round's work can be had: the ref holds the last one, and through it those before.
  const sealed = world.repository.git("log", "--format=%s", "refs/ralph/attempts/one/1", "--not", "main");
  expect(sealed.split("\n")).toEqual(["Attempt 1 at one, round 1", "Attempt 1 at one, round 0"]);
  expect(world.plain(world.onTarget("tasks/one.md"))).toMatchInlineSnapshot(`
    "---
    title: Do one
    status: blocked
    blocked:
      attempt: 2
      text: 3aa290565d6a9f56e6376b9c0c0f0c6ad56b9042985ef9df7bd894b2e1fe14e9
      why: 'gate tests reported 2 failed tests: "words.test.mjs > splits a text into words", "words.test.mjs > finds no word in an empty text"'
    ---

    Do it.

    ## Acceptance

    - It is done.
    "
  `);
  expect(world.plain(world.repository.git("log", "-1", "--format=%B", "main"))).toMatchInlineSnapshot(`
    "Give up one: gate tests reported 2 failed tests: "words.test.mjs > spli…

    gate tests reported 2 failed tests: "words.test.mjs > splits a text
    into words", "words.test.mjs > finds no word in an empty text"

    Task: one
    Attempt: 2
    Outcome: blocked
    Cost-USD: unknown
    Run: <time>
    "
  `);
  expect(world.kept()).toEqual(["one/1", "one/2"]);
  expect(world.onTarget("src/words.mjs")).toContain("split");
  expect(world.leftovers()).toEqual([]);
});

it.concurrent("lands no record of a task that its gates refuse, and says so", async ({ expect }) => {
  await using world = await createWorld({
    agent: "changes-nothing",
    config: { gates: [{ name: "open", run: "! grep -rq 'status: blocked' tasks" }] },
  });
  const run = await world.run();
  expect(run.status).toBe(1);
  expect(world.landed()).toEqual([]);
  expect(world.events("one")).toContain("its record commit was refused: gate open exited with 1");
});

it.concurrent("does not touch a blocked task in the next run, and exits with 1 again", async ({ expect }) => {
  await using world = await createWorld({ agent: "breaks-a-test" });
  await world.run();
  const tip = world.repository.git("rev-parse", "main");
  const again = await world.run();
  expect(again.status).toBe(1);
  expect(world.repository.git("rev-parse", "main")).toBe(tip);
});

it.concurrent("takes a blocked task up again with fresh attempts when its text is edited", async ({
  expect,
}) => {
  await using world = await createWorld({
    agent: "breaks-differently",
    config: { limits: { attempts: 2, rounds: 0 } },
  });
  await world.run();
  const blocked = world.onTarget("tasks/one.md");
  world.repository.write("tasks/one.md", blocked.replace("Do it.", "Do it with care."));
  const still = await world.run();
  expect(still.status).toBe(1);
  world.repository.write(
    "tasks/one.md",
    world.onTarget("tasks/one.md").replace("with care", "with great care"),
  );
  const run = await world.run({ args: ["--agent-command", agentCommand("lands-a-change")] });
  expect(run.status).toBe(0);
  expect(world.events("one")).toMatchInlineSnapshot(`
    "attempt 1
    agent claimed complete
    sealed, changed
    red: gate tests reported 2 failed tests: "words.test.mjs > splits a text into words", "words.test.mjs > finds no word in an empty text"
    rejected: red: gate tests reported 2 failed tests: "words.test.mjs > splits a text into words", "words.test.mjs > finds no word in an empty text", kept
    attempt 2
    agent claimed complete
    sealed, changed
    red: gate tests reported 2 failed tests: "words.test.mjs > splits a text into words", "words.test.mjs > finds no word in an empty text"
    rejected: red: gate tests reported 2 failed tests: "words.test.mjs > splits a text into words", "words.test.mjs > finds no word in an empty text", kept
    giving up
    accepted by style tests
    blocked: gate tests reported 2 failed tests: "words.test.mjs > splits a text into words", "words.test.mjs > finds no word in an empty text"
    attempt 3
    agent claimed complete
    sealed, changed
    red: gate tests reported 2 failed tests: "words.test.mjs > splits a text into words", "words.test.mjs > finds no word in an empty text"
    rejected: red: gate tests reported 2 failed tests: "words.test.mjs > splits a text into words", "words.test.mjs > finds no word in an empty text", kept
    attempt 4
    agent claimed complete
    sealed, changed
    red: gate tests reported 2 failed tests: "words.test.mjs > splits a text into words", "words.test.mjs > finds no word in an empty text"
    rejected: red: gate tests reported 2 failed tests: "words.test.mjs > splits a text into words", "words.test.mjs > finds no word in an empty text", kept
    giving up
    accepted by style tests
    blocked: gate tests reported 2 failed tests: "words.test.mjs > splits a text into words", "words.test.mjs > finds no word in an empty text"
    attempt 5
    agent claimed complete
    sealed, changed
    accepted by style tests
    landed L-0001"
  `);
  expect(world.onTarget("tasks/one.md")).toBe(
    taskText("one", "status: landed").replace("it.", "it with great care."),
  );
  expect(world.leftovers()).toEqual([]);
});

it.concurrent("does not take a blocked task up again for a change of its layout", async ({ expect }) => {
  await using world = await createWorld({ agent: "breaks-a-test" });
  await world.run();
  world.repository.write("tasks/one.md", `${world.onTarget("tasks/one.md")}\n\n`);
  const run = await world.run({ args: ["--agent-command", agentCommand("lands-a-change")] });
  expect(run.status).toBe(1);
  expect(world.landed()).toHaveLength(1);
});

it.concurrent("blocks a task at once when its agent asks a question, without counting a failure", async ({
  expect,
}) => {
  await using world = await createWorld({
    agent: { one: "asks-a-question" },
    tasks: ["one", "two"],
    config: { limits: { attempts: 3, rounds: 2, run: { failures_in_a_row: 1 } } },
  });
  const run = await world.run();
  expect(run.status).toBe(1);
  expect(world.events("one")).toMatchInlineSnapshot(`
    "attempt 1
    agent claimed blocked
    rejected: question: Shall dots end a word, too?, kept
    giving up
    accepted by style tests
    blocked: Shall dots end a word, too?"
  `);
  expect(world.onTarget("tasks/one.md")).toContain('why: "question: Shall dots end a word, too?"');
  expect(world.events("two")).toContain("landed");
});

it.concurrent("rejects an attempt that changed nothing, whatever was claimed", async ({ expect }) => {
  await using world = await createWorld({ agent: "changes-nothing" });
  const run = await world.run();
  expect(run.status).toBe(1);
  expect(world.events("one")).toMatchInlineSnapshot(`
    "attempt 1
    agent claimed complete
    sealed, empty
    rejected: empty: the agent changed nothing
    giving up
    accepted by style tests
    blocked: the agent changed nothing"
  `);
});

it.concurrent("ends an attempt that hands in the same tree a second time", async ({ expect }) => {
  await using world = await createWorld({
    agent: "breaks-a-test",
    config: { limits: { attempts: 2, rounds: 3 } },
  });
  const run = await world.run();
  expect(run.status).toBe(1);
  expect(world.events("one")).toMatchInlineSnapshot(`
    "attempt 1
    agent claimed complete
    sealed, changed
    red: gate tests reported 1 failed test: "words.test.mjs > splits a text into words"
    agent claimed complete
    sealed, changed
    rejected: no-progress: the change is the same as one that was rejected before: gate tests reported 1 failed test: "words.test.mjs > splits a text into words", kept
    attempt 2
    agent claimed complete
    sealed, changed
    rejected: no-progress: the change is the same as one that was rejected before: gate tests reported 1 failed test: "words.test.mjs > splits a text into words", kept
    giving up
    accepted by style tests
    blocked: 2 attempts in a row brought nothing new: the change is the same as one that was rejected before: gate tests reported 1 failed test: "words.test.mjs > splits a text into words""
  `);
});

it.concurrent("holds a conversation over ralph-agent/1: one process works, hears the verdict and mends", async ({
  expect,
}) => {
  await using world = await createWorld({
    agent: "speaks-the-protocol",
    protocol: "ralph-agent/1",
    config: { limits: { attempts: 1, rounds: 1 } },
  });
  const run = await world.run();
  expect(run.status).toBe(0);
  expect(world.events("one")).toMatchInlineSnapshot(`
    "attempt 1
    agent claimed complete
    sealed, changed
    red: gate tests reported 1 failed test: "words.test.mjs > splits a text into words"
    agent claimed complete
    sealed, changed
    accepted by style tests
    landed"
  `);
  expect(
    world.repository.git("log", "-1", "--format=%(trailers:key=Cost-USD,valueonly)", "main").trim(),
  ).toBe("0.50");
  const log = world.attemptFile("one", 1, "agent/agent.log");
  expect(log.match(/"type":"started"/g)).toHaveLength(1);
  expect(log).toContain("splits a text into words");
  expect(log).toContain('"type":"end"');
});

it.concurrent("numbers learnings and gives the next briefs as many as fit brief_tokens", async ({
  expect,
}) => {
  await using world = await createWorld({
    tasks: ["a1", "a2", "a3", "a4"],
    config: { progress: { brief_tokens: 30 } },
  });
  const run = await world.run();
  expect(run.status).toBe(0);
  const learned = (task: string): readonly string[] =>
    world.attemptFile(task, 1, "brief.md").match(/^- L-\d+.*$/gm) ?? [];
  expect(learned("a1")).toEqual([]);
  expect(learned("a2")).toMatchInlineSnapshot(`
    [
      "- L-0001 (a1): The module a1 is tested by node:test.",
    ]
  `);
  expect(learned("a4")).toMatchInlineSnapshot(`
    [
      "- L-0002 (a2): The module a2 is tested by node:test.",
      "- L-0003 (a3): The module a3 is tested by node:test.",
    ]
  `);
  const dateless = world.plain(world.onTarget("PROGRESS.md")).replaceAll(/\d{4}-\d\d-\d\d/g, "<date>");
  expect(dateless).toMatchInlineSnapshot(`
    "# Progress

    What each task taught, newest last. Written by ralphwright alone.

    ## a1: landed (<date>, attempt 1, on <commit>)

    Adds the module a1.

    - L-0001: The module a1 is tested by node:test.

    ## a2: landed (<date>, attempt 1, on <commit>)

    Adds the module a2.

    - L-0002: The module a2 is tested by node:test.

    ## a3: landed (<date>, attempt 1, on <commit>)

    Adds the module a3.

    - L-0003: The module a3 is tested by node:test.

    ## a4: landed (<date>, attempt 1, on <commit>)

    Adds the module a4.

    - L-0004: The module a4 is tested by node:test.
    "
  `);
});

it.concurrent("puts the progress file and the task files back, says so, and lands the rest", async ({
  expect,
}) => {
  await using world = await createWorld({
    agent: { one: "edits-the-progress-file", two: "edits-its-task-file" },
    tasks: ["one", "two"],
  });
  const run = await world.run();
  expect(run.status).toBe(0);
  expect(world.events("one")).toContain("put back PROGRESS.md");
  expect(world.events("two")).toContain("put back tasks/forged.md tasks/two.md");
  expect(world.onTarget("PROGRESS.md")).not.toContain("forged");
  expect(world.repository.git("ls-tree", "-r", "--name-only", "main", "tasks/")).toBe(
    "tasks/one.md\ntasks/two.md",
  );
});
