/** How much room file systems have, as they tell it themselves. */
import { statfsSync } from "node:fs";
import type { DiskRoom } from "../core/disk.ts";
import { RalphError } from "../errors.ts";

/** Of every place; one that cannot be asked has none. */
export const lookAtDisks = (places: readonly string[]): readonly DiskRoom[] => places.map(roomAt);

/** Less than this takes no lease, no journal line and no ballast: nothing could be told of what is done. */
const bytesMin = 2 ** 20;

export const isFull = (place: string): boolean => {
  const { freeBytes, freeInodes } = roomAt(place);
  return freeBytes < bytesMin || freeInodes === 0;
};

/** @throws RalphError `state-not-writable` where the disk is full: nothing could be begun, nor be told. */
export function requireRoom(place: string): void {
  if (!isFull(place)) return;
  const { freeBytes } = roomAt(place);
  const what = freeBytes < bytesMin ? `${freeBytes} bytes are free` : "no more files fit";
  throw new RalphError("state-not-writable", `the disk of the state directory ${place} is full: ${what}`, {
    hint: "Free some space, or set RALPH_STATE_DIR to a directory on another disk. What has landed is in git and safe.",
  });
}

export function roomAt(place: string): DiskRoom {
  try {
    const { bavail, bsize, files, ffree } = statfsSync(place);
    return { place, freeBytes: bavail * bsize, freeInodes: files === 0 ? null : ffree };
  } catch {
    return { place, freeBytes: 0, freeInodes: null };
  }
}
