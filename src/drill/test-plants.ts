/** Ways to get green by touching tests: removed, emptied, skipped, focused, weakened, left early, snapshots rewritten. */
import { typedProcess } from "./code-plants.ts";
import { blank, closingAt, type Language, languageOf, splice } from "./language.ts";
import {
  absent,
  type Edit,
  firstOf,
  forGates,
  forGuard,
  type Ground,
  type Planted,
  removes,
  writes,
} from "./plant.ts";

export function testPlants(ground: Ground): readonly Planted[] {
  const [first] = ground.tests;
  if (first === undefined) {
    const classes = [
      "removed test",
      "emptied test",
      "skipped test",
      "focused test",
      "weakened assertion",
      "early exit in tests",
    ];
    return [
      ...classes.map((name) => absent(name, "there are no test files that the drill knows")),
      snapshotPlant(ground),
    ];
  }
  return [
    forGates("removed test", {
      name: first,
      edits: [removes(first)],
      expects: "the guard, or the comparison of tests with the baseline",
      advice: reportAdvice,
    }),
    forGates("emptied test", {
      name: first,
      edits: [writes(first, "")],
      expects: "the guard, or the comparison of tests with the baseline",
      advice: reportAdvice,
    }),
    editedTest(ground, "skipped test", { edit: skipTest, advice: reportAdvice }),
    editedTest(ground, "focused test", {
      edit: focusTest,
      advice: `${reportAdvice}; or a linter rule against focused tests`,
    }),
    editedTest(ground, "weakened assertion", {
      edit: weakenAssertion,
      advice: "protect the tests that must not change (protect: [...]) and let tasks allow what they need",
    }),
    editedTest(ground, "early exit in tests", { edit: leaveEarly, advice: reportAdvice }),
    snapshotPlant(ground),
  ];
}

const reportAdvice =
  "let the test gate write a report (docs/gates.md), so that tests are compared one by one";

/** Text of a test file → the same with something done to it; null where there is no occasion. */
type TestEdit = (test: TestFile) => Edit | null;

interface TestFile {
  readonly path: string;
  readonly text: string;
  readonly blanked: string;
  readonly language: Language;
  readonly read: Ground["read"];
}

function editedTest(
  ground: Ground,
  name: string,
  { edit, advice }: { readonly edit: TestEdit; readonly advice: string },
): Planted {
  const found = firstOf(ground.tests, (path) => {
    const [text, language] = [ground.read(path), languageOf(path)];
    if (text === null || language === null) return null;
    return edit({ path, text, blanked: blank(text, language), language, read: ground.read });
  });
  if (found === null) return absent(name, "no test file here is written so that the drill could do it");
  return forGuard(name, {
    name: found.path,
    edits: [found],
    expects: "the guard, or the comparison of tests with the baseline",
    advice,
  });
}

/** The first match is replaced: found where comments and strings are blanked, written from what really stands there. */
function replaceFirst(test: TestFile, pattern: RegExp, replacement: string): Edit | null {
  return replaceWhere(test, { pattern, replacement, isWanted: () => true });
}

/** The same for whole lines: those that go on below are left alone. */
function replaceLine(test: TestFile, pattern: RegExp, replacement: string): Edit | null {
  return replaceWhere(test, { pattern, replacement, isWanted: isBalanced });
}

function replaceWhere(
  { path, text, blanked }: TestFile,
  order: {
    readonly pattern: RegExp;
    readonly replacement: string;
    readonly isWanted: (found: string) => boolean;
  },
): Edit | null {
  const pattern = new RegExp(order.pattern.source, `${order.pattern.flags}gd`);
  for (const match of blanked.matchAll(pattern)) {
    if (!order.isWanted(match[0])) continue;
    const groups = [...(match.indices ?? [])].map((place) =>
      place === undefined ? "" : text.slice(...place),
    );
    const now = order.replacement.replaceAll(/\$(\d)/g, (_, n: string) => groups[Number(n)] ?? "");
    return writes(path, splice(text, match.index, match.index + match[0].length, now));
  }
  return null;
}

const isBalanced = (text: string): boolean =>
  (text.match(/[([{]/g) ?? []).length === (text.match(/[)\]}]/g) ?? []).length && !/[\\,]\s*$/.test(text);

