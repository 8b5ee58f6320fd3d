/**
 * A task's proof: commands that are red before the work and green after it, with sealed checks laid over the tree while
 * they run. It answers what gates cannot: whether the task was done at all.
 */
import type { Gate } from "../core/config.ts";
import type { CommitSha } from "../core/ids.ts";
import type { Candidate } from "../core/message.ts";
import type { Task } from "../core/task.ts";
import { type GateResult, redReason } from "../core/verdict.ts";
import { type GatingOrder, runGates, runOnce } from "./gating.ts";
import type { LaidFiles } from "../ports.ts";
import type { AttemptScope } from "./scope.ts";

export type Proof =
  | { readonly kind: "holds" }
  | {
      readonly kind: "fails";
      readonly reason: string;
      readonly gates: readonly Gate[];
      /** Empty where the checks are sealed: what they print would tell what they are. */
      readonly results: readonly GateResult[];
    }
  | { readonly kind: "stopped" };

const proofMsMax = 15 * 60_000;

/** Before the work: whether the task is done already. A proof that cannot be run at all is not green. */
export async function isProvenAlready(scope: AttemptScope, task: Task, base: CommitSha): Promise<boolean> {
  if (task.proof.length === 0) return false;
  const order = await proofOrder(scope, task, { commit: base, base, purpose: "proof-at-base" });
  const gating = await runOnce(scope.ports, order);
  return gating.kind === "green";
}

/** After the work: every command of the proof has to hold. */
export async function runProof(
  scope: AttemptScope,
  task: Task,
  { candidate, purpose }: { readonly candidate: Candidate; readonly purpose: string },
): Promise<Proof> {
  if (task.proof.length === 0) return { kind: "holds" };
  const order = await proofOrder(scope, task, { ...candidate, purpose: `${purpose}-proof` });
  const gating = await runGates(scope.ports, order);
  if (gating.kind === "stopped") return gating;
  if (gating.kind === "green") return { kind: "holds" };
  const reason = whyNot(order.gates, gating.results) ?? gating.reason;
  return { kind: "fails", reason, gates: order.gates, results: task.checks === null ? gating.results : [] };
}

interface ProofPlace {
  readonly commit: CommitSha;
  readonly base: CommitSha;
  readonly purpose: string;
}

async function proofOrder(
  { ports, logFolder, signal }: AttemptScope,
  task: Task,
  { commit, base, purpose }: ProofPlace,
): Promise<GatingOrder> {
  const gates = task.proof.map((run, at) => proofGate(run, at + 1));
  const order = { commit, gates, trusted: false, logFolder, purpose, signal };
  const { checks } = task;
  if (checks === null) return order;
  const changed = await ports.target.changedPaths(base, commit);
  const added = changed.filter(({ isNew }) => isNew).map(({ path }) => path);
  const lay = (directory: string): Promise<LaidFiles> => ports.checks.lay(checks, { directory, added });
  // A log would tell what the checks are: the next agent is of the same user, and may read what we can read.
  return { ...order, logFolder: () => "", lay };
}

const proofGate = (run: string, number: number): Gate => ({
  name: `proof-${number}`,
  run,
  timeoutMs: proofMsMax,
  report: null,
  reportFile: null,
  redBaseline: "hold",
  env: [],
  optional: false,
});

function whyNot(gates: readonly Gate[], results: readonly GateResult[]): string | null {
  const red = results.find((result) => redReason(result) !== null);
  const gate = gates.find(({ name }) => name === red?.gate);
  if (red === undefined || gate === undefined) return null;
  return `the proof of the task does not hold: \`${gate.run}\` ${redReason(red) ?? ""}`;
}
