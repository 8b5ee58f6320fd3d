/** From a sealed change to a verdict: compose on the newest tip, look at the diff, run the gates, compare tests. */
import type { Gate } from "../core/config.ts";
import { renderEvidence } from "../core/evidence.ts";
import type { CommitSha, TreeSha } from "../core/ids.ts";
import type { Candidate, FailedAttempt, Failure, Verdict } from "../core/message.ts";
import type { Task } from "../core/task.ts";
import {
  failedNames,
  flakeNames,
  type GateResult,
  type KnownFailures,
  listNames,
  lostTestsReason,
  matchTests,
  noKnownFailures,
  type TestResult,
} from "../core/verdict.ts";
import { parseTask } from "../formats/task-file.ts";
import { checkBaseline } from "./baseline.ts";
import { runBaseTests } from "./base-tests.ts";
import { composeLanding, composeRecord, type Landing } from "./candidate.ts";
import { guardCandidate } from "./guarding.ts";
import { type Gating, passKey, rememberPasses, runGates, testsOf } from "./gating.ts";
import { type AttemptScope, gatesFor } from "./scope.ts";

/** A verdict, and what the landing needs to know beside the candidate. */
export interface Judgement {
  readonly verdict: Verdict;
  readonly learnings: readonly string[];
  readonly taskText: string;
  /** What the agent may read about a rejection. */
  readonly evidence: string | null;
}

const nothing = { learnings: [], taskText: "", evidence: null };

export async function judgeChange(
  scope: AttemptScope,
  landing: Landing,
  base: CommitSha,
): Promise<Judgement> {
  const { ports } = scope;
  const onto = await ports.target.tip();
  if (onto !== base) {
    const baseline = await checkBaseline(scope, landing.task, onto);
    if (baseline.kind !== "green") return inconclusive(baseline.reason);
  }
  const edited = await editedReason(scope, landing.task);
  if (edited !== null) return rejected({ kind: "conflict", reason: edited, evidence: null });
  const { composed, learnings, taskText } = await composeLanding(scope, landing, onto);
  if (composed.kind === "conflict") {
    const reason = `${ports.target.branch} moved meanwhile, and the change conflicts with it in ${composed.paths.join(", ")}`;
    return rejected({ kind: "conflict", reason, evidence: null });
  }
  const guarded = await guardCandidate(scope, landing.task, composed.candidate);
  if (guarded !== null) return rejected({ kind: "refused", reason: guarded, evidence: null });
  const judgement = await judgeCandidate(scope, landing.task, composed.candidate, `gates-${landing.round}`);
  return { ...judgement, learnings, taskText };
}

/** The record of a task that is given up changes only the supervisor's files, and is judged like any other. */
export async function judgeRecord(
  scope: AttemptScope,
  record: { readonly task: Task; readonly attempt: number; readonly failures: readonly FailedAttempt[] },
): Promise<Judgement> {
  const onto = await scope.ports.target.tip();
  const baseline = await checkBaseline(scope, record.task, onto);
  if (baseline.kind !== "green") return inconclusive(baseline.reason);
  const { composed, taskText } = await composeRecord(scope, record, onto);
  if (composed.kind === "conflict") return inconclusive("a record cannot be in conflict");
  return { ...(await judgeCandidate(scope, record.task, composed.candidate, "gates-record")), taskText };
}

/** What the agent did for the old text must not mark the new one as landed. */
async function editedReason({ ports }: AttemptScope, task: Task): Promise<string | null> {
  const text = await ports.queue.readText(task.file);
  if (text === null) return `${task.file} was removed while the agent worked on it`;
  const parsed = parseTask(text, task.file, ports.digest);
  const isSame = parsed.kind === "task" && parsed.task.id === task.id && parsed.task.text === task.text;
  return isSame ? null : `${task.file} was edited while the agent worked on it`;
}

