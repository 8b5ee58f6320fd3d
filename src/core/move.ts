/** The few ways in which an attempt goes on: into a phase with its command, out by rejection, or out untouched. */
import { invariant } from "./invariant.ts";
import { halt, type Halting, requestStop, type Trouble } from "./halt.ts";
import type { Command, Failure, RunOutcome } from "./message.ts";
import {
  type Attempt,
  dropAttempt,
  type LoopState,
  type Phase,
  putAttempt,
  type TaskRecord,
} from "./state.ts";

export type Step = readonly [LoopState, readonly Command[]];

/** One attempt, in the state it is part of, at the time of the event. */
export interface Situation {
  readonly state: LoopState;
  readonly attempt: Attempt;
  readonly nowMs: number;
}

type Unaddressed<C> = C extends { readonly task: unknown } ? Omit<C, "task" | "attempt"> : never;

/** The attempt enters a phase, and its one command of that phase is given. */
export function enter(at: Situation, phase: Phase, command: Unaddressed<Command>): Step {
  const { task, number } = at.attempt;
  const addressed = { ...command, task, attempt: number } as Command;
  return [inPhase(at, phase), [addressed]];
}

export function inPhase(at: Situation, phase: Phase): LoopState {
  return putAttempt(at.state, { ...at.attempt, phase, sinceMs: at.nowMs });
}

/** The attempt failed and counts: its work is kept under a ref, with the reason. */
export function reject(at: Situation, failure: Failure): Step {
  return enter(at, "ending", { type: "reject-attempt", failure });
}

/** The attempt ends without blame and does not count; what it did is kept all the same. */
export function interrupt(at: Situation, reason: string): Step {
  if (at.attempt.goal === "give-up") return [dropAttempt(at.state, at.attempt.task), []];
  return enter(at, "ending", { type: "interrupt-attempt", reason });
}

/** Work that was judged and rejected counts, whatever ended the agent then: else nothing would end the task. */
export function endUncounted(at: Situation, reason: string): Step {
  const { rejection } = at.attempt;
  return rejection === null ? interrupt(at, reason) : reject(at, rejection);
}

/** An agent that broke down in a later round had been told what was wrong: the next one is told the same. */
export function rejectStopped(
  at: Situation,
  stop: { readonly kind: Failure["kind"]; readonly reason: string },
): Step {
  const { rejection: told } = at.attempt;
  const reason = told === null ? stop.reason : `${stop.reason}, after: ${told.reason}`;
  return reject(at, { kind: stop.kind, reason, evidence: told?.evidence ?? null });
}

/** Something is wrong that no fresh attempt would mend: nothing new starts. */
export function stopAndInterrupt(at: Situation, trouble: Trouble, base: Halting["base"] = null): Step {
  return interrupt({ ...at, state: halt(at.state, trouble, { nowMs: at.nowMs, base }) }, trouble.reason);
}

/** The same, and at once: no other agent or gate would fare better. */
export function stopNow(at: Situation, outcome: RunOutcome & { readonly reason: string }): Step {
  const [state, asked] = requestStop(at.state, "now", outcome);
  const [after, commands] = interrupt({ ...at, state }, outcome.reason);
  return [after, [...asked, ...commands]];
}

export function release(at: Situation): Step {
  const attempt = { ...at.attempt, accepted: null };
  return enter({ ...at, attempt }, "releasing", { type: "release-workspace" });
}

export function recordOf({ state, attempt }: Situation): TaskRecord {
  const record = state.records.get(attempt.task);
  invariant(record !== undefined, `task ${attempt.task} has an attempt but no record`);
  return record;
}
