/** Files that are there whole or not at all, whatever the machine does meanwhile. */
import { randomUUID } from "node:crypto";
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";

/** A folder with left-overs of this name had a supervisor killed in it. */
export const partialSuffix = ".partial";

/** Beside it, flushed, then renamed. @throws Error of the system; then the file is as it was, and nothing lies beside it. */
export function writeDurably(file: string, content: string | Uint8Array): void {
  const partial = `${file}.${randomUUID()}${partialSuffix}`;
  try {
    writeFlushed(partial, content);
    renameSync(partial, file);
  } catch (error) {
    rmSync(partial, { force: true });
    throw error;
  }
  flushFolder(dirname(file));
}

/** A new file is durable only when the folder's entry for it is. */
export function flushFolder(folder: string): void {
  const descriptor = openSync(folder, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function writeFlushed(file: string, content: string | Uint8Array): void {
  const bytes = Buffer.from(content);
  const descriptor = openSync(file, "wx", 0o600);
  try {
    // A write may take a part and say nothing of it.
    for (let done = 0; done < bytes.length;) done += writeSync(descriptor, bytes, done);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
