import { describe, expect, it } from "vitest";
import { testFindings } from "../../../src/core/guard/tests.ts";
import { touched } from "./touched.ts";

const told = (path: string, before: string | null, after: string | null): string =>
  testFindings(touched(path, before, after), null).join("; ");

const script = 'it("adds", () => {\n  expect(add(1, 2)).toBe(3);\n});\n';
const python = "def test_adds():\n    assert add(1, 2) == 3\n";
const go = "func TestAdds(t *testing.T) {\n\tif add(1, 2) != 3 {\n\t\tt.Fatal()\n\t}\n}\n";
const rust =
  "pub fn add() {}\n\n#[cfg(test)]\nmod tests {\n  #[test]\n  fn adds() { assert_eq!(add(1, 2), 3); }\n}\n";
const java = "class AddTest {\n  @Test\n  void adds() { assertEquals(3, add(1, 2)); }\n}\n";
const ruby = 'it "adds" do\n  expect(add(1, 2)).to eq(3)\nend\n';
const php = "<?php\nfunction testAdds() { $this->assertSame(3, add(1, 2)); }\n";

const samples: readonly (readonly [string, string])[] = [
  ["src/add.test.ts", script],
  ["test/add.mjs", script],
  ["__tests__/add.jsx", script],
  ["tests/test_add.py", python],
  ["add_test.go", go],
  ["src/add.rs", rust],
  ["tests/add.rs", rust],
  ["src/test/java/AddTest.java", java],
  ["spec/add_spec.rb", ruby],
  ["tests/AddTest.php", php],
];

describe("A test file", () => {
  it.each(samples)("%s may not be removed", (path, text) => {
    expect(told(path, text, null)).toBe(
      `${path} holds tests and was removed; put it back, or the task must allow it (allow: ["${path}"])`,
    );
  });

  it.each(samples)("%s may not be emptied", (path, text) => {
    expect(told(path, text, "")).toContain("0 tests where it had 1");
    expect(told(path, text, "\0\u0001")).toContain("0 assertions where it had");
  });

  it.each(samples)("%s may be added, and may grow", (path, text) => {
    expect(told(path, null, text)).toBe("");
    expect(told(path, text, `${text}\n${text}`)).toBe("");
    expect(told(path, text, text.replace("3", "4"))).toBe("");
    expect(told(path, text, text.replaceAll("\n", "\r\n"))).toBe("");
  });

  it("says where it was moved to", () => {
    const file = touched("a.test.ts", script, null);
    expect(testFindings(file, "old/a.txt").join()).toContain("was renamed to old/a.txt");
  });

  it("is told from a source and from a file beside the tests", () => {
    expect(told("src/add.ts", "expect(1)", null)).toBe("");
    expect(told("test/support/world.ts", "export const assert = 1;", null)).toBe("");
    expect(told("src/add.rs", "fn add() { assert!(true); }", "fn add() {}")).toBe("");
  });
});

