/** Reads a work log: one entry a line, `2026-11-02 acme 1h30m login form`. */
import { parseDuration } from "./parse-duration.ts";

export interface Entry {
  readonly day: string;
  readonly project: string;
  readonly minutes: number;
  readonly note: string;
}

/** @throws Error that names the line of the first entry that lacks a part. */
export function parseLog(text: string): readonly Entry[] {
  const entries: Entry[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    entries.push(parseEntry(line, index + 1));
  }
  return entries;
}

function parseEntry(line: string, lineNumber: number): Entry {
  const [day, project, duration, ...note] = line.trim().split(/\s+/);
  if (day === undefined || project === undefined || duration === undefined) {
    throw new Error(`line ${lineNumber}: expected a day, a project and a duration`);
  }
  return { day, project, minutes: parseDuration(duration), note: note.join(" ") };
}
