/** Signs in the product's own code that it knows of its tests: each with what is honest and looks like it. */
import { describe, expect, it } from "vitest";
import { signFindings } from "../../../src/core/guard/runner-signs.ts";
import { touched } from "./touched.ts";

const told = (path: string, after: string, before: string | null = ""): string =>
  signFindings(touched(path, before, after)).join("; ");

describe("A source", () => {
  it.each([
    ["src/a.ts", 'if (process.env["NODE_TEST_CONTEXT"]) {}'],
    ["src/a.ts", "if (process.env.VITEST) {}"],
    ["src/a.ts", 'write(process.env["RALPH" + "_REPORT"]);'],
    ["src/a.ts", 'write(process.env[["RALPH", "REPORT"].join("_")]);'],
    ["src/a.ts", 'const part = "_REPORT";'],
    ["src/a.ts", "const name = `JEST_` +\n  `WORKER_ID`;"],
    ["src/a.vue", "<script>process.env.JEST_WORKER_ID</script>"],
    ["a/b.py", 'x = os.environ.get("PYTEST_CURRENT_TEST")'],
    ["a/b.py", 'x = os.environ.get("PYTEST" "_CURRENT_TEST")'],
    ["a/b.py", "import _pytest.runner"],
    ["a/b.py", 'p = sys.modules["pytest"]'],
    ["a/b.py", 'if "pytest" in sys.modules: pass'],
    ["a/b.py", 'from sys import modules\nx = modules.get("unittest")'],
    ["a.go", 'strings.HasSuffix(os.Args[0], ".test")'],
    ["a.go", 'name, _ := os.Executable()\n_ = strings.HasSuffix(name, ".te"+"st")'],
    ["a.go", "if testing.Testing() {}"],
    ["a.go", 'flag.Lookup("test.v")'],
    ["a.go", 'strings.HasPrefix(arg, "-test.")'],
    ["src/lib.rs", 'std::env::var("RALPH_REPORT")'],
  ])("%s may not know of its tests: %s", (path, text) => {
    expect(told(path, text)).toMatch(/^\S+:\d names what only a test run has/);
  });

  it.each([
    ["src/a.ts", "// NODE_TEST_CONTEXT is not for us, nor is RALPH_REPORT"],
    ["src/a.ts", 'const words = ["MY_REPORT", "test", "VITESTS", "report"];'],
    ["src/a.ts", 'import assert from "node:assert"; if (process.env.NODE_ENV === "test") {}'],
    ["a/b.py", "# _pytest\nimport sys\nx = sys.modules[__name__]\ny = 'a pytest plugin'"],
    ["a.go", 'strings.HasSuffix(name, ".test")'],
    ["a.go", 'name := os.Args[1]\nx := ".tests"\ny := "test.txt"'],
    ["README.md", "RALPH_REPORT"],
  ])("%s may say: %s", (path, text) => {
    expect(told(path, text)).toBe("");
  });

  it.each([
    ["src/a.ts", 'write("=== RUN   TestA");'],
    ["a.go", 'fmt.Println("--- PASS: TestA")'],
    ["a.go", 'fmt.Println("--- " + "PASS: TestA")'],
    ["src/a.ts", 'import { serialize } from "node:v8";\nprocess.stdout.write(serialize(x));'],
    ["src/a.cjs", "const { Serializer } = require('v8');\nfs.writeSync(1, x);"],
    ["src/a.ts", 'process.on("exit", () => write("<testsuites/>"));'],
    ["a.py", 'atexit.register(end)\ntext = "<testcase />"'],
  ])("%s may not speak for the runner: %s", (path, text) => {
    expect(told(path, text)).toMatch(/^\S+:\d says what only a test runner says/);
  });

  it.each([
    ["src/a.ts", 'import { getHeapStatistics } from "node:v8";\nprocess.stdout.write("x");'],
    ["src/a.ts", 'import { serialize } from "node:v8";\nexport const copy = serialize;'],
    ["src/a.ts", 'export const head = "<testsuites>";'],
    ["a.py", "atexit.register(report.close)"],
    ["a.go", 'fmt.Println("RUN", "--- done")'],
  ])("%s may write: %s", (path, text) => {
    expect(told(path, text)).toBe("");
  });

  it.each([
    ["src/a.ts", "Object.assign(assert, { equal() {} });"],
    ["src/a.ts", "assert.equal = () => {};"],
    ["src/a.ts", 'assert["equal"] ||= () => {};'],
    ["src/a.ts", 'import check from "node:assert/strict";\ncheck.deepEqual = nothing;'],
    ["src/a.ts", 'import { strict as check } from "assert";\nReflect.set(check, "ok", nothing);'],
    ["src/a.ts", 'import * as runner from "node:test";\nrunner.it.prototype.run = nothing;'],
    ["src/a.cjs", 'const { expect: check } = require("chai");\ncheck.fail = nothing;'],
    ["src/a.ts", 'const check = await import("vitest");\nObject.defineProperty(check, "it", {});'],
    ["a.py", "import unittest\nunittest.TestCase.assertEqual = nothing"],
    ["a.py", "from unittest import TestCase as Base\nBase.assertEqual = nothing"],
    ["a.py", "import pytest as p\np.Item.runtest = nothing"],
    ["a.py", 'setattr(unittest.TestCase, "assertEqual", nothing)'],
  ])("%s may not patch what asserts: %s", (path, text) => {
    expect(told(path, text)).toMatch(/^\S+:\d patches what runs or asserts its tests/);
  });

  it.each([
    ["src/a.ts", 'import assert from "node:assert";\nassert.equal(a, b);\nif (assert.ok === x) {}'],
    ["src/a.ts", "my.assert.count = 1;\nconst f = (assert) => assert.x;\nconst expected = { a: 1 };"],
    ["src/a.ts", "Object.assign(target, assert);"],
    ["a.py", "class Case(TestCase):\n    maxDiff = None\nunittest_like.x = 1\nself.expect.x = 2"],
  ])("%s may use it: %s", (path, text) => {
    expect(told(path, text)).toBe("");
  });

  it.each([
    ["a.py", "os._exit(0)", "at once"],
    ["a.py", "from os import _exit\n_exit(0)", "at once"],
    ["a.py", 'getattr(os, "_ex" + "it")(0)', "at once"],
    ["src/a.ts", "process.reallyExit(0)", "at once"],
    ["src/a.ts", 'process["really" + "Exit"](0)', "at once"],
    ["a.go", "syscall.Exit(0)", "at once"],
    ["a.go", "func init() {\n\tif x {\n\t\tos.Exit(0)\n\t}\n}", "as soon as it is loaded"],
  ])("%s may not end its process: %s", (path, text, how) => {
    expect(told(path, text)).toContain(` ends the process ${how}`);
  });

  it.each([
    ["src/main.ts", "process.exit(1);\nprocess.exitCode = 2;"],
    ["a.py", 'if __name__ == "__main__":\n    sys.exit(main())'],
    ["a.go", "func init() {\n\tx = 1\n}\n\nfunc main() {\n\tos.Exit(run())\n}"],
  ])("%s may end with a status: %s", (path, text) => {
    expect(told(path, text)).toBe("");
  });

  it("may not be equal to everything", () => {
    const equal = "def __eq__(self, other):\n        ";
    expect(told("a.py", `class A:\n    ${equal}return True`)).toContain(
      "a.py:2 makes what is equal to everything",
    );
    expect(told("a.py", `class A:\n    ${equal}"""Always."""\n        return True`)).toContain(
      "a.py:2 makes",
    );
    expect(told("a.py", `class A:\n    ${equal}return self.x == other.x`)).toBe("");
  });
});

