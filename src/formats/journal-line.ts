/** One line of the journal ↔ one event: JSON with a version, a sequence number and a checksum. */
import { crc32 } from "node:zlib";
import type { LoopEvent } from "../core/message.ts";

export interface JournaledEvent {
  readonly seq: number;
  readonly atMs: number;
  readonly event: LoopEvent;
}

export type JournalTrouble =
  /** The last write did not finish: the bytes after `goodBytes` can be cut off. */
  | { readonly kind: "torn-tail"; readonly bytes: number }
  | { readonly kind: "corrupt"; readonly line: number; readonly reason: string }
  /** Written by a newer version of ralphwright. */
  | { readonly kind: "newer"; readonly version: number; readonly line: number };

export interface ParsedJournal {
  readonly records: readonly JournaledEvent[];
  /** Length of the part that was read, up to and with its last newline. */
  readonly goodBytes: number;
  readonly trouble: JournalTrouble | null;
}

const version = 1;

/** One line with its newline. The checksum is of all the bytes before `,"crc"`. */
export function formatJournalLine({ seq, atMs, event }: JournaledEvent): string {
  const { type, ...fields } = event;
  const first = Object.fromEntries(
    ["task", "attempt", "commit"].filter((name) => name in fields).map((name) => [name, undefined]),
  );
  const at = new Date(atMs).toISOString();
  const unsealed = JSON.stringify({ v: version, seq, at, type, ...first, ...fields }).slice(0, -1);
  return `${unsealed},"crc":"${hexOf(crc32(unsealed))}"}\n`;
}

/**
 * Reads as far as the journal is whole. Records before the trouble are good.
 * @param after Number of the line before the first one here; null: whatever it is.
 */
export function parseJournal(bytes: Uint8Array, after: number | null = null): ParsedJournal {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const records: JournaledEvent[] = [];
  let goodBytes = 0;
  while (goodBytes < buffer.length) {
    const read = readLine(buffer, goodBytes);
    const line = (after ?? 0) + records.length + 1;
    if (read.kind === "newer") return { records, goodBytes, trouble: { ...read, line } };
    if (read.kind === "bad") return { records, goodBytes, trouble: troubleAfter(buffer, goodBytes, line) };
    const reason = doubtAbout(read.record, records.at(-1)?.seq ?? after);
    if (reason !== null) return { records, goodBytes, trouble: { kind: "corrupt", line, reason } };
    records.push(read.record);
    goodBytes = read.end;
  }
  return { records, goodBytes, trouble: null };
}

/** A bad line is the end of the last write, unless whole lines follow it. */
function troubleAfter(buffer: Buffer, start: number, line: number): JournalTrouble {
  let next = buffer.indexOf("\n", start) + 1;
  while (next > 0 && next < buffer.length) {
    if (readLine(buffer, next).kind !== "bad") {
      return { kind: "corrupt", line, reason: "the line does not match its checksum" };
    }
    next = buffer.indexOf("\n", next) + 1;
  }
  return { kind: "torn-tail", bytes: buffer.length - start };
}

type ReadLine =
  | { readonly kind: "good"; readonly record: JournaledEvent; readonly end: number }
  | { readonly kind: "newer"; readonly version: number }
  | { readonly kind: "bad" };

const hexOf = (crc: number): string => crc.toString(16).padStart(8, "0");
const sealLength = ',"crc":"01234567"}'.length;

function readLine(buffer: Buffer, start: number): ReadLine {
  const newline = buffer.indexOf("\n", start);
  if (newline === -1) return { kind: "bad" };
  const fields = jsonObject(buffer.toString("utf8", start, newline));
  if (fields === null) return { kind: "bad" };
  // A newer version may seal its lines differently.
  if (typeof fields["v"] === "number" && fields["v"] > version)
    return { kind: "newer", version: fields["v"] };
  const sealed = Math.max(start, newline - sealLength);
  if (fields["crc"] !== hexOf(crc32(buffer.subarray(start, sealed)))) return { kind: "bad" };
  const { v: _v, seq, at, crc: _crc, ...event } = fields;
  const atMs = typeof at === "string" ? Date.parse(at) : Number.NaN;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the checksum says that this program wrote it
  const record = { seq: Number(seq), atMs, event: event as unknown as LoopEvent };
  return { kind: "good", record, end: newline + 1 };
}

function jsonObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- any object can be asked for any key
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

/** What a line says that cannot be, although it is whole. */
function doubtAbout(record: JournaledEvent, previous: number | null): string | null {
  if (!Object.hasOwn(knownTypes, record.event.type))
    return `unknown type ${JSON.stringify(record.event.type)}`;
  if (!Number.isSafeInteger(record.seq) || Number.isNaN(record.atMs)) return "seq or at is missing";
  if (previous === null || record.seq === previous + 1) return null;
  return `seq ${record.seq} follows ${previous}`;
}

const knownTypes: Readonly<Record<LoopEvent["type"], true>> = {
  "run-started": true,
  "run-paused": true,
  "run-resumed": true,
  "config-reloaded": true,
  "config-refused": true,
  "task-reopened": true,
  "attempts-found": true,
  "state-recovered": true,
  "attempt-started": true,
  "workspace-prepared": true,
  "baseline-checked": true,
  "model-answered": true,
  "agent-stopped": true,
  "change-sealed": true,
  "candidate-composed": true,
  "verdict-reached": true,
  "target-moved": true,
  "landing-refused": true,
  "task-landed": true,
  "review-opened": true,
  "attempt-rejected": true,
  "attempt-interrupted": true,
  "workspace-released": true,
  "give-up-started": true,
  "task-blocked": true,
  "command-failed": true,
  "window-closed": true,
  "stop-requested": true,
  "run-ended": true,
};
