/**
 * The base's own tests on the new code. An agent that changes tests and code together can make anything green, so
 * whatever the change did to old tests is undone once, and what they checked must still hold.
 */
import type { Gate } from "../core/config.ts";
import type { Candidate } from "../core/message.ts";
import type { Task } from "../core/task.ts";
import { judgedByExitCode } from "../core/report.ts";
import { isTestFile, isTestPath } from "../core/guard/test-paths.ts";
import { type GateResult, listNames, lostTestsReason, matchTests, redByReport } from "../core/verdict.ts";
import { matchGlobs } from "../formats/glob.ts";
import type { Target } from "../ports.ts";
import { type GatingOrder, passKey, runGates, testsOf } from "./gating.ts";
import type { AttemptScope } from "./scope.ts";

export type BaseTests =
  | { readonly kind: "held" }
  | { readonly kind: "failed"; readonly reason: string; readonly results: readonly GateResult[] }
  | { readonly kind: "stopped" };

/** @param order The order by which the candidate itself was judged. */
export async function runBaseTests(
  scope: AttemptScope,
  task: Task,
  { candidate, order }: { readonly candidate: Candidate; readonly order: GatingOrder },
): Promise<BaseTests> {
  const { ports } = scope;
  const { base } = candidate;
  const isAllowed = matchGlobs(task.allow);
  const isOld = (path: string): boolean => isTestPath(path) && !isAllowed(path);
  const gates = testGates(order.gates);
  const touched = await touchedTests(ports.target, candidate, { isOld, gates });
  if (touched.length === 0) return { kind: "held" };
  const commit = await ports.target.restore(candidate.commit, base, isOld);
  const gating = await runGates(ports, {
    ...order,
    commit,
    gates,
    purpose: `${order.purpose}-base-tests`,
    redReason: redByReport,
  });
  if (gating.kind === "stopped") return gating;
  const reason = gating.kind === "red" ? gating.reason : await lostOf(scope, task, { base, gates, gating });
  if (reason === null) return { kind: "held" };
  return { kind: "failed", reason: explain(reason, touched), results: gating.results };
}

/**
 * What of the tests the change touched. A new test file can reach old tests, too: they often share a process. Only where
 * no gate has a report it is passed over, since gates that know nothing of tests (dead code, say) may miss it.
 */
async function touchedTests(
  target: Target,
  { base, commit }: Candidate,
  { isOld, gates }: { readonly isOld: (path: string) => boolean; readonly gates: readonly Gate[] },
): Promise<readonly string[]> {
  const isReported = gates.some(({ report }) => report !== null);
  const changed = await target.changedPaths(base, commit);
  return changed
    .filter(({ path, isNew }) => isOld(path) && (isReported || !isNew || !isTestFile(path)))
    .map(({ path }) => path);
}

/** Gates that say which tests ran, and those that seem to run tests without saying which. */
function testGates(gates: readonly Gate[]): readonly Gate[] {
  const weak = new Set(judgedByExitCode(gates));
  return gates.filter((gate) => gate.report !== null || weak.has(gate));
}

async function lostOf(
  { ports }: AttemptScope,
  task: Task,
  {
    base,
    gates,
    gating,
  }: {
    readonly base: Candidate["base"];
    readonly gates: readonly Gate[];
    readonly gating: { readonly results: readonly GateResult[] };
  },
): Promise<string | null> {
  const baseTree = await ports.target.treeOf(base);
  const isAllowed = matchTests(task.allowTests);
  for (const result of gating.results.filter(({ report }) => report !== null)) {
    const gate = gates.find(({ name }) => name === result.gate);
    const before = gate === undefined ? null : ports.passes.recall(passKey(ports, baseTree, gate));
    // Without a baseline nothing can be compared: that is not a pass.
    if (before === null) return `gate ${result.gate} has no baseline to compare with`;
    const lost = lostTestsReason(before, testsOf(result), isAllowed);
    if (lost !== null) return `gate ${result.gate}: ${lost}`;
  }
  return null;
}

function explain(reason: string, touched: readonly string[]): string {
  const files = listNames(touched);
  return `the tests as they were before this change do not hold on its code (${reason}); keep what they check, or the task must allow the change of ${files} (allow: [${files}])`;
}
