/** The gates at the base, before anything is spent on an agent; passes are remembered, failures never. */
import type { Gate } from "../core/config.ts";
import type { CommitSha, TreeSha } from "../core/ids.ts";
import type { Baseline } from "../core/message.ts";
import type { Task } from "../core/task.ts";
import {
  failedNames,
  failedTests,
  type Flake,
  flakeNames,
  type GateResult,
  type KnownFailures,
  lostTestsReason,
  noKnownFailures,
  redReason,
} from "../core/verdict.ts";
import { composeTrial } from "./candidate.ts";
import { isProvenAlready } from "./proving.ts";
import { type AttemptScope, gatesFor } from "./scope.ts";
import { type Gating, isNotRunnable, passKey, rememberPasses, runGates, testsOf } from "./gating.ts";

/**
 * Green when every gate passes on `base`, and also with the supervisor's own files changed as a landing would. When it
 * is not, the gates are asked once more without those that this task alone asks for: only they may hold nobody else.
 */
export async function checkBaseline(scope: AttemptScope, task: Task, base: CommitSha): Promise<Baseline> {
  const found = await checkAll(scope, task, base);
  if (found.kind === "green" || task.gates.length === 0) return found;
  const others = await checkAll(scope, withoutOwnGates(task), base);
  return others.kind === "green" ? { kind: "red", reason: found.reason, isTasksOwn: true } : others;
}

/** For what is about every task: the target itself, and the record of a task that is given up. */
export const withoutOwnGates = (task: Task): Task => ({ ...task, gates: [] });

async function checkAll(scope: AttemptScope, task: Task, base: CommitSha): Promise<Baseline> {
  const onBase = await checkGates(scope, task, base);
  if (onBase.kind !== "green") return onBase;
  const withOwnFiles = await tryOwnFiles(scope, task, { gates: gatesFor(scope, task), base });
  return withOwnFiles.kind === "green" ? onBase : withOwnFiles;
}

/** Before an agent starts: the same, and whether there is anything left to do. */
export async function checkBeforeWork(scope: AttemptScope, task: Task, base: CommitSha): Promise<Baseline> {
  const baseline = await checkOnce(scope, task, base);
  if (baseline.kind !== "green" || !(await isProvenAlready(scope, task, base))) return baseline;
  return { ...baseline, isDone: true };
}

async function checkOnce(scope: AttemptScope, task: Task, base: CommitSha): Promise<Baseline> {
  const { baselines } = scope;
  const key = JSON.stringify([base, gatesFor(scope, task)]);
  const running = baselines.get(key) ?? checkBaseline(scope, task, base);
  baselines.set(key, running);
  try {
    return await running;
  } finally {
    baselines.delete(key);
  }
}

/**
 * The gates alone; without a task, those that always run.
 *
 * @param trusted The commit is on the target: its dependencies may be stored.
 */
export async function checkGates(
  scope: AttemptScope,
  task: Task | null,
  base: CommitSha,
  trusted = true,
): Promise<Baseline> {
  const { ports, signal } = scope;
  const gates = gatesFor(scope, task);
  const tree = await ports.target.treeOf(base);
  const open = gates.filter((gate) => ports.passes.recall(passKey(ports, tree, gate)) === null);
  if (open.length > 0) {
    const { logFolder } = scope;
    const order = { commit: base, gates: open, trusted, logFolder, purpose: "baseline", signal };
    const gating = await runGates(ports, { ...order, known: failuresAtBase });
    if (gating.kind !== "green")
      return baselineOf(gating, open, `on ${ports.target.branch}, before any change`);
    rememberPasses(ports, tree, open, gating.results);
    return greenBaseline(scope, { gates, tree, flakes: gating.flakes });
  }
  return greenBaseline(scope, { gates, tree, flakes: [] });
}

/** Where people say so, tests that fail at the base do not hold the run: a change may fail the same ones. */
const failuresAtBase = ({ redBaseline }: Gate): KnownFailures =>
  redBaseline === "compare" ? "any" : noKnownFailures;

