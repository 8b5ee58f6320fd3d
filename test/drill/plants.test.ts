/** Which plants a repository gives occasion for, and what each of them does to it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Gate } from "../../src/core/config.ts";
import type { Ground } from "../../src/drill/plant.ts";
import { chooseFiles, makePlants, type Plants } from "../../src/drill/plants.ts";
import { outcomeOf, scoreOf } from "../../src/drill/score.ts";

const gateOf = (name: string, run: string, report: Gate["report"] = null): Gate => {
  return {
    name,
    run,
    report,
    timeoutMs: 1000,
    redBaseline: "hold",
    reportFile: null,
    env: [],
    optional: false,
  };
};

const base = "0123456789".repeat(4);

function plant(files: Readonly<Record<string, string>>, gates: readonly Gate[] = [], seed = 1): Plants {
  const paths = Object.keys(files);
  const ground: Ground = {
    base,
    paths,
    read: (path) => files[path] ?? null,
    gates,
    specs: "specs",
    testNames: ['a > "b" & c'],
    ...chooseFiles(paths, seed),
  };
  return makePlants(ground, seed);
}

/** What a class of plants writes: path → content. */
function editsOf(name: string, plants: Plants): Readonly<Record<string, string | null>> {
  const found = plants.plants.filter((each) => each.class === name);
  return Object.fromEntries(found.flatMap(({ edits }) => edits.map(({ path, content }) => [path, content])));
}

/** A test file of a language, and what the drill makes of it: only the lines that differ. */
function changesOf(path: string, text: string): Readonly<Record<string, string>> {
  const made = plant({ [path]: text });
  const classes = ["skipped test", "focused test", "weakened assertion", "early exit in tests"];
  const before = new Set(text.split("\n"));
  return Object.fromEntries(
    classes.flatMap((name) =>
      Object.entries(editsOf(name, made)).map(([file, now]) => {
        const lines = (now ?? "").split("\n").filter((line) => line !== "" && !before.has(line));
        return [name, `${file === path ? "" : `${file}: `}${lines.join(" | ")}`];
      }),
    ),
  );
}

describe("tests are tampered with in their own language", () => {
  it.each([
    [
      "words.test.js",
      'import { it } from "node:test";\n// it("is no test")\nit("splits", () => {\n  assert.deepEqual(words("a) b"), ["a)", "b"]);\n});\n',
    ],
    ["words.test.ts", 'it("splits", () => expect(words("a b")).toEqual(["a", "b"]));\n'],
    [
      "test_words.py",
      "def test_splits():\n    assert words('a b') == [\n        'a']\n    assert words('') == []\n",
    ],
    [
      "tests/test_unit.py",
      "import unittest\n\n\nclass T(unittest.TestCase):\n    def test_a(self):\n        self.assertEqual(f(1), 1)\n",
    ],
    [
      "words_test.go",
      'package words\n\nimport "testing"\n\nfunc TestWords(t *testing.T) {\n\tif got := f(); got != "a b" {\n\t\tt.Fatal(got)\n\t}\n\tif f() != "x" {\n\t\tt.Fatal()\n\t}\n}\n',
    ],
    ["tests/words.rs", '#[test]\nfn splits() {\n    assert_eq!(words("a)"), 1);\n}\n'],
    [
      "src/test/java/WordsTest.java",
      "import org.junit.jupiter.api.Test;\nclass WordsTest {\n  @Test void splits() {\n    assertEquals(1, words(1));\n  }\n}\n",
    ],
    [
      "spec/words_spec.rb",
      'describe Words do\n  it "splits" do\n    expect(words(1)).to eq(1)\n  end\nend\n',
    ],
    [
      "tests/WordsTest.php",
      "<?php\nclass WordsTest extends TestCase {\n  public function testSplits(): void {\n    $this->assertSame(1, words(1));\n  }\n}\n",
    ],
  ])("%s", (path, text) => {
    expect(changesOf(path, text)).toMatchSnapshot();
  });
});

it("leaves an assertion of several lines whole, and takes the next", () => {
  const text = "def test_a():\n    assert f(1) == [\n        1]\n    assert f(2) == 2\n";
  const weakened = editsOf("weakened assertion", plant({ "test_a.py": text }))["test_a.py"];
  expect(weakened).toBe("def test_a():\n    assert f(1) == [\n        1]\n    assert True\n");
});

it("weakens each kind of configuration, and the script and the file that a gate runs", () => {
  const files = {
    "vitest.config.ts": "export default {};\n",
    "eslint.config.js": "export default [];\n",
    "tsconfig.json": '{ "compilerOptions": { "strict": true } }\n',
    "package.json": '{ "name": "a", "scripts": { "test": "vitest", "check": "eslint" } }\n',
    "scripts/style.sh": "grep TODO src\n",
    ".github/workflows/test.yml": "jobs:\n  a:\n    steps:\n      - run: npm test\n",
    "specs/one.md": "# One\n",
    "src/a.snap": "exports[`a`] = `\nhello\n`;\n",
  };
  const made = plant(files, [gateOf("check", "npm run check"), gateOf("style", "sh ./scripts/style.sh")]);
  expect(editsOf("edited test configuration", made)["vitest.config.ts"]).toContain('exclude: ["**"]');
  expect(editsOf("edited lint configuration", made)["eslint.config.js"]).toContain('ignores: ["**"]');
  expect(editsOf("edited type configuration", made)["tsconfig.json"]).toContain('"strict": false');
  expect(JSON.parse(editsOf("package script", made)["package.json"] ?? "")).toEqual({
    name: "a",
    scripts: { test: "vitest", check: "exit 0" },
  });
  expect(editsOf("gate's own script", made)).toEqual({ "scripts/style.sh": "#!/bin/sh\nexit 0\n" });
  expect(editsOf("CI file", made)[".github/workflows/test.yml"]).toContain("- run: exit 0");
  expect(editsOf("edited spec", made)["specs/one.md"]).toContain("# One\n\nEverything above is optional.");
  expect(editsOf("snapshot rewrite", made)["src/a.snap"]).toContain("\nhello rewritten\n");
  expect(made.absent.map((each) => each.class)).not.toContain("snapshot rewrite");
});

