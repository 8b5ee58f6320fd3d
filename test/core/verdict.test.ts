/** What makes a gate red, and what a report lost against the baseline. */
import { describe, expect, it } from "vitest";
import {
  type GateExit,
  type GateReport,
  lostTestsReason,
  redReason,
  shellCannotRun,
  type TestResult,
} from "../../src/core/verdict.ts";

const green: GateExit = { kind: "exited", code: 0 };

function reasonFor(exit: GateExit, report: GateReport | null = null): string | null {
  return redReason({ gate: "tests", exit, report, durationMs: 1, output: "", logFile: "tests.log" });
}

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
    ).toBe('1 passing test now skipped: "a"');
  });

  it("a test that failed or was skipped before may be skipped now", () => {
    const baseline = [...tests("failed", "a"), ...tests("skipped", "b")];
    expect(lostTestsReason(baseline, tests("skipped", "a", "b"))).toBeNull();
  });

  it("vanished tests are told before skipped ones", () => {
    expect(lostTestsReason(tests("passed", "a", "b"), tests("skipped", "b"))).toBe('1 test vanished: "a"');
  });
});
