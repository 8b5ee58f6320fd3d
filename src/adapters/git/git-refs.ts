/** The refs beside the target: `refs/ralph/landed/<task>` and `refs/ralph/attempts/<task>/<n>`. */
import { type CommitSha, commitSha, type TaskId, taskId } from "../../core/ids.ts";
import type { Git } from "./git.ts";
import { mirrored } from "./git-remote.ts";

const landedPrefix = "refs/ralph/landed/";
const attemptsPrefix = "refs/ralph/attempts/";

export const landedRef = (task: TaskId): string => landedPrefix + task;
export const attemptRef = (task: TaskId, attempt: number): string => `${attemptsPrefix}${task}/${attempt}`;

/** Tasks whose landed ref, here or on the remote, is part of the target. */
export const readLanded = async (git: Git, branchRef: string): Promise<ReadonlyMap<TaskId, CommitSha>> =>
  landedIn(await printRefs(git, [`--merged=${branchRef}`, ...landedFolders]));

const there = mirrored(landedPrefix);
const landedFolders = [there, landedPrefix];

const landedIn = (text: string): ReadonlyMap<TaskId, CommitSha> =>
  new Map(
    parseRefs(text).map(({ ref, sha }) => [taskOf(ref, ref.startsWith(there) ? there : landedPrefix), sha]),
  );

const taskOf = (ref: string, prefix: string): TaskId => taskId(ref.slice(prefix.length));

/**
 * Removes landed refs that are not part of the target: a crash between two refs of one transaction, or a person who
 * moved the target back. Only a run does this: nobody who just looks may change anything. Returns those that stay.
 */
export async function pruneLanded(git: Git, branchRef: string): Promise<ReadonlyMap<TaskId, CommitSha>> {
  const [merged, all] = await Promise.all([
    printRefs(git, [`--merged=${branchRef}`, ...landedFolders]),
    printRefs(git, landedFolders),
  ]);
  const onTarget = landedIn(merged);
  // As nearly always: nothing has to be looked at one by one.
  if (all === merged) return onTarget;
  const ours = parseRefs(all).filter(({ ref }) => ref.startsWith(landedPrefix));
  const doubtful = ours.filter(({ ref }) => !onTarget.has(taskOf(ref, landedPrefix)));
  await deleteStale(git, branchRef, doubtful);
  return readLanded(git, branchRef);
}

/** The two lists were not read in one moment, and another supervisor may have landed a task in between. */
async function deleteStale(git: Git, branchRef: string, doubtful: readonly Ref[]): Promise<void> {
  const tip = (await git.run(["rev-parse", branchRef])).trim();
  const stale: Ref[] = [];
  for (const each of doubtful) {
    const { code } = await git.ask(["merge-base", "--is-ancestor", each.sha, tip]);
    if (code !== 0) stale.push(each);
  }
  if (stale.length === 0) return;
  const deletions = stale.map(({ ref, sha }) => `delete ${ref} ${sha}`);
  // Where the target moves just now, or is about to, this fails and nothing is deleted: the next start will.
  const input = [`verify ${branchRef} ${tip}`, ...deletions, ""].join("\n");
  await git.ask(["update-ref", "--stdin"], { input });
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

export interface Ref {
  readonly ref: string;
  readonly sha: CommitSha;
}

export const listRefs = async (git: Git, args: readonly string[]): Promise<readonly Ref[]> =>
  parseRefs(await printRefs(git, args));

const printRefs = (git: Git, args: readonly string[]): Promise<string> =>
  git.run(["for-each-ref", "--format=%(objectname) %(refname)", ...args]);

function parseRefs(text: string): readonly Ref[] {
  // A hundred thousand of them are usual after a year.
  const refs: Ref[] = [];
  for (let at = 0, end = text.indexOf("\n"); end !== -1; at = end + 1, end = text.indexOf("\n", at)) {
    const space = text.indexOf(" ", at);
    refs.push({ sha: commitSha(text.slice(at, space)), ref: text.slice(space + 1, end) });
  }
  return refs;
}
