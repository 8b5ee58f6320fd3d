/** What the survey makes of a project's files: gates that end by themselves, setup, and what is protected. */
import { describe, expect, it } from "vitest";
import {
  type Manifest,
  type ProjectFiles,
  reportAdvice,
  type SurveyGate,
  surveyProject,
} from "../../src/survey/survey.ts";

interface Given {
  readonly scripts?: Record<string, string>;
  readonly dependencies?: readonly string[];
  readonly packager?: string;
  readonly keys?: readonly string[];
}

const manifest = (given: Given): Manifest => ({
  name: null,
  description: null,
  scripts: new Map(Object.entries(given.scripts ?? {})),
  dependencies: new Set(given.dependencies),
  packager: given.packager ?? null,
  keys: new Set(given.keys),
});

/** `files` are path → content; `given` is a package.json. */
function project(files: Record<string, string>, given?: Given): ProjectFiles {
  const entries = Object.keys(files).map((path) => path.split("/")[0] ?? path);
  return {
    entries: new Set(entries),
    manifest: given === undefined ? null : manifest(given),
    packages: [],
    texts: new Map(Object.entries(files)),
  };
}

const runs = (gates: readonly SurveyGate[]) =>
  gates.map(({ name, run, report, reportFile }) => {
    const file = reportFile === null ? "" : ` in ${reportFile}`;
    return `${name}${report === null ? "" : ` (${report}${file})`}: ${run}`;
  });
const gatesOf = (files: Record<string, string>, given?: Given) =>
  runs(surveyProject(project(files, given)).gates);
const testsOf = (test: string, dependencies: readonly string[] = [], more: Record<string, string> = {}) =>
  gatesOf({}, { scripts: { test, ...more }, dependencies }).find((line) => line.startsWith("tests"));

const packageSetup = (fields: string) =>
  surveyProject(project({ "pyproject.toml": `[project]\nname = "a"\n${fields}\n[tool.pytest]\n` })).setup;
const missingOf = (files: Record<string, string>) => surveyProject(project(files)).missing;
const protectOf = (given: Given) => surveyProject(project({}, given)).protect;
const setupOf = (files: Record<string, string>, given: Given = { scripts: { test: "x" } }) => {
  const { setup, setupInputs, keep } = surveyProject(project(files, given));
  return [setup, setupInputs, keep];
};

describe("the hosts that packages come from", () => {
  const egressOf = (files: Record<string, string>, given?: Given) =>
    surveyProject(project(files, given)).egress;
  const test = { scripts: { test: "x" }, dependencies: ["vitest"] };

  it("are the language's own registry, where set-up loads anything from it", () => {
    expect(egressOf({ "package-lock.json": "" }, test)).toEqual(["registry.npmjs.org"]);
    expect(egressOf({}, { scripts: { test: "x" } })).toEqual([]);
    expect(egressOf({ "go.mod": "module x" })).toEqual(["proxy.golang.org", "sum.golang.org"]);
    expect(egressOf({ "Cargo.toml": "[package]" })).toEqual(["index.crates.io", "static.crates.io"]);
  });

  it("are those that .npmrc names, for all packages or for a scope", () => {
    const npmrc = (text: string) => egressOf({ "package-lock.json": "", ".npmrc": text }, test);
    expect(npmrc("registry=https://npm.example.org/all/\n")).toEqual(["npm.example.org"]);
    expect(npmrc("@ours:registry = https://npm.example.org:8443/\n")).toEqual([
      "registry.npmjs.org",
      "npm.example.org:8443",
    ]);
  });
});

