/** The refs beside the target: `refs/ralph/landed/<task>` and `refs/ralph/attempts/<task>/<n>`. */
import { type CommitSha, commitSha, type TaskId, taskId } from "../../core/ids.ts";
import type { Git } from "./git.ts";
import { mirrored } from "./git-remote.ts";

const landedPrefix = "refs/ralph/landed/";
const attemptsPrefix = "refs/ralph/attempts/";

export const landedRef = (task: TaskId): string => landedPrefix + task;
export const attemptRef = (task: TaskId, attempt: number): string => `${attemptsPrefix}${task}/${attempt}`;

/** Tasks whose landed ref, here or on the remote, is part of the target. */
export async function readLanded(git: Git, branchRef: string): Promise<ReadonlyMap<TaskId, CommitSha>> {
  const there = mirrored(landedPrefix);
  const merged = await listRefs(git, [`--merged=${branchRef}`, there, landedPrefix]);
  return new Map(
    merged.map(({ ref, sha }) => [taskOf(ref, ref.startsWith(there) ? there : landedPrefix), sha]),
  );
}

const taskOf = (ref: string, prefix: string): TaskId => taskId(ref.slice(prefix.length));

/**
 * Removes landed refs that are not part of the target: a crash between two refs of one transaction, or a person who
 * moved the target back. Only a run does this: nobody who just looks may change anything. Returns those that stay.
 */
export async function pruneLanded(git: Git, branchRef: string): Promise<ReadonlyMap<TaskId, CommitSha>> {
  const [onTarget, all] = await Promise.all([readLanded(git, branchRef), listRefs(git, [landedPrefix])]);
  const stale = all.filter(({ ref }) => !onTarget.has(taskOf(ref, landedPrefix)));
  const input = stale.map(({ ref, sha }) => `delete ${ref} ${sha}\n`).join("");
  if (input !== "") await git.run(["update-ref", "--stdin"], { input });
  return onTarget;
}

/** Highest kept attempt of each task. */
export async function readKeptAttempts(git: Git): Promise<readonly { task: TaskId; attempt: number }[]> {
  const highest = new Map<TaskId, number>();
  for (const { ref } of await listRefs(git, [attemptsPrefix])) {
    const [task, attempt] = ref.slice(attemptsPrefix.length).split("/");
    if (task === undefined || !/^\d+$/.test(attempt ?? "")) continue;
    const id = taskId(task);
    highest.set(id, Math.max(highest.get(id) ?? 0, Number(attempt)));
  }
  return [...highest].map(([task, attempt]) => ({ task, attempt }));
}

export async function listRefs(
  git: Git,
  args: readonly string[],
): Promise<readonly { ref: string; sha: CommitSha }[]> {
  const text = await git.run(["for-each-ref", "--format=%(objectname) %(refname)", ...args]);
  // A hundred thousand of them are usual after a year.
  const refs: { ref: string; sha: CommitSha }[] = [];
  for (let at = 0, end = text.indexOf("\n"); end !== -1; at = end + 1, end = text.indexOf("\n", at)) {
    const space = text.indexOf(" ", at);
    refs.push({ sha: commitSha(text.slice(at, space)), ref: text.slice(space + 1, end) });
  }
  return refs;
}
