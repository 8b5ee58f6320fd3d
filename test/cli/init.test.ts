/** What `ralphwright init` writes into real folders, and that the gates it writes run. */
import { execFile } from "node:child_process";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { init } from "../../src/cli/init.ts";
import { RalphError } from "../../src/errors.ts";
import { parseConfig } from "../../src/formats/config.ts";
import { parseTask } from "../../src/formats/task-file.ts";

let top: string;
beforeEach(async () => {
  top = await mkdtemp(join(tmpdir(), "ralphwright-init-"));
});
afterEach(async () => {
  await rm(top, { recursive: true, force: true });
});

async function put(files: Record<string, string>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(top, path)), { recursive: true });
    await writeFile(join(top, path), text);
  }
}

async function runInit(
  options: { path?: string; force?: boolean; target?: string; hasKey?: boolean } = {},
): Promise<string> {
  let output = "";
  const write = (text: string): void => {
    output += text;
  };
  const { path = "", force = false, target = "main", hasKey = false } = options;
  await init({ top, target, path, hasKey, write, force });
  return output;
}

const read = (path: string): Promise<string> => readFile(join(top, path), "utf8");
const readConfig = async () => parseConfig(await read("ralph.config.yaml"), "ralph.config.yaml");

/** Runs a gate as a supervisor would; resolves to its exit code and its report. */
async function runGate(run: string): Promise<{ code: number; report: string }> {
  const reportFile = join(top, "a report.xml");
  const { VITEST: _, NODE_OPTIONS: _options, NODE_TEST_CONTEXT: _context, ...inherited } = process.env;
  const env = { ...inherited, CI: "true", RALPH_REPORT: reportFile };
  const code = await new Promise<number>((resolve) => {
    const child = execFile("bash", ["-c", run], { cwd: top, env }, () => resolve(child.exitCode ?? -1));
  });
  return { code, report: await readFile(reportFile, "utf8").catch(() => "") };
}

const nodeProject = {
  ".gitignore": "node_modules\n",
  "README.md": "# Tally\n",
  "package.json": JSON.stringify({
    name: "tally",
    description: "Counts: things # fast",
    scripts: { test: "node --test", lint: "eslint ." },
  }),
  "tally.test.js": 'require("node:test").it("counts", () => {});\n',
};

async function putProgram(name: string): Promise<string> {
  await put({ [`bin/${name}`]: "#!/bin/sh\n" });
  await chmod(join(top, "bin", name), 0o755);
  return join(top, "bin");
}

