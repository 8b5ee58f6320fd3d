/** Reads a journal of any size: what a snapshot stands for is only checked, the rest is read piece by piece. */
import { closeSync, fstatSync, openSync, readFileSync, readSync, statSync } from "node:fs";
import { crc32 } from "node:zlib";
import { replay } from "../../core/replay.ts";
import { emptyState, type LoopState } from "../../core/state.ts";
import { RalphError, systemCodeOf } from "../../errors.ts";
import { type JournalTrouble, parseJournal } from "../../formats/journal-line.ts";
import { parseSnapshot, type StateSnapshot } from "../../formats/state-snapshot.ts";
import type { JournalRecord } from "../../ports.ts";

/** The journal as far as it is whole, and the state that this leads to. */
export interface History extends StateSnapshot {
  /** What the snapshot stood for; 0: everything was read. */
  readonly bytesSkipped: number;
  /** What stands after the whole part. */
  readonly trouble: JournalTrouble | null;
}

/** Beside the journal that it belongs to. */
export const snapshotOf = (journal: string): string => journal.replace(/[^/]*$/, "snapshot.json");

const nothing: StateSnapshot = { seq: 0, bytes: 0, crc: 0, state: emptyState };

export function readHistory(file: string): History {
  const descriptor = openOrNull(file);
  if (descriptor === null) return { ...nothing, bytesSkipped: 0, trouble: null };
  try {
    const snapshot = findSnapshot(file, descriptor);
    return (
      (snapshot === null ? null : continueOrNull(descriptor, snapshot)) ?? continueFrom(descriptor, nothing)
    );
  } finally {
    closeSync(descriptor);
  }
}

/** Of a journal that somebody else may be writing; a torn tail is left alone. @throws RalphError `journal-corrupt`. */
export function readState(file: string): LoopState {
  const { trouble, state } = readHistory(file);
  refuseBroken(file, trouble);
  return state;
}

/** Starts and ends of runs, what stands before each of them, and the last record: little of a long journal is parsed. */
export function readRuns(file: string): readonly JournalRecord[] {
  const buffer = readOrEmpty(file);
  // Inside a text the quotes would be escaped.
  const mark = '"type":"run-';
  const starts = new Set<number>();
  for (let at = buffer.indexOf(mark); at !== -1; at = buffer.indexOf(mark, at + 1)) {
    const start = lineStart(buffer, at);
    starts.add(lineStart(buffer, Math.max(0, start - 1))).add(start);
  }
  const end = buffer.lastIndexOf("\n");
  if (end > 0) starts.add(lineStart(buffer, end));
  return [...starts].flatMap(
    (start) => parseJournal(buffer.subarray(start, buffer.indexOf("\n", start) + 1)).records,
  );
}

/** Of the line that holds the byte; a newline belongs to the line that it ends. */
const lineStart = (buffer: Buffer, at: number): number =>
  at === 0 ? 0 : buffer.lastIndexOf("\n", at - 1) + 1;

/** @throws RalphError `journal-corrupt` for a broken line with good ones after it: that is no torn tail. */
export function refuseBroken(file: string, trouble: JournalTrouble | null): void {
  if (trouble === null || trouble.kind === "torn-tail") return;
  if (trouble.kind === "newer")
    throw new RalphError(
      "journal-corrupt",
      `${file}:${trouble.line}: the journal was written by a newer ralphwright (format ${trouble.version})`,
      {
        hint: "Use that version. What has landed is in git and safe: or move the file away to start with an empty journal.",
      },
    );
  throw new RalphError(
    "journal-corrupt",
    `${file}:${trouble.line}: the journal is broken: ${trouble.reason}`,
    {
      hint: "What has landed is in git and safe. `ralphwright doctor --repair-journal` keeps the lines before it and sets the rest aside.",
    },
  );
}

export function readOrEmpty(file: string): Buffer {
  refuseFolder(file);
  try {
    return readFileSync(file);
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return Buffer.alloc(0);
    throw error;
  }
}

function openOrNull(file: string): number | null {
  refuseFolder(file);
  try {
    return openSync(file, "r");
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return null;
    throw error;
  }
}

/** @throws RalphError `journal-corrupt`. */
function refuseFolder(file: string): void {
  if (statSync(file, { throwIfNoEntry: false })?.isDirectory() !== true) return;
  throw new RalphError("journal-corrupt", `${file} is a folder, and the journal is a file`, {
    hint: "Move it away: what has landed is in git and safe, and a new journal begins.",
  });
}

/** Null when there is none that stands for exactly the beginning of this journal. */
function findSnapshot(file: string, descriptor: number): StateSnapshot | null {
  try {
    const snapshot = parseSnapshot(readFileSync(snapshotOf(file), "utf8"));
    return snapshot !== null && crcOf(descriptor, snapshot.bytes) === snapshot.crc ? snapshot : null;
  } catch {
    return null;
  }
}

/** A snapshot that the next lines cannot follow is no better than none. */
function continueOrNull(descriptor: number, snapshot: StateSnapshot): History | null {
  try {
    const history = continueFrom(descriptor, snapshot);
    return history.trouble?.kind === "corrupt" ? null : history;
  } catch {
    return null;
  }
}

const windowBytes = 8 * 2 ** 20;
const checkedBytes = 2 ** 18;

function continueFrom(descriptor: number, from: StateSnapshot): History {
  const { size } = fstatSync(descriptor);
  let at = from;
  let trouble: JournalTrouble | null = null;
  const take = (bytes: Buffer): boolean => {
    const read = parseJournal(bytes, at.seq);
    if (read.trouble !== null && bytes !== rest) return false;
    const good = bytes.subarray(0, read.goodBytes);
    at = {
      seq: read.records.at(-1)?.seq ?? at.seq,
      bytes: at.bytes + good.length,
      crc: crc32(good, at.crc),
      state: replay(read.records, at.state),
    };
    ({ trouble } = read);
    return good.length > 0;
  };
  let rest: Buffer | null = null;
  for (;;) {
    const window = readAt(descriptor, at.bytes, Math.min(windowBytes, size - at.bytes));
    if (!take(window.subarray(0, window.lastIndexOf("\n") + 1))) break;
  }
  // What is wrong with a line is told by what stands after it, to the end.
  rest = readAt(descriptor, at.bytes, size - at.bytes);
  take(rest);
  return { ...at, bytesSkipped: from.bytes, trouble };
}

/** Null when the file is shorter. */
function crcOf(descriptor: number, bytes: number): number | null {
  // One small piece of memory for all of it, which stays in the processor's own.
  const buffer = Buffer.allocUnsafe(checkedBytes);
  let [crc, at] = [0, 0];
  while (at < bytes) {
    const count = readSync(descriptor, buffer, 0, Math.min(buffer.length, bytes - at), at);
    if (count === 0) return null;
    crc = crc32(buffer.subarray(0, count), crc);
    at += count;
  }
  return crc;
}

/** As many bytes as there are, at most `length`. */
function readAt(descriptor: number, position: number, length: number): Buffer {
  const buffer = Buffer.allocUnsafe(Math.max(0, length));
  let done = 0;
  while (done < buffer.length) {
    const count = readSync(descriptor, buffer, done, buffer.length - done, position + done);
    if (count === 0) break;
    done += count;
  }
  return buffer.subarray(0, done);
}
