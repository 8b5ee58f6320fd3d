import { describe, expect, it } from "vitest";
import { gateFiles } from "../../../src/core/guard/gate-files.ts";
import { isManifest, manifestFinding } from "../../../src/core/guard/manifest.ts";
import { parseToml } from "../../../src/formats/toml-text.ts";

describe("A changed package.json", () => {
  const before = { name: "x", scripts: { test: "vitest run" } };
  const told = (after: object, isNew = false): string | null =>
    manifestFinding("package.json", { before, after: { ...after }, isNew });

  it("may stay while dependencies come and go", () => {
    expect(
      told({ ...before, dependencies: { a: "1" }, devDependencies: { "b.c": "2" }, version: "2" }),
    ).toBeNull();
  });

  it("may change neither its scripts nor what configures a tool: gates run from them", () => {
    const reason = (keys: string): string =>
      `package.json changes ${keys}, which gates may run from; put it back, or the task must allow it (allow: ["package.json"])`;
    expect(told({ name: "x", scripts: { test: "true" } })).toBe(reason('"scripts.test"'));
    expect(told({ ...before, scripts: { test: "vitest run", pretest: "true" } })).toBe(
      reason('"scripts.pretest"'),
    );
    expect(told({ name: "x" })).toBe(reason('"scripts.test"'));
    expect(told({ ...before, eslintConfig: {}, jest: { bail: 1 } })).toBe(
      reason('"eslintConfig", "jest.bail"'),
    );
    expect(told({ ...before, a: 1, b: 1, c: 1, d: 1, e: 1 })).toContain('"d" and 1 more');
  });

  it("may gain members of a workspace and lose none", () => {
    const grow = (old: unknown, now: unknown): string | null =>
      manifestFinding("package.json", {
        before: { workspaces: old },
        after: { workspaces: now },
        isNew: false,
      });
    expect(grow(["a"], ["a", "b"])).toBeNull();
    expect(grow(["a", "b"], ["a"])).toContain('"workspaces"');
    expect(grow(["a"], "b")).toContain('"workspaces"');
  });

  it("is not taken for unchanged where it cannot be read", () => {
    const finding = manifestFinding("package.json", { before, after: null, isNew: false });
    expect(finding).toBe("package.json cannot be read, so it cannot be compared");
  });

  it("says nothing yet about a package that is new", () => {
    expect(manifestFinding("a/package.json", { before: {}, after: before, isNew: true })).toBeNull();
  });
});

describe("A manifest in TOML", () => {
  const told = (path: string, before: string, after: string, isNew = false): string =>
    manifestFinding(path, { before: parseToml(before), after: parseToml(after), isNew }) ?? "";

  it.each([
    ["pyproject.toml", '[project]\nname = "x"\ndependencies = ["a"]\n[dependency-groups]\ndev = ["b"]'],
    ["pyproject.toml", '[tool.poetry.dependencies]\na = "1"\n[tool.uv.sources]\na = { path = "a" }'],
    ["Cargo.toml", '[dependencies]\na = "1"\n[dev-dependencies.b]\nversion = "1"\n[features]\nc = []'],
    ["Cargo.toml", '[package]\nversion = "2.0.0"\n[[bin]]\nname = "x"\npath = "src/x.rs"'],
    ["Cargo.toml", "[target.'cfg(unix)'.dependencies]\na = '1'\n[workspace.dependencies]\nb = '1'"],
  ])("%s may gain %j", (path, text) => {
    expect(told(path, "", text)).toBe("");
    expect(told(path, text, "")).toBe("");
  });

  it.each([
    [
      "pyproject.toml",
      '[tool.pytest.ini_options]\naddopts = "-k nothing"',
      "tool.pytest.ini_options.addopts",
    ],
    ["pyproject.toml", "[tool.ruff]\nline-length = 500", "tool.ruff.line-length"],
    ["pyproject.toml", '[project.entry-points.pytest11]\nx = "y"', "project.entry-points.pytest11.x"],
    ["Cargo.toml", '[lints.rust]\nwarnings = "allow"', "lints.rust.warnings"],
    ["Cargo.toml", "[profile.test]\ndebug-assertions = false", "profile.test.debug-assertions"],
    ["Cargo.toml", '[[test]]\nname = "x"\nharness = false', "test.0.name"],
    ["Cargo.toml", "[lib]\ntest = false", "lib.test"],
    ["Cargo.toml", "[lib]\nharness = false", "lib.harness"],
    ["Cargo.toml", '[[bin]]\nname = "x"\ntest = false', "bin.0.test"],
    ["Cargo.toml", "[package]\nautotests = false", "package.autotests"],
  ])("%s may not gain %j", (path, text, key) => {
    expect(told(path, "", text)).toContain(`${path} changes "${key}"`);
    expect(told(path, text, "")).toContain(`"${key}"`);
    expect(told(path, text, `# more\n${text}\n`)).toBe("");
  });

  it("may hold no settings of tools where it is new, which they would find", () => {
    expect(told("pyproject.toml", "", "[tool.pytest.ini_options]\nx = 1", true)).toContain('"tool.pytest');
    expect(told("pyproject.toml", "", '[build-system]\nrequires = ["a"]', true)).toBe("");
  });

  it("is refused where it cannot be read", () => {
    expect(told("Cargo.toml", "", "[lib\n")).toBe("Cargo.toml cannot be read, so it cannot be compared");
  });

  it("is known by its name in any folder", () => {
    const paths = [
      "package.json",
      "a/pyproject.toml",
      "a/b/Cargo.toml",
      "x-package.json",
      "Cargo.lock",
      "toString",
    ];
    expect(paths.filter(isManifest)).toEqual(["package.json", "a/pyproject.toml", "a/b/Cargo.toml"]);
  });
});

