/** When nothing new starts: a stop ends the run, a pause is over some time. */
import type { CommitSha } from "./ids.ts";
import { type Command, noAmount, type PauseCause, type RunOutcome } from "./message.ts";
import { editRun, type LoopState, tasksDone } from "./state.ts";

/** The first reason to stop is the one that is told; `now` outranks `drain`. */
export function requestStop(
  state: LoopState,
  how: "drain" | "now",
  outcome: RunOutcome,
): readonly [LoopState, readonly Command[]] {
  const stopping = {
    how: state.stopping?.how === "now" ? "now" : how,
    outcome: state.stopping?.outcome ?? outcome,
  } as const;
  return [{ ...state, stopping }, how === "now" ? [{ type: "stop-agents" }] : []];
}

export type Trouble = RunOutcome & { readonly reason: string };

/** `base`: the commit whose baseline is the trouble. */
export interface Halting {
  readonly nowMs: number;
  readonly base?: CommitSha | null;
}

/** A run drains and ends, a daemon pauses. A refused login ends both: nothing would be better later. */
export function halt(state: LoopState, trouble: Trouble, at: Halting): LoopState {
  if (state.run?.isDaemon !== true || trouble.kind === "refused")
    return requestStop(state, "drain", trouble)[0];
  return pause(state, { kind: pauseKind(trouble, at), reason: trouble.reason, untilMs: null, day: null }, at);
}

/** Why a daemon pauses where a run would end. */
export function pauseKind(
  { kind }: Pick<RunOutcome, "kind">,
  { base = null }: Pick<Halting, "base">,
): PauseCause["kind"] {
  if (base !== null) return "baseline";
  if (kind === "budget") return "limit";
  return kind === "configuration" ? kind : "breaker";
}

/** The first reason is the one that is told, but a person's word outranks all others, and their last one the first. */
export function pause(state: LoopState, cause: PauseCause, { nowMs, base = null }: Halting): LoopState {
  const { paused } = state;
  if (paused !== null && cause.kind !== "person") return state;
  const sinceMs = paused?.kind === "person" ? paused.sinceMs : nowMs;
  return { ...state, paused: { ...cause, sinceMs, base } };
}

/** A person who resumes grants the limits of the run once more, and need not wait for a date: one attempt asks at once. */
export function resume(state: LoopState, by: "person" | "supervisor"): LoopState {
  if (by !== "person") return { ...state, paused: null };
  const waits = new Map([...state.waits].map(([agent, wait]) => [agent, { ...wait, untilMs: 0 }]));
  return editRun({ ...state, paused: null, waits }, (run) => ({
    usedBefore: { usd: run.usd, tokens: run.tokens, turns: run.turns, tasks: tasksDone(run) },
    tooLittle: noAmount,
    failuresInARow: 0,
    brokenAt: new Set<never>(),
  }));
}

/** Why an agent that has not begun is not to begin; null when it is. */
export function haltedReason({ stopping, paused }: LoopState): string | null {
  if (stopping !== null) return "the run is stopping";
  return paused === null ? null : "the run is paused";
}
