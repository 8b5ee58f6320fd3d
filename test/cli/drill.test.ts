/** Drills from outside, on real projects: strong gates catch what is planted, weak ones miss what they must miss. */
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mainProgram } from "../support/program.ts";
import { createRepository, gitEnvironment, makeFolder, type TestRepository } from "../support/repository.ts";

/** Every place that can be broken is covered, so that any seed gives the full score. */
const node = {
  "package.json":
    '{ "name": "ledger", "type": "module", "scripts": { "style": "node scripts/style.mjs" } }\n',
  "scripts/style.mjs": `import { globSync, readFileSync } from "node:fs";
const bad = globSync(["src/**", "test/**"]).filter((file) => /\\.m?js$/.test(file) && /RALPH_REPORT|Unused|disable/.test(readFileSync(file, "utf8")));
if (bad.length > 0) throw new Error(bad.join());
`,
  "specs/money.md": "# Money\n\nWhole cents.\n",
  "src/money.js": `export function split(amount, parts) {
  const share = Math.floor(amount / parts);
  const rest = amount - share * parts;
  const shares = [];
  for (let at = 0; at < parts; at += 1) {
    shares.push(at < rest ? share + 1 : share);
  }
  return shares;
}
`,
  "src/account.js": `export class Account {
  entries = [];

  post(amount) {
    if (amount === 0) throw new Error("nothing to post");
    this.entries.push(amount);
    return this.balance();
  }

  balance() {
    return this.entries.reduce((sum, entry) => sum + entry, 0);
  }
}
`,
  "test/money.test.js": `import assert from "node:assert/strict";
import { it } from "node:test";
import { split } from "../src/money.js";

it("gives the rest to the first", () => assert.deepEqual(split(10, 3), [4, 3, 3]));
it("splits evenly", () => assert.deepEqual(split(8, 2), [4, 4]));
`,
  "test/account.test.js": `import assert from "node:assert/strict";
import { it } from "node:test";
import { Account } from "../src/account.js";

it("adds up", () => {
  const account = new Account();
  assert.equal(account.post(5), 5);
  assert.equal(account.post(-2), 3);
  assert.equal(account.balance(), 3);
});
it("posts nothing of zero", () => assert.throws(() => new Account().post(0)));
`,
};

const nodeTests = "node --test --test-isolation=none --test-timeout=5000";
const reported = `${nodeTests} --test-reporter=junit --test-reporter-destination="$RALPH_REPORT" "test/*.test.js"`;
const lint = { name: "lint", run: "npm run --silent style" };

const python = {
  "pytest.ini": "[pytest]\npythonpath = .\n",
  "ledger/__init__.py": "",
  "ledger/money.py": `def split(amount, parts):
    share = amount // parts
    rest = amount - share * parts
    shares = []
    for at in range(parts):
        shares.append(share + 1 if at < rest else share)
    return shares
`,
  "tests/test_money.py": `import pytest

from ledger.money import split


@pytest.mark.parametrize("amount, shares", [(10, [4, 3, 3]), (11, [4, 4, 3])])
def test_split(amount, shares):
    assert split(amount, 3) == shares


def test_split_evenly():
    assert split(8, 2) == [4, 4]
`,
};
const pytest = "python3 -B -m pytest -q -p no:cacheprovider";

/** What tests that cover nothing, without a report, must miss. */
const weaklyMissed = ["broken code", "early exit in code", "unknown dependency", "code that rewrites itself"];

