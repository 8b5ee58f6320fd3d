/** Names that must not be mixed up: a tree is not a commit, and both look like 40 hex digits. */

declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/** A task's name in the queue, in refs and in trailers. */
export type TaskId = Branded<"TaskId">;
/** A git commit, full object name. */
export type CommitSha = Branded<"CommitSha">;
/** A git tree, full object name: the exact content that is judged and lands. */
export type TreeSha = Branded<"TreeSha">;

export const taskId = (text: string): TaskId => text as TaskId;
export const commitSha = (text: string): CommitSha => text as CommitSha;
export const treeSha = (text: string): TreeSha => text as TreeSha;

/** What people read instead of the full object name. */
export const shortSha = (sha: CommitSha | TreeSha): string => sha.slice(0, 10);
