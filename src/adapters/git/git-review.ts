/**
 * Changes that people review: each lands on a branch of its own, `ralph/<task>`, and the target does not move.
 *
 * Invariant: a branch is made here, or replaced when nothing of it is left to review; never one with open work.
 */
import { type CommitSha, commitSha, type TaskId, taskId } from "../../core/ids.ts";
import type { LandOrder, LandResult, Review } from "../../ports.ts";
import { RalphError } from "../../errors.ts";
import { firstLine, type Git } from "./git.ts";
import { listCheckouts, retryLocked } from "./git-checkout.ts";
import { type GitRemote, mirrored } from "./git-remote.ts";
import { listRefs } from "./git-refs.ts";

export interface ReviewPlace {
  /** The target. */
  readonly branchRef: string;
  /** Whose branches are the truth; null: those here are. */
  readonly remote: GitRemote | null;
  readonly warn: (message: string) => void;
}

const folder = "refs/heads/ralph/";
const judgedFolder = "refs/ralph/review/";

/** Tasks whose branch has commits that the target lacks. */
export async function readReviews(
  git: Git,
  branchRef: string,
  isPushed: boolean,
): Promise<ReadonlyMap<TaskId, Review>> {
  const prefix = isPushed ? mirrored(folder) : folder;
  const open = await listRefs(git, [`--no-merged=${branchRef}`, prefix]);
  return new Map(
    open.map(({ ref, sha }) => {
      const task = ref.slice(prefix.length);
      return [taskId(task), { branch: `ralph/${task}`, commit: sha }];
    }),
  );
}

/** Removes what is said of branches that are gone. */
export async function pruneReviews(git: Git): Promise<void> {
  const there = new Set((await listRefs(git, [folder])).map(({ ref }) => ref.slice(folder.length)));
  const stale = (await listRefs(git, [judgedFolder])).filter(
    ({ ref }) => !there.has(ref.slice(judgedFolder.length)),
  );
  const input = stale.map(({ ref, sha }) => `delete ${ref} ${sha}\n`).join("");
  if (input !== "") await git.run(["update-ref", "--stdin"], { input });
}

export async function landOnBranch(git: Git, place: ReviewPlace, order: LandOrder): Promise<LandResult> {
  const { task, candidate } = order;
  const branch = `ralph/${task}`;
  const [now, judged, there] = await Promise.all(
    [folder + task, judgedFolder + task, mirrored(folder + task)].map((ref) => shaOf(git, ref)),
  );
  const refusal = await refusalOf(git, place, { branch, now, judged });
  if (refusal !== null) return { kind: "refused", reason: refusal };
  const pushed =
    place.remote === null ? null : await push(git, place.remote, { order, expected: there ?? null });
  if (pushed !== null) return pushed;
  const lines = [
    `${now === null ? "create" : "update"} ${folder}${task} ${candidate.commit}${now === null ? "" : ` ${now}`}`,
    `update ${judgedFolder}${task} ${candidate.commit}`,
    ...(place.remote === null ? [] : [`update ${mirrored(folder + task)} ${candidate.commit}`]),
  ];
  const input = ["start", ...lines, "prepare", "commit", ""].join("\n");
  const args = ["update-ref", "--create-reflog", "-m", `ralphwright: review ${task}`, "--stdin"];
  const result = await retryLocked(() => git.ask(args, { input }));
  if (result.code === 0) return { kind: "opened", branch };
  const reason = `git refused to make ${branch}: ${firstLine(result.stderr)}`;
  if (place.remote === null) return { kind: "refused", reason };
  place.warn(`${branch} is on ${place.remote.name}, but not here: ${reason}`);
  return { kind: "opened", branch };
}

interface Found {
  readonly branch: string;
  readonly now: CommitSha | null | undefined;
  readonly judged: CommitSha | null | undefined;
}

/** A branch that is merged, or that the remote's people have deleted, holds nothing that could be lost. */
async function refusalOf(
  git: Git,
  { branchRef, remote }: ReviewPlace,
  { branch, now, judged }: Found,
): Promise<string | null> {
  if (now === null || now === undefined) return null;
  const isMerged = (await git.ask(["merge-base", "--is-ancestor", now, branchRef])).code === 0;
  const isOurs = remote !== null && now === judged;
  if (!isMerged && !isOurs) return `the branch ${branch} has commits that are not merged; merge or delete it`;
  const [checkout] = await listCheckouts(git, `refs/heads/${branch}`);
  return checkout === undefined ? null : `the old branch ${branch} is checked out in ${checkout}`;
}

/** Null when the branch is there now. */
async function push(
  git: Git,
  remote: GitRemote,
  { order, expected }: { readonly order: LandOrder; readonly expected: CommitSha | null },
): Promise<LandResult | null> {
  const { task, candidate } = order;
  const ref = folder + task;
  try {
    const refused = await remote.push([{ ref, commit: candidate.commit, expected }]);
    if (refused === null) return null;
    await remote.fetch();
    const now = await shaOf(git, mirrored(ref));
    if (now === candidate.commit) return null;
    return now === expected ? { kind: "refused", reason: refused } : { kind: "moved" };
  } catch (error) {
    if (error instanceof RalphError) return { kind: "refused", reason: error.message };
    throw error;
  }
}

async function shaOf(git: Git, ref: string): Promise<CommitSha | null> {
  const found = await git.ask(["rev-parse", "--verify", "-q", ref]);
  return found.code === 0 ? commitSha(found.stdout.trim()) : null;
}
