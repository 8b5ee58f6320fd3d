/** The journal on disk: one checksummed line a record, durable before anybody acts on it. */
import { closeSync, existsSync, fsyncSync, ftruncateSync, openSync, readFileSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import type { LoopEvent } from "../../core/message.ts";
import { RalphError, systemCodeOf } from "../../errors.ts";
import { formatJournalLine, parseJournal } from "../../formats/journal-line.ts";
import type { Journal, JournalRecord } from "../../ports.ts";
import { redactor } from "../redact.ts";

export interface OpenJournal extends Journal, Disposable {
  /** What the file held when it was opened, once: a long history must not stay in memory all night. */
  takeRecords(): readonly JournalRecord[];
  /** Bytes of a half-written last line that were cut off. */
  readonly bytesCut: number;
}

/** Records of a journal that somebody else may be writing; a torn tail is left alone. */
export function readJournal(file: string): readonly JournalRecord[] {
  return parseOrRefuse(file, readOrEmpty(file)).records;
}

/** @throws RalphError `journal-corrupt` for a broken line with good ones after it: that is no torn tail. */
export function openJournal(file: string): OpenJournal {
  const { goodBytes, bytesCut, ...read } = parseOrRefuse(file, readOrEmpty(file));
  const isNew = !existsSync(file);
  const descriptor = openSync(file, "a", 0o600);
  if (isNew) flushFolder(dirname(file));
  if (bytesCut > 0) ftruncateSync(descriptor, goodBytes);
  let length = goodBytes;
  let isTrusted = true;
  let { records } = read;
  let seq = records.at(-1)?.seq ?? 0;
  return {
    bytesCut,
    takeRecords() {
      const taken = records;
      records = [];
      return taken;
    },
    append(atMs, event: LoopEvent) {
      const record = { seq: seq + 1, atMs, event: redactor.value(event) };
      const line = Buffer.from(formatJournalLine(record));
      if (!isTrusted) throw refusal(file, "an earlier line may not have reached the disk");
      // A full disk writes a part and says so only at the next call: the next line must not be glued to it.
      if (writeOrNothing(descriptor, line) !== line.length) {
        ftruncateSync(descriptor, length);
        throw refusal(file, "the disk took only a part of a line");
      }
      try {
        fsyncSync(descriptor);
      } catch (cause) {
        // After a failed flush nobody knows what is on the disk, and trying again would only seem to work.
        isTrusted = false;
        throw refusal(file, `the disk could not keep a line (${systemCodeOf(cause) ?? "unknown error"})`);
      }
      length += line.length;
      seq += 1;
      return record;
    },
    [Symbol.dispose]: () => closeSync(descriptor),
  };
}

function refusal(file: string, why: string): RalphError {
  return new RalphError("state-not-writable", `${file}: ${why}`, {
    hint: "Look at the disk and free some space. What has landed is in git and safe; run again.",
  });
}

/** A new file is durable only when the folder's entry for it is. */
function flushFolder(folder: string): void {
  const descriptor = openSync(folder, "r");
  fsyncSync(descriptor);
  closeSync(descriptor);
}

function writeOrNothing(descriptor: number, line: Buffer): number {
  try {
    return writeSync(descriptor, line);
  } catch {
    return 0;
  }
}

function readOrEmpty(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return Buffer.alloc(0);
    throw error;
  }
}

function parseOrRefuse(
  file: string,
  bytes: Buffer,
): { readonly records: readonly JournalRecord[]; readonly goodBytes: number; readonly bytesCut: number } {
  const { records, goodBytes, trouble } = parseJournal(bytes);
  if (trouble === null) return { records, goodBytes, bytesCut: 0 };
  if (trouble.kind === "torn-tail") return { records, goodBytes, bytesCut: trouble.bytes };
  const what =
    trouble.kind === "newer"
      ? `was written by a newer ralphwright (format ${trouble.version})`
      : `is broken: ${trouble.reason}`;
  throw new RalphError("journal-corrupt", `${file}:${trouble.line}: the journal ${what}`, {
    hint: "What has landed is in git and safe. Move the file away to start with an empty journal.",
  });
}