describe("init", () => {
  it("writes a configuration, a spec and a task, and tells what it did within 80 columns", async () => {
    await put(nodeProject);
    const output = await runInit();
    expect(output).toMatchInlineSnapshot(`
      "Found
        - package.json without dependencies: nothing to install.
        - Gate tests: compared test by test, through a junit report.

      Gates
        - lint: npm run lint
        - tests: node --test-reporter=spec --test-reporter-destination=stdout
          --test-reporter=junit --test-reporter-destination="$RALPH_REPORT" --test

      Wrote
        - ralph.config.yaml
        - specs/overview.md
        - tasks/0001-readme-checks.md

      Missing
        - No key: the built-in agent needs ANTHROPIC_API_KEY.

      Next
        - Read ralph.config.yaml, and mend what is missing.
        - Edit tasks/0001-readme-checks.md, or write your own tasks beside it.
        - Commit these files, so that clones and CI see them, too.
        - \`ralphwright doctor\` tries everything out without an agent.
        - \`ralphwright run\` works through the tasks.
      "
    `);
    expect(output.split("\n").filter((line) => line.length > 80)).toEqual([]);
  });

  it("writes a configuration that says what the survey found", async () => {
    await put(nodeProject);
    await runInit({ target: "trunk" });
    const { target, gates, protect } = await readConfig();
    expect(target).toBe("trunk");
    expect(gates.map(({ name, report }) => [name, report])).toEqual([
      ["lint", null],
      ["tests", "junit"],
    ]);
    expect(protect).not.toContain("package.json");
  });

  it("says beside a gate without a report what it would need", async () => {
    await put({ "package.json": JSON.stringify({ scripts: { test: "ava" } }) });
    await runInit();
    expect(await read("ralph.config.yaml")).toContain(
      "  # Judged by its exit code alone; to compare test by test: ava writes TAP: turn it into JUnit XML (tap-xunit " +
        'does) in "$RALPH_REPORT", and `report: junit`.\n  - name: tests\n',
    );
    expect((await readConfig()).gates).toMatchObject([{ name: "tests", report: null }]);
  });

  it("names the place of a report that the runner chooses itself", async () => {
    await put({ "pom.xml": "<project/>" });
    await runInit();
    const written = { report: "junit", reportFile: "**/target/surefire-reports/TEST-*.xml" };
    expect((await readConfig()).gates).toMatchObject([written]);
  });

  it("writes a configuration that teaches", async () => {
    await put({ ...nodeProject, "package-lock.json": "{}" });
    await runInit({ path: await putProgram("claude") });
    expect(await read("ralph.config.yaml")).toMatchInlineSnapshot(`
      "# How ralphwright works in this repository. Keys that are left out have defaults.
      version: 1

      # Tasks land on this branch, one commit each.
      target: main

      tasks: tasks
      specs: specs

      agent:
        # Claude Code, with its own login. It works without asking and, today, without a sandbox: use a container.
        kind: claude

      workspace:
        # Makes the dependencies; done again when one of the inputs changes.
        setup: npm ci
        setup_inputs:
          - package.json
          - package-lock.json
        # Ignored paths that setup makes; copied into every checkout.
        keep:
          - node_modules

      # Commands that must pass before a change lands; \`report\` compares test by test.
      gates:
        - name: lint
          run: npm run lint
          timeout: 5m
        - name: tests
          run: node --test-reporter=spec --test-reporter-destination=stdout --test-reporter=junit --test-reporter-destination="$RALPH_REPORT" --test
          timeout: 15m
          report: junit

      # What agents, gates and set-up may reach beside the agent's own model: here, where packages come from.
      sandbox:
        egress:
          - registry.npmjs.org

      limits:
        # Fresh attempts at a task, and how often a red gate goes back to the same agent.
        attempts: 3
        rounds: 2
        attempt:
          wall: 45m
          # Silence that counts as a stall.
          idle: 10m
        run:
          # Local time after which nothing new starts.
          # until: "07:00"
          failures_in_a_row: 5
      "
    `);
  });

  it("writes a task that is ready", async () => {
    await put(nodeProject);
    await runInit();
    const file = "tasks/0001-readme-checks.md";
    const parsed = parseTask(await read(file), file, () => "digest");
    expect(parsed).toMatchObject({ kind: "task", task: { id: "0001-readme-checks", status: "ready" } });
    expect(await read(file)).toContain("Add to README.md a short section");
  });

  it("asks for a README where there is none", async () => {
    await runInit();
    expect(await read("tasks/0001-readme-checks.md")).toContain("Write a README.md");
  });

  it("writes a spec with the project's own name and description", async () => {
    await put({ "pyproject.toml": '[project]\nname = "tally"\ndescription = "Counts things."\n' });
    await runInit();
    expect(await read("specs/overview.md")).toMatch(/^# tally\n\nCounts things\.\n/);
  });

  it("without any gate writes a configuration that `run` refuses, and says so", async () => {
    const output = await runInit();
    expect(output).toMatchInlineSnapshot(`
      "Wrote
        - ralph.config.yaml
        - specs/overview.md
        - tasks/0001-readme-checks.md

      Missing
        - No gate found: nothing here checks the code in a way that init knows.
        - \`ralphwright run\` refuses to start until there is a gate.
        - No key: the built-in agent needs ANTHROPIC_API_KEY.

      Next
        - Read ralph.config.yaml, and mend what is missing.
        - Edit tasks/0001-readme-checks.md, or write your own tasks beside it.
        - Commit these files, so that clones and CI see them, too.
        - \`ralphwright doctor\` tries everything out without an agent.
        - \`ralphwright run\` works through the tasks.
      "
    `);
    await expect(readConfig()).rejects.toThrow(/gates/);
  });
});

describe("gates that init writes", () => {
  it("pass and report each test when node's tests pass", async () => {
    await put(nodeProject);
    await runInit();
    const tests = (await readConfig()).gates.find(({ name }) => name === "tests");
    const { code, report } = await runGate(tests?.run ?? "");
    expect(code).toBe(0);
    expect(report).toContain('testcase name="counts"');
  });

  it("fail and report when one of node's tests fails", async () => {
    const failing = 'require("node:test").it("counts", () => { throw new Error("no"); });\n';
    await put({ ...nodeProject, "tally.test.js": failing });
    await runInit();
    const tests = (await readConfig()).gates.find(({ name }) => name === "tests");
    const { code, report } = await runGate(tests?.run ?? "");
    expect(code).toBe(1);
    expect(report).toContain("<failure");
  });

  it.each([
    ["passes", 0],
    ["fails", 2],
  ])("call make's target, which %s", async (how, expected) => {
    await put({ Makefile: `test:\n\t@${how === "passes" ? "true" : "false"}\n` });
    await runInit();
    const { gates } = await readConfig();
    expect(gates.map(({ run }) => run)).toEqual(["make test"]);
    expect((await runGate(gates[0]?.run ?? "")).code).toBe(expected);
  });
});

describe("the agent", () => {
  it.each([
    ["codex", "codex exec --skip-git-repo-check -s danger-full-access -"],
    ["gemini", 'gemini -p "" -y --skip-trust'],
    ["opencode", 'opencode run --auto "$(cat "$RALPH_BRIEF")"'],
  ])("is %s when it is on PATH, and the output warns", async (name, command) => {
    await put(nodeProject);
    const output = await runInit({ path: ["/nowhere", await putProgram(name)].join(delimiter) });
    expect((await readConfig()).agent).toMatchObject({ kind: "command", protocol: "plain", command });
    expect(output).toContain(`Agent ${name}: it works without asking and without a sandbox.`);
  });

  it("is the first in order of preference when several are on PATH", async () => {
    await put(nodeProject);
    await putProgram("codex");
    const path = await putProgram("claude");
    expect(await runInit({ path })).toContain("Agent claude: it works without asking and without a sandbox.");
    expect((await readConfig()).agent).toMatchObject({ kind: "claude", command: null });
    await runInit({ path, hasKey: true, force: true });
    expect((await readConfig()).agent).toMatchObject({ kind: "builtin", model: "claude-sonnet-5-5" });
  });

  it("is the built-in one when the file on PATH cannot be run, and the missing key is told", async () => {
    await put({ ...nodeProject, "bin/claude": "text" });
    const output = await runInit({ path: join(top, "bin") });
    expect((await readConfig()).agent.kind).toBe("builtin");
    expect(output).toContain("No key: the built-in agent needs ANTHROPIC_API_KEY.");
  });
});

describe("what is there already", () => {
  it("is not overwritten, and then nothing else is written", async () => {
    await put({ "ralph.config.yaml": "mine\n" });
    const failure = runInit();
    await expect(failure).rejects.toMatchObject({ code: "file-exists" });
    await expect(failure).rejects.toThrow("ralph.config.yaml is there already; nothing was written.");
    expect(await read("ralph.config.yaml")).toBe("mine\n");
    expect(await readdir(top)).toEqual(["ralph.config.yaml"]);
  });

  it("is overwritten with force, but specs and tasks are not touched", async () => {
    await put({
      ...nodeProject,
      "ralph.config.yaml": "mine\n",
      "specs/a/deep.md": "# A\n",
      "tasks/b.md": "# B\n",
    });
    const output = await runInit({ force: true });
    expect((await readConfig()).gates).toHaveLength(2);
    expect([await readdir(join(top, "specs")), await readdir(join(top, "tasks"))]).toEqual([["a"], ["b.md"]]);
    expect(output).not.toContain("overview.md");
  });

  it("is a file where a folder should be: an error, even with force", async () => {
    await put({ tasks: "buy milk\n" });
    await expect(runInit({ force: true })).rejects.toThrow("tasks is a file, not a folder");
    expect(await readdir(top)).toEqual(["tasks"]);
  });

  it("is a broken package.json: an error that names the file, and nothing is written", async () => {
    await put({ "package.json": '{ "scripts": ' });
    const failure = runInit();
    await expect(failure).rejects.toBeInstanceOf(RalphError);
    await expect(failure).rejects.toThrow(/^package\.json is not valid JSON: /);
    expect(await readdir(top)).toEqual(["package.json"]);
  });

  it("is a monorepo: its packages' modules are kept, from npm's list and from pnpm's", async () => {
    await put({ "package.json": '{ "workspaces": ["packages/*", "tool"] }', "package-lock.json": "{}" });
    await put({ "packages/a/package.json": "{}", "packages/b/README.md": "", "tool/package.json": "{}" });
    await put({ "pnpm-workspace.yaml": 'packages:\n  - "apps/*"\n', "apps/c/package.json": "{}" });
    await put({ Makefile: "test:\n\ttrue\n" });
    await runInit();
    expect((await readConfig()).workspace.keep).toEqual([
      "node_modules",
      "apps/c/node_modules",
      "packages/a/node_modules",
      "tool/node_modules",
    ]);
  });
});
