/** What makes a gate red, and what a report lost against the baseline. */
import { describe, expect, it } from "vitest";
import {
  type GateExit,
  type GateReport,
  type GateResult,
  lostTestsReason,
  matchTests,
  redReason,
  shellCannotRun,
  type TestResult,
} from "../../src/core/verdict.ts";

const green: GateExit = { kind: "exited", code: 0 };

const resultOf = (ended: Pick<GateResult, "exit" | "report">): GateResult => ({
  ...ended,
  gate: "tests",
  durationMs: 1,
  output: "",
  logFile: "tests.log",
});

const reasonFor = (exit: GateExit, report: GateReport | null = null): string | null =>
  redReason(resultOf({ exit, report }));

const tests = (outcome: TestResult["outcome"], ...names: string[]): TestResult[] =>
  names.map((name) => ({ name, outcome }));
const read = (...results: TestResult[]): GateReport => ({ kind: "read", tests: results });

describe("A gate without a report", () => {
  it("is green when its command exits with 0", () => {
    expect(reasonFor(green)).toBeNull();
  });

  it.each<[string, GateExit, string]>([
    ["exits with another code", { kind: "exited", code: 1 }, "exited with 1"],
    ["is ended by a signal", { kind: "signaled", signal: "SIGKILL" }, "was ended by SIGKILL"],
    ["takes too long", { kind: "timed-out", timeoutMs: 90_000 }, "took longer than 90 s"],
    ["cannot start", { kind: "not-started", reason: "no bash" }, "could not be started: no bash"],
  ])("is red when its command %s", (_, exit, reason) => {
    expect(reasonFor(exit)).toBe(reason);
  });

  it("is known not to have run at all by the two codes of the shell", () => {
    expect([...shellCannotRun]).toEqual([126, 127]);
  });
});

describe("A gate with a report", () => {
  it("is green when some tests passed and none failed", () => {
    expect(reasonFor(green, read(...tests("passed", "a"), ...tests("skipped", "b")))).toBeNull();
  });

  it("is red for its exit code before anything the report says", () => {
    expect(reasonFor({ kind: "exited", code: 2 }, read(...tests("passed", "a")))).toBe("exited with 2");
  });

  it.each<[string, GateReport, string]>([
    ["is missing", { kind: "missing" }, "wrote no report to $RALPH_REPORT"],
    [
      "is missing elsewhere",
      { kind: "missing", where: "build/*.xml in the checkout" },
      "wrote no report to build/*.xml in the checkout",
    ],
    [
      "cannot be read",
      { kind: "unreadable", reason: "not XML" },
      "wrote a report that cannot be read: not XML",
    ],
    ["names a failed test", read(...tests("failed", "a")), 'reported 1 failed test: "a"'],
    [
      "names many failed tests",
      read(...tests("failed", "a", "b", "c", "d", "e"), ...tests("passed", "f")),
      'reported 5 failed tests: "a", "b", "c" and 2 more',
    ],
    ["holds no test", read(), "ran no test"],
    ["holds skipped tests only", read(...tests("skipped", "a", "b")), "ran no test"],
  ])("is red, although the command exits with 0, when the report %s", (_, report, reason) => {
    expect(reasonFor(green, report)).toBe(reason);
  });
});

describe("Against the baseline", () => {
  it("nothing is lost when every test is still there and new ones came", () => {
    const baseline = [...tests("passed", "a"), ...tests("skipped", "b"), ...tests("failed", "c")];
    const now = [...tests("passed", "a", "c", "new"), ...tests("skipped", "b")];
    expect(lostTestsReason(baseline, now)).toBeNull();
  });

  it("a test that is gone was lost, whatever its outcome was", () => {
    const baseline = [...tests("passed", "a"), ...tests("skipped", "b"), ...tests("failed", "c")];
    expect(lostTestsReason(baseline, tests("passed", "new"))).toBe('3 tests vanished: "a", "b", "c"');
  });

  it("a passing test that is skipped now was lost", () => {
    expect(
      lostTestsReason(tests("passed", "a", "b"), [...tests("skipped", "a"), ...tests("passed", "b")]),
    ).toBe('1 test now skipped: "a"');
  });

  it("a test that was skipped before may be skipped now, one that failed may not", () => {
    const baseline = [...tests("failed", "a"), ...tests("skipped", "b")];
    expect(lostTestsReason(baseline, tests("skipped", "a", "b"))).toBe('1 test now skipped: "a"');
  });

  it("tests may be lost that the task names, exactly or with a star", () => {
    const baseline = tests("passed", "file > a (1)", "file > b", "other > b");
    const lost = (...names: string[]) => lostTestsReason(baseline, [], matchTests(names));
    expect(lost("file > a (1)", "other*")).toBe('1 test vanished: "file > b"');
    expect(lost("*")).toBeNull();
    expect(lost("file > a .1.", "b")).toBe('3 tests vanished: "file > a (1)", "file > b", "other > b"');
  });

  it("failures that it has already are no news, and others are", () => {
    const report = { kind: "read", tests: [...tests("failed", "a", "b"), ...tests("passed", "c")] } as const;
    const result = resultOf({ exit: { kind: "exited", code: 1 }, report });
    expect(redReason(result, new Set(["a", "b"]))).toBeNull();
    expect(redReason(result, new Set(["a"]))).toBe('reported 1 failed test: "b"');
    expect(redReason(result, "any")).toBeNull();
    const ended = resultOf({ exit: { kind: "signaled", signal: "SIGKILL" }, report });
    expect(redReason(ended, "any")).toBe("was ended by SIGKILL");
  });

  it("vanished tests are told before skipped ones", () => {
    expect(lostTestsReason(tests("passed", "a", "b"), tests("skipped", "b"))).toBe('1 test vanished: "a"');
  });
});
