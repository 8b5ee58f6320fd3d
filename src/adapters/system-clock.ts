/** Time as the machine tells it. */
import { setTimeout } from "node:timers/promises";
import type { Clock } from "../ports.ts";
import { runningClock } from "../running-clock.ts";
import { localDay, nextWindowMs } from "./local-time.ts";

/** A date is looked at again so often: the wall clock may be set while somebody waits, and the machine may sleep. */
const lookAgainMs = 60_000;

export const systemClock: Clock = createSystemClock(lookAgainMs);

export function createSystemClock(sleepMsMax: number): Clock {
  return {
    nowMs: () => Date.now(),
    runningMs: runningClock.nowMs,
    today: () => new Date().toISOString().slice(0, 10),
    localDay: () => localDay(new Date()),
    nextWindowMs: (windows) => nextWindowMs(windows, Date.now()),
    async sleep(ms, signal) {
      await setTimeout(Math.min(Math.max(0, ms), sleepMsMax), undefined, { signal }).catch(() => {});
    },
  };
}
