/** Carries out a drill: plants known-bad changes on the target's tip, and lets each be judged as a candidate is. */
import type { Gate } from "../core/config.ts";
import type { CommitSha } from "../core/ids.ts";
import { judgedByExitCode } from "../core/report.ts";
import type { Task } from "../core/task.ts";
import { redReason } from "../core/verdict.ts";
import { seedOf } from "../drill/chance.ts";
import { type Ground, writesJunit } from "../drill/plant.ts";
import { chooseFiles, isSetting, makePlants } from "../drill/plants.ts";
import { type DrillReport, type DrillResult, type Outcome, outcomeOf } from "../drill/score.ts";
import { parseTask, renderTask } from "../formats/task-file.ts";
import { RalphError } from "../errors.ts";
import type { Gates, Passes, Planter, QueueSource } from "../ports.ts";
import { checkBaseline } from "./baseline.ts";
import { isStopped, passKey } from "./gating.ts";
import { composeChange, judgeCandidate } from "./judge.ts";
import { type AttemptScope, gatesFor } from "./scope.ts";

export interface DrillOrder {
  readonly planter: Planter;
  /** Null: one that follows from the tip. */
  readonly seed: number | null;
  readonly observe: (progress: DrillProgress) => void;
}

export type DrillProgress =
  | { readonly kind: "baseline"; readonly seed: number; readonly base: CommitSha }
  | { readonly kind: "judged"; readonly at: number; readonly of: number; readonly result: DrillResult };

export type Drill =
  | { readonly kind: "done"; readonly report: DrillReport }
  | { readonly kind: "baseline-red"; readonly reason: string }
  | { readonly kind: "stopped"; readonly judged: number };

export async function drill(scope: AttemptScope, order: DrillOrder): Promise<Drill> {
  const base = await scope.ports.target.tip();
  const seed = order.seed ?? seedOf(base);
  order.observe({ kind: "baseline", seed, base });
  const { task, drilled } = enclose(scope, base);
  const baseline = await checkBaseline(drilled, task, base);
  if (scope.signal.aborted) return { kind: "stopped", judged: 0 };
  if (baseline.kind !== "green") return { kind: "baseline-red", reason: baseline.reason };
  const { plants, absent } = makePlants(await surveyGround(drilled, base, seed), seed);
  const results: DrillResult[] = [];
  for (const [index, plant] of plants.entries()) {
    const place = { at: index + 1, of: plants.length };
    const startedMs = scope.ports.clock.runningMs();
    const change = await order.planter.plant(base, plant.edits);
    const outcome = await judgePlant(drilled, { task, change, base, round: place.at });
    if (isStopped(scope.signal)) return { kind: "stopped", judged: results.length };
    const result = { plant, outcome, ms: scope.ports.clock.runningMs() - startedMs };
    results.push(result);
    order.observe({ kind: "judged", ...place, result });
  }
  const weakGates = judgedByExitCode(gatesFor(scope, null));
  return {
    kind: "done",
    report: { seed, base, results, absent, weakGates: weakGates.map(({ name }) => name) },
  };
}

interface Planted {
  readonly task: Task;
  readonly change: CommitSha;
  readonly base: CommitSha;
  readonly round: number;
}

async function judgePlant(scope: AttemptScope, { task, change, base, round }: Planted): Promise<Outcome> {
  const landing = { task, attempt: 1, round, change, claim: null, usd: 0, agent: "drill" };
  const composed = await composeChange(scope, landing, { base, onto: null });
  const { verdict } =
    composed.kind === "judged"
      ? composed.judgement
      : await judgeCandidate(scope, task, { candidate: composed.candidate, purpose: `gates-${round}` });
  switch (verdict.kind) {
    case "accept":
      return { kind: "missed" };
    case "reject":
      return outcomeOf(verdict.failure);
    case "inconclusive":
      return { kind: "unjudged", reason: verdict.reason };
  }
}

/** A task of the drill's own, and a target that stands still and takes no landing. */
function enclose(
  scope: AttemptScope,
  base: CommitSha,
): { readonly task: Task; readonly drilled: AttemptScope } {
  const { ports, config } = scope;
  const file = `${config.tasks}/ralphwright-drill.md`;
  const text = renderTask({ title: "Drill the gates" });
  const parsed = parseTask(text, file, ports.digest);
  if (parsed.kind !== "task") throw new RalphError("task-invalid", `${file} cannot be read`);
  const queue: QueueSource = {
    read: () => Promise.resolve({ tasks: [parsed.task], problems: [] }),
    readText: (path) => Promise.resolve(path === file ? text : null),
    changed: () => Promise.resolve(),
    hint: () => {},
  };
  const target = {
    ...ports.target,
    tip: () => Promise.resolve(base),
    land: () => Promise.resolve({ kind: "refused", reason: "a drill lands nothing" } as const),
  };
  return {
    task: parsed.task,
    drilled: {
      ...scope,
      ports: { ...ports, queue, target, passes: createMemory(), gates: hurried(ports.gates) },
    },
  };
}

/** Of its own, so that the gates really run on the base, and what passes by mistake is never taken for a pass. */
function createMemory(): Passes {
  const seen = new Map<string, ReturnType<Passes["recall"]>>();
  return {
    recall: (key) => seen.get(key) ?? null,
    remember: (key, tests) => void seen.set(key, tests),
  };
}

const patience = { msMin: 20_000, times: 5 };

/** Broken code may never end. A gate gets several times what it took when it was green, and not its whole limit. */
export function hurried(gates: Gates): Gates {
  const slowestMs = new Map<string, number>();
  const limitOf = ({ name, timeoutMs }: Gate): number => {
    const seenMs = slowestMs.get(name);
    return seenMs === undefined
      ? timeoutMs
      : Math.min(timeoutMs, Math.max(patience.msMin, patience.times * seenMs));
  };
  return {
    environmentDigest: (gate) => gates.environmentDigest(gate),
    async run(order) {
      const limited = order.gates.map((gate) => ({ ...gate, timeoutMs: limitOf(gate) }));
      const results = await gates.run({ ...order, gates: limited });
      for (const result of results) {
        if (redReason(result) !== null) continue;
        slowestMs.set(result.gate, Math.max(result.durationMs, slowestMs.get(result.gate) ?? 0));
      }
      return results;
    },
  };
}

async function surveyGround(scope: AttemptScope, base: CommitSha, seed: number): Promise<Ground> {
  const { target, passes } = scope.ports;
  const gates = gatesFor(scope, null);
  const paths = await target.listFiles(base, "");
  const { sources, tests } = chooseFiles(paths, seed);
  const texts = new Map<string, string | null>();
  for (const path of [...sources, ...tests, ...paths.filter(isSetting)])
    if (!texts.has(path)) texts.set(path, await target.readFile(base, path));
  const tree = await target.treeOf(base);
  const namesOf = (gate: Gate): readonly string[] =>
    (passes.recall(passKey(scope.ports, tree, gate)) ?? []).map(({ name }) => name);
  const reporting = gates.find(writesJunit);
  return {
    base,
    paths,
    read: (path) => texts.get(path) ?? null,
    gates,
    specs: scope.config.specs,
    testNames: reporting === undefined ? [] : namesOf(reporting),
    sources,
    tests,
  };
}
