/** What a drill comes to: who caught what, the score, and the record that a later run asks for. */
import type { NotApplicable, Plant } from "./plant.ts";

export type Outcome =
  /** `by`: `guard`, `gate tests`, `lost tests`, `base tests`, `void result`. */
  | { readonly kind: "caught"; readonly by: string; readonly reason: string }
  | { readonly kind: "missed" }
  /** The judge came to no verdict: nobody knows whether it would have been caught. */
  | { readonly kind: "unjudged"; readonly reason: string };

export interface DrillResult {
  readonly plant: Plant;
  readonly outcome: Outcome;
  readonly ms: number;
}

export interface DrillReport {
  readonly seed: number;
  readonly base: string;
  readonly results: readonly DrillResult[];
  readonly absent: readonly NotApplicable[];
  /** Gates that are judged by their exit code alone. */
  readonly weakGates: readonly string[];
}

export interface Score {
  readonly caught: number;
  readonly total: number;
  /** Whole percent, never rounded up to 100. */
  readonly percent: number;
}

/** Nothing planted is nothing proven. */
export function scoreOf(caught: number, total: number): Score {
  return { caught, total, percent: total === 0 ? 0 : Math.floor((100 * caught) / total) };
}

export function scoreReport({ results }: DrillReport): Score {
  const counted = results.filter(({ plant }) => plant.counts);
  return scoreOf(counted.filter(({ outcome }) => outcome.kind === "caught").length, counted.length);
}

/** What counts and was not caught: an unjudged plant is no caught one. */
export const missedIn = ({ results }: DrillReport): readonly DrillResult[] =>
  results.filter(({ plant, outcome }) => plant.counts && outcome.kind !== "caught");

/** Who caught it, told from the words of the judge: a plant that is caught for another reason is caught, too. */
export function outcomeOf(failure: { readonly kind: string; readonly reason: string }): Outcome {
  const { kind, reason } = failure;
  const caught = (by: string): Outcome => ({ kind: "caught", by, reason });
  if (kind === "refused") return caught("guard");
  if (kind !== "red") return { kind: "unjudged", reason };
  if (reason.startsWith("the tests as they were")) return caught("base tests");
  const gate = /^gate ([\w-]+)/.exec(reason)?.[1];
  if (/\b(vanished|now skipped|wrote no report|ran no test)\b/.test(reason)) return caught("lost tests");
  if (reason.startsWith("the gates changed files")) return caught("void result");
  return caught(gate === undefined ? "judge" : `gate ${gate}`);
}

/** Kept in the state directory. */
export interface DrillRecord {
  readonly at: string;
  /** Digest of gates, protected paths, tools and setup: a change of them makes the record one of the past. */
  readonly configuration: string;
  readonly base: string;
  readonly seed: number;
  readonly caught: number;
  readonly total: number;
  readonly missed: readonly { readonly class: string; readonly name: string }[];
}

export function recordOf(report: DrillReport, about: Pick<DrillRecord, "at" | "configuration">): DrillRecord {
  const { caught, total } = scoreReport(report);
  const missed = missedIn(report).map(({ plant }) => ({ class: plant.class, name: plant.name }));
  return { ...about, base: report.base, seed: report.seed, caught, total, missed };
}
