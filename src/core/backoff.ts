/** Delay before a task whose agent broke down is tried again; a rejected change waits for nothing. */
import type { Failure } from "./message.ts";

const firstDelayMs = 2_000;
const delayMsMax = 5 * 60_000;

/** The date itself, or 0 where it is further away than any delay: then the clock was set back since. */
export const retryDateMs = (notBeforeMs: number, nowMs: number): number =>
  notBeforeMs - nowMs > delayMsMax ? 0 : notBeforeMs;

/** Milliseconds to wait, doubling with each break-down in a row, at most five minutes. */
export function retryDelayMs(failures: readonly Failure[]): number {
  let brokenInARow = 0;
  for (const failure of failures.toReversed()) {
    if (failure.kind !== "crashed" && failure.kind !== "stalled") break;
    brokenInARow += 1;
  }
  return brokenInARow === 0 ? 0 : Math.min(firstDelayMs * 2 ** (brokenInARow - 1), delayMsMax);
}
