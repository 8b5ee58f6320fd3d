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
  refsOf(task: string): Promise<readonly KeptRef[]>;
}

export interface KeptRef {
  readonly ref: string;
  readonly sha: string;
  /** Whose work it is: by the name of the ref, or by the trailer of what landed; null when neither says. */
  readonly attempt: number | null;
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
    // Work of a later round has the round before as its second parent: the change is what differs from the base.
    patch: (revision) => git.raw(["show", "--first-parent", "-m", ...patchOptions, revision]),
    async refsOf(task) {
      const patterns = [`refs/ralph/attempts/${task}/`, `refs/ralph/landed/${task}`];
      const format = "--format=%(objectname)%00%(refname)%00%(contents)%00";
      const output = await git.raw(["for-each-ref", format, ...patterns]);
      const kept: KeptRef[] = [];
      const fields = output.split("\0");
      for (let i = 0; i + 2 < fields.length; i += 3) {
        const [sha = "", ref = "", message = ""] = fields.slice(i, i + 3);
        kept.push({ sha: sha.trim(), ref, attempt: attemptOf(ref, message) });
      }
      return kept;
    },
  };
}

function attemptOf(ref: string, message: string): number | null {
  const named =
    /^refs\/ralph\/attempts\/[^/]+\/(\d+)$/.exec(ref)?.[1] ?? parseTrailers(message).get("Attempt");
  return named === undefined ? null : Number(named);
}

const patchOptions = ["--stat", "--patch", "--no-ext-diff", "--no-textconv", "--format="];