describe("A test may not be skipped", () => {
  it.each([
    'it.skip("adds", f);',
    'it . skip("adds", f);',
    "it\r\n  .skip('adds', f);",
    'it/* x */./* y */skip("adds", f);',
    'it["skip"]("adds", f);',
    "it[ 'skip' ]('adds', f);",
    "it[`skip`]('adds', f);",
    'it?.["skip"]("adds", f);',
    'it.sk\\u0069p("adds", f);',
    'describe.skip.each([1])("adds", f);',
    'describe.each([[1], [2]]).skip("adds", f);',
    'test.concurrent.todo("adds");',
    'test.describe.fixme("adds", f);',
    'test.fails("adds", f);',
    'xit("adds", f);',
    'xdescribe ("adds", f);',
    'it("adds", { skip: true }, f);',
    'it("adds", { timeout: 5, skip: "later" }, f);',
    'it("adds", { todo: true }, f);',
    "const { skip } = it;",
    "const later = it.skip;",
    'it.skipIf(isOld)("adds", f);',
    'it("adds", (t) => { t.skip(); });',
    'it("adds", function () { this.skip(); });',
  ])("%s", (line) => {
    expect(told("a.test.ts", script, `${script}// more\n${line}\n`)).toMatch(
      /^a\.test\.ts:[56] skips a test( where a condition holds)?; take that out, or the task must allow it/,
    );
  });

  it.each([
    ["a_test.go", 't.Skip("later")', go],
    ["a_test.go", "s.T().SkipNow()", go],
    ["test_a.py", "@pytest.mark.skip", python],
    ["test_a.py", "@ pytest . mark . xfail(strict=False)", python],
    ["test_a.py", "pytestmark = mark.skip", python],
    ["test_a.py", "@unittest.skip('later')", python],
    ["test_a.py", "__test__ = False", python],
    ["test_a.py", "@pytest.mark.skipif(True, reason='')", python],
    ["test_a.py", "    pytest.skip('later')", python],
    ["test_a.py", "    raise SkipTest", python],
    ["src/add.rs", "#[ignore]", rust],
    ["src/add.rs", '#[test] #[ignore = "later"] fn x() {}', rust],
    ["src/add.rs", "#[cfg_attr(all(), ignore)]", rust],
    ["AddTest.java", "@Disabled", java],
    ["AddTest.java", "@org.junit.Ignore", java],
    ["AddTest.java", "assumeTrue(false);", java],
    ["a_spec.rb", 'xit "adds" do', ruby],
    ["a_spec.rb", "  skip", ruby],
    ["a_spec.rb", 'it "adds", skip: true do', ruby],
    ["AddTest.php", "$this->markTestSkipped('x');", php],
  ])("%s: %s", (path, line, text) => {
    expect(told(path, text, `${text}${line}\n`)).toMatch(/ skips a test/);
  });

  it("which is no offence where it was before, in a comment, in a text, or elsewhere", () => {
    const skipped = `${script}it.skip("more", f);\n`;
    expect(told("a.test.ts", skipped, `// moved\n${skipped}`)).toBe("");
    const words =
      '// it.skip("x")\n/* it.only("x") */\nconst text = "it.skip(1) it.only(2)";\nconst more = `it.skip(3)`;\n';
    expect(told("a.test.ts", script, script + words)).toBe("");
    expect(
      told("a.test.ts", script, `${script}rows.skip(3).take(2); const page = { skip: 10, only: ["a"] };\n`),
    ).toBe("");
    expect(told("src/list.ts", "", "list.skip(1); it.skip(2)")).toBe("");
  });

  it("but a new test may depend on the system it runs on", () => {
    expect(told("b.test.ts", null, 'it.skipIf(windows)("x", f);')).toBe("");
    expect(told("b_test.go", null, `${go}t.Skip()`)).toBe("");
    expect(told("b.test.ts", null, 'it.skip("x", f);')).toContain("b.test.ts:1 skips a test");
  });

  it("nor hidden behind a quote that is none", () => {
    const hidden = [
      "const a = /`/; it.skip('x', f); const b = /`/;",
      "if (a) /\"/.test(b); it.skip('x', f);",
    ];
    for (const line of hidden) expect(told("a.test.ts", script, script + line)).toContain("skips a test");
    expect(told("a.test.ts", script, `${script}const open = \`\nit.skip('x', f);`)).toContain("skips a test");
    expect(told("a.test.ts", script, `${script}const t = \`a \${it.skip("x", f)} b\`;`)).toContain(
      "skips a test",
    );
    expect(
      told("src/add.rs", rust, `${rust}const Q: char = '"';\n#[ignore]\nconst R: char = '"';`),
    ).toContain("skips");
  });
});

