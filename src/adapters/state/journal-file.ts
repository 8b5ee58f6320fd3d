/** The journal on disk: one checksummed line a record, durable before anybody acts on it. */
import { closeSync, existsSync, fsyncSync, ftruncateSync, openSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { crc32 } from "node:zlib";
import type { LoopEvent } from "../../core/message.ts";
import type { LoopState } from "../../core/state.ts";
import { RalphError, systemCodeOf } from "../../errors.ts";
import { formatJournalLine, parseJournal } from "../../formats/journal-line.ts";
import { formatSnapshot } from "../../formats/state-snapshot.ts";
import type { Journal, JournalRecord } from "../../ports.ts";
import { flushFolder, writeDurably } from "../durable-file.ts";
import { redactor } from "../redact.ts";
import { readHistory, readOrEmpty, refuseBroken, snapshotOf } from "./journal-reader.ts";

export interface OpenJournal extends Journal, Disposable {
  /** What the file led to when it was opened, once: the loop has a newer one. */
  takeState(): LoopState;
  /** Bytes of a half-written last line that were cut off. */
  readonly bytesCut: number;
  /** Keeps the state after the record `seq` for a quick start, if enough was appended since the last one. */
  offer(seq: number, state: LoopState): void;
}

export interface JournalOptions {
  /** Tells whether the disk took nothing because it is full, and now has room: then the line is written once more. */
  readonly makeRoom?: () => boolean;
  readonly snapshotEveryBytes?: number;
}

/** Records of a journal that somebody else may be writing; a torn tail is left alone. */
export function readJournal(file: string): readonly JournalRecord[] {
  const { records, trouble } = parseJournal(readOrEmpty(file), 0);
  refuseBroken(file, trouble);
  return records;
}

/** A shorter tail than this is read in no time. */
const tailBytes = 2 * 2 ** 20;

/** @throws RalphError `journal-corrupt` for a broken line with good ones after it: that is no torn tail. */
export function openJournal(file: string, options: JournalOptions = {}): OpenJournal {
  const { snapshotEveryBytes = tailBytes, makeRoom = () => false } = options;
  const history = readHistory(file);
  refuseBroken(file, history.trouble);
  const bytesCut = history.trouble?.kind === "torn-tail" ? history.trouble.bytes : 0;
  const isNew = !existsSync(file);
  const descriptor = openSync(file, "a", 0o600);
  if (isNew) flushFolder(dirname(file));
  if (bytesCut > 0) ftruncateSync(descriptor, history.bytes);
  let { seq, bytes: length, crc } = history;
  let state: LoopState | null = history.state;
  let snapshotDue = history.bytesSkipped + snapshotEveryBytes;
  let isTrusted = true;
  /** Null when the whole line was taken, else why not. */
  const write = (line: Buffer): string | null => {
    const trouble = writeOrSay(descriptor, line);
    if (trouble !== null) ftruncateSync(descriptor, length);
    return trouble;
  };
  return {
    bytesCut,
    takeState() {
      const taken = state;
      state = null;
      if (taken === null) throw new Error("the journal's state was taken before");
      return taken;
    },
    append(atMs, event: LoopEvent) {
      const record = { seq: seq + 1, atMs, event: redactor.value(event) };
      const line = Buffer.from(formatJournalLine(record));
      if (!isTrusted) throw refusal(file, "an earlier line may not have reached the disk");
      isTrusted = false;
      // A full disk writes a part and says so only at the next call: the next line must not be glued to it.
      let trouble = write(line);
      if (trouble === full && makeRoom()) trouble = write(line);
      if (trouble !== null) {
        isTrusted = true;
        throw refusal(file, trouble);
      }
      try {
        fsyncSync(descriptor);
      } catch (cause) {
        // After a failed flush nobody knows what is on the disk, and trying again would only seem to work.
        throw refusal(file, `the disk could not keep a line (${systemCodeOf(cause) ?? "unknown error"})`);
      }
      isTrusted = true;
      length += line.length;
      crc = crc32(line, crc);
      seq += 1;
      return record;
    },
    offer(at, offered) {
      if (at !== seq || length < snapshotDue || !isTrusted) return;
      const text = formatSnapshot({ seq, bytes: length, crc, state: offered });
      // A large state is written less often, so that it never costs more than the journal itself.
      snapshotDue = length + Math.max(snapshotEveryBytes, 4 * text.length);
      keepOrDrop(snapshotOf(file), text);
    },
    [Symbol.dispose]: () => closeSync(descriptor),
  };
}

/** It is a shortcut: without it the next start reads the journal from its beginning. */
function keepOrDrop(file: string, text: string): void {
  try {
    writeDurably(file, text);
  } catch {
    // A snapshot that may not have reached the disk was never given its name.
  }
}

function refusal(file: string, why: string): RalphError {
  return new RalphError("state-not-writable", `${file}: ${why}`, {
    hint: "Look at the disk and free some space. What has landed is in git and safe; run again.",
  });
}

const full = "the disk is full and took only a part of a line";
const fullCodes: readonly (string | null)[] = ["ENOSPC", "EDQUOT", "EFBIG"];

function writeOrSay(descriptor: number, line: Buffer): string | null {
  try {
    return writeSync(descriptor, line) === line.length ? null : full;
  } catch (error) {
    const code = systemCodeOf(error);
    return fullCodes.includes(code) ? full : `the disk took no line (${code ?? "unknown error"})`;
  }
}
