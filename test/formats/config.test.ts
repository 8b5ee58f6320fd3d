import { describe, expect, it } from "vitest";
import { RalphError } from "../../src/errors.ts";
import { defaultProtect } from "../../src/core/guard/default-protect.ts";
import { parseConfig } from "../../src/formats/config.ts";
import { configJsonSchema } from "../../src/formats/config-schema.ts";

const gates = "gates: [{ name: tests, run: npm test }]\n";
const parse = (text: string, overrides?: Record<string, unknown>) =>
  parseConfig(text, "ralph.config.yaml", overrides);

function complaint(text: string, overrides?: Record<string, unknown>): string {
  try {
    parse(text, overrides);
  } catch (error) {
    if (!(error instanceof RalphError) || error.code !== "config-invalid") throw error;
    return `${error.message}\n→ ${error.hint}`;
  }
  return "no complaint";
}

describe("defaults", () => {
  it("takes a report in the checkout for JUnit XML, unless it says otherwise, and looks nowhere else", () => {
    const gatesOf = (keys: string) => parseConfig(`gates: [{ name: a, run: b, ${keys} }]`, "c.yaml").gates[0];
    expect(gatesOf("report_file: ./build/**/*.xml")).toMatchObject({
      report: "junit",
      reportFile: "build/**/*.xml",
    });
    expect(gatesOf("report: libtest, report_file: out.txt")).toMatchObject({
      report: "libtest",
      reportFile: "out.txt",
    });
    expect(gatesOf("report_file: out.xml, red_baseline: compare")).toMatchObject({ redBaseline: "compare" });
    expect(() => gatesOf("report_file: ../out.xml")).toThrow("a path inside the repository");
  });

  it("fill in every key when gates are all that is there", () => {
    expect(parse(gates)).toEqual({
      target: "main",
      tasks: "tasks",
      specs: "specs",
      progress: { file: "PROGRESS.md", briefTokensMax: 2000 },
      agent: {
        kind: "builtin",
        command: null,
        protocol: "plain",
        recordings: null,
        model: "claude-sonnet-5-5",
        effort: null,
        provider: "anthropic",
        baseUrl: null,
        keyHeader: "bearer",
        models: {},
        env: [],
        second: null,
      },
      workspace: { setup: null, setupInputs: [], keep: [] },
      gates: [
        {
          name: "tests",
          run: "npm test",
          timeoutMs: 900_000,
          report: null,
          redBaseline: "hold",
          reportFile: null,
          env: [],
          optional: false,
        },
      ],
      protect: [...defaultProtect, "specs/**"],
      checksDir: null,
      limits: {
        attemptsMax: 3,
        roundsMax: 2,
        wallMsMax: 2_700_000,
        idleMsMax: 600_000,
        turnsMax: 200,
        usdMax: 5,
        tokensMax: 20_000_000,
        resources: { memoryBytes: null, processesMax: 1024, fileBytesMax: 4 * 2 ** 30 },
        outputBytesMax: 256 * 2 ** 20,
        windows: [],
        run: {
          usdMax: null,
          tokensMax: null,
          turnsMax: null,
          wallMsMax: null,
          until: null,
          tasksMax: null,
          failuresInARowMax: 5,
        },
        day: { usdMax: null, tokensMax: null, turnsMax: null },
        disk: { freeBytesMin: 2 ** 30 },
      },
      concurrency: 1,
      sandbox: { mode: "auto", egress: [], read: [], write: [] },
      land: { mode: "target", push: null, sign: false },
    });
  });

  it("hold for sections and lists that are empty or commented out", () => {
    const text = `${gates}limits:\n  # attempts: 4\n  run:\nprotect:\nagent:\nworkspace: {}\nland:\nprogress:\n`;
    expect(parse(text)).toEqual(parse(gates));
  });
});

