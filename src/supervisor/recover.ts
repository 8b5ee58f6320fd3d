/** From journal and git to a first state: carries out what core/recovery.ts decides about what was left open. */
import type { CommitSha, TaskId } from "../core/ids.ts";
import { commitsInDoubt, decideRecovery, describeRecovery } from "../core/recovery.ts";
import type { LoopState } from "../core/state.ts";
import { transition } from "../core/transition.ts";
import type { Ports } from "../ports.ts";

export interface Recovered {
  readonly state: LoopState;
  readonly landed: ReadonlyMap<TaskId, CommitSha>;
  /** What was found and mended, a few words each, for people. */
  readonly notes: readonly string[];
}

/** `before`: what the journal leads to. */
export async function recover(ports: Ports, before: LoopState): Promise<Recovered> {
  const { target, journal, clock, workspaces } = ports;
  let state = before;
  const inDoubt = commitsInDoubt(state);
  // First of all: a checkout that is behind looks like one with somebody's changes.
  const repaired = await target.repairCheckouts(inDoubt);
  await target.catchUp();
  const landed = await target.pruneLanded();
  const onTarget = new Set<CommitSha>();
  for (const commit of inDoubt) if (await target.contains(commit)) onTarget.add(commit);
  const [reviews, kept] = [await target.reviews(), await target.keptAttempts()];
  const events = decideRecovery(state, { onTarget, reviews, landed, kept });
  for (const event of events) {
    const { atMs } = journal.append(clock.nowMs(), event);
    // The commands are not carried out: what they would release is swept away below.
    [state] = transition(state, event, { nowMs: atMs });
  }
  const left = await workspaces.sweep();
  const swept =
    left === 0 ? [] : [`removed ${left} left-over work ${left === 1 ? "directory" : "directories"}`];
  const mended = repaired.map((checkout) => `brought ${checkout} up to date`);
  return { state, landed, notes: [...describeRecovery(events), ...swept, ...mended] };
}
