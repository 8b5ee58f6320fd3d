/** Time as the machine tells it. */
import { setTimeout } from "node:timers/promises";
import type { Clock } from "../ports.ts";

const timerMsMax = 2 ** 31 - 1;

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  today: () => new Date().toISOString().slice(0, 10),
  async sleep(ms, signal) {
    await setTimeout(Math.min(Math.max(0, ms), timerMsMax), undefined, { signal }).catch(() => {});
  },
};
