/** From gate results to a verdict. Fails closed: whatever is not known to be green is red. */

/** One test as its report names it; the name is unique within the gate. */
export interface TestResult {
  readonly name: string;
  readonly outcome: "passed" | "failed" | "skipped";
  /** What the runner says of a failure: message, difference, first frames. */
  readonly detail?: string;
}

/** How a gate's command ended. */
export type GateExit =
  | { readonly kind: "exited"; readonly code: number }
  | { readonly kind: "signaled"; readonly signal: string }
  | { readonly kind: "timed-out"; readonly timeoutMs: number }
  | { readonly kind: "not-started"; readonly reason: string };

/** What a report gate's report said. */
export type GateReport =
  | { readonly kind: "read"; readonly tests: readonly TestResult[] }
  | { readonly kind: "missing" }
  | { readonly kind: "unreadable"; readonly reason: string };

export interface GateResult {
  readonly gate: string;
  readonly exit: GateExit;
  /** Null for a gate that is judged by its exit code alone. */
  readonly report: GateReport | null;
  readonly durationMs: number;
  /** Head and tail of what it printed. */
  readonly output: string;
  /** Path of everything it printed. */
  readonly logFile: string;
}

/** Why the gate is red, in one sentence without its name, or null when it is green. */
export function redReason(result: GateResult): string | null {
  const { exit, report } = result;
  const reported = report === null ? null : reportReason(report);
  // Which tests failed says more than the exit code that follows from it.
  const namesTests = report?.kind === "read" && report.tests.some((test) => test.outcome === "failed");
  return namesTests ? reported : (exitReason(exit) ?? reported);
}

/** Exit codes by which a shell says that there is nothing to run: the gate says nothing about the code. */
export const shellCannotRun: ReadonlySet<number> = new Set([126, 127]);

function exitReason(exit: GateExit): string | null {
  switch (exit.kind) {
    case "exited":
      return exit.code === 0 ? null : `exited with ${exit.code}`;
    case "signaled":
      return `was ended by ${exit.signal}`;
    case "timed-out":
      return `took longer than ${Math.round(exit.timeoutMs / 1000)} s`;
    case "not-started":
      return `could not be started: ${exit.reason}`;
  }
}

function reportReason(report: GateReport): string | null {
  if (report.kind === "missing") return "wrote no report to $RALPH_REPORT";
  if (report.kind === "unreadable") return `wrote a report that cannot be read: ${report.reason}`;
  const failed = report.tests.filter((test) => test.outcome === "failed");
  if (failed.length > 0) return `reported ${count(failed.length, "failed test")}: ${listNames(failed)}`;
  if (report.tests.every((test) => test.outcome === "skipped")) return "ran no test";
  return null;
}

/**
 * What the tests of a report gate lost against the baseline: none may vanish, and none that passed may be skipped.
 * Returns one sentence, or null when nothing was lost.
 */
export function lostTestsReason(baseline: readonly TestResult[], now: readonly TestResult[]): string | null {
  const outcomes = new Map(now.map((test) => [test.name, test.outcome]));
  const vanished = baseline.filter((test) => !outcomes.has(test.name));
  const skipped = baseline.filter(
    (test) => test.outcome === "passed" && outcomes.get(test.name) === "skipped",
  );
  if (vanished.length > 0) return `${count(vanished.length, "test")} vanished: ${listNames(vanished)}`;
  if (skipped.length > 0)
    return `${count(skipped.length, "passing test")} now skipped: ${listNames(skipped)}`;
  return null;
}

const namesShownMax = 3;

function listNames(tests: readonly TestResult[]): string {
  const names = tests.slice(0, namesShownMax).map((test) => `"${test.name}"`);
  const more = tests.length - names.length;
  return names.join(", ") + (more > 0 ? ` and ${more} more` : "");
}

const count = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? "" : "s"}`;