/** The gates on the candidate, its tests against those of its base, and the base's own tests on its code. */
async function judgeCandidate(
  scope: AttemptScope,
  task: Task,
  candidate: Candidate,
  purpose: string,
): Promise<Judgement> {
  const { ports, signal, logFolder } = scope;
  const gates = gatesFor(scope, task);
  const baseTree = await ports.target.treeOf(candidate.base);
  const known = (gate: Gate): KnownFailures => failuresKnown(scope, gate, baseTree);
  const order = { commit: candidate.commit, gates, trusted: false, logFolder, purpose, signal, known };
  const gating = await runGates(ports, order);
  if (gating.kind === "stopped") return inconclusive("the run was stopped");
  if (gating.kind === "red") return rejected(red(gating.reason), gating.results, gates);
  const lost = lostTests(scope, task, { gates, gating, baseTree });
  if (lost !== null) return rejected(red(lost), gating.results, gates);
  const baseTests = await runBaseTests(scope, task, { candidate, order });
  if (baseTests.kind === "stopped") return inconclusive("the run was stopped");
  if (baseTests.kind === "failed") return rejected(red(baseTests.reason), baseTests.results, gates);
  rememberPasses(ports, candidate.tree, gates, gating.results);
  const flaky = gating.flakes.flatMap(flakeNames);
  const names = gates.map((gate) => gate.name);
  const verdict = { kind: "accept", candidate, gates: names, ...(flaky.length > 0 && { flaky }) } as const;
  return { ...nothing, verdict };
}

const red = (reason: string): Failure => ({ kind: "red", reason, evidence: null });

/** Only failures that the base has may be had again, and only where the configuration says so. */
function failuresKnown({ ports }: AttemptScope, gate: Gate, baseTree: TreeSha): KnownFailures {
  if (gate.redBaseline === "hold") return noKnownFailures;
  return new Set(failedNames(ports.passes.recall(passKey(ports, baseTree, gate)) ?? []));
}

interface GreenGates {
  readonly gates: readonly Gate[];
  readonly gating: Gating & { kind: "green" };
  readonly baseTree: TreeSha;
}

/** Test by test against the baseline, for gates with a report: a test that vanished proves nothing any more. */
function lostTests(
  { ports }: AttemptScope,
  task: Task,
  { gates, gating, baseTree }: GreenGates,
): string | null {
  const isAllowed = matchTests(task.allowTests);
  for (const gate of gates.filter((candidate) => candidate.report !== null)) {
    const before = ports.passes.recall(passKey(ports, baseTree, gate));
    const after = gating.results.find((result) => result.gate === gate.name);
    // Without a baseline nothing can be compared: that is not a pass.
    if (before === null || after === undefined) return `gate ${gate.name} has no baseline to compare with`;
    const lost = lostTestsReason(before, testsOf(after), isAllowed) ?? newFlakes(gate, before, gating);
    if (lost !== null) return `gate ${gate.name}: ${lost}`;
  }
  return null;
}

/** A flaky test that was there before may be nobody's fault here; one that the change brings is. */
function newFlakes(
  gate: Gate,
  before: readonly TestResult[],
  { flakes }: GreenGates["gating"],
): string | null {
  const old = new Set(before.map((test) => test.name));
  const brought = flakes
    .filter((flake) => flake.gate === gate.name)
    .flatMap((flake) => flake.tests)
    .filter((test) => !old.has(test));
  if (brought.length === 0) return null;
  return `new tests failed in one of two runs on the same code: ${listNames(brought)}`;
}

function rejected(
  failure: Failure,
  results: readonly GateResult[] = [],
  gates: readonly Gate[] = [],
): Judgement {
  const commands = new Map(gates.map((gate) => [gate.name, gate.run]));
  const evidence = renderEvidence(failure.reason, results, commands);
  return { ...nothing, verdict: { kind: "reject", failure }, evidence };
}

const inconclusive = (reason: string): Judgement => ({
  ...nothing,
  verdict: { kind: "inconclusive", reason },
});
