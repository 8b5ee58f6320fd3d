/** What an open attempt does next: one handler for each event, and the phases in which that event can arrive. */
import { retryDelayMs } from "./backoff.ts";
import { noteBreakDown } from "./break-down.ts";
import { invariant } from "./invariant.ts";
import type { AgentStop, AttemptEvent, Baseline, Failure, LoopEvent } from "./message.ts";
import { onBlocked, onComposed, onLanded, onMoved, onReviewOpened, onVerdict } from "./judging-step.ts";
import { chargeAll, chargeUsage, hasLeft, settleOwed } from "./ledger.ts";
import { halt, haltedReason } from "./halt.ts";
import { joinLine } from "./line.ts";
import {
  endUncounted,
  enter,
  interrupt,
  recordOf,
  reject,
  rejectStopped,
  release,
  type Situation,
  type Step,
  stopAndInterrupt,
  stopNow,
} from "./move.ts";
import { endOverBudget } from "./over-budget.ts";
import {
  type Attempt,
  dropAttempt,
  noteFlaky,
  type LoopState,
  type Phase,
  phases,
  putRecord,
} from "./state.ts";
import { hasAnswered, isLasting, noteAnswer, noteWait } from "./waiting.ts";

export type OpenAttemptEvent = Exclude<AttemptEvent, { type: "attempt-started" | "give-up-started" }>;
type EventOf<Type extends LoopEvent["type"]> = Extract<LoopEvent, { type: Type }>;
type Handler<Type extends LoopEvent["type"]> = (at: Situation, event: EventOf<Type>) => Step;

/** The phases in which each event about an open attempt may arrive. */
export const expectedPhases: Readonly<Record<OpenAttemptEvent["type"], readonly Phase[]>> = {
  "workspace-prepared": ["preparing"],
  "baseline-checked": ["checking-baseline"],
  "model-answered": ["working"],
  "agent-stopped": ["working"],
  "change-sealed": ["sealing"],
  "candidate-composed": ["composing"],
  // A change may be refused before any gate runs.
  "verdict-reached": ["composing", "judging"],
  "target-moved": ["landing"],
  "landing-refused": ["landing"],
  "task-landed": ["landing"],
  "review-opened": ["landing"],
  "task-blocked": ["landing", "ending"],
  "attempt-rejected": ["ending"],
  "attempt-interrupted": phases,
  "workspace-released": phases,
  "command-failed": phases,
};

/** Events that can only be about attempts with this goal. */
const expectedGoals: Readonly<Partial<Record<OpenAttemptEvent["type"], Attempt["goal"]>>> = {
  "task-landed": "land",
  "review-opened": "land",
  "attempt-rejected": "land",
  "task-blocked": "give-up",
};

const handlers: { readonly [Type in OpenAttemptEvent["type"]]: Handler<Type> } = {
  "workspace-prepared": onPrepared,
  "baseline-checked": onBaseline,
  "model-answered": (at) => [noteAnswer(at.state, at.attempt), []],
  "agent-stopped": onAgentStopped,
  "change-sealed": onSealed,
  "candidate-composed": onComposed,
  "verdict-reached": onVerdict,
  "target-moved": onMoved,
  "landing-refused": (at, event) => stopAndInterrupt(at, { kind: "breaker", reason: event.reason }),
  "task-landed": onLanded,
  "review-opened": onReviewOpened,
  "task-blocked": onBlocked,
  "attempt-rejected": onRejected,
  "attempt-interrupted": onInterrupted,
  "workspace-released": (at) => [dropAttempt(at.state, at.attempt.task), []],
  "command-failed": onCommandFailed,
};

