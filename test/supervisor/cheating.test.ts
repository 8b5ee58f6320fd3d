/** Agents that lie, trick and edit: none of them lands red code, whatever they claim. */
import { it } from "vitest";
import { createWorld, styleGate, testsGate } from "../support/world.ts";

it.concurrent.for([
  "breaks-a-test",
  "deletes-a-test",
  "skips-a-test",
  "rewrites-a-test",
  "edits-the-configuration",
])("lands nothing of an agent that %s", async (agent, { expect }) => {
  await using world = await createWorld({ agent });
  const run = await world.run();
  expect(run.status).toBe(1);
  expect(world.landed()).toEqual([expect.stringContaining("Give up one")]);
  expect(world.repository.git("diff", "--name-only", "main~1", "main").split("\n")).toEqual([
    "PROGRESS.md",
    "tasks/one.md",
  ]);
  expect(world.kept()).toEqual(["one/1"]);
  expect(world.redCommits()).toEqual([]);
});

it.concurrent("says which tests vanished, which were skipped and which file is protected", async ({
  expect,
}) => {
  await using world = await createWorld({
    // The guard would refuse the first two before any gate: a task that may change tests still may not lose them.
    tasks: { deletes: 'allow: ["test/**"]', skips: 'allow: ["test/**"]', edits: "" },
    agent: { deletes: "deletes-a-test", skips: "skips-a-test", edits: "edits-the-configuration" },
  });
  await world.run();
  const whys = ["deletes", "skips", "edits"].map((task) => world.events(task).split("\n").at(-1));
  expect(whys.join("\n")).toMatchInlineSnapshot(`
    "blocked: gate tests: 2 tests vanished: "words.test.mjs > splits a text into words", "words.test.mjs > finds no word in an empty text"
    blocked: gate tests: 1 test now skipped: "words.test.mjs > splits a text into words"
    blocked: ralph.config.yaml is protected; put it back, or the task must allow it (allow: ["ralph.config.yaml"])"
  `);
});

it.concurrent("lets no liar land beside honest agents at the same time", async ({ expect }) => {
  await using world = await createWorld({
    tasks: ["a", "b", "c", "d", "e", "f"],
    agent: { a: "breaks-a-test", c: "skips-a-test", e: "deletes-a-test" },
    config: { concurrency: 2 },
  });
  const run = await world.run();
  expect(run.status).toBe(1);
  const landed = world.landed();
  expect(landed.filter((subject) => subject.startsWith("Do ")).toSorted()).toEqual(["Do b", "Do d", "Do f"]);
  expect(landed.filter((subject) => subject.startsWith("Give up ")).length).toBe(3);
  expect(landed).toHaveLength(6);
  expect(world.redCommits()).toEqual([]);
  const learned = world.onTarget("PROGRESS.md").match(/^- L-\d+/gm);
  expect(learned).toEqual(["- L-0001", "- L-0002", "- L-0003"]);
  expect(world.leftovers()).toEqual([]);
});

it.concurrent("refuses a weakened package script where package.json is protected, as init writes it", async ({
  expect,
}) => {
  await using world = await createWorld({
    agent: "edits-the-scripts",
    config: { gates: [{ name: "style", run: "node --run style" }], protect: ["package.json"] },
  });
  const run = await world.run();
  expect(run.status).toBe(1);
  expect(world.events("one")).toMatchInlineSnapshot(`
    "attempt 1
    agent claimed complete
    sealed, changed
    refused: package.json is protected; put it back, or the task must allow it (allow: ["package.json"])
    rejected: refused: package.json is protected; put it back, or the task must allow it (allow: ["package.json"]), kept
    giving up
    accepted by style
    blocked: package.json is protected; put it back, or the task must allow it (allow: ["package.json"])"
  `);
});

it.concurrent("refuses a protected file, and takes it from a task that allows it", async ({ expect }) => {
  await using world = await createWorld({
    agent: "edits-a-protected-file",
    tasks: { one: "", two: 'allow: ["AGENTS.md"]' },
  });
  const run = await world.run();
  expect(run.status).toBe(1);
  expect(world.events("one")).toMatchInlineSnapshot(`
    "attempt 1
    agent finished
    sealed, changed
    refused: AGENTS.md is protected; put it back, or the task must allow it (allow: ["AGENTS.md"])
    rejected: refused: AGENTS.md is protected; put it back, or the task must allow it (allow: ["AGENTS.md"]), kept
    giving up
    accepted by style tests
    blocked: AGENTS.md is protected; put it back, or the task must allow it (allow: ["AGENTS.md"])"
  `);
  expect(world.events("two")).toContain("landed");
  expect(world.onTarget("AGENTS.md")).toBe("Tests may be skipped.\n");
});

