/** Runs gates on one commit in a checkout of its own, and says what they found. */
import type { Gate } from "../core/config.ts";
import type { CommitSha, TreeSha } from "../core/ids.ts";
import {
  failedTests,
  type Flake,
  type GateResult,
  type KnownFailures,
  noKnownFailures,
  redReason,
  shellCannotRun,
  type TestResult,
} from "../core/verdict.ts";
import type { LaidFiles, Ports } from "../ports.ts";

export interface GatingOrder {
  readonly commit: CommitSha;
  readonly gates: readonly Gate[];
  /** The commit is on the target: its dependencies may be stored. */
  readonly trusted: boolean;
  /** Folder for the logs of a purpose; made when asked for. */
  readonly logFolder: (purpose: string) => string;
  readonly purpose: string;
  readonly signal: AbortSignal;
  /** Lays files over the checkout before anything runs: they are no change of it. */
  readonly lay?: (directory: string) => Promise<LaidFiles>;
  /** What makes a result red. Default: `redReason`. */
  readonly redReason?: typeof redReason;
  /** Failures that a gate may have. Default: none. */
  readonly known?: (gate: Gate) => KnownFailures;
}

export type Gating =
  | { readonly kind: "green"; readonly results: readonly GateResult[]; readonly flakes: readonly Flake[] }
  | {
      readonly kind: "red";
      readonly reason: string;
      readonly results: readonly GateResult[];
      /** The gates changed the checkout: what any of them said is said of something else. */
      readonly isVoid?: boolean;
    }
  | { readonly kind: "stopped" };

type GatePorts = Pick<Ports, "workspaces" | "gates">;

/**
 * Fails closed: green only if every gate is green and the checkout still is the commit's tree. A red gate is
 * repeated once in a fresh checkout of the same commit, and never more often: tests that fail now and then would
 * cost good work, and tests that may be repeated until they are green prove nothing.
 */
export async function runGates(ports: GatePorts, order: GatingOrder): Promise<Gating> {
  const first = await runOnce(ports, order);
  if (first.kind !== "red" || !isWorthRepeating(first, order)) return first;
  const results = new Map(first.results.map((result) => [result.gate, result]));
  const flakes: Flake[] = [];
  for (const gate of order.gates) {
    const red = results.get(gate.name);
    if (red === undefined || !isRed(order, red)) continue;
    const again = await runOnce(ports, { ...order, gates: [gate], purpose: `${order.purpose}-again` });
    if (again.kind === "stopped") return again;
    // One that stays red ends it: the others need not be asked again.
    if (again.kind === "red") return first;
    for (const result of again.results) results.set(gate.name, result);
    flakes.push({ gate: gate.name, tests: failedTests(red) });
  }
  return { kind: "green", results: [...results.values()], flakes };
}

const knownOf = ({ known }: GatingOrder, gate: Gate): KnownFailures => known?.(gate) ?? noKnownFailures;

/** Only an answer can be another one next time; and to wait for the end of the time twice is too dear. */
function isWorthRepeating(red: Gating & { readonly kind: "red" }, order: GatingOrder): boolean {
  if (red.isVoid === true) return false;
  const { results } = red;
  const reds = results.filter((result) => isRed(order, result));
  return reds.length > 0 && reds.every((each) => !isNotRunnable(each) && each.exit.kind !== "timed-out");
}

const isRed = (order: GatingOrder, result: GateResult): boolean => redIn(order, result) !== null;

function redIn(order: GatingOrder, result: GateResult): string | null {
  const gate = order.gates.find(({ name }) => name === result.gate);
  const reasonOf = order.redReason ?? redReason;
  return reasonOf(result, gate === undefined ? noKnownFailures : knownOf(order, gate));
}

/** Without a second chance. */
export async function runOnce(ports: GatePorts, order: GatingOrder): Promise<Gating> {
  const { commit, gates, signal } = order;
  const laidOut = await ports.workspaces.layOut(commit, order.trusted);
  if (isStopped(signal)) {
    if (laidOut.kind === "ready") await laidOut.checkout[Symbol.asyncDispose]();
    return { kind: "stopped" };
  }
  if (laidOut.kind === "setup-failed")
    return { kind: "red", reason: laidOut.reason, results: [setupResult(laidOut)] };
  await using checkout = laidOut.checkout;
  const laid = await order.lay?.(checkout.path);
  const logFolder = order.logFolder(order.purpose);
  const results = await ports.gates.run({ gates, checkout: checkout.path, logFolder, signal });
  if (isStopped(signal)) return { kind: "stopped" };
  const changed = (await checkout.changedPaths()).filter((path) => laid?.paths.has(path) !== true);
  const isVoid = changed.length > 0 || (await laid?.isIntact()) === false;
  const reason = firstRed(order, results) ?? (isVoid ? changedReason(changed) : null);
  return reason === null ? { kind: "green", results, flakes: [] } : { kind: "red", reason, results, isVoid };
}

/** A function, because the compiler takes a property that was false once for false. */
export const isStopped = (signal: AbortSignal): boolean => signal.aborted;

/** A failed setup is shown as a gate that exited badly: the agent may have caused it, and can read why. */
function setupResult(failure: { readonly reason: string; readonly output: string }): GateResult {
  const exit = { kind: "not-started", reason: failure.reason } as const;
  return { gate: "setup", exit, report: null, durationMs: 0, output: failure.output, logFile: "(not kept)" };
}

function firstRed(order: GatingOrder, results: readonly GateResult[]): string | null {
  const reds = results.filter((result) => isRed(order, result));
  const [first] = reds;
  if (first === undefined) return null;
  const more = reds.length === 1 ? "" : ` (and ${reds.length - 1} more)`;
  return `gate ${first.gate} ${redIn(order, first) ?? ""}${more}`;
}

const pathsShownMax = 3;

function changedReason(paths: readonly string[]): string {
  if (paths.length === 0) return "the sealed checks were changed while they ran, so the result is void";
  const shown = paths.slice(0, pathsShownMax).join(", ");
  const more = paths.length > pathsShownMax ? ` and ${paths.length - pathsShownMax} more` : "";
  return `the gates changed files of the checkout, so the result is void: ${shown}${more}`;
}

/** True when the gate itself is missing rather than red: at the base that is an error of the configuration. */
export function isNotRunnable(result: GateResult): boolean {
  const { exit, report } = result;
  if (exit.kind === "not-started") return true;
  if (exit.kind === "exited" && shellCannotRun.has(exit.code)) return true;
  const isGreenExit = exit.kind === "exited" && exit.code === 0;
  return isGreenExit && (report?.kind === "missing" || report?.kind === "unreadable");
}

/** What a pass is remembered under: everything its result depends on. */
export function passKey(ports: Ports, tree: TreeSha, gate: Gate): string {
  const { name, run, report, reportFile, timeoutMs, redBaseline } = gate;
  return [
    "gate",
    tree,
    JSON.stringify([name, run, report, reportFile, timeoutMs, redBaseline]),
    ports.gates.environmentDigest(gate),
  ].join(" ");
}

export function rememberPasses(
  ports: Ports,
  tree: TreeSha,
  gates: readonly Gate[],
  results: readonly GateResult[],
): void {
  for (const gate of gates) {
    const result = results.find((candidate) => candidate.gate === gate.name);
    if (result !== undefined) ports.passes.remember(passKey(ports, tree, gate), testsOf(result));
  }
}

export const testsOf = (result: GateResult): readonly TestResult[] =>
  result.report?.kind === "read" ? result.report.tests : [];
