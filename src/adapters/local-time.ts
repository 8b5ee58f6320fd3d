/** Time as the local calendar and clock show it, with their summer and winter times. */
import type { TimeWindow } from "../core/config.ts";

/** `2026-11-20` */
export function localDay(date: Date): string {
  return `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
}

const pad = (value: number): string => String(value).padStart(2, "0");

const minuteMs = 60_000;
/** A window may lie in an hour that the clock leaves out, and then opens a day later. */
const minutesMax = 3 * 24 * 60;

/**
 * When the next window opens, null while one is open or none is named: the first minute at which the local clock shows a time
 * within one. It is looked for minute by minute, so that a clock that is put forward or back needs no rule of its own.
 */
export function nextWindowMs(windows: readonly TimeWindow[], nowMs: number): number | null {
  if (windows.length === 0 || isWithin(windows, nowMs)) return null;
  const thisMinute = Math.floor(nowMs / minuteMs);
  for (let ahead = 1; ahead < minutesMax; ahead += 1) {
    const ms = (thisMinute + ahead) * minuteMs;
    if (isWithin(windows, ms)) return ms;
  }
  return nowMs + minutesMax * minuteMs;
}

function isWithin(windows: readonly TimeWindow[], ms: number): boolean {
  const date = new Date(ms);
  const minute = date.getHours() * 60 + date.getMinutes();
  return windows.some(({ fromMinute, toMinute }) =>
    fromMinute < toMinute
      ? fromMinute <= minute && minute < toMinute
      : minute >= fromMinute || minute < toMinute,
  );
}