describe("The files of a gate", () => {
  const scripts = new Map([
    ["check", "npm run lint && node scripts/check.mjs"],
    ["precheck", "sh scripts/before.sh"],
    ["lint", "eslint -c config/eslint.js src/index.js"],
  ]);
  const filesOf = (run: string): readonly string[] => [...gateFiles([{ name: "g", run }], scripts).keys()];

  it.each([
    ["bash gate.sh", "gate.sh"],
    ["./scripts/gate --all", "scripts/gate"],
    ["FOO=1 BAR=2 node --enable-source-maps ./scripts/check.mjs --fix", "scripts/check.mjs"],
    ["bash -c 'set -e; node \"tools/x.ts\"'", "tools/x.ts"],
    ["bash --norc -eu gate.sh", "gate.sh"],
    ["make test", "Makefile"],
    ["make", "GNUmakefile"],
    ["just check", "justfile"],
    ["task lint", "Taskfile.yml"],
    ["cd web && node check.mjs", "web/check.mjs"],
    ["cd web && cd ../ci/.. ; npx tsc -p tsconfig.all.json", "tsconfig.all.json"],
    ["pytest -c ci/pytest.cfg", "ci/pytest.cfg"],
    ["eslint --config=ci/eslint.js src", "ci/eslint.js"],
    ["npx --yes tsx scripts/a.ts", "scripts/a.ts"],
    ["uv run python -m tools.check", "tools/check.py"],
    ["python3 -m pytest", "pytest.py"],
    ["timeout 5m python3.12 -u check.py", "check.py"],
    ["source env.sh; true", "env.sh"],
    [". ./env.sh", "env.sh"],
    ["npm run check", "scripts/check.mjs"],
    ["npm run check", "scripts/before.sh"],
    ["npm run -s lint", "config/eslint.js"],
    ["node --run check", "scripts/check.mjs"],
    ["pnpm check", "scripts/check.mjs"],
  ])("%s: %s", (run, file) => {
    expect(filesOf(run)).toContain(file);
  });

  it("are not what it looks at", () => {
    expect(
      filesOf("eslint src/a.ts && ruff check src/app.py && shellcheck run.sh && tsc src/index.ts"),
    ).toEqual([]);
    expect(filesOf("true")).toEqual([]);
    expect(filesOf("npm run nothing")).toEqual([]);
  });

  it("end where scripts call each other in circles", () => {
    const circle = new Map([
      ["a", "npm run b"],
      ["b", "npm run a; sh x.sh"],
    ]);
    expect([...gateFiles([{ name: "g", run: "npm run a" }], circle)]).toEqual([["x.sh", "g"]]);
  });
});
