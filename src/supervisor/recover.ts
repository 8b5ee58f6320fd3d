/**
 * From journal and git to a first state: closes what an earlier supervisor left open.
 *
 * The target branch is the truth. An attempt whose landing is on it has landed, whatever the journal says;
 * anything else did not happen. An agent's work is done at least once, a landing exactly once.
 */
import type { CommitSha, TaskId } from "../core/ids.ts";
import type { LoopEvent } from "../core/message.ts";
import { emptyState, type Attempt, type LoopState } from "../core/state.ts";
import { transition } from "../core/transition.ts";
import type { JournalRecord, Ports } from "../ports.ts";

export interface Recovered {
  readonly state: LoopState;
  readonly landed: ReadonlyMap<TaskId, CommitSha>;
  /** What was found and mended, one sentence each, for people. */
  readonly notes: readonly string[];
}

/** The state that the records lead to. */
export function replay(records: readonly JournalRecord[]): LoopState {
  return records.reduce((state, { event, atMs }) => transition(state, event, { nowMs: atMs })[0], emptyState);
}

export async function recover(ports: Ports, records: readonly JournalRecord[]): Promise<Recovered> {
  const notes: string[] = [];
  let state = replay(records);
  const landing = [...state.attempts.values()].flatMap(({ phase, accepted }) =>
    phase === "landing" && accepted !== null ? [accepted.commit] : [],
  );
  // First of all: a checkout that is behind looks like one with somebody's changes.
  const repaired = await ports.target.repairCheckouts(landing);
  await ports.target.catchUp();
  await ports.target.pruneLanded();
  const landed = await ports.target.landedTasks();
  const apply = (event: LoopEvent): void => {
    const { atMs } = ports.journal.append(ports.clock.nowMs(), event);
    // The commands are not carried out: what they would release is swept away below.
    [state] = transition(state, event, { nowMs: atMs });
  };
  for (const attempt of state.attempts.values()) {
    const events = await closingEvents(ports, attempt);
    for (const event of events) apply(event);
    notes.push(noteOf(attempt, events));
  }
  if (state.run !== null) {
    apply({ type: "run-ended", outcome: { kind: "breaker", reason: "the supervisor was killed" } });
  }
  const found = (await ports.target.keptAttempts()).filter(
    ({ task, attempt }) => (state.records.get(task)?.lastAttempt ?? 0) < attempt && !landed.has(task),
  );
  if (found.length > 0) apply({ type: "attempts-found", found });
  const left = await ports.workspaces.sweep();
  if (left > 0) notes.push(`removed ${left} left-over work ${left === 1 ? "directory" : "directories"}`);
  for (const checkout of repaired) notes.push(`brought ${checkout} up to date`);
  return { state, landed, notes };
}

async function closingEvents(ports: Ports, attempt: Attempt): Promise<readonly LoopEvent[]> {
  const { task, number, phase, accepted, change } = attempt;
  const address = { task, attempt: number };
  const commit = phase === "landing" ? (accepted?.commit ?? null) : null;
  const released = { type: "workspace-released", ...address } as const;
  const landing = commit === null ? null : await landingEvent(ports, attempt, commit);
  if (landing !== null) return landing.type === "task-blocked" ? [landing] : [landing, released];
  if (phase === "releasing") return [released];
  const reason = "the supervisor was killed";
  return [{ type: "attempt-interrupted", ...address, reason, commit: change }, released];
}

/** What git says has happened: on the target, or on a branch of its own; null when it did not. */
async function landingEvent(
  ports: Ports,
  { task, number, goal }: Attempt,
  commit: CommitSha,
): Promise<LoopEvent | null> {
  const isOnTarget = await ports.target.contains(commit);
  const review = (await ports.target.reviews()).get(task);
  if (!isOnTarget && review?.commit !== commit) return null;
  const address = { task, attempt: number };
  if (goal === "give-up") return { type: "task-blocked", ...address, why: "", commit };
  return isOnTarget || review === undefined
    ? { type: "task-landed", ...address, commit, learnings: [] }
    : { type: "review-opened", ...address, commit, branch: review.branch, learnings: [] };
}

function noteOf(attempt: Attempt, events: readonly LoopEvent[]): string {
  const isDone = ["task-landed", "review-opened", "task-blocked"].includes(events[0]?.type ?? "");
  const what = isDone ? "was complete" : "was interrupted and does not count";
  return `attempt ${attempt.number} at ${attempt.task} ${what}`;
}
