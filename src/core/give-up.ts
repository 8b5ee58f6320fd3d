/** When a task is given up before its attempts are used up, and the reason that people read in its file. */
import type { FailedAttempt, Failure } from "./message.ts";

const strikesMax = 2;
/** Nothing changed, or nothing but what was rejected before: trees are remembered, so going to and fro is seen too. */
const standsStill: ReadonlySet<Failure["kind"]> = new Set(["empty", "no-progress"]);

/** Attempt after attempt without anything new: a further one would cost the same and bring the same. */
export function isStuck(failures: readonly FailedAttempt[]): boolean {
  const last = failures.slice(-strikesMax);
  return last.length === strikesMax && last.every(({ kind }) => standsStill.has(kind));
}

/** One sentence without a full stop. */
export function giveUpReason(failures: readonly FailedAttempt[]): string | null {
  const reason = failures.at(-1)?.reason ?? null;
  return reason !== null && isStuck(failures)
    ? `${strikesMax} attempts in a row brought nothing new: ${reason}`
    : reason;
}
