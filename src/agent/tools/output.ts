/**
 * Keeps what a command prints: an excerpt for the model, and all of it in a file once that is not enough.
 *
 * What comes in passes three stations. Control sequences go first: a colour in the middle of a secret would hide
 * it. Then secrets go, before anything is written or cut. The file gets what is left; the model gets it shortened.
 */
import { closeSync, openSync, writeSync } from "node:fs";
import { StringDecoder } from "node:string_decoder";
import { messageOf } from "../../errors.ts";
import type { Redactor } from "../../formats/redact.ts";
import { createExcerpt, excerptCharsMax } from "./excerpt.ts";

export interface CommandOutput {
  readonly push: (bytes: Buffer) => void;
  /** The last line is whole, even without a line feed: what comes now is somebody else's. */
  readonly flush: () => void;
  /** All whole lines since the last call. While more may come, everything goes to the file from then on. */
  readonly take: () => TakenOutput;
  /** Nothing more will come. */
  readonly end: () => void;
}

export interface TakenOutput {
  readonly text: string;
  /** Characters printed, before anything was cut. */
  readonly charsTotal: number;
  /** File with all of it, or with as much as could be kept; null when none was needed. */
  readonly spill: string | null;
}

/** A line that is not over waits here; a longer one does not. */
const lineCharsMax = 4_096;
/** A control sequence that is not over waits, too, for about its length. */
const sequenceCharsMax = 64;
const fileBytesMax = 50 * 1024 * 1024;

export function createOutput(file: string, redactor: Redactor, bytesMax = fileBytesMax): CommandOutput {
  const decoder = new StringDecoder("utf8");
  const redaction = redactor.stream();
  const spill = createSpill(file, bytesMax);
  let excerpt = createExcerpt();
  let charsTotal = 0;
  let line = "";
  let isLineOver = false;
  let isOver = false;
  const receive = (text: string): void => {
    if (text === "") return;
    charsTotal += text.length;
    spill.write(text);
    excerpt.push(text);
    // What progress lines overwrote counts too: what is held is bounded, whatever is shown.
    if (excerpt.hasCutLine() || charsTotal > excerptCharsMax) spill.open();
  };
  const pass = (end: number): void => {
    if (end === 0) return;
    const text = line.slice(0, end);
    line = line.slice(end);
    isLineOver = text.endsWith("\n");
    receive(redaction.push(cleanText(text)));
  };
  const flush = (): void => {
    pass(line.length);
    receive(redaction.end());
  };
  return {
    push(bytes) {
      line += decoder.write(bytes);
      pass(line.lastIndexOf("\n") + 1 || (line.length > lineCharsMax ? cutPlace(line) : 0));
    },
    flush,
    take() {
      // What the redaction holds back would be missing for as long as nothing more is printed. No secret goes on
      // after a whole line, unless it has lines itself.
      if (isLineOver) receive(redaction.end());
      if (!isOver && charsTotal > 0) spill.open();
      const taken = { text: excerpt.end(charsTotal, spill.where()), charsTotal, spill: spill.path() };
      excerpt = createExcerpt();
      charsTotal = 0;
      return taken;
    },
    end() {
      line += decoder.end();
      flush();
      spill.close();
      isOver = true;
    },
  };
}

const escape = "\u001B";
const bell = "\u0007";
const movement = "\\[[0-?]*[ -/]*[@-~]";
const title = `\\][^${bell}${escape}\\n]*(?:${bell}|${escape}\\\\)`;
const deviceString = `[PX^_][^${escape}\\n]*${escape}\\\\`;
const sequence = new RegExp(`${escape}(?:${movement}|${title}|${deviceString}|[ -/]*[0-~])`, "g");
/** All but tab, line feed and carriage return. */
const control = /[^\P{Cc}\t\n\r]/gu;

const cleanText = (text: string): string =>
  text.replaceAll(sequence, "").replaceAll(/\r+/g, "\r").replaceAll(control, "\uFFFD");

/** Before a control sequence that has begun at the end, or else at the end. */
function cutPlace(line: string): number {
  const at = line.lastIndexOf(escape);
  return at > line.length - sequenceCharsMax ? at : line.length;
}

interface Spill {
  readonly write: (text: string) => void;
  /** From now on there is a file, also for what was held until now. */
  readonly open: () => void;
  readonly close: () => void;
  readonly path: () => string | null;
  /** For the model; null as long as there was no need for a file. */
  readonly where: () => string | null;
}

function createSpill(file: string, bytesMax: number): Spill {
  let held: string | null = "";
  let descriptor: number | null = null;
  let bytes = 0;
  let trouble: string | null = null;
  /** Synchronous on purpose: a program that prints faster than the disk writes is slowed, not buffered. */
  const put = (text: string): void => {
    if (trouble !== null) return;
    try {
      descriptor ??= openSync(file, "w", 0o600);
      const chunk = Buffer.from(text);
      const count = writeSync(descriptor, chunk, 0, Math.min(chunk.length, bytesMax - bytes));
      bytes += count;
      if (count < chunk.length) trouble = bytes < bytesMax ? "the disk is full" : "that is the limit";
    } catch (error) {
      trouble = messageOf(error);
    }
  };
  const open = (): void => {
    const text = held;
    held = null;
    if (text !== null) put(text);
  };
  return {
    write(text) {
      if (held === null) return put(text);
      held += text;
    },
    open,
    close: () => void (descriptor !== null && closeSync(descriptor)),
    path: () => (bytes > 0 ? file : null),
    where() {
      if (held !== null) return null;
      if (trouble === null) return `complete output: ${file}`;
      return `the first ${bytes} bytes are in ${file}, the rest was not kept: ${trouble}`;
    },
  };
}
