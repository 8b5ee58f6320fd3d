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
  options: { environment?: Record<string, string>; force?: boolean; target?: string } = {},
): Promise<string> {
  let output = "";
  const write = (text: string): void => {
    output += text;
  };
  const { environment = {}, force = false, target = "main" } = options;
  await init({ top, target, environment, write, force });
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
    await runInit({ environment: { PATH: await putProgram("claude") } });
    expect(await read("ralph.config.yaml")).toMatchInlineSnapshot(`
      "# How ralphwright works in this repository. Keys that are left out have defaults.
      version: 1

      # Tasks land on this branch, one commit each.
      target: main

      tasks: tasks
      specs: specs

      agent:
        # claude works without asking, in the sandbox: its login in the home is not there.
        # Set CLAUDE_CODE_OAUTH_TOKEN (\`claude setup-token\` prints one), ANTHROPIC_API_KEY or ANTHROPIC_AUTH_TOKEN,
        # or share the login: sandbox.write: [~/.claude, ~/.claude.json].
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
    {
      name: "codex",
      command: "codex exec --skip-git-repo-check -s danger-full-access -",
      key: "CODEX_API_KEY",
      host: "api.openai.com",
      login: "~/.codex",
    },
    {
      name: "gemini",
      command: 'gemini -p "" -y --skip-trust',
      key: "GEMINI_API_KEY",
      host: "generativelanguage.googleapis.com",
      login: "~/.gemini",
    },
    {
      name: "opencode",
      command: 'opencode run --auto "$(cat "$RALPH_BRIEF")"',
      key: "OPENCODE_API_KEY",
      host: "opencode.ai",
      login: "~/.local/share/opencode",
    },
  ])(
    "is $name when it is on PATH: it reaches its model, and gets its key",
    async ({ name, command, key, host, login }) => {
      await put(nodeProject);
      const PATH = ["/nowhere", await putProgram(name)].join(delimiter);
      const output = (await runInit({ environment: { PATH } })).replaceAll(/\s+/g, " ");
      const { agent, sandbox } = await readConfig();
      expect(agent).toMatchObject({ kind: "command", protocol: "plain", command, env: [key] });
      expect(sandbox.egress).toEqual([host]);
      expect(output).toContain(`Agent ${name}: it works without asking, in the sandbox.`);
      expect(output).toContain(`No key: ${name} needs ${key}`);
      expect(output).toContain(`A login in ${login} is not there in the sandbox.`);
      const keyed = await runInit({ environment: { PATH, [key]: "a" }, force: true });
      expect(keyed).toContain(`A key for ${name}: ${key}.`);
      expect(keyed).not.toContain("No key");
    },
  );

  it("asks the provider whose key is set, where it knows several", async () => {
    await put({ ...nodeProject, "package-lock.json": "{}" });
    const PATH = await putProgram("opencode");
    await runInit({ environment: { PATH, OPENAI_API_KEY: "a" } });
    const { agent, sandbox } = await readConfig();
    expect([agent.env, sandbox.egress]).toEqual([
      ["OPENAI_API_KEY"],
      ["api.openai.com", "registry.npmjs.org"],
    ]);
  });

  it("stands in the file with what it needs to be told, and what a login would need", async () => {
    await put({ ...nodeProject, "package-lock.json": "{}" });
    await runInit({ environment: { PATH: await putProgram("codex") } });
    const written = await read("ralph.config.yaml");
    const agent = written.slice(written.indexOf("agent:"), written.indexOf("workspace:"));
    const sandbox = written.slice(written.indexOf("# All that"), written.indexOf("limits:"));
    expect(`${agent}${sandbox}`).toMatchInlineSnapshot(`
      "agent:
        kind: command
        # codex works without asking, in the sandbox: it reaches what is under sandbox.egress.
        command: codex exec --skip-git-repo-check -s danger-full-access -
        # Its key: beside harmless variables it sees those that are named here, as far as they are set.
        # \`codex exec\` does not read OPENAI_API_KEY.
        # A login in the home is not there. To share it: sandbox.write: [~/.codex]
        # and chatgpt.com, auth.openai.com under sandbox.egress.
        env:
          - CODEX_API_KEY

      # All that agents, gates and set-up may reach: the agent's model, and where packages come from.
      sandbox:
        egress:
          - api.openai.com
          - registry.npmjs.org

      "
    `);
  });

  it("is the first in order of preference when several are on PATH", async () => {
    await put(nodeProject);
    await putProgram("codex");
    const PATH = await putProgram("claude");
    const output = await runInit({ environment: { PATH } });
    expect(output).toContain("Agent claude: it works without asking, in the sandbox.");
    expect(output).toContain("No key: claude needs CLAUDE_CODE_OAUTH_TOKEN");
    const { agent, sandbox } = await readConfig();
    expect(agent).toMatchObject({ kind: "claude", command: null });
    expect(sandbox.egress).toEqual([]);
    await runInit({ environment: { PATH, ANTHROPIC_API_KEY: "a" }, force: true });
    expect((await readConfig()).agent).toMatchObject({ kind: "builtin", model: "claude-sonnet-5-5" });
  });

  it("is the built-in one when the file on PATH cannot be run, and the missing key is told", async () => {
    await put({ ...nodeProject, "bin/claude": "text" });
    const output = await runInit({ environment: { PATH: join(top, "bin") } });
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
