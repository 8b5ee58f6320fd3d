/** Reads git's raw diff format (`-z`), which says what changed without saying how. */

export interface RawChange {
  readonly path: string;
  readonly oldMode: string;
  readonly oldSha: string;
  /** `000000` when the path is removed. */
  readonly newMode: string;
  readonly newSha: string;
}

/** Output of `diff-index --cached --raw -z --no-renames` and `diff-tree -r --raw -z --no-renames`. */
export function parseRawDiff(output: string): readonly RawChange[] {
  const fields = output.split("\0");
  const changes: RawChange[] = [];
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const [oldMode = "", newMode = "", oldSha = "", newSha = ""] = (fields[i] ?? "").slice(1).split(" ");
    changes.push({ path: fields[i + 1] ?? "", oldMode, oldSha, newMode, newSha });
  }
  return changes;
}

/** `update-index -z --index-info` input that puts paths back to what they were. */
export function restoreInput(changes: readonly RawChange[]): string {
  return changes.map(({ oldMode, oldSha, path }) => `${removeMode(oldMode)} ${oldSha}\t${path}\0`).join("");
}

const removeMode = (mode: string): string => (mode === "000000" ? "0" : mode);

export const modes = { missing: "000000", symlink: "120000", gitlink: "160000" } as const;
