/** Reports of several files and of names that repeat: what the comparison with the baseline rests on. */
import { describe, expect, it } from "vitest";
import { lostTestsReason, type TestResult } from "../../src/core/verdict.ts";
import { parseReport } from "../../src/formats/test-report.ts";

const suite = (...cases: readonly string[]): string => `<testsuite>${cases.join("")}</testsuite>`;
const marks = { passed: "", skipped: "<skipped/>", failed: "<failure/>" };
const testcase = (name: string, outcome: TestResult["outcome"] = "passed"): string =>
  `<testcase name="${name}">${marks[outcome]}</testcase>`;

function testsOf(...files: readonly string[]): readonly TestResult[] {
  const texts = files.map((text, at) => ({ path: `${at}.xml`, text }));
  const report = parseReport("junit", texts);
  if (report.kind !== "read") throw new Error(JSON.stringify(report));
  return report.tests;
}
const read = (...files: readonly string[]): readonly string[] =>
  testsOf(...files).map(({ name, outcome }) => `${outcome}: ${name}`);

describe("a name that a report has twice", () => {
  it("is numbered, and never as another test is called", () => {
    const names = ["a", "a #2", "a", "a", "b"].map((name) => testcase(name));
    expect(read(suite(...names)).toSorted()).toEqual([
      "passed: a",
      "passed: a #2",
      "passed: a #2 #1",
      "passed: a #3",
      "passed: b",
    ]);
  });

  it("stands for the worst of its results, whatever their order", () => {
    const outcomes = ["passed", "failed", "skipped"] as const;
    const worst = ["failed: a", "passed: a #3", "skipped: a #2"];
    expect(read(suite(...outcomes.map((outcome) => testcase("a", outcome)))).toSorted()).toEqual(worst);
    const backwards = outcomes.toReversed().map((outcome) => testcase("a", outcome));
    expect(read(suite(...backwards)).toSorted()).toEqual(worst);
  });

  it("does not hide a test that vanished behind a second result of another", () => {
    const before = testsOf(suite(testcase("a"), testcase("a #2")));
    const now = testsOf(suite(testcase("a"), testcase("a")));
    expect(lostTestsReason(before, now)).toBe('1 test vanished: "a #2 #1"');
  });

  it("does not hide a skipped test behind a second result that passed", () => {
    const before = testsOf(suite(testcase("a")));
    const now = testsOf(suite(testcase("a", "passed"), testcase("a", "skipped")));
    expect(lostTestsReason(before, now)).toBe('1 test now skipped: "a"');
  });
});

describe("several files", () => {
  it("are one report", () => {
    expect(read(suite(testcase("a")), suite(testcase("a"), testcase("b", "failed")))).toEqual([
      "passed: a",
      "passed: a #2",
      "failed: b",
    ]);
  });

  it("are unreadable when one of them is, and it is named", () => {
    const files = [
      { path: "build/a.xml", text: suite(testcase("a")) },
      { path: "build/b.xml", text: "<html/>" },
    ];
    expect(parseReport("junit", files)).toEqual({
      kind: "unreadable",
      reason: "build/b.xml: it has no <testsuites> or <testsuite>",
    });
  });
});

it("reads each file as its kind says", () => {
  const of = (kind: "go-json" | "libtest", text: string) => parseReport(kind, [{ path: "", text }]);
  expect(of("go-json", "ok")).toEqual({ kind: "read", tests: [] });
  expect(of("libtest", "running 1 test")).toMatchObject({ kind: "unreadable" });
});
