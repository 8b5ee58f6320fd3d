/** Time as the machine tells it. */
import { setTimeout } from "node:timers/promises";
import type { Clock } from "../ports.ts";
import { localDay } from "./local-time.ts";

const timerMsMax = 2 ** 31 - 1;

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  today: () => new Date().toISOString().slice(0, 10),
  localDay: () => localDay(new Date()),
  async sleep(ms, signal) {
    await setTimeout(Math.min(Math.max(0, ms), timerMsMax), undefined, { signal }).catch(() => {});
  },
};