describe("a test script", () => {
  it.each([
    ["vitest", 'npx vitest run --reporter=default --reporter=junit --outputFile.junit="$RALPH_REPORT"'],
    [
      "vitest --watch unit",
      'npx vitest run unit --reporter=default --reporter=junit --outputFile.junit="$RALPH_REPORT"',
    ],
    [
      "TZ=UTC npx vitest run --reporter verbose --outputFile.junit=a.xml unit",
      'TZ=UTC npx vitest run unit --reporter=default --reporter=junit --outputFile.junit="$RALPH_REPORT"',
    ],
    [
      "cross-env NODE_ENV=test vitest dev",
      'NODE_ENV=test npx vitest run --reporter=default --reporter=junit --outputFile.junit="$RALPH_REPORT"',
    ],
  ])("that calls vitest as `%s` runs once and writes its report", (script, run) => {
    expect(testsOf(script, ["vitest"])).toBe(`tests (junit): ${run}`);
  });

  it("that watches with jest runs once, with a report only where jest-junit is installed", () => {
    expect(testsOf("jest --watch -w 4", ["jest"])).toBe("tests: npx jest -w 4");
    expect(testsOf("jest --watchAll", ["jest", "jest-junit"])).toBe(
      'tests (junit): JEST_JUNIT_OUTPUT_FILE="$RALPH_REPORT" JEST_JUNIT_ADD_FILE_ATTRIBUTE=true npx jest --reporters=default --reporters=jest-junit',
    );
  });

  it("that calls node's own runner keeps its words and prints as well as reports", () => {
    expect(testsOf("node --import tsx --test --watch 'test/**/*.ts'")).toBe(
      "tests (junit): node --test-reporter=spec --test-reporter-destination=stdout --test-reporter=junit " +
        "--test-reporter-destination=\"$RALPH_REPORT\" --import tsx --test 'test/**/*.ts'",
    );
  });

  it.each([
    [
      "playwright test e2e --reporter=html --ui",
      'PLAYWRIGHT_JUNIT_OUTPUT_NAME="$RALPH_REPORT" npx playwright test e2e --reporter=list,junit',
    ],
    ["deno test -A --junit-path=x.xml src", 'deno test --junit-path="$RALPH_REPORT" -A src'],
    [
      "tap -R terse test/*.js",
      'npx tap test/*.js --reporter=junit --reporter-file="$RALPH_REPORT" || { cat "$RALPH_REPORT"; exit 1; }',
    ],
  ])("that calls a runner with a reporter of its own reports: `%s`", (script, run) => {
    expect(testsOf(script, ["@playwright/test", "tap"])).toBe(`tests (junit): ${run}`);
  });

  it("whose runner cannot write a report is the weaker kind, and what it needs is told", () => {
    const told = (test: string, dependencies: readonly string[] = []) =>
      surveyProject(project({}, { scripts: { test }, dependencies })).missing[0];
    expect(told("ava")).toBe(
      "Gate tests writes no test report: ava writes TAP: turn it into JUnit XML (tap-xunit does) in " +
        '"$RALPH_REPORT", and `report: junit`.',
    );
    expect(told("jest", ["jest"])).toContain("install jest-junit");
    expect(told("make -C x")).toBe(
      'Gate tests writes no test report: let it write JUnit XML to "$RALPH_REPORT" with `report: junit`, ' +
        "or name its file with `report_file`.",
    );
  });

  it("that calls mocha prints from the report what failed", () => {
    expect(testsOf("mocha -R dot test", ["mocha"])).toBe(
      'tests (junit): npx mocha test --reporter xunit --reporter-option output="$RALPH_REPORT" ' +
        '|| { cat "$RALPH_REPORT"; exit 1; }',
    );
  });

  it.each([
    [
      "tsc && vitest run",
      'tsc && npx vitest run --reporter=default --reporter=junit --outputFile.junit="$RALPH_REPORT"',
    ],
    [
      "xo && node --test test/*.js && tsd",
      'xo && node --test-reporter=spec --test-reporter-destination=stdout --test-reporter=junit --test-reporter-destination="$RALPH_REPORT" --test test/*.js && tsd',
    ],
    [
      "tsc && mocha",
      'tsc && (npx mocha --reporter xunit --reporter-option output="$RALPH_REPORT" || { cat "$RALPH_REPORT"; exit 1; })',
    ],
  ])("that chains other commands with one known runner keeps the chain and reports: `%s`", (script, run) => {
    expect(testsOf(script, ["vitest", "mocha"])).toBe(
      `tests (junit): export PATH="$PWD/node_modules/.bin:$PATH" && ${run}`,
    );
  });

  it("that chains checks does not repeat those that are gates of their own", () => {
    const scripts = {
      lint: "eslint .",
      "test:types": "tsc --noEmit",
      test: "pnpm lint && pnpm run test:types && pnpm vitest run --typecheck",
    };
    expect(gatesOf({ "pnpm-lock.yaml": "" }, { scripts, dependencies: ["vitest"] })).toEqual([
      "lint: pnpm run lint",
      "types: pnpm run test:types",
      'tests (junit): pnpm exec vitest run --typecheck --reporter=default --reporter=junit --outputFile.junit="$RALPH_REPORT"',
    ]);
  });

  it.each([
    "vitest run && vitest run --config b",
    "tsc && ava",
    "echo 'a && vitest run'",
    "tsc || x && vitest run",
    "(vitest run && tsc)",
  ])("whose chain leaves open which report counts stays as it is: `%s`", (script) => {
    expect(testsOf(script, ["vitest", "ava"])).toBe("tests: npm test");
  });

  it.each(["vitest run | tee log", "c8 vitest run", "node test.js", "vitest bench"])(
    "that is more than a plain run of a known runner stays as it is: `%s`",
    (script) => {
      expect(testsOf(script, ["vitest"])).toBe("tests: npm test");
    },
  );

  it("whose runner is not installed stays as it is", () => {
    expect(testsOf("vitest run")).toBe("tests: npm test");
  });

  it("that only calls another script is followed to it", () => {
    expect(testsOf("npm run unit", ["vitest"], { unit: "vitest run" })).toContain("npx vitest run");
    expect(testsOf("yarn b", [], { b: "yarn test" })).toBe("tests: npm test");
  });

  it("keeps the script before it, and stays as it is when one comes after it", () => {
    expect(testsOf("vitest run", ["vitest"], { pretest: "make build" })).toContain(
      "(junit): npm run pretest && npx vitest run",
    );
    expect(testsOf("vitest run", ["vitest"], { posttest: "eslint ." })).toBe("tests: npm test");
    expect(testsOf("npm run unit", ["vitest"], { unit: "vitest run", pretest: "x" })).toBe("tests: npm test");
  });

  it("that is npm's placeholder is no gate, and its absence is told", () => {
    const script = 'echo "Error: no test specified" && exit 1';
    const survey = surveyProject(project({}, { scripts: { test: script, lint: "x" } }));
    expect(runs(survey.gates)).toEqual(["lint: npm run lint"]);
    expect(survey.missing).toEqual([
      "No test command found: without one, a change that breaks behaviour can land.",
    ]);
  });
});

