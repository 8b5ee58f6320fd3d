/** The files that a gate's test runner wrote → one report. */
import type { ReportKind } from "../core/config.ts";
import type { GateReport, TestResult } from "../core/verdict.ts";
import { parseGoTest } from "./go-test.ts";
import { parseJunit } from "./junit.ts";
import { parseLibtest } from "./libtest.ts";
import { unreadable, withUniqueNames } from "./test-result.ts";

export interface ReportText {
  /** How the file is told to people; empty when there can be only one. */
  readonly path: string;
  readonly text: string;
}

const parsers: Readonly<Record<ReportKind, (text: string) => GateReport>> = {
  junit: parseJunit,
  "go-json": parseGoTest,
  libtest: parseLibtest,
};

/** Never throws. Several files are one report, and one that cannot be read spoils it. Names are unique. */
export function parseReport(kind: ReportKind, files: readonly ReportText[]): GateReport {
  const tests: TestResult[] = [];
  for (const { path, text } of files) {
    const report = parsers[kind](text);
    if (report.kind === "unreadable")
      return unreadable(path === "" ? report.reason : `${path}: ${report.reason}`);
    if (report.kind === "read") tests.push(...report.tests);
  }
  return { kind: "read", tests: withUniqueNames(tests) };
}