it.each([
  'it.only("adds", f);',
  'test . only("adds", f);',
  'it["only"]("adds", f);',
  'describe.concurrent.only("adds", f);',
  'fit("adds", f);',
  'fdescribe("adds", f);',
  'it("adds", { only: true }, f);',
  "const { only } = test;",
])("A test may not be focused: %s", (line) => {
  expect(told("a.test.ts", script, `${script}${line}`)).toContain("a.test.ts:4 runs some tests only");
  expect(told("b.test.ts", null, line)).toContain("b.test.ts:1 runs some tests only");
});

describe("A test may not be weakened", () => {
  it.each([
    ["a.test.ts", script, script.replace("toBe(3)", "toBeDefined()")],
    ["a.test.ts", script, script.replace("toBe(3)", "toBeTruthy()")],
    ["a.test.ts", script, script.replace("toBe(3)", "not.toBeNull()")],
    ["a.test.ts", "it('x', () => assert.equal(a, 1));", "it('x', () => assert.ok(a));"],
    ["a.test.ts", 'it("x", () => expect(f).toThrow("no"));', 'it("x", () => expect(f).toThrow());'],
    ["test_a.py", python, python.replace(" == 3", " is not None")],
    [
      "test_a.py",
      "def test_a(self):\n  self.assertEqual(a, 1)\n",
      "def test_a(self):\n  self.assertIsNotNone(a)\n",
    ],
    ["a_test.go", "func TestA(t *T) { assert.Equal(t, 1, a) }", "func TestA(t *T) { assert.NotNil(t, a) }"],
    ["src/add.rs", rust, rust.replace("assert_eq!(add(1, 2), 3)", "assert!(add(1, 2) > 0)")],
    ["AddTest.java", java, java.replace("assertEquals(3, add(1, 2))", "assertNotNull(add(1, 2))")],
    ["a_spec.rb", ruby, ruby.replace("eq(3)", "be_truthy")],
    ["AddTest.php", php, php.replace("assertSame(3, ", "assertNotNull(")],
  ])("%s: a strict assertion becomes a weak one", (path, before, after) => {
    expect(told(path, before, after)).toMatch(
      /:\d+ replaces 1 strict assertion by weaker ones; put them back/,
    );
  });

  it("by fewer tests or assertions", () => {
    const two = `${script}${script.replace("adds", "adds more")}`;
    expect(told("a.test.ts", two, script)).toContain("a.test.ts has 1 tests where it had 2; ");
    expect(told("a.test.ts", script, script.replace("expect(add(1, 2)).toBe(3);", ""))).toContain(
      "has 0 assertions where it had 2",
    );
    expect(told("a.test.ts", script, script.replace(".toBe(3)", ""))).toContain(
      "1 assertions where it had 2",
    );
    const commented = script.replace("  expect", "  // expect");
    expect(told("a.test.ts", script, commented)).toContain("0 assertions");
  });

  it.each([
    ["a.test.ts", "expect(true).toBe(true);", script],
    ["a.test.ts", "assert.ok(true);", script],
    ["test_a.py", "    assert True", python],
    ["test_a.py", "    assert add(1) == 2 or True", python],
    ["src/add.rs", "assert!(true);", rust],
    ["AddTest.java", "assertTrue(true);", java],
  ])("%s: by what is always true: %s", (path, line, text) => {
    expect(told(path, text, `${text}${line}\n`)).toContain("asserts what is true whatever the code does");
  });

  it.each([
    [
      "a.test.ts",
      "it('x', () => expect(a).toBeCloseTo(1, 5));",
      "it('x', () => expect(a).toBeCloseTo(1, 1));",
      "5 to 1",
    ],
    [
      "test_a.py",
      "def test_a():\n  assert a == approx(1, rel=1e-6)\n",
      "def test_a():\n  assert a == approx(1, rel=1e-1)\n",
      "0.000001 to 0.1",
    ],
  ])("%s: by a wider tolerance", (path, before, after, what) => {
    expect(told(path, before, after)).toContain(`widens a tolerance from ${what}`);
    expect(told(path, after, before)).toBe("");
  });
});