describe("scripts and tools of package.json", () => {
  it("become gates from cheap to dear", () => {
    const scripts = {
      test: "ava",
      typecheck: "tsc --noEmit",
      lint: "eslint .",
      "format:check": "prettier -c .",
    };
    expect(gatesOf({}, { scripts })).toEqual([
      "format: npm run format:check",
      "lint: npm run lint",
      "types: npm run typecheck",
      "tests: npm test",
    ]);
  });

  it("give way to the tool itself when the script would rewrite files or watch", () => {
    const scripts = { lint: "eslint . --fix", typecheck: "tsc -w" };
    const files = { "eslint.config.js": "", "tsconfig.json": "{}" };
    expect(gatesOf(files, { scripts, dependencies: ["eslint", "typescript"] })).toEqual([
      "lint: npx eslint .",
      "types: npx tsc --noEmit",
    ]);
    expect(surveyProject(project({}, { scripts })).missing).toContain(
      "The lint script rewrites or watches files: give it a form that only checks.",
    );
  });

  it("builds a tsconfig.json that only refers to others, because nothing else checks them", () => {
    const files = { "tsconfig.json": '{ "files": [], "references": [{ "path": "./app" }] }' };
    expect(gatesOf(files, { dependencies: ["typescript"] })).toEqual(["types: npx tsc -b --noEmit"]);
  });

  it("use a check script when no finer one is there", () => {
    expect(gatesOf({}, { scripts: { check: "standard" } })).toEqual(["check: npm run check"]);
    expect(gatesOf({}, { scripts: { check: "standard", lint: "standard" } })).toEqual(["lint: npm run lint"]);
  });

  it("protect package.json only when a tool is configured in it: its scripts are compared by the guard", () => {
    expect(protectOf({ scripts: { lint: "eslint ." } })).not.toContain("/package.json");
    expect(protectOf({ dependencies: ["mocha"], keys: ["mocha"] })).toContain("/package.json");
    expect(protectOf({ scripts: { test: "tsc && node --test" } })).toEqual([]);
    expect(protectOf({ scripts: { test: "vitest" }, dependencies: ["vitest"] })).toEqual([
      "vitest.config.*",
      "vitest.workspace.*",
      "vite.config.*",
    ]);
  });
});

