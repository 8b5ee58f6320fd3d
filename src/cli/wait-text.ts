/** What a run waits for, in words for people: why, until when on the local clock, and how long that is. */
import type { WaitView } from "../core/report.ts";
import { localTime } from "./print.ts";

/** One sentence without a full stop. */
export function waitText({ kind, agent, reason, untilMs }: WaitView, nowMs: number): string {
  if (kind === "window")
    return `outside limits.window: nothing new starts before ${momentText(untilMs, nowMs)}`;
  const who = agent === "second" ? "the second agent" : "the agent";
  const what = kind === "limit" ? "a usage limit" : "its model, which does not answer";
  if (untilMs <= nowMs) return `${who} waited for ${what}; one attempt asks first: ${reason}`;
  return `${who} waits for ${what}, until ${momentText(untilMs, nowMs)}: ${reason}`;
}

/** The end of a run's time, always with its day: a time of day that was just missed is tomorrow's. */
export function untilText(ms: number, nowMs: number): string {
  const ahead = ms > nowMs ? ` (in ${spanText(ms - nowMs)})` : "";
  return `${localTime(ms).slice(0, 16)}${ahead}: nothing new starts after that`;
}

/** Those that hold anything up now. */
export const openWaits = (waits: readonly WaitView[], nowMs: number): readonly WaitView[] =>
  waits.filter(({ kind, untilMs }) => kind !== "window" || untilMs > nowMs);

/** `03:00 (in 47 min)`; with the day where it is another one. */
function momentText(ms: number, nowMs: number): string {
  const [day = "", time = ""] = localTime(ms).split(" ");
  const clock = time.slice(0, 5);
  const isToday = localTime(nowMs).startsWith(day);
  return `${isToday ? clock : `${day} ${clock}`} (in ${spanText(ms - nowMs)})`;
}

function spanText(ms: number): string {
  const minutes = Math.ceil(ms / 60_000);
  if (minutes < 60) return `${minutes} min`;
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
  return rest === 0 ? `${hours} h` : `${hours} h ${rest} min`;
}