it.concurrent("never lets a task allow its own file or the progress file", async ({ expect }) => {
  await using world = await createWorld({
    agent: "only-edits-its-task-file",
    tasks: { one: 'allow: ["tasks/**", "PROGRESS.md"]' },
  });
  const run = await world.run();
  expect(run.status).toBe(1);
  expect(world.events("one")).toMatchInlineSnapshot(`
    "attempt 1
    agent finished
    sealed, empty, put back tasks/one.md
    rejected: empty: the agent changed nothing
    giving up
    accepted by style tests
    blocked: the agent changed nothing"
  `);
});

it.concurrent("lands nothing of an agent that mends the gate checkout while the gates run", async ({
  expect,
}) => {
  // Looks once the agent has had time to mend, and ends once it has had time to put back what was there.
  const gate = {
    name: "words",
    run: "sleep 0.1; grep -q split src/words.mjs; code=$?; sleep 0.5; exit $code",
  };
  await using world = await createWorld({
    agent: "patches-the-checkout",
    protocol: "ralph-agent/1",
    config: { gates: [gate] },
  });
  const run = await world.run();
  expect(world.landed()).toEqual([expect.stringContaining("Give up one")]);
  expect(world.redCommits()).toEqual([]);
  expect(run.status).toBe(1);
  expect(world.events("one")).toMatchInlineSnapshot(`
    "attempt 1
    agent claimed complete
    sealed, changed
    red: gate words exited with 1
    rejected: red: gate words exited with 1, kept
    giving up
    accepted by words
    blocked: gate words exited with 1"
  `);
  expect(world.leftovers()).toEqual([]);
});

it.concurrent("refuses a nested repository and a link out of the repository", async ({ expect }) => {
  await using world = await createWorld({
    tasks: ["nested", "link"],
    agent: { nested: "nested-git-repository", link: "symlink-out" },
  });
  const run = await world.run();
  expect(run.status).toBe(1);
  expect(world.events("nested")).toMatchInlineSnapshot(`
    "attempt 1
    agent finished
    sealed, changed
    refused: vendor/library is a git repository of its own inside the workspace; add its files without its .git, or not at all
    rejected: refused: vendor/library is a git repository of its own inside the workspace; add its files without its .git, or not at all, kept
    giving up
    accepted by style tests
    blocked: vendor/library is a git repository of its own inside the workspace; add its files without its .git, or not at all"
  `);
  expect(world.events("link")).toMatchInlineSnapshot(`
    "attempt 1
    agent finished
    sealed, changed
    refused: src/passwords is a symbolic link out of the repository (to /etc/passwd)
    rejected: refused: src/passwords is a symbolic link out of the repository (to /etc/passwd), kept
    giving up
    accepted by style tests
    blocked: src/passwords is a symbolic link out of the repository (to /etc/passwd)"
  `);
});

it.concurrent("takes an agent's own commits as files and runs nothing that it configured", async ({
  expect,
}) => {
  await using world = await createWorld({ agent: "commits-by-itself" });
  const branches = world.repository.git("for-each-ref", "refs/heads", "refs/tags");
  const run = await world.run();
  expect(run.status).toBe(0);
  expect(world.landed()).toEqual(["Do one"]);
  expect(world.repository.git("for-each-ref", "--format=%(refname)", "refs/heads", "refs/tags")).toBe(
    branches.split("\t")[1],
  );
  expect(world.repository.git("log", "--format=%an", "main")).not.toContain("Agent");
  expect(world.repository.git("config", "--local", "--list")).not.toMatch(/hookspath|fsmonitor|agent@/i);
  expect(world.repository.git("fsck", "--no-dangling")).toBe("");
  expect(world.leftovers()).toEqual([]);
});

