import * as fc from "fast-check";
import { expect, it } from "vitest";
import { formatDuration, parseDuration } from "../../src/formats/duration.ts";

it("reads hours, minutes, seconds and milliseconds", () => {
  expect(["2h", "45m", "90s", "500ms"].map(parseDuration)).toEqual([7_200_000, 2_700_000, 90_000, 500]);
});

it("refuses what is no duration, nothing, or longer than a timer can wait", () => {
  const wrong = ["", "45", "m", "1.5h", "-1m", "45 m", "45M", "0s", "577h", "99999999999999999999h"];
  expect(wrong.map(parseDuration)).toEqual(wrong.map(() => null));
  expect(parseDuration("576h")).toBeLessThan(2 ** 31);
});

it("writes whole milliseconds so that they read back as they were", () => {
  expect([2_700_000, 90_000, 1500, 7_200_000].map(formatDuration)).toEqual(["45m", "90s", "1500ms", "2h"]);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2_000_000_000 }), (ms) => {
      expect(parseDuration(formatDuration(ms))).toBe(ms);
    }),
  );
});
