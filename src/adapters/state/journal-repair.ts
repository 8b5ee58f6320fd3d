/** Takes a broken journal apart: the whole lines before the broken one stay, the rest is set aside. */
import { closeSync, fsyncSync, ftruncateSync, openSync, readFileSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { flushFolder, writeDurably } from "../durable-file.ts";
import { readHistory, refuseBroken, snapshotOf } from "./journal-reader.ts";

export interface JournalRepair {
  /** Lines that stay. */
  readonly kept: number;
  /** The file with the rest, and how many lines it has. */
  readonly asideFile: string;
  readonly asideLines: number;
}

/**
 * Nobody may be writing it. Null when there is nothing to repair: a half-written last line is cut off by the next run.
 * @throws RalphError `journal-corrupt` for a journal of a newer version.
 */
export function repairJournal(file: string, now: Date): JournalRepair | null {
  const { trouble, bytes, seq } = readHistory(file);
  if (trouble?.kind !== "corrupt") {
    refuseBroken(file, trouble);
    return null;
  }
  const time = now.toISOString().replaceAll(":", "-");
  const asideFile = join(dirname(file), basename(file).replace(/\.jsonl$/, `.broken-${time}.jsonl`));
  const aside = readFileSync(file).subarray(bytes);
  // First of all the rest is safe; only then anything is taken away.
  writeDurably(asideFile, aside);
  rmSync(snapshotOf(file), { force: true });
  cut(file, bytes);
  flushFolder(dirname(file));
  return { kept: seq, asideFile, asideLines: aside.toString("latin1").trimEnd().split("\n").length };
}

function cut(file: string, bytes: number): void {
  const descriptor = openSync(file, "r+");
  try {
    ftruncateSync(descriptor, bytes);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
