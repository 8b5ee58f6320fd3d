/** Reads commits for people, by simple-git: what landed, what was given up, and what a change looks like. */
import { simpleGit } from "simple-git";
import { parseTrailers } from "../../formats/landing-message.ts";

/** A commit of the supervisor's on the target. */
export interface LandedCommit {
  readonly sha: string;
  /** ISO 8601 with offset. */
  readonly date: string;
  readonly subject: string;
  readonly message: string;
  readonly trailers: ReadonlyMap<string, string>;
}

export interface CommitLog {
  /** Newest first; only commits with a `Task` trailer. `run`: only those of that run. */
  read(
    branch: string,
    limit: { readonly countMax: number; readonly run: string | null },
  ): Promise<readonly LandedCommit[]>;
  /** The change of one commit as a patch. */
  patch(revision: string): Promise<string>;
  /** Names below `refs/ralph/` for a task: kept attempts and the landed ref. */
  refsOf(task: string): Promise<readonly { readonly ref: string; readonly sha: string }[]>;
}

export function openCommitLog(gitDir: string): CommitLog {
  const git = simpleGit({ baseDir: gitDir, trimmed: false });
  return {
    async read(branch, { countMax, run }) {
      const format = { sha: "%H", date: "%cI", subject: "%s", message: "%B" };
      const only = run === null ? [] : [`--grep=^Run: ${run}$`];
      const { all } = await git.log({
        format,
        splitter: "\u001e",
        "--first-parent": null,
        "--grep": "^Task: ",
        "--max-count": countMax,
        ...Object.fromEntries(only.map((option) => [option, null])),
        ...(run === null ? {} : { "--all-match": null }),
        [branch]: null,
      });
      return all
        .map((commit) => ({ ...commit, trailers: parseTrailers(commit.message) }))
        .filter((commit) => commit.trailers.has("Task"));
    },
    patch: (revision) =>
      git.raw(["show", "--stat", "--patch", "--no-ext-diff", "--no-textconv", "--format=", revision]),
    async refsOf(task) {
      const patterns = [`refs/ralph/attempts/${task}/`, `refs/ralph/landed/${task}`];
      const output = await git.raw(["for-each-ref", "--format=%(objectname) %(refname)", ...patterns]);
      return output
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => ({ sha: line.split(" ")[0] ?? "", ref: line.split(" ")[1] ?? "" }));
    },
  };
}