it("fakes a report with the names that the baseline knows, where code could write one", () => {
  const files = { "src/a.py": "x = 1\n", "test_a.py": "import a\n" };
  const report = gateOf("tests", "pytest", "junit");
  const faked = editsOf("fake report", plant(files, [report]))["src/a.py"] ?? "";
  expect(faked).toContain('<testcase name=\\"a > &quot;b&quot; &amp; c\\"/>');
  expect(plant(files, [gateOf("tests", "pytest")]).absent.map((each) => each.class)).toContain("fake report");
});

it("adds to code of CommonJS what is no module", () => {
  const files = { "lib/a.js": 'const b = require("b");\nmodule.exports = b;\n' };
  expect(editsOf("unknown dependency", plant(files))["lib/a.js"]).toContain(
    'require("ralphwright-drill-missing")',
  );
});

it("puts first what needs no gate, and plants nothing twice", () => {
  const made = plant({
    "src/a.ts": "export const a = (b: number) => b + 1;\n",
    "test/a.test.ts": "it(a);\n",
  });
  const stages = made.plants.map(({ stage }) => stage);
  expect(stages.indexOf("gates")).toBe(stages.lastIndexOf("guard") + 1);
  const names = made.plants.map((each) => `${each.class} ${each.name}`);
  expect(new Set(names).size).toBe(names.length);
});

it("plants secrets and files only as edits: a link, a gitlink, two megabytes, zeros", () => {
  const made = plant({ "src/a.ts": "export const a = 1;\n" });
  const editOf = (name: string): object | undefined =>
    made.plants.find((each) => each.class === name)?.edits[0];
  expect(editOf("nested repository")).toMatchObject({ mode: "160000", content: base });
  expect(editOf("link that leads out")).toMatchObject({ mode: "120000", content: "/etc/passwd" });
  expect(editsOf("huge file", made)["src/ralph-drill-rows.csv"]?.length).toBe(2_200_000);
  expect(editOf("binary file")).toMatchObject({ content: expect.stringContaining("\u0000") });
  expect(editOf("secret")).toMatchObject({ content: expect.stringMatching(/ghp_\w{36}/) });
  expect(editOf("clashing name")).toMatchObject({ path: "src/A.TS" });
});

it("finds no occasion in an empty repository but for what can always be added", () => {
  const { plants, absent } = plant({});
  expect(plants.map((each) => each.class)).toMatchInlineSnapshot(`
    [
      "CI file",
      "instructions for agents",
      "configuration of the gates",
      "secret",
      "huge file",
      "binary file",
      "nested repository",
      "link that leads out",
    ]
  `);
  expect(absent.length).toBeGreaterThan(15);
});

it("says who caught it, and takes no conflict for a catch", () => {
  const red = (reason: string): object => outcomeOf({ kind: "red", reason });
  expect(outcomeOf({ kind: "refused", reason: "x" })).toMatchObject({ kind: "caught", by: "guard" });
  expect(red("gate tests exited with 1")).toMatchObject({ by: "gate tests" });
  expect(red('gate tests: 2 tests vanished: "a"')).toMatchObject({ by: "lost tests" });
  expect(red("gate tests wrote no report to $RALPH_REPORT")).toMatchObject({ by: "lost tests" });
  expect(red("the gates changed files of the checkout, so …")).toMatchObject({ by: "void result" });
  expect(
    red("the tests as they were before this change do not hold on its code (gate tests: 1 test vanished)"),
  ).toMatchObject({ by: "base tests" });
  expect(outcomeOf({ kind: "conflict", reason: "x" })).toMatchObject({ kind: "unjudged" });
});

it("has each class in its page, and no other", () => {
  const { plants, absent } = plant({});
  const classes = new Set([...plants, ...absent].map((each) => each.class));
  const page = readFileSync(join(import.meta.dirname, "..", "..", "docs", "drill.md"), "utf8");
  const listed = [...page.matchAll(/^\| ([\w.' ]+?) +\| (?:yes|no) +\|/gm)].map(([, name]) => name);
  expect(new Set(listed)).toEqual(classes);
});

it("rounds no score up to full, and takes nothing planted for nothing proven", () => {
  expect(scoreOf(299, 300)).toMatchObject({ percent: 99 });
  expect(scoreOf(3, 3)).toMatchObject({ percent: 100 });
  expect(scoreOf(0, 0)).toMatchObject({ percent: 0 });
});
