/** The commands that people read in the morning, after a real night: what they print, and what programs may parse. */
import { spawnSync } from "node:child_process";
import { appendFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { formatJournalLine } from "../../src/formats/journal-line.ts";
import { mainProgram } from "../support/program.ts";
import { gitEnvironment, makeFolder } from "../support/repository.ts";
import { createWorld, type World } from "../support/world.ts";

interface Result {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

let world: World;

const call = (...args: readonly string[]): Result => callWith({}, ...args);

function callWith(changed: Readonly<Record<string, string | undefined>>, ...args: readonly string[]): Result {
  const own = { RALPH_STATE_DIR: world.state, NO_COLOR: "1", TZ: "UTC" };
  const env = { ...process.env, ...gitEnvironment, ...own, ...changed };
  const { status, stdout, stderr } = spawnSync(process.execPath, [mainProgram, ...args], {
    cwd: world.repository.path,
    env,
    encoding: "utf8",
  });
  return { status, stdout: world.plain(stdout), stderr: world.plain(stderr) };
}

const asRecord = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null ? Object.fromEntries(Object.entries(value)) : {};

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
    expect(stdout).toMatch(
      /^Last run, [\d-]+ [\d:]+: the queue is drained, but some tasks need a\s+person\.\n/,
    );
    expect(stdout).not.toContain("It left no commit");
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

  it("log knows a run by its id, and says so when it does not", () => {
    const { last } = asRecord(json("log"));
    expect(last).toMatchObject({ state: "ended", outcome: { kind: "blocked" } });
    const id =
      world.records().flatMap(({ event }) => (event.type === "run-started" ? [event.run] : []))[0] ?? "";
    expect(call("log", "--run", id).stdout).toMatch(/^This run, (.|\n)*1 landed, 2 given up/);
    for (const unknown of ["no-such-run", ".*"]) {
      const { status, stderr, stdout } = call("log", "--run", unknown);
      expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
      expect(stderr).toContain(`there is no run ${unknown}\n`);
    }
  });

  it("log says that the last run was killed, and that what it shows is of an older one", () => {
    const file = join(world.state, "journal.jsonl");
    const whole = readFileSync(file);
    const lines = whole.toString().trimEnd().split("\n");
    const seq = lines.length + 1;
    const event = {
      type: "run-started",
      run: "later",
      limits: { failuresInARowMax: 5 },
    } as const;
    appendFileSync(file, formatJournalLine({ seq, atMs: Date.UTC(2026, 10, 20, 7), event }));
    const { stdout } = call("log");
    const status = call("status").stdout;
    writeFileSync(file, whole);
    expect(stdout).toMatch(/^Last run, 2026-11-20 07:00:00: it was killed;(.|\n)* It left no\s+commit\.\n/);
    expect(stdout).toContain("1 landed, 2 given up");
    expect(status).toMatch(/last run +2026-11-20 07:00:00: it was killed/);
    expect(status).toMatch(/spent +price unknown/);
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

  it("show says which verdict is that of the record commit, and which is not", () => {
    const { stdout } = call("show", "two");
    expect(stdout).toMatch(/\d red: gate tests/);
    expect(stdout).toMatch(/\d record commit accepted by style, tests/);
  });

  it("show knows a task by a beginning that is no other's, and names the nearest for an unknown one", () => {
    expect(call("show", "thr")).toEqual(call("show", "three"));
    const { status, stderr } = call("show", "threee");
    expect(status).toBe(2);
    expect(stderr).toBe("ralphwright: nothing is known of a task threee\n  Did you mean three?\n");
    expect(call("show", "t").stderr).toContain("These begin so: ");
  });

  it("task list and show give every task its state, as a table and as JSON", () => {
    const { stdout } = call("task", "list");
    expect(stdout).toMatch(/^one +landed +Do one\n/);
    expect(stdout).toMatch(/^two +blocked +Do two\n {4}gate tests/m);
    expect(stdout.split("\n").every((line) => line.length <= 80)).toBe(true);
    expect(json("task", "list")).toMatchObject({ problems: [], tasks: [{}, {}, {}] });
    expect(call("task", "show", "two").stdout).toContain("state       blocked: gate tests");
    expect(json("task", "show", "one")).toMatchObject({ id: "one", state: { word: "landed" } });
  });

  it("names the nearest task for an unknown one, with status 2 and no stack trace", () => {
    const { status, stderr } = call("task", "show", "threee");
    expect(status).toBe(2);
    expect(stderr).toBe("ralphwright: nothing is known of a task threee\n  Did you mean three?\n");
    expect(call("task", "show", "thr")).toEqual(call("task", "show", "three"));
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

  it("gate names the log where a red gate printed nothing", () => {
    world.repository.write("style.sh", "exit 3\n");
    const { status, stdout } = call("gate", "style");
    world.repository.git("checkout", "-q", "--", ".");
    expect(status).toBe(1);
    expect(stdout).toMatch(/^style\nIt printed nothing; the log is <state>\/gate\/gate-style.log\n/);
  });

  it("gate and doctor say, as run does, when git does not know who commits", () => {
    world.repository.git("config", "user.useConfigOnly", "true");
    const names = ["GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL"];
    const unset = Object.fromEntries([...names, "EMAIL"].map((name) => [name, undefined]));
    // A home without configuration: the developer's own name must not help.
    const nobody = { ...unset, HOME: world.state, XDG_CONFIG_HOME: world.state };
    const gate = callWith(nobody, "gate");
    const doctor = callWith(nobody, "doctor");
    world.repository.git("config", "--unset", "user.useConfigOnly");
    expect(gate).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/^ralphwright: git does not know who commits here\n/),
    });
    expect(doctor).toMatchObject({
      status: 2,
      stdout: expect.stringMatching(/git does not know who\s+commits/),
    });
  });

  it("doctor warns of a limit on money that cannot hold, and of nothing where there is none", () => {
    expect(call("doctor").stdout).not.toContain("! money");
    const file = "ralph.config.yaml";
    const config: unknown = JSON.parse(readFileSync(join(world.repository.path, file), "utf8"));
    world.repository.write(file, JSON.stringify({ ...asRecord(config), limits: { run: { usd: 3 } } }));
    const { stdout } = call("doctor");
    world.repository.git("checkout", "-q", "--", ".");
    expect(stdout).toContain(
      "! money         limits.run.usd: an agent of the plain protocol does not report",
    );
  });

  it("doctor finds changes in the way of a landing, and none in task files", () => {
    world.repository.write("tasks/two.md", "---\ntitle: Other\n---\n\nOther.\n");
    expect(call("doctor").stdout).toContain("✔ checkout");
    world.repository.write("README.md", "half a thought\n");
    const { stdout, status } = call("doctor");
    world.repository.git("checkout", "-q", "--", ".");
    expect(status).toBe(2);
    expect(stdout).toContain("✘ checkout      uncommitted changes in README.md");
  });

  it("doctor finds a journal that a run would refuse, and says how it is repaired", () => {
    const file = join(world.state, "journal.jsonl");
    const whole = readFileSync(file, "utf8");
    writeFileSync(file, whole.replace("attempt-started", "attempt-sorted"));
    const { stdout, status } = call("doctor");
    writeFileSync(file, whole);
    expect(status).toBe(2);
    const said = stdout.replaceAll(/\s+/g, " ");
    expect(said).toMatch(/✘ journal <state>\/journal\.jsonl:\d+: the journal is broken/);
    expect(said).toContain("`ralphwright doctor --repair-journal`");
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
    const before = readFileSync(join(world.repository.path, "tasks/two.md"), "utf8");
    expect(call("task", "retry", "two").stdout).toBe("two is ready already; nothing was changed.\n");
    expect(readFileSync(join(world.repository.path, "tasks/two.md"), "utf8")).toBe(before);
    expect(json("task", "show", "two")).toMatchObject({ state: { word: "ready" }, blocked: null });
    expect(call("task", "retry", "one").status).toBe(0);
    expect(world.repository.git("for-each-ref", "refs/ralph/landed/one")).toBe("");
  });

  it("task retry lets a task land again that is ready in its file but has landed", () => {
    const ref = "refs/ralph/landed/two";
    world.repository.git("update-ref", ref, "HEAD");
    expect(call("task", "retry", "two").stdout).toContain("two is ready again");
    expect(world.repository.git("for-each-ref", ref)).toBe("");
  });

  it("task add asks for a title, and writes nothing without one", () => {
    for (const title of ["", "  "]) {
      const { status, stderr } = call("task", "add", title);
      expect(status).toBe(2);
      expect(stderr).toContain("a task needs a title");
    }
    expect(call("task", "list").stdout).not.toContain("0002-");
  });
});

describe("After a task that landed with its second attempt", () => {
  beforeAll(async () => {
    world = await createWorld({
      agent: { one: "breaks-a-test,lands-a-change" },
      config: { limits: { attempts: 2, rounds: 0 } },
    });
    await world.run();
  }, 120_000);

  afterAll(async () => world[Symbol.asyncDispose]());

  it("show --attempt tells one attempt alone, and with --diff its change alone", () => {
    const first = call("show", "one", "--attempt", "1", "--diff").stdout;
    const second = call("show", "one", "--attempt", "2", "--diff").stdout;
    expect(first).toMatch(/^Attempt 1\n(.|\n)*rejected \(red\)(.|\n)*diff --git a\/src\/words.mjs/);
    expect(first).not.toMatch(/Attempt 2|landed/);
    expect(second).toMatch(/^Attempt 2\n(.|\n)*landed as(.|\n)*diff --git/);
    expect(second).not.toMatch(/Attempt 1|rejected|refs\/ralph\/attempts/);
    expect(json("show", "one", "--attempt", "1")).toMatchObject({
      refs: [{ ref: "refs/ralph/attempts/one/1" }],
    });
    expect(json("show", "one", "--attempt", "2")).toMatchObject({ refs: [{ ref: "refs/ralph/landed/one" }] });
  });

  it("show names the attempts there are for one that there is not", () => {
    const { status, stderr, stdout } = call("show", "one", "--attempt", "3");
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toBe("ralphwright: there was no attempt 3 at one\n  Its attempts: 1, 2.\n");
  });
});

it("gate says so where there is no commit yet", () => {
  const folder = makeFolder("unborn");
  spawnSync("git", ["init", "-q", "-b", "main", folder]);
  writeFileSync(join(folder, "ralph.config.yaml"), 'sandbox: off\ngates: [{ name: t, run: "true" }]\n');
  const env = { ...process.env, ...gitEnvironment, RALPH_STATE_DIR: makeFolder("state") };
  const { status, stderr } = spawnSync(process.execPath, [mainProgram, "gate"], {
    cwd: folder,
    env,
    encoding: "utf8",
  });
  rmSync(folder, { recursive: true });
  rmSync(env.RALPH_STATE_DIR, { recursive: true });
  expect(status).toBe(2);
  expect(stderr).toMatch(
    /ralphwright: no commit is checked out here: gates run on one\n {2}Make the first commit/,
  );
});
