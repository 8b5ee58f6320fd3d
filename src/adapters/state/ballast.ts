/** A file that is only there to be deleted: when the disk is full, its room is enough to end the run in order. */
import { randomFillSync } from "node:crypto";
import { rmSync } from "node:fs";
import { open, rename, rm, stat } from "node:fs/promises";
import { partialSuffix } from "../durable-file.ts";

export interface Ballast {
  /** Makes the file where it is missing and the disk has room for it. Never throws: without it nothing else is worse. */
  make(): Promise<void>;
  /** Makes its room free. False when there was none. */
  drop(): boolean;
  /** True once, after it was dropped. */
  takeDrop(): boolean;
}

export const ballastBytes = 16 * 2 ** 20;

/** `freeBytes`: how much is free where the file is. */
export function createBallast(file: string, freeBytes: () => number): Ballast {
  let isDropped = false;
  let isTaken = false;
  return {
    async make() {
      try {
        const found = await stat(file).catch(() => null);
        if (found?.size === ballastBytes || freeBytes() < 4 * ballastBytes) return;
        await fill(`${file}${partialSuffix}`);
        // Meanwhile the disk may have become full: then it is not wanted any more.
        if (isDropped) await rm(`${file}${partialSuffix}`, { force: true });
        else await rename(`${file}${partialSuffix}`, file);
      } catch {
        await rm(`${file}${partialSuffix}`, { force: true }).catch(() => {});
      }
    },
    drop() {
      if (isDropped) return false;
      isDropped = true;
      rmSync(`${file}${partialSuffix}`, { force: true });
      rmSync(file, { force: true });
      return true;
    },
    takeDrop() {
      const wasDropped = isDropped && !isTaken;
      isTaken ||= wasDropped;
      return wasDropped;
    },
  };
}

/** Noise: a file system that compresses, or keeps no zeros, would allocate nothing for anything else; nor for equal blocks. */
async function fill(file: string): Promise<void> {
  const piece = randomFillSync(Buffer.allocUnsafe(2 ** 20));
  await using handle = await open(file, "w", 0o600);
  for (let done = 0; done < ballastBytes; done += piece.length) {
    for (let at = 0; at < piece.length; at += 4_096) piece.writeUInt32LE(done + at, at);
    await handle.writeFile(piece);
  }
}
