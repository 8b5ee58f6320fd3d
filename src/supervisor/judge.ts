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
import { warnOfUnusedAllowances } from "./allowances.ts";
import { checkBaseline, checkGates, withoutOwnGates } from "./baseline.ts";
import { runBaseTests } from "./base-tests.ts";
import { composeLanding, composeRecord, type Landing } from "./candidate.ts";
import { guardCandidate } from "./guarding.ts";
import { type Gating, isStopped, passKey, rememberPasses, runGates, testsOf } from "./gating.ts";
import { runProof } from "./proving.ts";
import { type AttemptScope, gatesFor, verdictNames } from "./scope.ts";

export interface Judgement {
  readonly verdict: Verdict;
  /** What the agent may read about a rejection. */
  readonly evidence: string | null;
}

/** The commit that is to be judged, or a verdict before any gate ran. */
export type ComposedChange =
  | {
      readonly kind: "composed";
      readonly candidate: Candidate;
      readonly learnings: readonly string[];
      readonly taskText: string;
    }
  | { readonly kind: "judged"; readonly judgement: Judgement };

/**
 * Composes what would land, and looks at the diff.
 *
 * @param place `base`: what the agent worked on. `onto`: the candidate ahead in line; null for the target's tip, whose
 *   gates are then known to be green.
 */
export async function composeChange(
  scope: AttemptScope,
  landing: Landing,
  place: { readonly base: CommitSha; readonly onto: CommitSha | null },
): Promise<ComposedChange> {
  const { ports } = scope;
  const onto = place.onto ?? (await ports.target.tip());
  if (place.onto === null && onto !== place.base) {
    const baseline = await checkBaseline(scope, landing.task, onto);
    // In conflict with what landed meanwhile, and with nothing that others need.
    if (baseline.kind === "red" && baseline.isTasksOwn === true)
      return judged(rejected({ kind: "conflict", reason: baseline.reason, evidence: null }));
    if (baseline.kind !== "green") return judged(inconclusive(baseline.reason));
  }
  const edited = await editedReason(scope, landing.task);
  if (edited !== null) return judged(rejected({ kind: "conflict", reason: edited, evidence: null }));
  const { composed, learnings, taskText } = await composeLanding(scope, landing, onto);
  if (composed.kind === "conflict") {
    const reason = `${ports.target.branch} moved meanwhile, and the change conflicts with it in ${composed.paths.join(", ")}`;
    return judged(rejected({ kind: "conflict", reason, evidence: null }));
  }
  if (composed.kind === "refused") {
    const reason = `with the change, ralphwright cannot write its own files: ${composed.reason}`;
    return judged(rejected({ kind: "refused", reason, evidence: null }));
  }
  const { candidate } = composed;
  const guarded = await guardCandidate(scope, landing.task, candidate);
  if (guarded !== null) return judged(rejected({ kind: "refused", reason: guarded, evidence: null }));
  return { kind: "composed", candidate, learnings, taskText };
}

/** The record of a task that is given up changes only the supervisor's files, and is judged like any other. */
export async function composeGiveUp(
  scope: AttemptScope,
  record: {
    readonly task: Task;
    readonly attempt: number;
    readonly failures: readonly FailedAttempt[];
    readonly onto: CommitSha | null;
  },
): Promise<ComposedChange> {
  const onto = record.onto ?? (await scope.ports.target.tip());
  if (record.onto === null) {
    const baseline = await checkBaseline(scope, withoutOwnGates(record.task), onto);
    if (baseline.kind !== "green") return judged(inconclusive(baseline.reason));
  }
  const { composed, taskText } = await composeRecord(scope, record, onto);
  if (composed.kind !== "composed")
    return judged(inconclusive("a record holds no change to be in conflict with"));
  return { kind: "composed", candidate: composed.candidate, learnings: [], taskText };
}

const judged = (judgement: Judgement): ComposedChange => ({ kind: "judged", judgement });

/** What the agent did for the old text must not mark the new one as landed. */
async function editedReason({ ports }: AttemptScope, task: Task): Promise<string | null> {
  const text = await ports.queue.readText(task.file);
  if (text === null) return `${task.file} was removed, or made unreadable, while the agent worked on it`;
  const parsed = parseTask(text, task.file, ports.digest);
  const isSame = parsed.kind === "task" && parsed.task.id === task.id && parsed.task.text === task.text;
  return isSame ? null : `${task.file} was edited while the agent worked on it`;
}

