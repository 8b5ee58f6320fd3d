/** The commands that people read in the morning, after a real night: what they print, and what programs may parse. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { gitEnvironment } from "../support/repository.ts";
import { createWorld, type World } from "../support/world.ts";

const main = join(import.meta.dirname, "..", "..", "src", "cli", "main.ts");

interface Result {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

let world: World;

function call(...args: readonly string[]): Result {
  const env = { ...process.env, ...gitEnvironment, RALPH_STATE_DIR: world.state, NO_COLOR: "1", TZ: "UTC" };
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], {
    cwd: world.repository.path,
    env,
    encoding: "utf8",
  });
  return { status, stdout: world.plain(stdout), stderr: world.plain(stderr) };
}

const json = (...args: readonly string[]): unknown => JSON.parse(call(...args, "--json").stdout);

describe("After a night with a landing, a lie and a question", () => {
  beforeAll(async () => {
    world = await createWorld({
      agent: { one: "lands-a-change", two: "breaks-a-test", three: "asks-a-question" },
      tasks: { one: "", two: "", three: "depends_on: [one]" },
      config: { limits: { attempts: 1, rounds: 0 } },
    });
    await world.run();
  }, 120_000);

  afterAll(async () => world[Symbol.asyncDispose]());

  it("log tells what landed, what did not and why, and what needs a person", () => {
    const { stdout, status } = call("log");
    expect(status).toBe(0);
    expect(stdout.split("\n").every((line) => line.length <= 80)).toBe(true);
    expect(stdout).toContain("1 landed, 2 given up");
    expect(stdout).toMatch(/✔ \S+ Do one\n +one, attempt 1,/);
    expect(stdout).toMatch(/Needs a person\n(.|\n)*tasks\/two.md\n +gate tests reported 1 failed test/);
    expect(stdout).toMatch(/tasks\/three.md\n +question: /);
  });

  it("log --json names commits with their trailers, and blocked tasks with their reasons", () => {
    expect(json("log")).toMatchObject({
      runs: [{ commits: [{ trailers: { Task: "one", Attempt: "1" } }, {}, {}] }],
      blocked: [
        { task: "three", file: "tasks/three.md", why: expect.stringContaining("question: ") },
        { task: "two", file: "tasks/two.md", why: expect.stringContaining("gate tests") },
      ],
    });
  });

  it("status counts the queue and says where the state is", () => {
    const { stdout } = call("status");
    expect(stdout).toContain("supervisor  not running");
    expect(stdout).toContain("tasks       0 ready, 0 waiting, 1 landed, 2 blocked, 0 draft");
    expect(stdout).toContain("state       <state>");
    expect(json("status")).toMatchObject({
      supervisor: null,
      tasks: { landed: 1, blocked: 2 },
      attempts: [],
    });
  });

  it("show tells a task's attempt from its base to its end, and with --diff what was kept", () => {
    const { stdout } = call("show", "two");
    for (const words of ["Attempt 1", "baseline green", "red: gate tests", "rejected (red)", "given up"]) {
      expect(stdout).toContain(words);
    }
    expect(call("show", "two", "--diff").stdout).toContain("refs/ralph/attempts/two/1");
    expect(json("show", "two")).toMatchObject({ task: "two", refs: [{ ref: "refs/ralph/attempts/two/1" }] });
  });

  it("task list and show give every task its state, as a table and as JSON", () => {
    expect(call("task", "list").stdout).toMatch(/^one +landed +Do one\n/);
    expect(json("task", "list")).toMatchObject({ problems: [], tasks: [{}, {}, {}] });
    expect(call("task", "show", "two").stdout).toContain("state       blocked: gate tests");
    expect(json("task", "show", "one")).toMatchObject({ id: "one", state: { word: "landed" } });
  });

  it("names the nearest task for an unknown one, with status 2 and no stack trace", () => {
    const { status, stderr } = call("task", "show", "thre");
    expect(status).toBe(2);
    expect(stderr).toBe("ralphwright: there is no task thre\n  Did you mean three?\n");
  });

  it("gate says that the checkout is green, and which gate is red once a test is broken", () => {
    expect(call("gate")).toMatchObject({ status: 0, stdout: expect.stringContaining("All gates are green") });
    expect(json("gate", "tests")).toMatchObject({ green: true, gates: [{ gate: "tests" }] });
    world.repository.write("src/words.mjs", "export const words = () => [];\n");
    const { status, stdout } = call("gate");
    world.repository.git("checkout", "-q", "--", ".");
    expect(status).toBe(1);
    expect(stdout).toContain("Red: gate tests reported");
    expect(call("gate", "nope")).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("there is no gate nope"),
    });
  });

  it("doctor looks at everything and lets a run begin", () => {
    const { status, stdout } = call("doctor");
    expect(stdout).toContain("✔ gates         green at the baseline");
    expect(stdout).toContain("A run can begin");
    expect(status).toBe(0);
    expect(json("doctor")).toMatchObject({ ready: true });
  });

  it("task add numbers a new file, and task retry makes a blocked task ready and a landed one land again", async () => {
    expect(call("task", "add", "Say hello", "--priority", "3", "--body", "To everybody.").stdout).toContain(
      "Wrote tasks/0001-say-hello.md",
    );
    expect(json("task", "show", "0001-say-hello")).toMatchObject({
      title: "Say hello",
      priority: 3,
      state: { word: "ready" },
    });
    expect(call("task", "retry", "two").stdout).toContain("two is ready again");
    expect(json("task", "show", "two")).toMatchObject({ state: { word: "ready" }, blocked: null });
    expect(call("task", "retry", "one").status).toBe(0);
    expect(world.repository.git("for-each-ref", "refs/ralph/landed/one")).toBe("");
  });
});
