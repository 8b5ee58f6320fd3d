/** The base's own tests on new code: all of them as they were, nothing beside them, and none that is gone. */
import { it } from "vitest";
import { createWorld } from "../support/world.ts";

it.concurrent("takes away what the change added among the tests, too", async ({ expect }) => {
  await using world = await createWorld({ agent: "blinds-the-tests" });
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