describe("the package manager", () => {
  it.each([
    ["package-lock.json", "npm ci"],
    ["pnpm-lock.yaml", "pnpm install --frozen-lockfile"],
    ["yarn.lock", "yarn install --frozen-lockfile"],
    ["bun.lock", "bun install --frozen-lockfile"],
  ])("is the one that %s belongs to", (lock, setup) => {
    expect(setupOf({ [lock]: "" })).toEqual([setup, ["package.json", lock], ["node_modules"]]);
  });

  it("of several lock files is the one that packageManager names", () => {
    const locks = { "package-lock.json": "", "yarn.lock": "" };
    expect(setupOf(locks, { scripts: { test: "x" }, packager: "npm@11" })[0]).toBe("npm ci");
    expect(setupOf(locks, { scripts: { test: "x" }, packager: "yarn@4.1.0" })[0]).toBe(
      "yarn install --immutable",
    );
  });

  it("writes no lock file where there is none, and says that one is missing", () => {
    const survey = surveyProject(
      project({ ".gitignore": "/node_modules\n" }, { scripts: { test: "x" }, dependencies: ["left-pad"] }),
    );
    expect(survey.setup).toBe("npm install --no-package-lock");
    expect(survey.missing).toContain(
      "No lock file found: commit one, or versions may change between two attempts.",
    );
  });

  it("has nothing to do in a project without dependencies", () => {
    expect(setupOf({})).toEqual([null, [], []]);
  });

  it("of a workspace keeps the modules of each package", () => {
    const files = {
      ...project({ "pnpm-lock.yaml": "" }, { scripts: { test: "x" } }),
      packages: ["packages/a"],
    };
    const { setupInputs, keep } = surveyProject(files);
    expect(setupInputs).toEqual(["package.json", "packages/a/package.json", "pnpm-lock.yaml"]);
    expect(keep).toEqual(["node_modules", "packages/a/node_modules"]);
  });

  it("calls scripts and tools in its own way", () => {
    const given = { scripts: { test: "vitest", lint: "x" }, dependencies: ["vitest"] };
    expect(gatesOf({ "pnpm-lock.yaml": "" }, given)[1]).toContain("pnpm exec vitest run");
    expect(gatesOf({ "bun.lock": "" }, { scripts: { test: "bun test" } })).toEqual([
      'tests (junit): bun test --reporter=junit --reporter-outfile="$RALPH_REPORT"',
    ]);
    expect(gatesOf({ "bun.lock": "" }, { scripts: { test: "a && b" } })).toEqual(["tests: bun run test"]);
  });
});

