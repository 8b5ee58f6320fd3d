/** The base's own tests on new code: all of them as they were, nothing beside them, and none that is gone. */
import { it } from "vitest";
import { createWorld, testsGate } from "../support/world.ts";

it.concurrent("takes away what the change added among the tests, too", async ({ expect }) => {
  // Without a report a new test file alone asks for nothing, but it is taken away with the rest.
  const gate = { name: "tests", run: 'node --test --test-isolation=none "test/*.test.mjs"' };
  await using world = await createWorld({ agent: "blinds-the-tests", config: { gates: [gate] } });
  await world.run();
  expect(world.events("one")).toContain("the tests as they were before this change do not hold on its code");
  expect(world.landed()).toEqual([expect.stringContaining("Give up one")]);
});

it.concurrent("notices an old test that no longer runs, whatever runs in its name", async ({ expect }) => {
  const suite =
    'echo "<testsuite>"; for test in $(cat suite.txt); do sh "test/$test.sh"; done; echo "</testsuite>"';
  await using world = await createWorld({
    agent: "swaps-a-test",
    config: { gates: [{ name: "suite", run: `{ ${suite}; } >"$RALPH_REPORT"`, report: "junit" }] },
    files: {
      "suite.txt": "a b\n",
      "words.txt": "some\n",
      "test/a.sh": "grep -q some words.txt && echo '<testcase name=\"a\"/>'\n",
      "test/b.sh": "echo '<testcase name=\"b\"/>'\n",
    },
  });
  await world.run();
  expect(world.events("one")).toContain('do not hold on its code (gate suite: 1 test vanished: "a")');
  expect(world.landed()).toEqual([expect.stringContaining("Give up one")]);
});

it.concurrent("is not blinded by a new test file alone", async ({ expect }) => {
  await using world = await createWorld({ agent: "adds-a-blinding-test" });
  await world.run();
  expect(world.events("one")).toContain("the tests as they were before this change do not hold on its code");
  expect(world.redCommits()).toEqual([]);
});

it.concurrent("asks the gate that runs the tests, though another one has the report", async ({ expect }) => {
  const style = {
    name: "style",
    run: `echo '<testsuite><testcase name="style"/></testsuite>' >"$RALPH_REPORT"`,
    report: "junit",
  };
  await using world = await createWorld({
    agent: "rewrites-a-test",
    config: { gates: [style, { name: "tests", run: 'node --test "test/*.test.mjs"' }] },
  });
  await world.run();
  expect(world.landed()).toEqual([expect.stringContaining("Give up one")]);
  expect(world.redCommits()).toEqual([]);
});

it.concurrent("goes by the report: a threshold that only the new tests reach says nothing about old ones", async ({
  expect,
}) => {
  const threshold = 'test "$(ls test/*.test.mjs | wc -l)" -ge "$(ls src/*.mjs | wc -l)"';
  await using world = await createWorld({
    config: { gates: [{ ...testsGate, run: `${testsGate.run} && ${threshold}` }] },
  });
  const run = await world.run();
  expect(run.status).toBe(0);
  expect(world.landed()).toEqual(["Do one"]);
});

it.concurrent("runs the old tests without a helper that the change added", async ({ expect }) => {
  const setup = 'for file in test/setup/*.mjs; do [ -e "$file" ] && set -- "$@" --import "./$file"; done';
  const gate = { ...testsGate, run: `${setup}; ${testsGate.run.replace("node", 'node "$@"')}` };
  await using world = await createWorld({
    tasks: ["blinds", "honest"],
    agent: { blinds: "adds-a-blinding-helper" },
    config: { gates: [gate] },
  });
  await world.run();
  expect(world.events("blinds")).toContain(
    "the tests as they were before this change do not hold on its code",
  );
  expect(world.landed()).toEqual([expect.stringContaining("Give up blinds"), "Do honest"]);
  expect(world.redCommits()).toEqual([]);
});