it("reads every key", () => {
  const config = parse(`version: 1
target: release/2.0
tasks: ./backlog/
specs: docs/specs
progress: { file: docs/LEARNED.md, brief_tokens: 500 }
agent:
  kind: replay
  command: [my-agent, --fast]
  protocol: ralph-agent/1
  recordings: recordings
  model: some-model-1-2
  effort: high
  provider: bedrock
  base_url: http://127.0.0.1:8080/v1
  key_header: x-api-key
  models:
    some-model-1-2:
      context_tokens: 32000
      prices: { input: 1, output: 2, cache_read: 0.1, cache_write_5m: 1.25, cache_write_1h: 2 }
  env: [MY_KEY]
  second: { kind: claude, model: claude-opus-5-5 }
workspace: { setup: npm ci, setup_inputs: [package-lock.json], keep: [node_modules] }
gates:
  - { name: types, run: npx tsc, timeout: 90s, env: [CI] }
  - { name: slow, run: make slow, report: junit, red_baseline: compare, optional: true }
protect: [AGENTS.md, "build.gradle"]
limits:
  attempts: 4
  rounds: 0
  attempt:
    { wall: 2h, idle: 500ms, turns: 7, usd: 0.5, tokens: 900, output: 2MiB, memory: 1.5GiB, processes: 64, file: 512MiB }
  window: 22:00-07:00
  run: { usd: 50, tokens: 800, turns: 90, wall: 8h, until: 07:00, tasks: 100, failures_in_a_row: 2 }
  day: { usd: 70, tokens: 900, turns: 95 }
  disk: { free: 1.5GiB }
concurrency: 3
sandbox:
  mode: required
  egress: [registry.npmjs.org, "*.example.com:8443"]
  read: [/srv/models/]
  write: [~/.cache/go-build]
checks_dir: ../sealed
land: { mode: branch, push: origin, sign: true }
`);
  expect(config).toEqual({
    target: "release/2.0",
    tasks: "backlog",
    specs: "docs/specs",
    progress: { file: "docs/LEARNED.md", briefTokensMax: 500 },
    agent: {
      kind: "replay",
      command: ["my-agent", "--fast"],
      protocol: "ralph-agent/1",
      recordings: "recordings",
      model: "some-model-1-2",
      effort: "high",
      provider: "bedrock",
      baseUrl: "http://127.0.0.1:8080/v1",
      keyHeader: "x-api-key",
      models: {
        "some-model-1-2": {
          context_tokens: 32_000,
          prices: { input: 1, output: 2, cache_read: 0.1, cache_write_5m: 1.25, cache_write_1h: 2 },
        },
      },
      env: ["MY_KEY"],
      second: {
        kind: "claude",
        command: null,
        protocol: "plain",
        recordings: null,
        model: "claude-opus-5-5",
        effort: null,
        provider: "anthropic",
        baseUrl: null,
        keyHeader: "bearer",
        models: {},
        env: [],
      },
    },
    workspace: { setup: "npm ci", setupInputs: ["package-lock.json"], keep: ["node_modules"] },
    gates: [
      {
        name: "types",
        run: "npx tsc",
        timeoutMs: 90_000,
        report: null,
        redBaseline: "hold",
        reportFile: null,
        env: ["CI"],
        optional: false,
      },
      {
        name: "slow",
        run: "make slow",
        timeoutMs: 900_000,
        report: "junit",
        redBaseline: "compare",
        reportFile: null,
        env: [],
        optional: true,
      },
    ],
    protect: [...defaultProtect, "docs/specs/**", "build.gradle"],
    checksDir: "../sealed",
    limits: {
      attemptsMax: 4,
      roundsMax: 0,
      wallMsMax: 7_200_000,
      idleMsMax: 500,
      turnsMax: 7,
      usdMax: 0.5,
      tokensMax: 900,
      resources: { memoryBytes: 1.5 * 2 ** 30, processesMax: 64, fileBytesMax: 512 * 2 ** 20 },
      outputBytesMax: 2 * 2 ** 20,
      windows: [{ fromMinute: 1320, toMinute: 420 }],
      run: {
        usdMax: 50,
        tokensMax: 800,
        turnsMax: 90,
        wallMsMax: 8 * 3_600_000,
        until: "07:00",
        tasksMax: 100,
        failuresInARowMax: 2,
      },
      day: { usdMax: 70, tokensMax: 900, turnsMax: 95 },
      disk: { freeBytesMin: 1.5 * 2 ** 30 },
    },
    concurrency: 3,
    sandbox: {
      mode: "required",
      egress: ["registry.npmjs.org", "*.example.com:8443"],
      read: ["/srv/models"],
      write: ["~/.cache/go-build"],
    },
    land: { mode: "branch", push: "origin", sign: true },
  });
});