it("tells the line of a name that was put together over many lines, and how to allow it", () => {
  const text = 'const long = "one" +\n  "two" +\n  "three";\n\nif (process.env.VITEST) {}\n';
  expect(told("src/a.ts", text)).toBe(
    "src/a.ts:5 names what only a test run has, which code that is tested need not know; take that out, or the task" +
      ' must allow it (allow: ["src/a.ts"])',
  );
});

it("lets old signs be, and counts a half that a change completes", () => {
  const sign = "const a = process.env.VITEST;\n";
  expect(told("src/a.ts", `${sign}const b = 1;\n`, sign)).toBe("");
  expect(told("src/a.ts", sign + sign, sign)).toContain("src/a.ts:2");
  const half = 'x := strings.HasSuffix(name, ".test")\n';
  expect(told("a.go", `${half}name := os.Args[0]\n`, half)).toContain("a.go:1 names");
  expect(told("a.go", half, `${half}name := os.Args[0]\n`)).toBe("");
});

it.each([
  "test/a.ts",
  "src/a.test.ts",
  "tests/conftest.py",
  "vitest.config.ts",
  "test/support/world.ts",
  "src/add-test.ts",
  "src/setup-tests.ts",
  "a_test.go",
])("lets %s know of its runner", (path) => {
  expect(told(path, "VITEST = 'PYTEST_CURRENT_TEST'")).toBe("");
});
