/** How long to wait before something is tried again. */
import type { Failure } from "./message.ts";

const firstDelayMs = 2_000;
const delayMsMax = 5 * 60_000;

/** The date itself, or 0 where it is further away than any delay: then the clock was set back since. */
export const retryDateMs = (notBeforeMs: number, nowMs: number): number =>
  notBeforeMs - nowMs > delayMsMax ? 0 : notBeforeMs;

/** For a task whose agent broke down: doubling with each in a row; a rejected change waits for nothing. */
export function retryDelayMs(failures: readonly Failure[]): number {
  let brokenInARow = 0;
  for (const failure of failures.toReversed()) {
    if (failure.kind !== "crashed" && failure.kind !== "stalled") break;
    brokenInARow += 1;
  }
  return brokenInARow === 0 ? 0 : Math.min(firstDelayMs * 2 ** (brokenInARow - 1), delayMsMax);
}

const firstBackoffMs = 30_000;
const backoffCeilingMs = 30 * 60_000;

/** For a model that does not answer: the longest wait after so many tries in a row. */
export const backoffMsMax = (tries: number): number =>
  Math.min(backoffCeilingMs, firstBackoffMs * 2 ** Math.min(tries - 1, 16));

/** A number from 0 to 1 that looks like chance and follows from the text: FNV-1a, mixed once more. */
export function spread(text: string): number {
  let hash = 0x811c9dc5;
  for (const char of text) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x45d9f3b);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}
