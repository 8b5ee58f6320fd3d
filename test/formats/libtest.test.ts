/** Reports of `cargo test`, as it prints them with both outputs in one. */
import { describe, expect, it } from "vitest";
import type { TestResult } from "../../src/core/verdict.ts";
import { parseLibtest } from "../../src/formats/libtest.ts";

const unit = "     Running unittests src/lib.rs (target/debug/deps/limiter-5b82ed3a7d818c44)";

interface Counts {
  readonly passed?: number;
  readonly failed?: number;
  readonly ignored?: number;
  readonly measured?: number;
}
const summary = ({ passed = 0, failed = 0, ignored = 0, measured = 0 }: Counts): string =>
  `test result: ${failed === 0 ? "ok" : "FAILED"}. ${passed} passed; ${failed} failed; ${ignored} ignored; ` +
  `${measured} measured; 0 filtered out; finished in 0.00s`;

const reportOf = (...lines: readonly string[]): ReturnType<typeof parseLibtest> =>
  parseLibtest(lines.map((line) => `${line}\n`).join(""));

function testsOf(...lines: readonly string[]): readonly TestResult[] {
  const report = reportOf(...lines);
  if (report.kind !== "read") throw new Error(JSON.stringify(report));
  return report.tests;
}
const read = (...lines: readonly string[]): readonly string[] =>
  testsOf(...lines).map(({ name, outcome }) => `${outcome}: ${name}`);

describe("a test", () => {
  it("is named by program, file and path, without what differs from build to build", () => {
    expect(
      read(
        "   Compiling limiter v0.1.0 (/tmp/checkout-7)",
        unit,
        "",
        "running 4 tests",
        "test tests::later ... ignored, slow",
        "test tests::panics - should panic ... ok",
        "test tests::slow has been running for over 60 seconds",
        "test tests::slow ... \u001B[32mok\u001B[0m <61.000s>",
        "test bench ... bench:   1,234 ns/iter (+/- 5)",
        "",
        summary({ passed: 2, ignored: 1, measured: 1 }),
        "",
        "     Running tests/whole.rs (/elsewhere/target/debug/deps/whole-115f06295105a7bf)",
        "running 0 tests",
        summary({}),
      ),
    ).toEqual([
      "skipped: limiter > src/lib.rs > tests::later",
      "passed: limiter > src/lib.rs > tests::panics - should panic",
      "passed: limiter > src/lib.rs > tests::slow",
      "passed: limiter > src/lib.rs > bench",
    ]);
  });

  it("in the documentation is named without its line, which moves with the code above it", () => {
    expect(
      read(
        "   Doc-tests limiter",
        "running 2 tests",
        "test src/lib.rs - one (line 2) ... ok",
        "test src/lib.rs - one (line 6) - should panic ... ok",
        summary({ passed: 2 }),
        "running 1 test",
        "test src/lib.rs - one (line 9) - compile fail ... ok",
        summary({ passed: 1 }),
        "all doctests ran in 0.26s; merged doctests compilation took 0.16s",
      ),
    ).toEqual([
      "passed: Doc-tests limiter > src/lib.rs - one",
      "passed: Doc-tests limiter > src/lib.rs - one - should panic",
      "passed: Doc-tests limiter > src/lib.rs - one - compile fail",
    ]);
  });

  it("that failed has what it printed, whatever that looks like", () => {
    const tests = testsOf(
      unit,
      "running 2 tests",
      "test a ... FAILED",
      "test b ... ok",
      "",
      "failures:",
      "",
      "---- a stdout ----",
      "test gone ... ok",
      unit,
      summary({ passed: 9 }),
      "assertion failed",
      "",
      "failures:",
      "    a",
      "",
      summary({ passed: 1, failed: 1 }),
    );
    const detail = ["test gone ... ok", unit, summary({ passed: 9 }), "assertion failed"].join("\n");
    expect(tests).toEqual([
      { name: "limiter > src/lib.rs > a", outcome: "failed", detail },
      { name: "limiter > src/lib.rs > b", outcome: "passed" },
    ]);
  });

  it("with one thread may print between its name and its result", () => {
    const lines = ["running 2 tests", "test a ... hello", "there", "ok", "test b ... ok"];
    expect(read(...lines, summary({ passed: 2 }))).toEqual(["passed: a", "passed: b"]);
  });
});

describe("a report is unreadable", () => {
  const agree =
    "limiter > src/lib.rs: 2 results can be read, but 1 tests were begun and its summary counts 1";
  const none = "limiter > src/lib.rs has no summary (`test result: …`)";
  const begun = [unit, "running 1 test", "test a ... ok"];

  it.each<[string, readonly string[], string]>([
    ["when a test printed a result", [...begun, "test gone ... ok", summary({ passed: 1 })], agree],
    [
      "when one is in the middle of a line",
      [unit, "running 1 test", "test a ... test gone ... ok", "ok", "test b ... ok", summary({ passed: 1 })],
      agree,
    ],
    ["without a summary at the end", begun, none],
    ["without a summary before the next program", [...begun, unit], none],
    ["without a summary before the next tests", [...begun, "running 1 test"], none],
    [
      "when the next program's summary would do",
      [...begun, unit, "running 0 tests", summary({ passed: 1 })],
      none,
    ],
    [
      "with a program that told nothing before one that did",
      [unit, "     Running tests/whole.rs", "running 1 test", "test a ... ok", summary({ passed: 1 })],
      none,
    ],
    [
      "when a test that was begun is missing from both",
      [unit, "running 2 tests", "test a ... ok", summary({ passed: 1 })],
      "limiter > src/lib.rs: 1 results can be read, but 2 tests were begun and its summary counts 1",
    ],
    [
      "when the summary counts more",
      [...begun, summary({ passed: 2 })],
      "limiter > src/lib.rs: 1 results can be read, but 1 tests were begun and its summary counts 2",
    ],
    ["with a program that told nothing", [unit, unit], none],
    ["with a program that told nothing at the end", [unit], none],
    [
      "with two summaries",
      [...begun, summary({ passed: 1 }), summary({ passed: 1 })],
      "it has a summary without tests before it",
    ],
    [
      "when passed and failed are exchanged",
      [...begun, summary({ failed: 1 })],
      "limiter > src/lib.rs: 1 results can be read, but 1 tests were begun and its summary counts 1",
    ],
  ])("%s", (_when, lines, reason) => {
    expect(reportOf(...lines)).toEqual({ kind: "unreadable", reason });
  });
});

it("Without any test program there is no test", () => {
  expect(read("error: could not compile `limiter` (lib test) due to 1 previous error")).toEqual([]);
});
