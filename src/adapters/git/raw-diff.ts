/** What changed from one tree to another, path by path, in git's raw words: modes and names of objects. */

export interface RawChange {
  readonly path: string;
  readonly oldMode: string;
  readonly oldSha: string;
  /** `000000` when the path is removed. */
  readonly newMode: string;
  readonly newSha: string;
}

/** `update-index -z --index-info` input that puts paths back to what they were. */
export function restoreInput(changes: readonly RawChange[]): string {
  return changes.map(({ oldMode, oldSha, path }) => `${removeMode(oldMode)} ${oldSha}\t${path}\0`).join("");
}

/** The same for what they are to become. */
export function stageInput(changes: readonly RawChange[]): string {
  return changes.map(({ newMode, newSha, path }) => `${removeMode(newMode)} ${newSha}\t${path}\0`).join("");
}

const removeMode = (mode: string): string => (mode === "000000" ? "0" : mode);

export const modes = { missing: "000000", tree: "040000", symlink: "120000", gitlink: "160000" } as const;
