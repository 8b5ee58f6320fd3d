/**
 * The line in which changes are judged and land, one behind the other (a speculative chain, as Zuul gates changes).
 *
 * A change is composed on the candidate ahead as if that one had landed, and both are judged at the same time. Each
 * candidate's parent is the candidate ahead of it, so what was judged is what lands, byte for byte. A red one leaves the
 * line, and only those behind it are composed and judged again. Invariants: one lands at a time, only on the target
 * itself; a verdict counts only if what it was reached on is the target or has landed.
 */
import type { CommitSha } from "./ids.ts";
import { giveUpReason } from "./give-up.ts";
import { invariant } from "./invariant.ts";
import type { Command } from "./message.ts";
import { inPhase, interrupt, recordOf, type Situation, type Step } from "./move.ts";
import { type Attempt, landingAttempt, type LoopState, type Phase, putAttempt } from "./state.ts";

/** An attempt of which nothing is composed. */
export const notComposed = {
  onto: null,
  candidate: null,
  isStale: false,
  held: null,
  accepted: null,
} as const satisfies Partial<Attempt>;

/** At the end of the line. */
export function joinLine(at: Situation): Step {
  const state = { ...at.state, places: at.state.places + 1 };
  return rejoinLine({ ...at, state, attempt: { ...at.attempt, place: at.state.places } });
}

/** At the place it had, to be composed and judged again. */
export function rejoinLine(at: Situation): Step {
  return [inPhase({ ...at, attempt: { ...at.attempt, ...notComposed } }, "queued-to-judge"), []];
}

/** Whatever happened: who stands on nothing any more starts again, and the next ones go on. */
export function advanceLine(step: Step, nowMs: number): Step {
  return composeNext(landNext(interruptWaiting(dropOrphans(step, nowMs), nowMs), nowMs), nowMs);
}

/** What landed is the target now, for those that are composed on it. */
export function standOnTarget(state: LoopState, landed: CommitSha): LoopState {
  const behind = [...state.attempts.values()].filter((attempt) => attempt.onto === landed);
  return behind.reduce((known, attempt) => putAttempt(known, { ...attempt, onto: null }), state);
}

/** As many verdicts as say something of today. */
const breakageMax = 50;

export const noteJudged = (state: LoopState, isRed: boolean): LoopState => ({
  ...state,
  breakage: [...state.breakage, isRed].slice(-breakageMax),
});

/**
 * How many changes are judged at once. Speculation costs gate runs where changes break: simulated for chains of 2, 4
 * and 8, each width here costs at most 1.2 gate runs per change up to its rate (docs/benchmarks.md); beyond that,
 * one after the other is best. With nothing seen yet, a quarter is taken to break.
 */
export function chainWidth({ breakage, run }: Pick<LoopState, "breakage" | "run">): number {
  // Nobody stands on anybody there, so a red one costs nobody else anything.
  if (run?.mode === "branch") return run.judgingMax;
  const rate = (breakage.filter(Boolean).length + 1) / (breakage.length + 4);
  const widths = [
    [0.05, 8],
    [0.12, 4],
    [0.25, 2],
  ] as const;
  const width = widths.find(([rateMax]) => rate <= rateMax)?.[1] ?? 1;
  return Math.min(width, run?.judgingMax ?? 1);
}

const inLine: ReadonlySet<Phase> = new Set(["composing", "judging", "held", "queued-to-land"]);
const standing: ReadonlySet<Phase> = new Set(["judging", "queued-to-land", "landing"]);

/** Its candidate may still land, so that others can be composed on it. */
const isLive = ({ candidate, isStale, phase }: Attempt): boolean =>
  candidate !== null && !isStale && standing.has(phase);