describe("Python", () => {
  it("with uv runs its tools from the environment, and never installs the project", () => {
    const pyproject =
      '[project]\nname = "a"\n[dependency-groups]\ndev = ["pytest>=8", "ruff"]\n[tool.mypy]\n';
    const survey = surveyProject(project({ "pyproject.toml": pyproject, "uv.lock": "" }));
    expect(survey.setup).toBe("uv sync --frozen --no-install-project");
    expect(runs(survey.gates)).toEqual([
      "lint: uv run --no-sync python -m ruff check .",
      "types: uv run --no-sync python -m mypy .",
      'tests (junit): uv run --no-sync python -m pytest --junitxml="$RALPH_REPORT"',
    ]);
    expect(survey.protect).toContain("pyproject.toml");
  });

  it("with requirements gets a virtual environment", () => {
    const survey = surveyProject(project({ "requirements.txt": "flask\npytest==8.1\n", "src/a.py": "" }));
    expect(survey.setup).toBe(
      "python3 -m venv .venv && .venv/bin/python -m pip install --quiet -r requirements.txt pytest",
    );
    expect(runs(survey.gates)).toEqual([
      'tests (junit): PYTHONPATH=src .venv/bin/python -m pytest --junitxml="$RALPH_REPORT"',
    ]);
    expect(survey.missing).toEqual([
      ".gitignore does not name .venv: add it, or gates change the tree that they judge.",
      ".gitignore does not name __pycache__: add it, or gates change the tree that they judge.",
    ]);
  });

  it("with a package installs its extras and takes the package itself out again", () => {
    const pyproject =
      '[project]\nname = "tally"\n[project.optional-dependencies]\ntest = ["pytest"]\ndocs = ["x"]\n[tool.x]\ndev = 1\n';
    expect(surveyProject(project({ "pyproject.toml": pyproject })).setup).toBe(
      'python3 -m venv .venv && .venv/bin/python -m pip install --quiet ".[test]" pytest && ' +
        ".venv/bin/python -m pip uninstall --quiet --yes tally",
    );
  });

  it("that needs nothing beside its tools is not built", () => {
    const setup = "python3 -m venv .venv && .venv/bin/python -m pip install --quiet";
    const gone = ".venv/bin/python -m pip uninstall --quiet --yes a";
    expect(packageSetup('dynamic = ["version"]')).toBe(`${setup} pytest`);
    expect(packageSetup("dependencies = []")).toBe(`${setup} pytest`);
    expect(packageSetup('dependencies = [\n  "x",\n]')).toBe(`${setup} . pytest && ${gone}`);
    expect(packageSetup('dynamic = ["version", "dependencies"]')).toBe(`${setup} . pytest && ${gone}`);
  });

  it("knows that ignored bytecode covers its folder", () => {
    expect(missingOf({ "pytest.ini": "", ".gitignore": "*.py[cod]\n" })).toEqual([]);
    expect(missingOf({ "pytest.ini": "", ".gitignore": "*.log\n" })).toHaveLength(1);
  });

  it("without pytest calls unittest as the project itself does, without a report", () => {
    const files = { "setup.cfg": "", "README.md": "Run `python -m unittest discover -s tests` first.\n" };
    expect(gatesOf(files)).toEqual(["tests: python3 -m unittest discover -s tests"]);
    expect(gatesOf({ ...files, "pytest.ini": "" }).join()).not.toContain("unittest");
    expect(gatesOf({ "setup.cfg": "", "README.md": "unittest" })).toEqual([]);
  });

  it("with nothing to install uses the machine's python3", () => {
    expect(gatesOf({ "pytest.ini": "[pytest]\n" })).toEqual([
      'tests (junit): python3 -m pytest --junitxml="$RALPH_REPORT"',
    ]);
  });

  it("does not take a word in a description for a tool", () => {
    const pyproject = '[project]\nname = "a"\ndescription = "A black box with ruff edges"\n';
    expect(gatesOf({ "pyproject.toml": pyproject })).toEqual([]);
  });
});

