/** Room on disk: below the floor nothing starts; below half of it everything stops, so that the run can end in order. */
import type { RunOutcome } from "./message.ts";

/** A place whose file system must have room. */
export interface DiskRoom {
  readonly place: string;
  readonly freeBytes: number;
  /** Null where the file system makes them as it needs them. */
  readonly freeInodes: number | null;
}

export interface DiskFloor {
  readonly freeBytesMin: number;
}

type Stop = Extract<RunOutcome, { kind: "breaker" }>;

/** A workspace of a large project has tens of thousands of files. */
const freeInodesMin = 10_000;

/** Why no attempt may start, or null. `part` of the floor is enough. */
export function diskStop(rooms: readonly DiskRoom[], { freeBytesMin }: DiskFloor, part = 1): Stop | null {
  for (const { place, freeBytes, freeInodes } of rooms) {
    if (freeBytes < freeBytesMin * part) {
      const reason = `only ${mebibytes(freeBytes)} MiB are free at ${place}, and limits.disk.free asks for ${mebibytes(freeBytesMin)} MiB`;
      return { kind: "breaker", reason };
    }
    if (freeInodes !== null && freeInodes < freeInodesMin * part)
      return {
        kind: "breaker",
        reason: `only ${freeInodes} more files fit at ${place}, and ${freeInodesMin} must`,
      };
  }
  return null;
}

/** While agents run. */
export const diskAlarm = (rooms: readonly DiskRoom[], floor: DiskFloor): Stop | null =>
  diskStop(rooms, floor, 0.5);

const mebibytes = (bytes: number): number => Math.floor(bytes / 2 ** 20);