interface Sample extends Disposable {
  readonly repository: TestRepository;
  readonly state: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

function createSample(files: Readonly<Record<string, string>>, config: object): Sample {
  const state = makeFolder("state");
  const text = JSON.stringify({ agent: { kind: "command", command: "true" }, ...config }, null, 2);
  const repository = createRepository({ ...files, "ralph.config.yaml": `${text}\n` });
  const path = `${dirname(process.execPath)}:${process.env["PATH"] ?? ""}`;
  const env = { ...process.env, ...gitEnvironment, PATH: path, RALPH_STATE_DIR: state, NO_COLOR: "1" };
  return {
    repository,
    state,
    env,
    [Symbol.dispose]() {
      repository[Symbol.dispose]();
      rmSync(state, { recursive: true, force: true });
    },
  };
}

interface Result {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function call({ repository, env }: Sample, ...args: readonly string[]): Result {
  const { status, stdout, stderr } = spawnSync(process.execPath, [mainProgram, ...args], {
    cwd: repository.path,
    env,
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

interface Told {
  readonly caught: number;
  readonly total: number;
  readonly percent: number;
  readonly plants: readonly {
    readonly class: string;
    readonly name: string;
    readonly counts: boolean;
    readonly outcome: { readonly kind: string; readonly by?: string };
  }[];
}

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what `--json` prints, looked at by the tests
const parseTold = (result: Result): Told => JSON.parse(result.stdout) as Told;

const missedIn = ({ plants }: Told): readonly string[] => {
  const missed = plants.filter(({ counts, outcome }) => counts && outcome.kind !== "caught");
  return [...new Set(missed.map((each) => each.class))];
};

const catchersOf = ({ plants }: Told, name: string): readonly (string | undefined)[] => [
  ...new Set(plants.filter((each) => each.class === name).map(({ outcome }) => outcome.by)),
];

/** All of a repository that a drill may not touch. */
function stateOf(repository: TestRepository): object {
  const { path } = repository;
  const index = createHash("sha256")
    .update(readFileSync(join(path, ".git", "index")))
    .digest("hex");
  return {
    index,
    refs: repository.git("for-each-ref"),
    head: readFileSync(join(path, ".git", "HEAD"), "utf8"),
    reflog: repository.git("reflog", "--all"),
    config: readFileSync(join(path, ".git", "config"), "utf8"),
    gitFolder: readdirSync(join(path, ".git")).toSorted(),
    files: readdirSync(path, { recursive: true, encoding: "utf8" })
      .filter((file) => !file.startsWith(".git/"))
      .toSorted(),
  };
}

describe("a project with strong gates", () => {
  let sample: Sample;
  let before: object;
  let result: Result;

  beforeAll(() => {
    const gates = [lint, { name: "tests", run: reported, report: "junit" }];
    sample = createSample(node, { gates, protect: [".gitattributes"] });
    // Work of a person, staged and not: none of it is drilled, none of it is touched.
    sample.repository.write("src/money.js", "work in progress");
    sample.repository.git("add", "src/money.js");
    sample.repository.write("notes.txt", "mine");
    before = stateOf(sample.repository);
    result = call(sample, "gate", "--drill", "--json");
  }, 300_000);

  afterAll(() => sample[Symbol.dispose]());

  it("catches every known-bad change", () => {
    const told = parseTold(result);
    expect(missedIn(told)).toEqual([]);
    expect(result.status).toBe(0);
    expect(told).toMatchObject({ percent: 100, caught: told.total });
    expect(told.plants.filter((each) => each.class === "broken code")).toHaveLength(8);
  });

  it("says who caught what", () => {
    const told = parseTold(result);
    expect(catchersOf(told, "broken code")).toEqual(["gate tests"]);
    expect(catchersOf(told, "configuration of the gates")).toEqual(["guard"]);
    expect(catchersOf(told, "package script")).toEqual(["guard"]);
    expect(catchersOf(told, "nested repository")).toEqual(["guard"]);
    expect(catchersOf(told, "early exit in code")).toEqual(["lost tests"]);
    expect(catchersOf(told, "code that rewrites itself")).toEqual(["void result"]);
    expect(catchersOf(told, "lint error")).toEqual(["gate lint"]);
  });

  it("tells each change on standard error as it is judged", () => {
    expect(result.stderr).toMatch(/^drill of [0-9a-f]{10}, seed \d+;/);
    expect(result.stderr).toMatch(/\n\[ 1\/\d\d\] .*: caught by guard, \d+\.\d s \(/);
    expect(result.stderr.split("\n").every((line) => line.length < 80)).toBe(true);
  });

  it("changes nothing in the repository and leaves nothing behind", () => {
    expect(stateOf(sample.repository)).toEqual(before);
    expect(sample.repository.git("fsck", "--no-dangling", "--no-reflogs")).toBe("");
    expect(readdirSync(join(sample.state, "work"))).toEqual([]);
    expect(readdirSync(join(sample.state, "scratch")).filter((name) => name !== "reports")).toEqual([]);
    expect(existsSync(join(sample.state, "lease.json"))).toBe(false);
  });

  it("satisfies doctor and a run that asks for it, until the configuration is another", () => {
    sample.repository.git("reset", "-q", "--hard");
    expect(call(sample, "doctor").stdout).toMatch(/✔ drill +\d+\/\d+ known-bad changes caught\n/);
    expect(call(sample, "run", "--require-drill", "100")).toMatchObject({ status: 0 });
    const config = readFileSync(join(sample.repository.path, "ralph.config.yaml"), "utf8");
    sample.repository.commit("Protect less", { "ralph.config.yaml": config.replace(".gitattributes", "x") });
    expect(call(sample, "doctor").stdout).toMatch(/! drill +the gates were never drilled as they are now/);
    expect(call(sample, "run", "--require-drill", "0")).toEqual({
      status: 2,
      stdout: "",
      stderr:
        "ralphwright: a drill of 0 % is required, and the last drill was one of another configuration\n" +
        "  Run `ralphwright gate --drill`, then this again.\n",
    });
  });
});

describe("the same project with weak gates", () => {
  let sample: Sample;

  beforeAll(() => {
    const idle = 'import { it } from "node:test";\n\nit("is there", () => {});\n';
    const files = { ...node, "test/account.test.js": idle, "test/money.test.js": idle };
    sample = createSample(files, { gates: [{ name: "tests", run: `${nodeTests} "test/*.test.js"` }] });
  });

  afterAll(() => sample[Symbol.dispose]());

  it("begins no run that asks for a drill before there was one", () => {
    const { status, stderr } = call(sample, "run", "--require-drill", "1");
    expect(status).toBe(2);
    expect(stderr).toContain("and there is no drill on record\n");
    expect(call(sample, "run", "--require-drill", "101").stderr).toContain(
      "It takes a percentage, 0 to 100.",
    );
  });

  it("misses what no test covers and what only a report would show, and says what to add", () => {
    const { status, stdout } = call(sample, "gate", "--drill");
    expect(status).toBe(1);
    for (const name of weaklyMissed) expect(stdout).toMatch(new RegExp(`✘  ${name} +MISSED`));
    for (const name of ["configuration of the gates", "edited spec", "link that leads out"])
      expect(stdout).toMatch(new RegExp(`✔  ${name} +guard`));
    expect(stdout).toContain("Not applicable here\n");
    expect(stdout).toMatch(/\n {2}fake report +no gate writes JUnit XML/);
    expect(stdout).toMatch(/\n {2}broken code\n( {4}src\/.*\n( {6}.*\n)*)+ {4}Add a test that notices it/);
    expect(stdout).toContain("Judged by the exit code alone, which is the weaker kind: tests.");
    expect(stdout).toMatch(/\n\d+\/\d+ caught \(\d+ %\), missed: /);
    const missed = [...stdout.matchAll(/^✘ {2}(.+?) +MISSED /gm)].map(([, name = ""]) => name);
    expect(new Set(missed)).toEqual(new Set(weaklyMissed));
    expect(stdout.split("\n").every((line) => line.length <= 80)).toBe(true);
  }, 300_000);

  it("begins no run that asks for more than was caught, and one that asks for less", () => {
    const { status, stderr } = call(sample, "run", "--require-drill", "90");
    expect(status).toBe(2);
    expect(stderr).toMatch(/^ralphwright: a drill of 90 % is required, and the last caught \d+ of \d+ \(/);
    expect(call(sample, "run", "--require-drill", "10").status).toBe(0);
    expect(call(sample, "doctor").stdout).toMatch(/! drill +\d+\/\d+ known-bad changes caught, missed:/);
  });

  it("takes a record that cannot be read for none", () => {
    rmSync(join(sample.state, "drill.json"));
    expect(call(sample, "run", "--require-drill", "0").stderr).toContain("there is no drill on record");
  });
});

it("drills a Python project: strong gates catch it all, by the tests alone", () => {
  const report = { name: "tests", run: `${pytest} --junitxml="$RALPH_REPORT"`, report: "junit" };
  const style = { name: "style", run: "! grep -rnE 'RALPH_REPORT|noqa' ledger" };
  using sample = createSample(python, { gates: [style, report], protect: [".gitattributes", ".gitignore"] });
  const result = call(sample, "gate", "--drill", "--json", "--seed", "3");
  const told = parseTold(result);
  expect(missedIn(told)).toEqual([]);
  expect(catchersOf(told, "broken code")).toEqual(["gate tests"]);
  expect(result.stderr).toContain(", seed 3;");
}, 300_000);

it("drills nothing where the gates are red to begin with", () => {
  using sample = createSample(node, { gates: [{ name: "tests", run: "exit 3" }] });
  const { status, stderr, stdout } = call(sample, "gate", "--drill");
  expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
  expect(stderr).toContain("a drill needs green gates to begin with: gate tests exited with 3 on main");
  expect(existsSync(join(sample.state, "drill.json"))).toBe(false);
});

it("stops at Ctrl-C, records nothing and leaves nothing behind", async () => {
  using sample = createSample(node, {
    gates: [{ name: "tests", run: "test ! -e src/ralph-drill-rows.csv || sleep 600" }],
  });
  const child = spawn(process.execPath, [mainProgram, "gate", "--drill"], {
    cwd: sample.repository.path,
    env: sample.env,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let stderr = "";
  let isTold = false;
  const status = await new Promise<number | null>((resolve) => {
    child.once("close", resolve);
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
      stderr += chunk;
      // A second signal would be another story.
      if (!isTold && /\n\[ ?2\//.test(stderr)) isTold = child.kill("SIGINT");
    });
  });
  expect(status).toBe(130);
  expect(stderr).toMatch(/stopped after \d+ known-bad changes; nothing was recorded\n$/);
  expect(readdirSync(join(sample.state, "work"))).toEqual([]);
  expect(["drill.json", "lease.json"].filter((name) => existsSync(join(sample.state, name)))).toEqual([]);
});

it("takes no names of gates, and a seed only for a drill", () => {
  using sample = createSample(node, { gates: [lint] });
  expect(call(sample, "gate", "lint", "--drill")).toMatchObject({ status: 2, stdout: "" });
  expect(call(sample, "gate", "--seed", "3").stderr).toContain("--seed is for a drill");
});
