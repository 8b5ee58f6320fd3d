/** What a process group prints: kept head and tail, whole in a log file, by line for whoever listens; no secrets. */
import { closeSync, openSync, writeSync } from "node:fs";
import { StringDecoder } from "node:string_decoder";
import type { Readable } from "node:stream";
import { createBoundedText, createLineSplitter } from "./bounded-text.ts";
import { redactor } from "../redact.ts";

type OnLine = (line: string | { readonly tooLong: number }) => void;

export interface GroupOutput {
  /** Listens to a stream from now on; `onLine` hears its lines without their line feed. */
  readonly listen: (stream: Readable, onLine: OnLine | null) => void;
  readonly text: () => string;
  /** Writes what was held back and closes the log. */
  readonly close: () => void;
}

const lineCharsMax = 1_000_000;
const headCharsMax = 16_000;
const tailCharsMax = 48_000;
const logBytesMax = 64 * 1024 * 1024;

export function collectOutput(logFile: string, onOutput: (bytesPrinted: number) => void): GroupOutput {
  const kept = createBoundedText(headCharsMax, tailCharsMax);
  const log = openLog(logFile);
  let bytesPrinted = 0;
  const endings: (() => void)[] = [];
  const write = (clean: string): void => {
    log.write(Buffer.from(clean));
    kept.push(clean);
  };
  return {
    listen(stream, onLine) {
      const decoder = new StringDecoder("utf8");
      const redaction = redactor.stream();
      const lines = createLineSplitter(lineCharsMax, (line) => onLine?.(line));
      stream.on("data", (chunk: Buffer) => {
        bytesPrinted += chunk.length;
        onOutput(bytesPrinted);
        const text = decoder.write(chunk);
        write(redaction.push(text));
        if (onLine !== null) lines.push(text);
      });
      endings.push(() => {
        lines.end();
        write(redaction.end());
      });
    },
    text: kept.text,
    close() {
      for (const end of endings) end();
      log.close();
    },
  };
}

/** Synchronous on purpose: a program that prints faster than the disk writes is slowed, not buffered. */
function openLog(file: string): { readonly write: (chunk: Buffer) => void; readonly close: () => void } {
  const descriptor = openSync(file, "a", 0o600);
  let bytesLeft = logBytesMax;
  const add = (chunk: Buffer | string): void => {
    try {
      writeSync(descriptor, typeof chunk === "string" ? Buffer.from(chunk) : chunk);
    } catch {
      // A full disk ends the log, not the supervisor; what it decides by is kept in memory.
      bytesLeft = 0;
    }
  };
  return {
    write(chunk) {
      if (bytesLeft <= 0) return;
      bytesLeft -= chunk.length;
      add(bytesLeft < 0 ? chunk.subarray(0, bytesLeft) : chunk);
      if (bytesLeft <= 0) add(`\n[log cut at ${logBytesMax} bytes]\n`);
    },
    close: () => closeSync(descriptor),
  };
}
