/** Gates without a report: where people are told of them, and how often. */
import { spawnSync } from "node:child_process";
import { expect, it } from "vitest";
import { mainProgram } from "../support/program.ts";
import { gitEnvironment } from "../support/repository.ts";
import { createWorld } from "../support/world.ts";

const sentence = "judged by exit code alone: unit";

it(
  "are named by the end of a run and by status, and doctor says what to add",
  { timeout: 120_000 },
  async () => {
    const gates = [
      { name: "lint", run: "true" },
      { name: "unit", run: "node --test test/words.test.mjs" },
      { name: "tests", run: "cp report.txt $RALPH_REPORT", report: "junit" },
    ];
    const files = { "report.txt": '<testsuite><testcase name="a"/></testsuite>' };
    await using world = await createWorld({ agent: "lands-a-change", files, config: { gates } });
    const call = (...args: readonly string[]): string => {
      const env = { ...process.env, ...gitEnvironment, RALPH_STATE_DIR: world.state, NO_COLOR: "1" };
      const { stdout } = spawnSync(process.execPath, [mainProgram, ...args], {
        cwd: world.repository.path,
        env,
        encoding: "utf8",
      });
      return stdout.replaceAll(/\s+/g, " ");
    };
    const { status, stderr } = await world.run();
    expect(status).toBe(0);
    expect(stderr.split(sentence)).toHaveLength(2);
    expect(call("status").split(sentence)).toHaveLength(2);
    expect(JSON.parse(call("status", "--json"))).toMatchObject({ weakGates: ["unit"] });
    expect(call("doctor")).toContain(
      "unit is judged by its exit code alone, so a test that vanished is not noticed; add --test-reporter=junit " +
        '--test-reporter-destination="$RALPH_REPORT", and `report: junit`',
    );
  },
);