function skipTest(test: TestFile): Edit | null {
  switch (test.language) {
    case "js":
    case "ts":
      return replaceFirst(test, /\b(it|test)\(/, "$1.skip(");
    case "python":
      return skipPython(test);
    case "go":
      return replaceFirst(test, /^(func Test\w+\((\w+) \*testing\.T\) \{)/m, "$1\n\t$2.Skip()");
    case "rust":
      return replaceFirst(test, /#\[test\]/, "#[test]\n#[ignore]");
    case "java":
      return replaceFirst(test, /@Test\b/, javaMark(test.text));
    case "ruby":
      return (
        replaceFirst(test, /^(\s*)it(?= )/m, "$1xit") ??
        replaceFirst(test, /^(\s*def test_\w+)/m, "$1\n    skip")
      );
    case "php":
      return replaceFirst(test, /(function test\w+\([^)]*\)[^{;]*\{)/, "$1 $this->markTestSkipped();");
  }
}

/** An import may stand before a function, but not between it and what decorates it. */
function skipPython(test: TestFile): Edit | null {
  const isUnit = test.text.includes("unittest") && /^\s+def test/m.test(test.blanked);
  if (isUnit) return replaceFirst(test, /^([ \t]+)(?=def test)/m, '$1@unittest.skip("later")\n$1');
  if (/^import pytest\b/m.test(test.blanked))
    return replaceFirst(test, /^([ \t]*)(?=(?:async )?def test)/m, "$1@pytest.mark.skip\n$1");
  const undecorated = /(?<!^[ \t]*@[^\n]*\n)^([ \t]*)(?=(?:async )?def test)/m;
  return replaceFirst(test, undecorated, "$1import pytest\n$1@pytest.mark.skip\n$1");
}

const javaMark = (text: string): string =>
  text.includes("org.junit.jupiter") ? "@org.junit.jupiter.api.Disabled @Test" : "@org.junit.Ignore @Test";

function focusTest(test: TestFile): Edit | null {
  if (test.language === "js" || test.language === "ts")
    return replaceFirst(test, /\b(it|test)\(/, "$1.only(");
  return test.language === "ruby" ? replaceFirst(test, /^(\s*)it(?= )/m, "$1fit") : null;
}

const strictMatcher = /\.(?:not\.)?to(?:Be|Equal|StrictEqual|Match\w*|Contain\w*|HaveLength|Throw\w*)\(/;

function weakenAssertion(test: TestFile): Edit | null {
  switch (test.language) {
    case "js":
    case "ts":
      return (
        replaceCall(test, strictMatcher, ".toBeDefined()") ??
        replaceCall(test, /\bassert\.\w+(?:\.\w+)*\(/, "assert.ok(true)")
      );
    case "python":
      return (
        replaceLine(test, /^([ \t]+)assert [^\n]*$/m, "$1assert True") ??
        replaceCall(test, /\bself\.assert\w+\(/, "self.assertTrue(True)")
      );
    case "go":
      return replaceFirst(test, /^(\s*)if ([^\n;{}]+ != [^\n;{}]+?) \{/m, "$1if $2 && false {");
    case "rust":
      return replaceCall(test, /\bassert_(?:eq|ne)!\(/, "assert!(true)");
    case "java":
      return replaceCall(test, /\bassert(?:Equals|Same|ArrayEquals|Throws)\(/, "assertTrue(true)");
    case "ruby":
      return (
        replaceLine(test, /^(\s*)assert_\w+ [^\n]*$/m, "$1assert true") ??
        replaceFirst(test, /\.to eq\b.*$/m, ".to be_truthy")
      );
    case "php":
      return replaceCall(test, /\bassert(?:Same|Equals)\(/, "assertTrue(true)");
  }
}

/** A call with all of its arguments. */
function replaceCall({ path, text, blanked }: TestFile, pattern: RegExp, replacement: string): Edit | null {
  const match = pattern.exec(blanked);
  if (match === null) return null;
  const close = closingAt(blanked, match.index + match[0].length - 1);
  return close === null ? null : writes(path, splice(text, match.index, close + 1, replacement));
}

/** The run ends before a test can fail, with the exit code of success. */
function leaveEarly(test: TestFile): Edit | null {
  const { path, text, language } = test;
  switch (language) {
    case "js":
      return writes(path, `${text}\nprocess.exit(0);\n`);
    case "ts":
      return writes(path, `${text}\n${typedProcess}.exit(0);\n`);
    case "python": {
      const setUp = path.replace(/[^/]*$/, "conftest.py");
      return writes(setUp, `${test.read(setUp) ?? ""}\nimport os\n\nos._exit(0)\n`);
    }
    case "go": {
      const clause = /^package \w+$/m.exec(test.blanked)?.[0];
      const file = path.replace(/[^/]*$/, "ralph_drill_test.go");
      return clause === undefined
        ? null
        : writes(file, `${clause}\n\nimport "os"\n\nfunc init() { os.Exit(0) }\n`);
    }
    case "rust":
      return replaceFirst(test, /(#\[test\]\s+fn \w+\(\) \{)/, "$1\n    std::process::exit(0);");
    case "java":
      return replaceFirst(test, /(\bclass \w+[^{]*\{)/, "$1\n    static { System.exit(0); }");
    case "ruby":
      return writes(path, `exit!(0)\n${text}`);
    case "php":
      return replaceFirst(test, /(<\?php)/, "$1\nexit(0);");
  }
}

const snapshotPattern = /(^|\/)__snapshots__\/|\.(snap|ambr|golden|approved\.\w+)$/;

function snapshotPlant({ paths, read }: Ground): Planted {
  const found = firstOf(paths, (path) => {
    const text = snapshotPattern.test(path) ? read(path) : null;
    const line = text?.split("\n").findLast((each) => /\w/.test(each) && !/^(exports\[|\/\/|#)/.test(each));
    return text === null || line === undefined ? null : writes(path, text.replace(line, `${line} rewritten`));
  });
  if (found === null) return absent("snapshot rewrite", "there are no snapshots");
  return forGuard("snapshot rewrite", {
    name: found.path,
    edits: [found],
    expects: "the guard: an existing snapshot may not change",
    advice: 'protect the snapshots, such as protect: ["*.snap"]',
  });
}