it.each([
  ["a.test.ts", "process.exit(0);", script],
  ["a.test.ts", "process . exitCode = 0;", script],
  ["test_a.py", "sys.exit(0)", python],
  ["test_a.py", "os._exit(0)", python],
  ["tests/conftest.py", "import os; os._exit(0)", ""],
  ["test/setup.ts", "process['exit'](0);", ""],
  ["vitest.setup.ts", "process.exit(0);", ""],
  ["a_test.go", "func TestMain(m *testing.M) { m.Run(); os.Exit(0) }", go],
  ["src/add.rs", "std::process::exit(0);", rust],
  ["AddTest.java", "System.exit(0);", java],
  ["AddTest.php", "exit(0);", php],
])("A test run may not be ended early: %s: %s", (path, line, before) => {
  expect(told(path, before, `${before}${line}\n`)).toContain("ends the test run early");
});

it("lets a test's main function end as the tests did, and programs beside the tests end as they like", () => {
  expect(told("a_test.go", go, `${go}func TestMain(m *testing.M) { os.Exit(m.Run()) }\n`)).toBe("");
  expect(told("test/support/agent.ts", null, "process.exit(3);")).toBe("");
});

it("sees tests taken out of the collection", () => {
  expect(told("conftest.py", "", "collect_ignore = ['test_a.py']\n")).toContain("takes tests out of the run");
  expect(told("conftest.py", "", "def pytest_collection_modifyitems(items):\n  items.clear()\n")).toContain(
    "takes tests out of the run",
  );
});

describe("A word of the runner", () => {
  const test = (body: string): string => `it("adds", () => {\n  expect(add(1, 2)).toBe(3);\n${body}\n});\n`;

  it.each([
    'import { fit } from "../src/fit.ts";\nexpect(fit("abc", 1)).toBe("a");',
    'import { cut as fit } from "./cut.ts";\nfit("abc");',
    'import fit from "./fit.ts";\nfit("abc");',
    "function fit(text: string) { return text; }\nfit(`abc`);",
    'const fit = (text: string): string => text.trim();\nfit("abc");',
    'import { fit } from "curves";\nfit([1, 2], [3, 4]);',
    "model.fit(points, 2);",
    'import { xit } from "../src/ways-out.ts";\nxit("left");',
    "expect(read()).toEqual({ only: true, skip: true, todo: true });",
    "pick.first([1], { only: true });",
    'import { pick } from "../src/pick.ts";\npick([{ a: 1 }], { deep: false, only: true });',
    "function parse(text, options) {}\nparse(text, { skip: true });",
  ])("is no such word where the project has it for itself: %s", (body) => {
    expect(told("a.test.ts", null, `${body}\n${test("")}`)).toBe("");
  });

  it.each([
    'fit("adds", () => {});',
    "fit(title, () => {});",
    'import { fit } from "@jest/globals";\nfit("adds", () => {});',
    '// import { fit } from "./fit.ts"\nfit("adds", () => {});',
    'const text = \'import { fit } from "./fit.ts"\';\nfit("adds", () => {});',
    'import { fit } from "@jest/globals";\n// import { fit } from "./fit.ts"\nfit("adds", () => {});',
    'import { fit as own } from "./fit.ts";\nfit("adds", () => {});',
    'globalThis.fit("adds", () => {});',
    "fit.each([1])(title, () => {});",
    "const fit = globalThis.fit;\nfit(title, () => {});",
    'it("adds", { only: true }, () => {});',
    'test.describe("adds", { timeout: 1, only: true }, () => {});',
    'it.each([1])("adds", { only: true }, () => {});',
    'const options = { only: true };\nit("adds", options, () => {});',
    'import { run } from "vitest";\nrun("adds", { only: true });',
    'await t.test("adds", { only: true }, () => {});',
    'runner.it("adds", { only: true }, () => {});',
  ])("counts where it is the runner's: %s", (body) => {
    expect(told("a.test.ts", test(""), `${body}\n${test("")}`)).toContain("runs some tests only");
  });

  it("counts an exit, except where only a call of the file itself comes", () => {
    const main = 'if __name__ == "__main__":\n    import sys\n\n    sys.exit(pytest.main([__file__]))\n';
    const path = "tests/test_a.py";
    expect(told(path, python, `${python}\n\n${main}`)).toBe("");
    expect(told(path, python, `${python}\n\n${main}\nelse:\n    sys.exit(0)\n`)).toContain(
      "ends the test run",
    );
    expect(told(path, python, `${python}\n\n${main}sys.exit(0)\n`)).toContain("ends the test run");
    expect(told(path, python, `${python}\nif __name__ != "__main__":\n    sys.exit(0)\n`)).toContain(
      "ends the",
    );
    expect(told(path, python, `${python}\nif __name__ == "test_aaa":\n    sys.exit(0)\n`)).toContain(
      "ends the",
    );
    const hidden = `x = """\nif __name__ == "__main__":\n    """; import sys; sys.exit(0)\n`;
    expect(told(path, python, `${python}\n${hidden}`)).toContain("ends the test run");
  });

  it("is lost with its test where that is put below such a line", () => {
    const moved = `if __name__ == "__main__":\n${python.replaceAll(/^/gm, "    ")}`;
    expect(told("tests/test_a.py", python, moved)).toContain("0 tests where it had 1");
  });
});