describe("Windows and limits that make no sense", () => {
  const limits = (text: string): string => `${gates}limits: { ${text} }\n`;

  it.each([
    ["7 pm", ":19: limits.window", "", '"7 pm"'],
    ["24:30-07:00", ":19: limits.window", "", '"24:30-07:00"'],
    ["22:00", ":19: limits.window", "", '"22:00"'],
    ["22:00-22:00", ":19: limits.window", "", '"22:00-22:00"'],
    ["7:00-8:00", ":19: limits.window", "", '"7:00-8:00"'],
    ["3", ":19: limits.window", ", or a list of windows", "3"],
    ["[]", ":19: limits.window", ", or a list of windows", "an empty list"],
    ["[x]", ":20: limits.window[0]", "", '"x"'],
    ["[22:00-07:00, 3]", ":33: limits.window[1]", "", "3"],
  ])("refuse the window %s, and say where and what was expected", (written, place, list, found) => {
    expect(complaint(limits(`window: ${written}`))).toContain(
      `${place}: expected a window of local time such as "22:00-07:00", from one time to another${list}, but found ${found}\n`,
    );
  });

  it("refuse a number that is too large with the largest there is", () => {
    expect(complaint(limits("run: { tokens: 99999999999999999999 }"))).toContain(
      "limits.run.tokens: expected a whole number of at most 9007199254740991, but found 100000000000000000000\n",
    );
  });

  it.each([
    ["[a, 3]", "agent.command[1]: expected a text, but found 3"],
    ["[]", "agent.command: expected a command for bash, or a list of arguments, but found an empty list"],
    ["3", "agent.command: expected a command for bash, or a list of arguments, but found 3"],
  ])("refuse the command %s where it is wrong", (written, told) => {
    expect(complaint(`${gates}agent: { command: ${written} }\n`)).toContain(`${told}\n`);
  });

  it.each(["true", "3"])("refuse sandbox: %s with the modes there are", (written) => {
    expect(complaint(`${gates}sandbox: ${written}\n`)).toContain(
      `:10: sandbox.mode: expected one of auto, required, off, but found ${written}\n`,
    );
  });

  it("take several windows, also where they overlap", () => {
    expect(parse(limits("window: [22:00-07:00, 06:00-12:30]")).limits.windows).toEqual([
      { fromMinute: 1320, toMinute: 420 },
      { fromMinute: 360, toMinute: 750 },
    ]);
  });

  it.each(["12:00", "22:00", "21:59"])(
    "refuse that a run lasts until %s, when no window is open",
    (until) => {
      expect(complaint(limits(`window: 22:00-07:00, run: { until: "${until}" }`))).toContain(
        `limits.run.until: "${until}" is in no window of limits.window`,
      );
    },
  );

  it.each(["07:00", "22:01", "00:00", "06:59"])(
    "take that a run lasts until %s, within a window",
    (until) => {
      expect(parse(limits(`window: 22:00-07:00, run: { until: "${until}" }`)).limits.run.until).toBe(until);
    },
  );

  it.each([
    "run: { usd: -1 }",
    "day: { usd: -1 }",
    "day: { tokens: 0 }",
    "run: { turns: 0.5 }",
    "run: { wall: 7pm }",
    "attempt: { output: 5 }",
    "attempt: { output: 0MiB }",
    "attempt: { output: -1GiB }",
  ])("refuse %s with its place", (text) => {
    expect(complaint(limits(text))).toMatch(/ralph\.config\.yaml:\d+:\d+: limits\.\w+\.\w+: expected a/);
  });

  it("refuse a second agent that could not start, and an alias of a model", () => {
    const agent = (text: string): string => `${gates}agent: { second: { ${text} } }\n`;
    expect(complaint(agent("kind: command"))).toContain("agent.second.command is missing");
    expect(complaint(agent("kind: replay"))).toContain("agent.second.kind: a recording cannot take over");
    expect(complaint(agent("kind: claude, model: opus"))).toContain("agent.second.model");
    expect(complaint(agent("knd: claude"))).toContain('did you mean "kind"?');
  });
});

