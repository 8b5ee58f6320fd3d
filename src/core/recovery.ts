/**
 * What a new supervisor makes of the state that a killed one left: git is asked, and what git says counts.
 *
 * An attempt whose landing is on the target has landed, whatever the journal says; anything else did not happen.
 */
import type { CommitSha, TaskId } from "./ids.ts";
import type { LoopEvent } from "./message.ts";
import type { Attempt, LoopState } from "./state.ts";
import { transition } from "./transition.ts";

/** What git says. */
export interface RecoveryFacts {
  /** Of the commits in doubt, those that are part of the target. */
  readonly onTarget: ReadonlySet<CommitSha>;
  /** Tasks in review, each with the tip of its branch. */
  readonly reviews: ReadonlyMap<TaskId, { readonly branch: string; readonly commit: CommitSha }>;
  /** Tasks whose landed ref is part of the target. */
  readonly landed: ReadonlyMap<TaskId, CommitSha>;
  /** Highest kept attempt of each task. */
  readonly kept: readonly { readonly task: TaskId; readonly attempt: number }[];
}

/** What was landing when the journal ends: only git knows whether it did. */
export const commitsInDoubt = (state: LoopState): readonly CommitSha[] =>
  [...state.attempts.values()].map(landingCommit).filter((commit) => commit !== null);

/** The events that close what is open and set right what git knows better, in order; none when nothing is amiss. */
export function decideRecovery(state: LoopState, facts: RecoveryFacts): readonly LoopEvent[] {
  const closing = closeAll(state, facts);
  const closed = new Set(closing.flatMap((event) => (event.type === "task-landed" ? [event.task] : [])));
  const isKnown = (task: TaskId): boolean => state.records.has(task) && !closed.has(task);
  const landed: { task: TaskId; commit: CommitSha }[] = [];
  // After a year there are very many of them, and hardly one is known.
  for (const [task, commit] of facts.landed) if (isKnown(task)) landed.push({ task, commit });
  const notLanded = [...(state.run?.landed ?? [])].filter((task) => !facts.landed.has(task));
  const found = facts.kept.filter(({ task, attempt }) => {
    const last = isKnown(task) ? (state.records.get(task)?.lastAttempt ?? 0) : 0;
    return last < attempt && !facts.landed.has(task);
  });
  const reason = "the supervisor was killed";
  return [
    ...closing,
    ...(landed.length + notLanded.length === 0
      ? []
      : [{ type: "state-recovered", landed, notLanded } as const]),
    ...(state.run === null ? [] : [{ type: "run-ended", outcome: { kind: "breaker", reason } } as const]),
    ...(found.length === 0 ? [] : [{ type: "attempts-found", found } as const]),
  ];
}

/** What ends one attempt may end another, which stood behind it in line: that one is open no more. */
function closeAll(state: LoopState, facts: RecoveryFacts): readonly LoopEvent[] {
  let after = state;
  const events: LoopEvent[] = [];
  for (const attempt of state.attempts.values()) {
    for (const event of closingEvents(attempt, facts)) {
      if (after.attempts.get(attempt.task)?.number !== attempt.number) break;
      [after] = transition(after, event, { nowMs: attempt.sinceMs });
      events.push(event);
    }
  }
  return events;
}

/** For people: what these events set right, in their order. */
export function describeRecovery(events: readonly LoopEvent[]): readonly string[] {
  return events.flatMap((event) => {
    switch (event.type) {
      case "task-landed":
      case "review-opened":
      case "task-blocked":
        return [`attempt ${event.attempt} at ${event.task} was complete`];
      case "attempt-interrupted":
        return [`attempt ${event.attempt} at ${event.task} was interrupted and does not count`];
      case "state-recovered":
        return [
          ...event.landed.map(({ task }) => `${task} has landed, says git, and the journal did not know`),
          ...event.notLanded.map((task) => `${task} has not landed, says git, although the journal says so`),
        ];
      default:
        return [];
    }
  });
}

const landingCommit = ({ phase, accepted }: Attempt): CommitSha | null =>
  phase === "landing" ? (accepted?.commit ?? null) : null;

function closingEvents(attempt: Attempt, facts: RecoveryFacts): readonly LoopEvent[] {
  const { task, number, phase, change } = attempt;
  const address = { task, attempt: number };
  const released = { type: "workspace-released", ...address } as const;
  const landing = landingEvent(attempt, facts);
  if (landing !== null) return landing.type === "task-blocked" ? [landing] : [landing, released];
  if (phase === "releasing") return [released];
  const reason = "the supervisor was killed";
  return [{ type: "attempt-interrupted", ...address, reason, commit: change }, released];
}

/** What git says has happened: on the target, or on a branch of its own; null when it did not. */
function landingEvent(attempt: Attempt, { onTarget, reviews }: RecoveryFacts): LoopEvent | null {
  const { task, number, goal } = attempt;
  const commit = landingCommit(attempt);
  if (commit === null) return null;
  const isOnTarget = onTarget.has(commit);
  const review = reviews.get(task);
  if (!isOnTarget && review?.commit !== commit) return null;
  const address = { task, attempt: number };
  if (goal === "give-up") return { type: "task-blocked", ...address, why: "", commit };
  return isOnTarget || review === undefined
    ? { type: "task-landed", ...address, commit, learnings: [] }
    : { type: "review-opened", ...address, commit, branch: review.branch, learnings: [] };
}
