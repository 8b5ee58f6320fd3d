/** What a run waits for, as people read it. */
import { expect, it } from "vitest";
import { openWaits, untilText, waitText } from "../../src/cli/wait-text.ts";
import type { WaitView } from "../../src/core/report.ts";

const nowMs = new Date(2026, 10, 20, 22, 13, 0).getTime();
const minuteMs = 60_000;
const limit: WaitView = {
  kind: "limit",
  agent: "main",
  reason: "5-hour limit",
  sinceMs: nowMs,
  untilMs: nowMs + 47 * minuteMs,
};

it("A wait says why, until when on the local clock, and how long that is", () => {
  expect(waitText(limit, nowMs)).toBe(
    "the agent waits for a usage limit, until 23:00 (in 47 min): 5-hour limit",
  );
  expect(waitText({ ...limit, kind: "outage", agent: "second", untilMs: nowMs + 1 }, nowMs)).toBe(
    "the second agent waits for its model, which does not answer, until 22:13 (in 1 min): 5-hour limit",
  );
  expect(waitText({ ...limit, untilMs: nowMs + 200 * minuteMs }, nowMs)).toBe(
    "the agent waits for a usage limit, until 2026-11-21 01:33 (in 3 h 20 min): 5-hour limit",
  );
  expect(waitText({ ...limit, kind: "window", agent: null }, nowMs)).toBe(
    "outside limits.window: nothing new starts before 23:00 (in 47 min)",
  );
});

it("The end of a run's time is told with its day, and how long that is as long as it lies ahead", () => {
  const after = "nothing new starts after that";
  expect(untilText(nowMs - minuteMs + 24 * 60 * minuteMs, nowMs)).toBe(
    `2026-11-21 22:12 (in 23 h 59 min): ${after}`,
  );
  expect(untilText(nowMs - minuteMs, nowMs)).toBe(`2026-11-20 22:12: ${after}`);
});

it("A wait that is over says that one attempt asks first; a window that is open says nothing", () => {
  const over = { ...limit, untilMs: nowMs };
  expect(waitText(over, nowMs)).toContain("one attempt asks first");
  expect(openWaits([over, { ...over, kind: "window" }], nowMs)).toEqual([over]);
});