it("takes the hour in quotes as well as without", () => {
  expect(parse(`${gates}limits: { run: { until: "07:00" } }`)).toEqual(
    parse(`${gates}limits: { run: { until: 07:00 } }`),
  );
});

describe("problems", () => {
  it("name the way out when there is no gate", () => {
    expect(complaint("")).toMatchInlineSnapshot(`
      "the configuration is invalid: ralph.config.yaml:1:1: gates is missing: expected at least one gate
      → Add a gate, such as \`gates: [{ name: tests, run: npm test }]\`, or let \`ralphwright init --force\` write the file anew."
    `);
    expect(complaint("target: main\ngates: []\n")).toMatchInlineSnapshot(`
      "the configuration is invalid: ralph.config.yaml:2:8: gates: expected at least one gate, but found an empty list
      → Add a gate, such as \`gates: [{ name: tests, run: npm test }]\`, or let \`ralphwright init --force\` write the file anew."
    `);
    expect(complaint("target: main\ngates:\n")).toMatchInlineSnapshot(`
      "the configuration is invalid: ralph.config.yaml:2:1: gates: expected at least one gate, but found nothing
      → Add a gate, such as \`gates: [{ name: tests, run: npm test }]\`, or let \`ralphwright init --force\` write the file anew."
    `);
  });

  it("are told all at once, each with its place, what was expected and what is known", () => {
    const text = `version: 2
gate: []
agent: { kind: claud, protocl: plain }
gates:
  - { name: Tests, run: npm test, timeout: 45 }
  - name: lint
limits:
  attempts: three
  attempt: { wall: 0s, walls: 3 }
  run: { until: 7:00 }
sandbox: of
`;
    expect(complaint(text)).toMatchInlineSnapshot(`
      "the configuration is invalid: 12 problems:
        ralph.config.yaml:1:10: version: expected 1, but found 2
        ralph.config.yaml:2:1: unknown key "gate"; did you mean "gates"?
        ralph.config.yaml:3:16: agent.kind: expected one of builtin, claude, command, replay, but found "claud"; did you mean "claude"?
        ralph.config.yaml:3:23: unknown key "agent.protocl"; did you mean "protocol"?
        ralph.config.yaml:5:13: gates[0].name: expected a name of lower-case letters, digits and hyphens, but found "Tests"
        ralph.config.yaml:5:44: gates[0].timeout: expected a duration such as 45m, 90s, 2h or 500ms (at most 24 days), but found 45
        ralph.config.yaml:6:5: gates[1].run is missing: expected a command for bash
        ralph.config.yaml:8:13: limits.attempts: expected a whole number of at least 1, but found "three"
        ralph.config.yaml:9:20: limits.attempt.wall: expected a duration such as 45m, 90s, 2h or 500ms (at most 24 days), but found "0s"
        ralph.config.yaml:9:24: unknown key "limits.attempt.walls"; did you mean "wall"?
        and 2 more
      → Mend what is named; docs/configuration.md describes every key."
    `);
  });

  it("beyond ten are counted", () => {
    const text = gates + Array.from({ length: 12 }, (_, n) => `x${n}: 1\n`).join("");
    expect(complaint(text)).toContain("12 problems");
    expect(complaint(text).split("\n").slice(-3)).toMatchInlineSnapshot(`
      [
        "  ralph.config.yaml:11:1: unknown key "x9"; known here: version, target, tasks, specs, progress, agent, workspace, gates, protect, checks_dir, limits, concurrency, sandbox, land",
        "  and 2 more",
        "→ Mend what is named; docs/configuration.md describes every key.",
      ]
    `);
  });

  it("in the YAML itself have a place too", () => {
    expect(complaint(`${gates}target: a\ntarget: b\n`)).toMatchInlineSnapshot(`
      "the configuration is invalid: ralph.config.yaml:3:1: the key "target" is here twice
      → Mend what is named; docs/configuration.md describes every key."
    `);
    expect(complaint(`${gates}agent: {kind: command\n`)).toMatchInlineSnapshot(`
      "the configuration is invalid: ralph.config.yaml:3:1: YAML: Flow map in block collection must be sufficiently indented and end with a }
      → Mend what is named; docs/configuration.md describes every key."
    `);
    expect(complaint(`${gates}target: *nowhere\n`)).toMatchInlineSnapshot(`
      "the configuration is invalid: ralph.config.yaml:2:9: YAML: Unresolved alias (the anchor must be set before the alias): nowhere
      → Mend what is named; docs/configuration.md describes every key."
    `);
    expect(complaint("- a\n")).toMatchInlineSnapshot(`
      "the configuration is invalid: ralph.config.yaml:1:1: expected keys with values, but found a list
      → Mend what is named; docs/configuration.md describes every key."
    `);
  });

  it("refuse an alias for a model, with the exact id it stands for; a command may take what it likes", () => {
    expect(complaint(`${gates}agent: { model: sonnet }\n`)).toContain(
      'agent.model: "sonnet" is an alias; write the exact id it stands for today, claude-sonnet-5-5',
    );
    expect(complaint(`${gates}agent: { kind: claude, model: opus }\n`)).toContain("claude-opus-5-5");
    expect(parseConfig(`${gates}agent: { command: x, model: sonnet }\n`, "f").agent.model).toBe("sonnet");
  });

  it("tell an agent kind of a later version from a slip", () => {
    expect(complaint(`${gates}agent: { kind: gemini }\n`)).toMatchInlineSnapshot(`
      "the configuration is invalid: ralph.config.yaml:2:16: agent.kind: "gemini" is not available in this version; use "builtin", "claude" or "command"
      → Mend what is named; docs/configuration.md describes every key."
    `);
    expect(complaint(`${gates}agent: { kind: comand }\n`)).toMatchInlineSnapshot(`
      "the configuration is invalid: ralph.config.yaml:2:16: agent.kind: expected one of builtin, claude, command, replay, but found "comand"; did you mean "command"?
      → Mend what is named; docs/configuration.md describes every key."
    `);
  });

  it("name the flags or the environment when they are at fault", () => {
    const overrides = { limits: { attempts: "x" }, agent: { protocl: 1 } };
    expect(complaint(`${gates}sandbox: yes\n`, overrides)).toMatchInlineSnapshot(`
      "the configuration is invalid: 3 problems:
        ralph.config.yaml:2:10: sandbox.mode: expected one of auto, required, off, but found "yes"
        command line or environment: unknown key "agent.protocl"; did you mean "protocol"?
        command line or environment: limits.attempts: expected a whole number of at least 1, but found "x"
      → Mend what is named; docs/configuration.md describes every key."
    `);
  });

  it("are found between keys: names twice, a replay without recordings", () => {
    const text = "gates: [{ name: a, run: x }, { name: a, run: y }]\nagent: { kind: replay }\n";
    expect(complaint(text)).toMatchInlineSnapshot(`
      "the configuration is invalid: 2 problems:
        ralph.config.yaml:1:38: gates[1].name: "a" is already the name of gates[0]
        ralph.config.yaml:2:16: agent.recordings is missing: kind "replay" needs the folder of recordings
      → Mend what is named; docs/configuration.md describes every key."
    `);
  });

  it.each(["/etc", "../up", "a/../../b", "..", "a\\b", "C:/x", "''"])("refuse the path %s", (path) => {
    expect(complaint(`${gates}tasks: ${path}\n`)).toContain("tasks: expected a path inside the repository");
  });

  it.each(["-x", "a..b", "a b", "x/", "'a@{b'", "x.", "''"])("refuse the branch %s", (branch) => {
    expect(complaint(`${gates}target: ${branch}\n`)).toContain("target: expected the name of a branch");
  });

  it("refuse a number that is none, or too small", () => {
    for (const line of [
      "concurrency: 0",
      "limits: { attempt: { usd: 0 } }",
      "limits: { run: { usd: .inf } }",
    ]) {
      expect(complaint(`${gates}${line}\n`)).toContain("expected a");
    }
  });

  it("are told for aliases that multiply without end, without reading them", () => {
    const levels = Array.from({ length: 9 }, (_, n) => `a${n + 1}: &a${n + 1} [${`*a${n},`.repeat(9)}]`);
    expect(complaint(["a0: &a0 [x]", ...levels, ""].join("\n"))).toContain("Excessive alias count");
  });
});

