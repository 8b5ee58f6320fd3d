/** The words of a drill: a known-bad change, what it edits, and what the gates made of it. */
import type { Gate } from "../core/config.ts";

/** One path of a change. For a link the content is where it leads, for a gitlink the commit; null removes it. */
export interface Edit {
  readonly path: string;
  readonly mode: "100644" | "120000" | "160000";
  readonly content: string | null;
}

/** A known-bad change. */
export interface Plant {
  /** The class of cheating, such as `removed test`. */
  readonly class: string;
  /** Which one of its class: the file, and for broken code the line and what became of it. */
  readonly name: string;
  readonly edits: readonly Edit[];
  /** What should catch it, in words. */
  readonly expects: string;
  /** What to do when nothing catches it. */
  readonly advice: string;
  /** `guard`: should be refused before any gate runs, so it goes first. */
  readonly stage: "guard" | "gates";
  /** False: shown, but no part of the score. */
  readonly counts: boolean;
}

/** A class of cheating that this repository gives no occasion for. */
export interface NotApplicable {
  readonly class: string;
  readonly why: string;
}

export type Planted =
  | { readonly kind: "plant"; readonly plant: Plant }
  | { readonly kind: "not-applicable"; readonly absent: NotApplicable };

/** The repository at the tip of its target, as far as plants are made from it. */
export interface Ground {
  /** The commit that plants are made on. */
  readonly base: string;
  /** Every path. */
  readonly paths: readonly string[];
  /** Text of a file; null where there is none, or it was not read. */
  readonly read: (path: string) => string | null;
  readonly gates: readonly Gate[];
  readonly specs: string;
  /** Tests of the first gate that writes JUnit XML to `$RALPH_REPORT`. */
  readonly testNames: readonly string[];
  /** Files in an order that chance chose: code that tests should cover, and tests. */
  readonly sources: readonly string[];
  readonly tests: readonly string[];
}

export const writesJunit = ({ report, reportFile }: Gate): boolean =>
  report === "junit" && reportFile === null;

export const writes = (path: string, content: string): Edit => ({ path, mode: "100644", content });
export const removes = (path: string): Edit => ({ path, mode: "100644", content: null });

type PlantText = Omit<Plant, "stage" | "counts" | "class">;

export const forGuard = (name: string, plant: PlantText): Planted => ({
  kind: "plant",
  plant: { ...plant, class: name, stage: "guard", counts: true },
});

export const forGates = (name: string, plant: PlantText): Planted => ({
  kind: "plant",
  plant: { ...plant, class: name, stage: "gates", counts: true },
});

export const absent = (name: string, why: string): Planted => ({
  kind: "not-applicable",
  absent: { class: name, why },
});

/** The first answer that is not null. */
export function firstOf<From, To>(list: readonly From[], ask: (each: From) => To | null): To | null {
  for (const each of list) {
    const answer = ask(each);
    if (answer !== null) return answer;
  }
  return null;
}