describe("A constant", () => {
  const inTest: Readonly<Record<string, (line: string) => string>> = {
    "a_test.go": (line) => `func TestA(t *testing.T) {\n\t${line}\n\t\tt.Fatal()\n\t}\n}\n`,
    "test_a.py": (line) => `def test_a():\n    ${line}\n`,
    "a.test.js": (line) => `it("a", () => {\n  ${line}\n});\n`,
  };
  const says = (path: string, line: string): string => told(path, null, inTest[path]?.(line) ?? "");

  it.each([
    ["a_test.go", "if got != want && false {"],
    ["a_test.go", "if false && got != want {"],
    ["a_test.go", "if got == want || true {"],
    ["a_test.go", "if got != want && (false) {"],
    ["a_test.go", "if false {"],
    ["test_a.py", "assert x == 1 or True"],
    ["test_a.py", "assert (True or x == 1)"],
    ["test_a.py", "assert x == 1 or 1, 'one'"],
    ["test_a.py", "if x != 1 and False: pass"],
    ["a.test.js", 'assert.ok(x === 1 || true, "one");'],
    ["a.test.js", "expect(x === 1 || !0).toBe(true);"],
    ["a.test.js", "assert(true || x === 1);"],
    ["a.test.js", "if (x !== 1 && false) throw new Error();"],
  ])("in %s decides a condition alone: %s", (path, line) => {
    expect(says(path, line)).toContain("asserts what is true whatever the code does");
  });

  it.each([
    ["a_test.go", "if a != true || b {"],
    ["a_test.go", "if ok == false && b {"],
    ["a_test.go", "if a && false == b {"],
    ["a_test.go", "if a && falsehood {"],
    ["test_a.py", "assert x is True or y"],
    ["test_a.py", "assert len(x) <= 1 or y"],
    ["test_a.py", "assert x or 1 < y or 10"],
    ["test_a.py", "if len(x) > 0 and y: pass"],
    ["test_a.py", "x = read() or True"],
    ["a.test.js", "assert.equal(a === true || b, c);"],
    ["a.test.js", "const strict = options.strict || true;"],
    ["a.test.js", "if (a === false && b) next();"],
  ])("in %s is compared with: %s", (path, line) => {
    expect(says(path, line)).toBe("");
  });
});