/** Those composed on a candidate that left the line: what is under way for them does not count. */
function dropOrphans(step: Step, nowMs: number): Step {
  const [state, commands] = step;
  const attempts = [...state.attempts.values()];
  const live = new Set(attempts.filter(isLive).map(({ candidate }) => candidate?.commit));
  const orphan = attempts.find(
    ({ onto, isStale, phase }) => onto !== null && !isStale && inLine.has(phase) && !live.has(onto),
  );
  if (orphan === undefined) return step;
  const [next, asked] = restart({ state, attempt: orphan, nowMs });
  return dropOrphans([next, [...commands, ...asked]], nowMs);
}

function restart(at: Situation): Step {
  const { task, number, phase } = at.attempt;
  if (phase !== "composing" && phase !== "judging") return rejoinLine(at);
  // The command under way has to answer first.
  const state = putAttempt(at.state, { ...at.attempt, isStale: true });
  return [state, [{ type: "cancel-judging", task, attempt: number }]];
}

/** Nothing is under way for those who wait, so nothing would end them. */
function interruptWaiting(step: Step, nowMs: number): Step {
  const [state, commands] = step;
  if (state.stopping?.how !== "now") return step;
  const attempt = [...state.attempts.values()].find(
    ({ phase }) => phase === "queued-to-judge" || phase === "held",
  );
  if (attempt === undefined) return step;
  const [next, asked] = interrupt({ state, attempt, nowMs }, "stopped by the supervisor");
  return interruptWaiting([next, [...commands, ...asked]], nowMs);
}

/** Gives the right to land to the accepted attempt that stands on the target, if nobody holds that right. */
function landNext(step: Step, nowMs: number): Step {
  const [state, commands] = step;
  if (landingAttempt(state) !== null) return step;
  const attempt = first(state, ({ phase, onto }) => phase === "queued-to-land" && onto === null);
  if (attempt === null) return step;
  const { accepted: candidate, task, number } = attempt;
  invariant(candidate !== null, `task ${task} is queued to land without an accept verdict`);
  const address = { task, attempt: number, candidate };
  const why = giveUpReason(state.records.get(task)?.failures ?? []) ?? "";
  const command: Command =
    attempt.goal === "land" ? { type: "land", ...address } : { type: "land-record", ...address, why };
  return [inPhase({ state, attempt, nowMs }, "landing"), [...commands, command]];
}

/** The next one is composed on the last of the chain: one at a time, since each needs the commit of the one before. */
function composeNext(step: Step, nowMs: number): Step {
  const [state, commands] = step;
  const attempts = [...state.attempts.values()];
  const isComposing = attempts.some(({ phase }) => phase === "composing");
  const judged = attempts.filter(({ phase }) => phase === "judging").length;
  if (isComposing || judged >= chainWidth(state)) return step;
  const next = first(state, ({ phase }) => phase === "queued-to-judge");
  if (next === null) return step;
  // Where changes land on branches of their own, none will ever be on the target because another one landed.
  const onto = state.run?.mode === "branch" ? null : endOfChain(attempts);
  const attempt = { ...next, onto };
  const at = { state, attempt, nowMs };
  return [inPhase(at, "composing"), [...commands, composeCommand(at)]];
}

function composeCommand(at: Situation): Command {
  const { task, number, goal, change, onto } = at.attempt;
  const address = { task, attempt: number };
  if (goal === "give-up") {
    return { type: "compose-record", ...address, failures: recordOf(at).failures, onto };
  }
  return { type: "compose-change", ...address, commit: change, onto };
}

/** The candidate on which nobody stands yet; null when the line is empty. */
function endOfChain(attempts: readonly Attempt[]): CommitSha | null {
  const live = attempts.filter(isLive);
  const bases = new Set(live.map(({ candidate }) => candidate?.base));
  return live.find(({ candidate }) => !bases.has(candidate?.commit))?.candidate?.commit ?? null;
}

function first(state: LoopState, isWanted: (attempt: Attempt) => boolean): Attempt | null {
  const wanted = [...state.attempts.values()].filter(isWanted);
  return wanted.toSorted((a, b) => a.place - b.place)[0] ?? null;
}
