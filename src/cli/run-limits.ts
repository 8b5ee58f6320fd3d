/** The limits of a run, with local times of day as moments. */
import type { Config } from "../core/config.ts";
import type { RunLimits } from "../core/message.ts";

export function runLimits({ limits }: Config, now: Date): RunLimits {
  const { until, ...run } = limits.run;
  return { ...run, day: limits.day, untilMs: until === null ? null : nextTimeOfDay(until, now) };
}

/** No time ends a daemon. */
export const daemonLimits = (config: Config): RunLimits => ({
  ...runLimits(config, new Date()),
  untilMs: null,
  wallMsMax: null,
});

/** The next moment at which the local clock shows `HH:MM`. */
function nextTimeOfDay(time: string, now: Date): number {
  const [hours = 0, minutes = 0] = time.split(":").map(Number);
  const next = new Date(now);
  next.setHours(hours, minutes, 0, 0);
  if (next <= now) next.setDate(next.getDate() + 1);
  return next.getTime();
}