describe("overrides", () => {
  it("are merged key by key over the file, and replace lists", () => {
    const text = `${gates}limits: { attempts: 4, run: { usd: 5, tasks: 9 } }\nprotect: [a, b]\n`;
    const config = parse(text, { limits: { run: { usd: 7 } }, protect: ["c"], target: undefined });
    expect(config.limits).toMatchObject({ attemptsMax: 4, run: { usdMax: 7, tasksMax: 9 } });
    expect(config.protect).toEqual([...defaultProtect, "specs/**", "c"]);
    expect(config.target).toBe("main");
  });

  it("mend what the file has wrong", () => {
    expect(parse(`${gates}sandbox: of\n`, { sandbox: { mode: "off" } }).sandbox.mode).toBe("off");
    const text = `${gates}sandbox: { read: [/srv] }\n`;
    expect(parse(text, { sandbox: { mode: "off" } }).sandbox).toMatchObject({ mode: "off", read: ["/srv"] });
  });
});

it("takes a mode alone for a sandbox", () => {
  expect(parse(`${gates}sandbox: off\n`).sandbox).toEqual({ mode: "off", egress: [], read: [], write: [] });
});

it("refuses paths and hosts that would take the sandbox away, or mean nothing", () => {
  const paths = ["/", "~", "~/", "cache", "../x", "/srv/../etc", "~/./x"];
  const hosts = ["https://example.com", "example.com/path", "*", "a b", "host:99999999", ""];
  const text = `${gates}sandbox: ${JSON.stringify({ write: paths, egress: hosts })}\n`;
  const complaints = complaint(text);
  expect(complaints).toContain("13 problems");
  expect(complaints).toContain(
    "expected a full path, or one that begins with ~/, and neither / nor ~ as a whole",
  );
});