/** @throws InvariantError for an event about an attempt that is not open, or not in a phase for it. */
export function stepAttempt(state: LoopState, event: OpenAttemptEvent, nowMs: number): Step {
  const attempt = state.attempts.get(event.task);
  const name = `${event.task}/${event.attempt}`;
  invariant(attempt?.number === event.attempt, `${event.type} for ${name}, which is not open`);
  invariant(
    expectedPhases[event.type].includes(attempt.phase),
    `${event.type} for ${name} in phase ${attempt.phase}`,
  );
  invariant(
    (expectedGoals[event.type] ?? attempt.goal) === attempt.goal,
    `${event.type} for ${name}, whose goal is to ${attempt.goal}`,
  );
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the table pairs each type with its handler
  const handle = handlers[event.type] as (at: Situation, event: OpenAttemptEvent) => Step;
  return handle({ state, attempt, nowMs }, event);
}

function onPrepared(at: Situation, { base }: EventOf<"workspace-prepared">): Step {
  // Nothing is spent yet: neither a drain nor a pause waits for an agent that has not begun.
  const halted = haltedReason(at.state);
  if (halted !== null) return interrupt(at, halted);
  const attempt = { ...at.attempt, base };
  return enter({ ...at, attempt }, "checking-baseline", { type: "check-baseline", base });
}

function onBaseline(before: Situation, { baseline }: EventOf<"baseline-checked">): Step {
  const { base } = before.attempt;
  const at = { ...before, state: noteBaseline(before.state, baseline) };
  const halted = haltedReason(at.state);
  switch (baseline.kind) {
    case "green":
      if (halted !== null) return interrupt(at, halted);
      if (baseline.isDone === true) return joinLine(at);
      invariant(base !== null, "an agent starts from a base");
      return enter(at, "working", { type: "start-agent", base });
    case "red":
      if (baseline.isTasksOwn === true) return refuseOwn(at, baseline.reason);
      return stopAndInterrupt(at, { kind: "breaker", reason: baseline.reason }, base);
    case "unusable":
      return stopAndInterrupt(at, { kind: "configuration", reason: baseline.reason }, base);
  }
}

/** Other tasks can land where this one cannot: it fails alone, before anything is spent on it. */
function refuseOwn(at: Situation, reason: string): Step {
  const halted = haltedReason(at.state);
  if (halted !== null) return interrupt(at, halted);
  return reject(at, { kind: "refused", reason, evidence: null });
}

function noteBaseline(state: LoopState, baseline: Baseline): LoopState {
  if (baseline.kind !== "green") return state;
  const { flaky, failing = [] } = baseline;
  return noteFlaky({ ...state, failing }, flaky);
}

function onAgentStopped(before: Situation, { stop, usage }: EventOf<"agent-stopped">): Step {
  const charged = chargeUsage(before, usage, stop.kind);
  const attempt = { ...charged.attempt, usd: addUsd(charged.attempt.usd, usage.usd) };
  const state = hasAnswered(stop) ? noteAnswer(charged.state, attempt) : charged.state;
  const at = { ...charged, attempt, state };
  switch (stop.kind) {
    case "finished":
      return enter(at, "sealing", { type: "seal-change" });
    case "claimed": {
      const { claim } = stop;
      if (claim.status !== "blocked") return enter(at, "sealing", { type: "seal-change" });
      return reject(at, { kind: "question", reason: claim.question ?? claim.summary, evidence: null });
    }
    case "handed-over":
      return handOver(at, stop.note);
    case "crashed":
    case "stalled":
    case "timed-out":
    case "stuck":
    case "declined":
      return rejectStopped(at, stop);
    case "over-budget":
      return endOverBudget(at, stop);
    case "not-started":
      return stopAndInterrupt(at, { kind: "breaker", reason: stop.reason });
    case "refused":
      return stopNow(at, { kind: "refused", reason: stop.reason });
    case "limited":
    case "unreachable":
      return waitForModel(at, stop);
    case "stopped":
      return interrupt(at, stoppedBy(at));
  }
}

function stoppedBy({ state }: Situation): string {
  const outcome = state.stopping?.outcome;
  return outcome?.kind === "breaker" ? `stopped: ${outcome.reason}` : "stopped by the supervisor";
}

const handOffsMax = 3;
const nothingLeft = "what the attempt may use is spent, and the agent's context was used up";

