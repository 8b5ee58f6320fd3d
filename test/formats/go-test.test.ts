/** Reports of `go test -json`, as go 1.19 and go 1.24 write them. */
import { describe, expect, it } from "vitest";
import type { TestResult } from "../../src/core/verdict.ts";
import { parseGoTest } from "../../src/formats/go-test.ts";

type Event = Readonly<Record<string, unknown>>;
const lines = (...events: readonly (Event | string)[]): string =>
  events.map((event) => `${typeof event === "string" ? event : JSON.stringify(event)}\n`).join("");

const Package = "example.com/m";
const event = (Action: string, Test: string, Output?: string): Event => ({
  Time: "2026-11-20T10:00:00Z",
  Action,
  Package,
  Test,
  Output,
});
const run = (test: string): readonly Event[] => [
  event("run", test),
  event("output", test, `=== RUN   ${test}\n`),
];
const end = (Action: string): Event => ({ Action, Package, Elapsed: 0.1 });

function testsOf(...events: readonly (Event | string)[]): readonly TestResult[] {
  const report = parseGoTest(lines(...events));
  if (report.kind !== "read") throw new Error(JSON.stringify(report));
  return report.tests;
}
const read = (...events: readonly (Event | string)[]): readonly string[] =>
  testsOf(...events).map(({ name, outcome }) => `${outcome}: ${name}`);

describe("a test", () => {
  it("is named by package and name, subtests too", () => {
    const events = [
      { Action: "start", Package },
      ...run("TestA"),
      ...run("TestA/one"),
      event("pass", "TestA/one"),
      event("pass", "TestA"),
      ...run("TestLater"),
      event("skip", "TestLater"),
      end("pass"),
    ];
    expect(read(...events)).toEqual([
      "passed: example.com/m > TestA/one",
      "passed: example.com/m > TestA",
      "skipped: example.com/m > TestLater",
    ]);
  });

  it("that failed has what it printed", () => {
    const printed = event("output", "TestA", "    a_test.go:4: \u001B[31mbad\u001B[0m\n");
    expect(testsOf(...run("TestA"), printed, event("fail", "TestA"), end("fail"))).toEqual([
      { name: "example.com/m > TestA", outcome: "failed", detail: "a_test.go:4: bad" },
    ]);
  });

  it("that never ended has failed", () => {
    expect(read(...run("TestA"), event("output", "TestA", "panic: boom\n"), end("fail"))).toEqual([
      "failed: example.com/m > (package)",
      "failed: example.com/m > TestA",
    ]);
    expect(read(...run("TestA"), end("pass"))).toEqual(["failed: example.com/m > TestA"]);
  });

  it("that ran twice has two results", () => {
    const events = [
      ...run("TestA"),
      event("pass", "TestA"),
      ...run("TestA"),
      event("fail", "TestA"),
      end("fail"),
    ];
    expect(read(...events)).toEqual(["passed: example.com/m > TestA", "failed: example.com/m > TestA"]);
  });

  it("does not pass because another printed its result", () => {
    const printed = event("output", "TestGone", "--- PASS: TestGone (0.00s)\n");
    expect(
      read(...run("TestA"), printed, event("pass", "TestGone"), event("pass", "TestA"), end("pass")),
    ).toEqual(["passed: example.com/m > TestA"]);
    const twice = [...run("TestA"), event("pass", "TestA"), event("fail", "TestA"), end("fail")];
    expect(read(...twice)).toContain("failed: example.com/m > TestA");
  });
});

describe("a package", () => {
  it("without tests has none", () => {
    expect(read({ Action: "output", Package, Output: "?   [no test files]\n" }, end("skip"))).toEqual([]);
    expect(read()).toEqual([]);
  });

  it("that did not build is a failed test, with what the compiler said", () => {
    const ImportPath = "example.com/m [example.com/m.test]";
    const events = [
      { ImportPath, Action: "build-output", Output: "a_test.go:3: undefined: x\n" },
      { ImportPath, Action: "build-fail" },
      { Action: "start", Package },
      { Action: "output", Package, Output: "FAIL\texample.com/m [build failed]\n" },
      { Action: "fail", Package, FailedBuild: ImportPath },
    ];
    expect(testsOf(...events)).toEqual([
      {
        name: "example.com/m > (package)",
        outcome: "failed",
        detail: "a_test.go:3: undefined: x\nFAIL\texample.com/m [build failed]",
      },
    ]);
    expect(read("FAIL\texample.com/m/broken [build failed]")).toEqual([
      "failed: example.com/m/broken > (package)",
    ]);
  });

  it("whose end is missing has failed", () => {
    expect(read(...run("TestA"), event("pass", "TestA"))).toEqual([
      "passed: example.com/m > TestA",
      "failed: example.com/m > (package)",
    ]);
  });
});

it.each([
  ["half a line", '{"Action":"run","Pack'],
  ["another kind of line", '{"level":"info"}'],
])("is unreadable with %s", (_what, line) => {
  expect(parseGoTest(lines(end("pass"), line))).toEqual({
    kind: "unreadable",
    reason: "its line 2 is no event of `go test -json`",
  });
});