function greenBaseline(
  { ports }: AttemptScope,
  {
    gates,
    tree,
    flakes,
  }: { readonly gates: readonly Gate[]; readonly tree: TreeSha; readonly flakes: readonly Flake[] },
): Baseline {
  const flaky = flakes.flatMap(flakeNames);
  const failing = gates.flatMap((gate) => {
    const tests = ports.passes.recall(passKey(ports, tree, gate)) ?? [];
    return flakeNames({ gate: gate.name, tests: failedNames(tests) }).filter(
      () => failedNames(tests).length > 0,
    );
  });
  return {
    kind: "green",
    ...(flaky.length > 0 && { flaky }),
    ...(failing.length > 0 && { failing }),
  };
}

function baselineOf(
  gating: Exclude<Gating, { kind: "green" }>,
  gates: readonly Gate[],
  where: string,
): Baseline {
  if (gating.kind === "stopped") return { kind: "red", reason: "the run was stopped" };
  const red = gating.results.find(isNotRunnable);
  const isVoid = gating.results.every((result) => result.exit.kind === "exited" && result.exit.code === 0);
  const detail = detailOf(gating.results, gates) || (isVoid ? mendVoid : "");
  const reason = `${gating.reason} ${where}${detail}`;
  return red !== undefined || isVoid ? { kind: "unusable", reason } : { kind: "red", reason };
}

const mendVoid = "; let .gitignore name what gates write, and let them change nothing else";

const lineCharsMax = 200;

/** What the shell said of a command that it cannot run; for any other red gate, where to read on. */
function detailOf(results: readonly GateResult[], gates: readonly Gate[]): string {
  const red = results.find((result) => redReason(result) !== null);
  if (red === undefined) return "";
  const line = isNotRunnable(red) ? (red.output.trim().split("\n").at(-1) ?? "") : "";
  if (line !== "") return ` (${line.slice(0, lineCharsMax)})`;
  const goOn = failedTests(red).length === 0 ? "" : "; to work on with these failures: red_baseline: compare";
  return ` (${logHint(gates, red)}run: ralphwright gate ${red.gate}${goOn})`;
}

/** What may become why a task is given up is committed for all to read: it names no path of this machine. */
const logHint = (gates: readonly Gate[], { gate, logFile }: GateResult): string =>
  gates.some(({ name, optional }) => optional && name === gate) ? "" : `see ${logFile}, or `;

/**
 * Once per configuration: a formatter or a test that dislikes the supervisor's own files would reject every task,
 * so it is found out here, on the base, with a sample progress entry and a changed task status.
 */
async function tryOwnFiles(
  scope: AttemptScope,
  task: Task,
  { gates, base }: { readonly gates: readonly Gate[]; readonly base: CommitSha },
): Promise<Baseline> {
  const { ports, config, signal } = scope;
  const key = `own-files ${ports.digest(JSON.stringify([gates, config.progress.file, config.tasks]))}`;
  if (ports.passes.recall(key) !== null) return { kind: "green" };
  const commit = await composeTrial(scope, task, base);
  const { logFolder } = scope;
  const order = { commit, gates, trusted: false, logFolder, purpose: "own-files", signal };
  const gating = await runGates(ports, { ...order, known: failuresAtBase });
  const unstable = gating.kind === "green" ? await unstableTests(scope, gates, { base, gating }) : null;
  if (unstable !== null) return { kind: "unusable", reason: unstable };
  if (gating.kind === "green") ports.passes.remember(key, []);
  if (gating.kind === "green") return { kind: "green" };
  if (gating.kind === "stopped") return baselineOf(gating, gates, "");
  const files = `${config.progress.file} and the status in ${task.file}`;
  const see = gates.some(({ optional }) => optional) ? "" : ` (see ${logFolder("own-files")})`;
  const reason = `${gating.reason} once ralphwright writes ${files}; let that gate ignore these files${see}`;
  return { kind: "unusable", reason };
}

/** Tests whose names change from run to run (a time, a random id) would look vanished in every change. */
async function unstableTests(
  { ports }: AttemptScope,
  gates: readonly Gate[],
  { base, gating }: { readonly base: CommitSha; readonly gating: Gating & { readonly kind: "green" } },
): Promise<string | null> {
  const tree = await ports.target.treeOf(base);
  for (const gate of gates.filter(({ report }) => report !== null)) {
    const before = ports.passes.recall(passKey(ports, tree, gate)) ?? [];
    const after = gating.results.find((result) => result.gate === gate.name);
    const lost = after === undefined ? null : lostTestsReason(before, testsOf(after));
    if (lost !== null)
      return `gate ${gate.name} is not repeatable: of two runs on the same code, ${lost} in the second`;
  }
  return null;
}