/** A fresh process with a clean context goes on in the same workspace: the work is there, the note says the rest. */
function handOver(before: Situation, note: string): Step {
  const { round, rejection, handOffs } = before.attempt;
  const reason = `the agent's context was used up ${handOffsMax + 1} times: the task is too large for one attempt`;
  if (handOffs >= handOffsMax) return rejectStopped(before, { kind: "over-budget", reason });
  if (!hasLeft(before.state, before.attempt))
    return endOverBudget(before, { kind: "over-budget", reason: nothingLeft, of: "unsaid" });
  if (before.state.stopping?.how === "now") return interrupt(before, "stopped by the supervisor");
  const at = { ...before, attempt: { ...before.attempt, handOffs: handOffs + 1 } };
  return enter(at, "working", { type: "hand-over", round, note, rejection });
}

/** An outage passes; of one that lasts a day somebody should know. */
function waitForModel(
  before: Situation,
  stop: AgentStop & { readonly kind: "limited" | "unreachable" },
): Step {
  const at = { ...before, state: noteWait(before, stop) };
  const lasting = `the model could not be reached for a day: ${stop.reason}`;
  if (isLasting(at)) return stopAndInterrupt(at, { kind: "breaker", reason: lasting });
  return endUncounted(at, stop.reason);
}

/** A price that is not known makes the sum unknown. */
const addUsd = (a: number | null, b: number | null): number | null =>
  a === null || b === null ? null : a + b;

function onSealed(at: Situation, { change }: EventOf<"change-sealed">): Step {
  if (change.kind === "empty") return reject(at, emptyFailure);
  if (change.kind === "refused")
    // No round: there may be no directory any more in which to work on.
    return reject(at, { kind: "refused", reason: change.reason, evidence: null });
  if (recordOf(at).trees.includes(change.tree)) return reject(at, noProgress(at));
  return joinLine({ ...at, attempt: { ...at.attempt, change: change.commit, tree: change.tree } });
}

const emptyFailure: Failure = { kind: "empty", reason: "the agent changed nothing", evidence: null };

/** Says what was wrong with the change the first time: that is still what is wrong with it. */
function noProgress(at: Situation): Failure {
  const first = at.attempt.rejection ?? recordOf(at).failures.at(-1);
  if (first?.kind === "no-progress")
    return { kind: first.kind, reason: first.reason, evidence: first.evidence };
  const why = first === undefined ? "" : `: ${first.reason}`;
  const reason = `the change is the same as one that was rejected before${why}`;
  return { kind: "no-progress", reason, evidence: first?.evidence ?? null };
}

/** One that was still working was cut off: by a crash, or by trouble with disk or git. */
function onInterrupted(at: Situation, { commit }: EventOf<"attempt-interrupted">): Step {
  return release(at.attempt.phase === "working" ? chargeAll(at) : settleOwed(at, commit !== null));
}

function onRejected(before: Situation, { failure, attempt, commit }: EventOf<"attempt-rejected">): Step {
  const at = settleOwed(before, commit !== null);
  const record = recordOf(at);
  const failures = [...record.failures, { ...failure, attempt, commit, usd: at.attempt.usd }];
  const notBeforeMs = at.nowMs + retryDelayMs(failures);
  const noted = putRecord(at.state, at.attempt.task, { ...record, failures, notBeforeMs });
  return release({
    ...at,
    state: noteBreakDown(noted, at.attempt.task, { failure, commit, nowMs: at.nowMs }),
  });
}

/** An effect broke (disk, git, a defect): nothing is judged by it, the work is kept, and the run stops. */
function onCommandFailed(before: Situation, event: EventOf<"command-failed">): Step {
  const state = halt(before.state, { kind: "breaker", reason: event.reason }, { nowMs: before.nowMs });
  const stopped = { ...before, state };
  const at = before.attempt.phase === "working" ? chargeAll(stopped) : stopped;
  const { goal, phase, task } = at.attempt;
  if (goal === "give-up" || phase === "releasing") return [dropAttempt(at.state, task), []];
  if (phase === "ending") return release(at);
  return interrupt(at, event.reason);
}
