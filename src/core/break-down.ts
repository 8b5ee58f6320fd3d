/** Agents that break down at one task after the other: then it is not the tasks. */
import type { CommitSha, TaskId } from "./ids.ts";
import type { Failure } from "./message.ts";
import { halt } from "./halt.ts";
import { editRun, type LoopState } from "./state.ts";

interface Rejection {
  readonly failure: Failure;
  /** What the agent left, if anything. */
  readonly commit: CommitSha | null;
  readonly nowMs: number;
}

/**
 * An agent that breaks down and leaves nothing, at one task after the other, does not work here at all (no network, a
 * usage limit in words of its own): the run stops before task after task is given up for it.
 */
export function noteBreakDown(
  state: LoopState,
  task: TaskId,
  { failure, commit, nowMs }: Rejection,
): LoopState {
  const leftNothing = failure.kind === "crashed" && commit === null;
  const brokenAt = leftNothing ? new Set(state.run?.brokenAt).add(task) : new Set<never>();
  const noted = editRun(state, () => ({ brokenAt }));
  if (brokenAt.size < brokenTasksMax) return noted;
  const reason = `the agent broke down at ${brokenAt.size} tasks and left nothing: ${failure.reason}`;
  return halt(noted, { kind: "breaker", reason }, { nowMs });
}

const brokenTasksMax = 2;
