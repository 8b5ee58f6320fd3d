/** What the readers of test reports share: how a test is named, what is kept of a failure, and names that are unique. */
import type { GateReport, TestResult } from "../core/verdict.ts";
import { cutText, oneLine } from "./one-line.ts";

export const unreadable = (reason: string): GateReport => ({ kind: "unreadable", reason });

const nameCharsMax = 500;

/** From the outermost group to the test itself; each group is told once. */
export function testName(parts: readonly string[]): string {
  const told = parts.filter((part) => part !== "");
  const last = told.pop() ?? "";
  const groups = [...new Set(told)].filter((group) => group !== last);
  return oneLine([...groups, last].join(" > "), nameCharsMax);
}

const detailCharsMax = 4_000;

export function failed(name: string, detail: string): TestResult {
  const test = { name, outcome: "failed" } as const;
  return detail === "" ? test : { ...test, detail: cutText(detail, detailCharsMax) };
}

const worstFirst: readonly TestResult["outcome"][] = ["failed", "skipped", "passed"];

/**
 * Equal names get a number, the worst result first: whatever the order of the report, the bare name stands for the
 * worst. A name that looks numbered gets a number too, or a test that was renamed could take the place of another.
 */
export function withUniqueNames(tests: readonly TestResult[]): readonly TestResult[] {
  const places = new Map<string, number[]>();
  for (const [index, { name }] of tests.entries()) {
    const same = places.get(name);
    if (same === undefined) places.set(name, [index]);
    else same.push(index);
  }
  const unique = [...tests];
  for (const [name, indexes] of places) {
    const ranked = indexes.flatMap((index) => tests[index] ?? []).toSorted(byOutcome);
    for (const [at, index] of indexes.entries()) {
      const test = ranked[at];
      const isPlain = at === 0 && !/ #\d+$/.test(name);
      if (test !== undefined) unique[index] = { ...test, name: isPlain ? name : `${name} #${at + 1}` };
    }
  }
  return unique;
}

const byOutcome = (a: TestResult, b: TestResult): number =>
  worstFirst.indexOf(a.outcome) - worstFirst.indexOf(b.outcome);
