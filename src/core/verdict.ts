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

/** What a report gate's report said. `where`: the place in which it was expected, unless that is `$RALPH_REPORT`. */
export type GateReport =
  | { readonly kind: "read"; readonly tests: readonly TestResult[] }
  | { readonly kind: "missing"; readonly where?: string }
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

/** Failures that do not count, because the baseline has them already. `any`: this is that baseline itself. */
export type KnownFailures = ReadonlySet<string> | "any";

export const noKnownFailures: KnownFailures = new Set();

/** Why the gate is red, in one sentence without its name, or null when it is green. */
export function redReason(result: GateResult, known: KnownFailures = noKnownFailures): string | null {
  const { exit, report } = result;
  const reported = report === null ? null : reportReason(report, known);
  const failed = failedTests(result);
  // Which tests failed says more than the exit code that follows from it.
  if (failed.some((name) => !isKnown(known, name))) return reported;
  const isExplained = exit.kind === "exited" && failed.length > 0;
  return isExplained ? reported : (exitReason(exit) ?? reported);
}

/**
 * As `redReason`, but by the report alone where it can be: without the tests of a change, a gate may exit badly for what
 * says nothing about the old ones, such as a threshold of coverage.
 */
export function redByReport(result: GateResult, known: KnownFailures = noKnownFailures): string | null {
  const { exit, report } = result;
  const isTold = exit.kind === "exited" && report?.kind === "read";
  return isTold ? reportReason(report, known) : redReason(result, known);
}

const isKnown = (known: KnownFailures, name: string): boolean => known === "any" || known.has(name);

/** Names of the tests that failed, as far as a report tells. */
export const failedTests = ({ report }: GateResult): readonly string[] =>
  report?.kind === "read" ? failedNames(report.tests) : [];

export const failedNames = (tests: readonly TestResult[]): readonly string[] =>
  tests.filter((test) => test.outcome === "failed").map((test) => test.name);

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

function reportReason(report: GateReport, known: KnownFailures): string | null {
  if (report.kind === "missing") return `wrote no report to ${report.where ?? "$RALPH_REPORT"}`;
  if (report.kind === "unreadable") return `wrote a report that cannot be read: ${report.reason}`;
  const failed = failedNames(report.tests).filter((name) => !isKnown(known, name));
  if (failed.length > 0) return `reported ${count(failed.length, "failed test")}: ${listNames(failed)}`;
  if (report.tests.every((test) => test.outcome === "skipped")) return "ran no test";
  return null;
}

/**
 * What the tests of a report gate lost against the baseline: none may vanish, and none that ran may be skipped.
 * Returns one sentence, or null when nothing was lost.
 *
 * @param isAllowed Tests that the task gives up by name.
 */
export function lostTestsReason(
  baseline: readonly TestResult[],
  now: readonly TestResult[],
  isAllowed: (name: string) => boolean = () => false,
): string | null {
  const outcomes = new Map(now.map((test) => [test.name, test.outcome]));
  const guarded = baseline.filter((test) => !isAllowed(test.name));
  const vanished = guarded.filter((test) => !outcomes.has(test.name));
  const skipped = guarded.filter(
    (test) => test.outcome !== "skipped" && outcomes.get(test.name) === "skipped",
  );
  if (vanished.length > 0) return `${count(vanished.length, "test")} vanished: ${listTests(vanished)}`;
  if (skipped.length > 0) return `${count(skipped.length, "test")} now skipped: ${listTests(skipped)}`;
  return null;
}

/** Whether a test is named, exactly or with `*` for any part of its name. */
export function matchTests(patterns: readonly string[]): (name: string) => boolean {
  const escaped = patterns.map((pattern) =>
    pattern
      .split("*")
      .map((part) => part.replaceAll(/[.[\]{}()+?^$|\\/]/g, "\\$&"))
      .join(".*"),
  );
  const expressions = escaped.map((source) => new RegExp(`^${source}$`, "su"));
  return (name) => expressions.some((expression) => expression.test(name));
}

const namesShownMax = 3;

const listTests = (tests: readonly TestResult[]): string => listNames(tests.map((test) => test.name));

export function listNames(names: readonly string[]): string {
  const shown = names.slice(0, namesShownMax).map((name) => `"${name}"`);
  const more = names.length - shown.length;
  return shown.join(", ") + (more > 0 ? ` and ${more} more` : "");
}

const count = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? "" : "s"}`;

/** A gate that was red and then green on the same tree; `tests` failed the first time, none where no report tells. */
export interface Flake {
  readonly gate: string;
  readonly tests: readonly string[];
}

/** As people read it: `tests: "splits a text into words"`. */
export const flakeNames = ({ gate, tests }: Flake): readonly string[] =>
  tests.length === 0 ? [gate] : tests.map((test) => `${gate}: "${test}"`);