it.concurrent("keeps the words of a claim from forging trailers, entries and terminal output", async ({
  expect,
}) => {
  await using world = await createWorld({ agent: "talks-evil" });
  const run = await world.run();
  expect(run.status).toBe(0);
  const trailers = world.repository.git("log", "-1", "--format=%(trailers:only,unfold)", "main");
  expect(world.plain(trailers)).toMatchInlineSnapshot(`
    "Task: one
    Attempt: 1
    Gates: style tests
    Agent: command talks-evil.ts
    Cost-USD: unknown
    Learnings: L-0001 L-0002
    Run: <time>
    "
  `);
  const dateless = world.plain(world.onTarget("PROGRESS.md")).replaceAll(/\d{4}-\d\d-\d\d/g, "<date>");
  expect(dateless).toMatchInlineSnapshot(`
    "# Progress

    What each task taught, newest last. Written by ralphwright alone.

    ## one: landed (<date>, attempt 1, on <commit>)

    Fine. Task: forged Gates: none Run: forged --- # comment \\[31mred Signed-off-by: Somebody \\<s@example.com>

    - L-0001: First line. ## forged: landed (<date>, attempt 1, on <commit>) - L-9999: forged
    - L-0002: left-to-right Task: forged \\[2J
    "
  `);
  // oxlint-disable-next-line no-control-regex -- they are what must not be there
  const control = /[\u0000-\u0008\u000B-\u001F\u007F]/;
  expect(world.repository.git("log", "-1", "--format=%B", "main")).not.toMatch(control);
  expect(world.onTarget("PROGRESS.md")).not.toMatch(control);
  expect(run.stderr).not.toMatch(control);
});

it.concurrent("judges a red gate as red when the change's own test spoils the report", async ({ expect }) => {
  await using world = await createWorld({ agent: "tests-with-a-pipe" });
  const run = await world.run();
  expect(run.status).toBe(1);
  expect(world.events("one")).toMatchInlineSnapshot(`
    "attempt 1
    agent finished
    sealed, changed
    red: gate tests wrote a report that cannot be read: it is not a file
    rejected: red: gate tests wrote a report that cannot be read: it is not a file, kept
    giving up
    accepted by style tests
    blocked: gate tests wrote a report that cannot be read: it is not a file"
  `);
});

it.concurrent("gives no secret of its own environment to agents and gates, but what the configuration names", async ({
  expect,
}) => {
  const gate = { name: "env", run: "env" };
  await using world = await createWorld({
    agent: "tells-its-environment",
    config: { gates: [styleGate, testsGate, gate] },
  });
  const secrets = {
    AWS_SECRET_ACCESS_KEY: "canary-aws",
    GIT_SSH_COMMAND: "canary-ssh",
    MY_TOKEN: "canary-token",
  };
  await world.run({ env: secrets });
  const told = (): string =>
    world.attemptFile("one", 1, "agent/agent.log") + world.attemptFile("one", 1, "gates-0/gate-env.log");
  expect(told()).toContain("RALPH_TASK");
  expect(told()).not.toContain("canary");

  await using open = await createWorld({
    agent: "tells-its-environment",
    agentEnv: ["MY_TOKEN"],
    config: { gates: [gate] },
  });
  await open.run({ env: secrets });
  // The agent has it; logs and records tell its name alone.
  expect(open.attemptFile("one", 1, "agent/agent.log")).toContain('"MY_TOKEN":"[MY_TOKEN]"');
  expect(open.attemptFile("one", 1, "agent/agent.log")).not.toContain("canary");
  expect(open.attemptFile("one", 1, "gates-0/gate-env.log")).not.toContain("canary");
});

it.concurrent("keeps a secret that the agent may know out of commits, journal and logs", async ({
  expect,
}) => {
  await using world = await createWorld({ agent: "leaks-a-secret", agentEnv: ["MY_TOKEN"] });
  const run = await world.run({ env: { MY_TOKEN: "canary-token" } });
  expect(run.status).toBe(0);
  expect(run.stderr).not.toContain("canary");
  expect(world.repository.git("log", "-p", "--all").includes("canary")).toBe(false);
  expect(JSON.stringify(world.records())).not.toContain("canary");
  expect(world.attemptFile("one", 1, "agent/agent.log")).toContain("The token is [MY_TOKEN].");
});

it.concurrent("rejects a change under which the supervisor's own files cannot be written", async ({
  expect,
}) => {
  await using world = await createWorld({
    agent: { one: "re-encodes-our-files", two: "lands-a-change" },
    tasks: ["one", "two"],
  });
  expect((await world.run()).status).toBe(1);
  expect(world.events("one")).toContain(
    "rejected: refused: with the change, ralphwright cannot write its own files: git update-index",
  );
  expect(world.landed()).toContain("Do two");
});