describe("Rust, Go and make", () => {
  it("checks and tests a crate, and lints it only where clippy is configured", () => {
    const files = { "Cargo.toml": '[package]\nname = "a"\n', "Cargo.lock": "", ".gitignore": "/target\n" };
    const survey = surveyProject(project(files));
    expect(runs(survey.gates)).toEqual([
      "types: cargo check --all-targets --locked",
      'tests (libtest): set -o pipefail; cargo test --no-fail-fast --locked 2>&1 | tee "$RALPH_REPORT"',
    ]);
    expect([survey.setup, survey.keep, survey.missing]).toEqual([null, [], []]);
    expect(gatesOf({ ...files, "clippy.toml": "", "rustfmt.toml": "" })).toEqual([
      "format: cargo fmt --check",
      "lint: cargo clippy --all-targets --locked",
      'tests (libtest): set -o pipefail; cargo test --no-fail-fast --locked 2>&1 | tee "$RALPH_REPORT"',
    ]);
  });

  it("says what an ignored Cargo.lock means", () => {
    expect(missingOf({ "Cargo.toml": "", ".gitignore": "target\nCargo.lock\n" })).toEqual([
      "Cargo.lock is ignored by git: commit it, or versions may change between two attempts.",
    ]);
    expect(missingOf({ "Cargo.toml": "", ".gitignore": "target\n" })).toEqual([
      "No Cargo.lock found: commit it, or cargo writes one while a gate runs.",
    ]);
  });

  it("reports through nextest where a profile writes JUnit", () => {
    const nextest = '[profile.ci.junit]\npath = "junit.xml"\n';
    expect(gatesOf({ "Cargo.toml": "[workspace]\n", ".config/nextest.toml": nextest })).toContain(
      "tests (junit in target/nextest/ci/junit.xml): cargo nextest run --profile ci --workspace",
    );
  });

  it("reports Go's tests through the tool that the project names, else in go's own lines", () => {
    expect(gatesOf({ "go.mod": "module a\n" })).toEqual([
      "format: ! gofmt -l . | grep .",
      "lint: go vet ./...",
      'tests (go-json): go test -json ./... > "$RALPH_REPORT"',
    ]);
    expect(gatesOf({ "go.mod": "module a\n\ntool gotest.tools/gotestsum\n" })).toContain(
      'tests (junit): go tool gotestsum --junitfile "$RALPH_REPORT" ./...',
    );
  });

  it("leaves no runner that it knows without advice of its own", () => {
    const calls = `vitest, jest, mocha, playwright test, ava, tape, tap, node --test, bun test, deno test,
      python -m unittest, pytest, gotestsum, go test, cargo nextest run, cargo test, gradle test, mvn test, phpunit,
      rspec`.split(/,\s+/);
    const told = calls.map(reportAdvice);
    expect(told).not.toContain(reportAdvice("make test"));
    expect(new Set(told).size).toBe(calls.length);
  });

  it("uses make's targets where no language has a gate of that name", () => {
    const makefile = "lint: deps\n\tx\ntest:\n\ty\ncheck := 1\n";
    expect(gatesOf({ Makefile: makefile })).toEqual(["lint: make lint", "tests: make test"]);
    expect(gatesOf({ Makefile: makefile, "go.mod": "module a\n" })).not.toContain("tests: make test");
    expect(gatesOf({ Makefile: "check:\n\tx\n" })).toEqual(["check: make check"]);
  });
});

