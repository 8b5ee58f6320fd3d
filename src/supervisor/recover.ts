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
  await ports.target.pruneLanded();
  const landed = await ports.target.landedTasks();
  let state = replay(records);
  const landing = [...state.attempts.values()].flatMap(({ phase, accepted }) =>
    phase === "landing" && accepted !== null ? [accepted.commit] : [],
  );
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
  for (const checkout of await ports.target.repairCheckouts(landing))
    notes.push(`brought ${checkout} up to date`);
  return { state, landed, notes };
}

async function closingEvents(ports: Ports, attempt: Attempt): Promise<readonly LoopEvent[]> {
  const { task, number, phase, goal, accepted, change } = attempt;
  const address = { task, attempt: number };
  const commit = phase === "landing" ? (accepted?.commit ?? null) : null;
  const released = { type: "workspace-released", ...address } as const;
  if (commit !== null && (await ports.target.contains(commit))) {
    if (goal === "give-up") return [{ type: "task-blocked", ...address, why: "", commit }];
    return [{ type: "task-landed", ...address, commit, learnings: [] }, released];
  }
  if (phase === "releasing") return [released];
  const reason = "the supervisor was killed";
  return [{ type: "attempt-interrupted", ...address, reason, commit: change }, released];
}

function noteOf(attempt: Attempt, events: readonly LoopEvent[]): string {
  const isDone = events[0]?.type === "task-landed" || events[0]?.type === "task-blocked";
  const what = isDone ? "was complete" : "was interrupted and does not count";
  return `attempt ${attempt.number} at ${attempt.task} ${what}`;
}
