/** What the guard is told about a change, and how its findings become one text. */

/** A file at one commit. */
export interface Version {
  readonly bytes: number;
  /** Null: too large to be read. */
  readonly text: string | null;
  /** Has a NUL near its beginning, as git judges it. */
  readonly isBinary: boolean;
}

/** A changed path; `mode` is git's, null when it is removed. A side is null where there is no regular file. */
export interface TouchedFile {
  readonly path: string;
  readonly mode: string | null;
  readonly before: Version | null;
  readonly after: Version | null;
}

/** What rules compare: nothing where there is no text. */
export const textOf = (version: Version | null): string =>
  version === null || version.isBinary ? "" : (version.text ?? "");

const findingsShownMax = 5;

/** All findings together, so that one round can mend them all; null when there is none. */
export function joinFindings(findings: readonly string[]): string | null {
  const all = [...new Set(findings)];
  if (all.length === 0) return null;
  const shown = all.slice(0, findingsShownMax);
  const more = all.length - shown.length;
  return [...shown, ...(more > 0 ? [`and ${more} more`] : [])].join("; ");
}

/** What a finding ends in where the task may allow the path. */
export const allowHint = (path: string): string =>
  `the task must allow it (allow: [${JSON.stringify(path)}])`;

/** How many more matches there are than before, and the first line that has a new one. */
export interface Added {
  readonly count: number;
  readonly line: number;
}

/** `pattern` is global. Null when there are no more matches than before: old sins are no offence. */
export function addedMatches(before: string, after: string, pattern: RegExp): Added | null {
  const now = [...after.matchAll(pattern)];
  if (now.length === 0) return null;
  const old = [...before.matchAll(pattern)];
  const count = now.length - old.length;
  if (count <= 0) return null;
  const known = Map.groupBy(old, ({ index }) => lineTextAt(before, index));
  const first = now.find(({ index }) => known.get(lineTextAt(after, index))?.pop() === undefined);
  return { count, line: lineAt(after, (first ?? now[0])?.index ?? 0) };
}

/** A finding about a line, where there is one. */
export const addedFinding = (path: string, what: string, added: Added | null): readonly string[] =>
  added === null ? [] : [`${path}:${added.line} ${what}; take that out, or ${allowHint(path)}`];

const lineTextAt = (text: string, index: number): string => {
  const end = text.indexOf("\n", index);
  return text.slice(text.lastIndexOf("\n", index - 1) + 1, end < 0 ? undefined : end).trim();
};

/** Counted from 1. */
const lineAt = (text: string, index: number): number => text.slice(0, index).split("\n").length;