it("refuses sizes that are none", () => {
  const sizes = ["8", "8G", "-1GiB", "0GiB", "much"].map(
    (size) => `${gates}limits: { attempt: { memory: ${size} } }\n`,
  );
  for (const text of sizes) expect(complaint(text)).toContain("expected a size such as 8GiB or 512MiB");
});

describe("the JSON Schema", () => {
  it("describes every key", () => {
    const undescribed: string[] = [];
    const visit = (node: unknown, path: string, isProperty: boolean): void => {
      if (typeof node !== "object" || node === null) return;
      if (isProperty && !("description" in node)) undescribed.push(path);
      const areProperties = !isProperty && path.endsWith(".properties");
      for (const [key, value] of Object.entries(node)) visit(value, `${path}.${key}`, areProperties);
    };
    visit(configJsonSchema(), "", false);
    expect(undescribed).toEqual([]);
  });

  it("takes durations as people write them, requires gates alone and allows no other key", () => {
    const schema = configJsonSchema();
    expect(schema).toMatchObject({
      $schema: "https://json-schema.org/draft/2020-12/schema",
      required: ["gates"],
      additionalProperties: false,
      properties: {
        gates: {
          items: { required: ["name", "run"], properties: { timeout: { type: "string", default: "15m" } } },
        },
      },
    });
  });
});

describe("paths of our own", () => {
  const tasksOf = (path: string): string => parse(`${gates}tasks: ${path}\n`).tasks;

  it("are spelled one way only, since they are compared by their beginnings", () => {
    expect(tasksOf("./todo//tasks/./open/")).toBe("todo/tasks/open");
  });

  it("name a folder below the top", () => {
    for (const path of [".", "./", "..", "a/../..", "/abs"]) expect(() => tasksOf(path)).toThrow("tasks");
  });

  it("keep the progress file out of the tasks, where it would be one", () => {
    const text = `${gates}progress: { file: tasks/PROGRESS.md }\n`;
    expect(() => parse(text)).toThrow(
      'progress.file: "tasks/PROGRESS.md" is inside the tasks folder and would be a task',
    );
  });
});

it("The agent is the built-in one, with its model, unless a command is set", () => {
  const agentOf = (text: string) => parseConfig(`${gates}${text}`, "ralph.config.yaml").agent;
  expect(agentOf("")).toMatchObject({ kind: "builtin", model: "claude-sonnet-5-5" });
  expect(agentOf("agent: { command: x }\n")).toMatchObject({ kind: "command", model: null });
  expect(agentOf("agent: { kind: claude }\n")).toMatchObject({ kind: "claude", model: null });
});