interface JudgingOrder {
  readonly candidate: Candidate;
  /** Names the folder of its logs. */
  readonly purpose: string;
}

/** The gates on the candidate, its tests against those of its base, and the base's own tests on its code. */
export async function judgeCandidate(
  scope: AttemptScope,
  task: Task,
  order: JudgingOrder,
): Promise<Judgement> {
  const { commit } = order.candidate;
  const ended = Promise.withResolvers<void>();
  scope.judging.set(commit, ended.promise);
  try {
    return await judge(scope, task, order);
  } finally {
    scope.judging.delete(commit);
    ended.resolve();
  }
}

async function judge(
  scope: AttemptScope,
  task: Task,
  { candidate, purpose }: JudgingOrder,
): Promise<Judgement> {
  const { ports, signal, logFolder } = scope;
  const gates = gatesFor(scope, task);
  const baseTree = await ports.target.treeOf(candidate.base);
  const baseJudged = scope.judging.get(candidate.base);
  // Which failures are known is known only when the one ahead has been judged.
  if (gates.some(({ redBaseline }) => redBaseline === "compare")) await baseJudged;
  const known = (gate: Gate): KnownFailures => failuresKnown(scope, gate, baseTree);
  const order = { commit: candidate.commit, gates, trusted: false, logFolder, purpose, signal, known };
  const gating = await runGates(ports, order);
  if (gating.kind === "stopped") return inconclusive("the run was stopped");
  await baseJudged;
  const brokenAhead = await brokenOnBase(scope, task, { candidate, gating });
  if (isStopped(signal)) return inconclusive("the run was stopped");
  if (gating.kind === "red") {
    const failure = brokenAhead === null ? red(gating.reason) : conflict(brokenAhead);
    return rejected(failure, gating.results, gates);
  }
  const lost = lostTests(scope, task, { gates, gating, baseTree });
  if (lost !== null) return rejected(red(lost), gating.results, gates);
  const baseTests = await runBaseTests(scope, task, { candidate, order });
  if (baseTests.kind === "stopped") return inconclusive("the run was stopped");
  if (baseTests.kind === "failed") return rejected(red(baseTests.reason), baseTests.results, gates);
  const proof = await runProof(scope, task, { candidate, purpose });
  if (proof.kind === "stopped") return inconclusive("the run was stopped");
  if (proof.kind === "fails") return rejected(red(proof.reason), proof.results, proof.gates);
  rememberPasses(ports, candidate.tree, gates, gating.results);
  const tests = gates.flatMap((gate) => ports.passes.recall(passKey(ports, baseTree, gate)) ?? []);
  await warnOfUnusedAllowances(scope, task, { candidate, tests: tests.map(({ name }) => name) });
  const flaky = gating.flakes.flatMap(flakeNames);
  const names = verdictNames(scope, task);
  const verdict = { kind: "accept", candidate, gates: names, ...(flaky.length > 0 && { flaky }) } as const;
  return { verdict, evidence: null };
}

/**
 * A gate that this task alone asks for has not run on the one ahead in line. It is made up for where its answer is
 * needed: to compare tests, or to know who broke a red gate. Why it is red there, or null.
 */
async function brokenOnBase(
  scope: AttemptScope,
  task: Task,
  { candidate, gating }: { readonly candidate: Candidate; readonly gating: Gating },
): Promise<string | null> {
  const { ports } = scope;
  const baseTree = await ports.target.treeOf(candidate.base);
  const isMissing = (gate: Gate): boolean => ports.passes.recall(passKey(ports, baseTree, gate)) === null;
  const isNeeded = (gate: Gate): boolean => gating.kind === "red" || gate.report !== null;
  if (!gatesFor(scope, task).some((gate) => isNeeded(gate) && isMissing(gate))) return null;
  const baseline = await checkGates(scope, task, candidate.base, false);
  return baseline.kind === "green" ? null : `the change ahead broke a gate of this task: ${baseline.reason}`;
}

const conflict = (reason: string): Failure => ({ kind: "conflict", reason, evidence: null });
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
  return { verdict: { kind: "reject", failure }, evidence };
}

const inconclusive = (reason: string): Judgement => ({
  verdict: { kind: "inconclusive", reason },
  evidence: null,
});
