/** How long a task waits before it is tried again. */
import { expect, it } from "vitest";
import { retryDateMs, retryDelayMs } from "../../src/core/backoff.ts";
import type { Failure } from "../../src/core/message.ts";

const failures = (...kinds: Failure["kind"][]): Failure[] =>
  kinds.map((kind) => ({ kind, reason: `it ${kind}`, evidence: null }));
const crashes = (times: number): Failure[] =>
  failures(...Array.from({ length: times }, () => "crashed" as const));

it("A task that has not failed waits for nothing", () => {
  expect(retryDelayMs([])).toBe(0);
});

it("A rejected change waits for nothing", () => {
  expect(retryDelayMs(failures("crashed", "red"))).toBe(0);
});

it("The delay doubles with each break-down in a row, crash or stall", () => {
  expect([1, 2, 3, 4].map((times) => retryDelayMs(crashes(times)))).toEqual([2_000, 4_000, 8_000, 16_000]);
  expect(retryDelayMs(failures("crashed", "stalled"))).toBe(4_000);
});

it("Only the break-downs since the last other failure count", () => {
  expect(retryDelayMs(failures("crashed", "crashed", "red", "stalled"))).toBe(2_000);
});

it("The delay is at most five minutes, however often the agent breaks down", () => {
  expect(retryDelayMs(crashes(9))).toBe(300_000);
  expect(retryDelayMs(crashes(5_000))).toBe(300_000);
});

it("A date further away than any delay is no date: the clock was set back since", () => {
  const nowMs = 1_000_000_000;
  expect(retryDateMs(nowMs + 300_000, nowMs)).toBe(nowMs + 300_000);
  expect(retryDateMs(nowMs + 300_001, nowMs)).toBe(0);
});
