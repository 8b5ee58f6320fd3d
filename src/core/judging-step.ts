/** What a verdict and a landing mean for an attempt and for those behind it in line. */
import type { CommitSha } from "./ids.ts";
import { giveUpReason } from "./give-up.ts";
import { invariant } from "./invariant.ts";
import { hasLeft } from "./ledger.ts";
import { noteJudged, rejoinLine, standOnTarget } from "./line.ts";
import type { Failure, LoopEvent, Verdict } from "./message.ts";
import {
  enter,
  inPhase,
  interrupt,
  recordOf,
  reject,
  release,
  type Situation,
  type Step,
  stopAndInterrupt,
} from "./move.ts";
import {
  dropAttempt,
  dropRecord,
  editRun,
  type LoopState,
  noteFlaky,
  noteUnrecorded,
  putRecord,
} from "./state.ts";

type EventOf<Type extends LoopEvent["type"]> = Extract<LoopEvent, { type: Type }>;

export function onComposed(at: Situation, { candidate }: EventOf<"candidate-composed">): Step {
  if (at.attempt.isStale) return rejoinLine(at);
  const attempt = { ...at.attempt, candidate };
  return enter({ ...at, attempt }, "judging", { type: "judge-candidate", candidate });
}

export function onVerdict(at: Situation, { verdict }: EventOf<"verdict-reached">): Step {
  if (at.attempt.isStale) return rejoinLine(at);
  switch (verdict.kind) {
    case "accept":
      return accept(at, verdict);
    case "reject":
      // What it stands on may turn out red itself: then this says nothing.
      if (at.attempt.onto === null) return refuse(at, verdict.failure);
      return [inPhase({ ...at, attempt: { ...at.attempt, held: verdict.failure } }, "held"), []];
    case "inconclusive":
      if (at.state.stopping?.how === "now") return interrupt(at, verdict.reason);
      return stopAndInterrupt(at, { kind: "breaker", reason: verdict.reason });
  }
}

function accept(at: Situation, verdict: Verdict & { readonly kind: "accept" }): Step {
  const { candidate, flaky } = verdict;
  const composed = at.attempt.candidate;
  invariant(composed === null || composed.commit === candidate.commit, "a verdict on another candidate");
  const attempt = { ...at.attempt, candidate, accepted: candidate };
  const state = noteFlaky(noteJudged(at.state, false), flaky);
  return [inPhase({ ...at, attempt, state }, "queued-to-land"), []];
}

/** A rejection on the target as it is. */
function refuse(before: Situation, failure: Failure): Step {
  const at = { ...before, state: noteJudged(before.state, true) };
  if (at.attempt.goal === "give-up") return noteBlocked(at, failure);
  // A change in conflict was not judged: on a newer base it may be right.
  if (failure.kind === "conflict" || at.attempt.change === null) return reject(at, failure);
  return returnOrReject({ ...at, state: rememberTree(at) }, failure);
}

/** Only what the gates saw and refused is no progress when it comes again: an interrupted change is. */
function rememberTree(at: Situation): LoopState {
  const { task, tree } = at.attempt;
  const record = recordOf(at);
  if (tree === null || record.trees.includes(tree)) return at.state;
  return putRecord(at.state, task, { ...record, trees: [...record.trees, tree] });
}

/** A red verdict goes back to the same agent while rounds are left. */
function returnOrReject(at: Situation, failure: Failure): Step {
  const { round, limits } = at.attempt;
  if (at.state.stopping?.how === "now") return interrupt(at, "stopped by the supervisor");
  const goesBack = round < limits.roundsMax && hasLeft(at.state, at.attempt);
  if (!goesBack) return reject(at, failure);
  const attempt = { ...at.attempt, round: round + 1, rejection: failure };
  return enter({ ...at, attempt }, "working", { type: "return-evidence", round: round + 1, failure });
}

/** The record itself was refused by the gates: the task is blocked in the journal alone, and people are told. */
function noteBlocked(at: Situation, failure: Failure): Step {
  const first = giveUpReason(recordOf(at).failures) ?? "its attempts are used up";
  const why = `${first} (and its record commit was refused: ${failure.reason})`;
  return enter(at, "ending", { type: "note-blocked", why });
}

/** Somebody who moves the target faster than the gates run would keep an attempt landing for ever. */
const movesMax = 20;
const movesReason = `the target moved ${movesMax} times while one change was to land`;

/** Somebody else moved the target: what was judged is not what would land, so it is judged again. */
export function onMoved(before: Situation): Step {
  const moves = before.attempt.moves + 1;
  const at = { ...before, attempt: { ...before.attempt, moves, accepted: null } };
  if (moves > movesMax) return stopAndInterrupt(at, { kind: "breaker", reason: movesReason });
  return rejoinLine(at);
}

export function onLanded(at: Situation, { commit }: EventOf<"task-landed">): Step {
  const { task } = at.attempt;
  const state = editRun(dropRecord(at.state, task), (run) => ({
    landed: new Set(run.landed).add(task),
    brokenAt: new Set<never>(),
    failuresInARow: 0,
  }));
  return settleBehind(release({ ...at, state }), commit, at.nowMs);
}

/** Done as far as the loop can do it. Its attempts keep their numbers: people may send the task back. */
export function onReviewOpened(at: Situation): Step {
  const { task } = at.attempt;
  invariant(at.state.run?.mode === "branch", `${task} is in review where tasks land on the target`);
  const settled = putRecord(at.state, task, { ...recordOf(at), failures: [], trees: [] });
  const state = editRun(settled, (run) => ({
    reviewed: new Set(run.reviewed).add(task),
    brokenAt: new Set<never>(),
    failuresInARow: 0,
  }));
  return release({ ...at, state });
}

export function onBlocked(at: Situation, { commit, why }: EventOf<"task-blocked">): Step {
  const { task } = at.attempt;
  const noted = noteUnrecorded(at.state, task, commit === null ? why : null);
  const forgiven = putRecord(noted, task, { ...recordOf(at), failures: [], trees: [] });
  // A question is honest work, not a failure: it opens no breaker.
  const inARow = recordOf(at).failures.at(-1)?.kind === "question" ? 0 : 1;
  const state = editRun(forgiven, (run) => ({
    blocked: new Set(run.blocked).add(task),
    failuresInARow: run.failuresInARow + inARow,
  }));
  return settleBehind([dropAttempt(state, task), []], commit, at.nowMs);
}

/** What was held back because it was judged on this very commit counts now. */
function settleBehind([before, commands]: Step, landed: CommitSha | null, nowMs: number): Step {
  if (landed === null) return [before, commands];
  let state = standOnTarget(before, landed);
  const asked = [...commands];
  for (const { task } of before.attempts.values()) {
    const attempt = state.attempts.get(task);
    if (attempt?.phase !== "held" || attempt.held === null || attempt.onto !== null) continue;
    const [next, more] = refuse({ state, attempt, nowMs }, attempt.held);
    state = next;
    asked.push(...more);
  }
  return [state, asked];
}