describe("Java, PHP, Ruby and Deno", () => {
  it("takes what gradle and maven leave in the checkout", () => {
    expect(gatesOf({ "build.gradle.kts": "", gradlew: "" })).toEqual([
      "tests (junit in **/build/test-results/**/TEST-*.xml): ./gradlew test --no-daemon --no-build-cache --continue",
    ]);
    expect(gatesOf({ "pom.xml": "" })).toEqual([
      "tests (junit in **/target/surefire-reports/TEST-*.xml): mvn --batch-mode --fail-at-end test",
    ]);
  });

  it("logs what phpunit or pest runs", () => {
    const survey = surveyProject(project({ "composer.json": '{"require-dev":{"phpunit/phpunit":"^11"}}' }));
    expect(runs(survey.gates)).toEqual([
      'tests (junit): vendor/bin/phpunit --do-not-cache-result --log-junit "$RALPH_REPORT"',
    ]);
    expect([survey.setup, survey.keep]).toEqual([
      "composer install --no-interaction --no-progress",
      ["vendor"],
    ]);
    expect(gatesOf({ "composer.json": '{"require-dev":{"pestphp/pest":"^3"}}' })[0]).toContain(
      "vendor/bin/pest ",
    );
    expect(gatesOf({ "composer.json": "{}" })).toEqual([]);
  });

  it("reports rspec only where its formatter is in the Gemfile", () => {
    const gemfile = 'gem "rspec"\n';
    expect(gatesOf({ Gemfile: gemfile })).toEqual(["tests: BUNDLE_PATH=vendor/bundle bundle exec rspec"]);
    expect(gatesOf({ Gemfile: `${gemfile}gem 'rspec_junit_formatter'\n` })).toEqual([
      "tests (junit): BUNDLE_PATH=vendor/bundle bundle exec rspec --format progress " +
        '--format RspecJunitFormatter --out "$RALPH_REPORT"',
    ]);
    expect(gatesOf({ Gemfile: 'gem "rails"\n' })).toEqual([]);
  });

  it("takes the words of deno's test task, and runs any other task as it stands", () => {
    const deno = (task: string) => gatesOf({ "deno.json": `{ "tasks": { "test": "${task}" } }` });
    expect(deno("deno test --allow-read --watch src")).toEqual([
      'tests (junit): deno test --junit-path="$RALPH_REPORT" --allow-read src',
    ]);
    expect(deno("deno lint && deno test")).toEqual(["tests: deno task test"]);
    expect(gatesOf({ "deno.jsonc": "{}" })).toEqual([
      'tests (junit): deno test --junit-path="$RALPH_REPORT"',
    ]);
  });
});

describe("the whole", () => {
  it("sets up no language that has no gate, unless a make target may use it", () => {
    const files = { "requirements-docs.txt": "sphinx\n", "go.mod": "module a\n" };
    expect(surveyProject(project(files)).setup).toBeNull();
    expect(surveyProject(project({ ...files, Makefile: "lint:\n\tx\n" })).setup).toBeNull();
    expect(
      surveyProject(project({ "requirements.txt": "flask\n", Makefile: "test:\n\tx\n" })).setup,
    ).toContain("-r requirements.txt");
  });

  it("names the language in a second gate of the same name", () => {
    const survey = surveyProject(
      project({ "Cargo.toml": "", "Cargo.lock": "" }, { scripts: { test: "x", types: "y" } }),
    );
    expect(survey.gates.map(({ name }) => name)).toEqual(["types", "types-rust", "tests", "tests-rust"]);
  });

  it("says which gates are the weaker kind", () => {
    expect(surveyProject(project({}, { scripts: { test: "x" } })).found).toContain(
      "Gate tests: judged by its exit code alone, the weaker kind, which misses a deleted test.",
    );
  });

  it("finds no gate in an empty repository, and says so", () => {
    expect(surveyProject(project({}))).toEqual({
      gates: [],
      setup: null,
      setupInputs: [],
      keep: [],
      protect: [],
      egress: [],
      found: [],
      missing: ["No gate found: nothing here checks the code in a way that init knows."],
    });
  });
});
