/** Runs gates on one commit in a checkout of its own, and says what they found. */
import type { Gate } from "../core/config.ts";
import type { CommitSha, TreeSha } from "../core/ids.ts";
import { type GateResult, redReason, shellCannotRun, type TestResult } from "../core/verdict.ts";
import type { Ports } from "../ports.ts";

export interface GatingOrder {
  readonly commit: CommitSha;
  readonly gates: readonly Gate[];
  /** The commit is on the target: its dependencies may be stored. */
  readonly trusted: boolean;
  readonly logFolder: string;
  readonly signal: AbortSignal;
}

export type Gating =
  | { readonly kind: "green"; readonly results: readonly GateResult[] }
  | { readonly kind: "red"; readonly reason: string; readonly results: readonly GateResult[] }
  | { readonly kind: "stopped" };

/** Fails closed: green only if every gate is green and the checkout still is the commit's tree. */
export async function runGates(
  ports: Pick<Ports, "workspaces" | "gates">,
  order: GatingOrder,
): Promise<Gating> {
  const { commit, gates, logFolder, signal } = order;
  const laidOut = await ports.workspaces.layOut(commit, order.trusted);
  if (isStopped(signal)) {
    if (laidOut.kind === "ready") await laidOut.checkout[Symbol.asyncDispose]();
    return { kind: "stopped" };
  }
  if (laidOut.kind === "setup-failed")
    return { kind: "red", reason: laidOut.reason, results: [setupResult(laidOut)] };
  await using checkout = laidOut.checkout;
  const results = await ports.gates.run({ gates, checkout: checkout.path, logFolder, signal });
  if (isStopped(signal)) return { kind: "stopped" };
  const reason = firstRed(results) ?? changedReason(await checkout.changedPaths());
  return reason === null ? { kind: "green", results } : { kind: "red", reason, results };
}

/** A function, because the compiler takes a property that was false once for false. */
const isStopped = (signal: AbortSignal): boolean => signal.aborted;

/** A failed setup is shown as a gate that exited badly: the agent may have caused it, and can read why. */
function setupResult(failure: { readonly reason: string; readonly output: string }): GateResult {
  const exit = { kind: "not-started", reason: failure.reason } as const;
  return { gate: "setup", exit, report: null, durationMs: 0, output: failure.output, logFile: "(not kept)" };
}

function firstRed(results: readonly GateResult[]): string | null {
  const reds = results.filter((result) => redReason(result) !== null);
  const [first] = reds;
  if (first === undefined) return null;
  const more = reds.length === 1 ? "" : ` (and ${reds.length - 1} more)`;
  return `gate ${first.gate} ${redReason(first) ?? ""}${more}`;
}

const pathsShownMax = 3;

function changedReason(paths: readonly string[]): string | null {
  if (paths.length === 0) return null;
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
  const { name, run, report, timeoutMs } = gate;
  return [
    "gate",
    tree,
    JSON.stringify([name, run, report, timeoutMs]),
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
