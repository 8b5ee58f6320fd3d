/** Room on disk: when nothing starts any more, and when everything stops. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { diskAlarm, diskStop } from "../../src/core/disk.ts";
import { decideNext, diskLookMs, type NextContext } from "../../src/core/next.ts";
import { emptyState } from "../../src/core/state.ts";
import { transition } from "../../src/core/transition.ts";
import { drive, noRunLimits, scenarios, taskOf } from "./driver.ts";

const mib = 2 ** 20;
const floor = { freeBytesMin: 100 * mib };
const room = (freeBytes: number, freeInodes: number | null = null) => [
  { place: "/state", freeBytes, freeInodes },
];

describe("The floor", () => {
  it.each([
    [100 * mib, null, false, false],
    [100 * mib - 1, null, true, false],
    [50 * mib, null, true, false],
    [50 * mib - 1, null, true, true],
    [100 * mib, 10_000, false, false],
    [100 * mib, 9_999, true, false],
    [100 * mib, 4_999, true, true],
  ])(
    "at %i free bytes and %s free inodes: nothing starts %s, all stops %s",
    (bytes, inodes, stops, alarms) => {
      expect(diskStop(room(bytes, inodes), floor) !== null).toBe(stops);
      expect(diskAlarm(room(bytes, inodes), floor) !== null).toBe(alarms);
    },
  );

  it("holds for every place, and says which one and how much", () => {
    const rooms = [...room(200 * mib), { place: "/repository", freeBytes: 7 * mib, freeInodes: null }];
    expect(diskStop(rooms, floor)).toEqual({
      kind: "breaker",
      reason: "only 7 MiB are free at /repository, and limits.disk.free asks for 100 MiB",
    });
    expect(diskStop(room(200 * mib, 3), floor)).toEqual({
      kind: "breaker",
      reason: "only 3 more files fit at /state, and 10000 must",
    });
  });
});

/** Every state that a random history reaches, with the queue as it was. */
const moments = scenarios.chain((scenario) =>
  fc.nat().map((at) => {
    const entries = drive(scenario);
    const { after, tasks, inReview } = entries[at % entries.length] ??
      entries[0] ?? { after: emptyState, tasks: [] };
    return { state: after, queue: { tasks, problems: [], ...(inReview && { inReview }) } };
  }),
);
const context = (disk: NonNullable<NextContext["disk"]> | null): NextContext => ({
  nowMs: 9e6,
  day: "1970-01-01",
  opensAtMs: null,
  hasSecond: false,
  concurrency: 4,
  disk,
});

describe("In any state", () => {
  it("starts nothing below the floor", () => {
    fc.assert(
      fc.property(moments, fc.boolean(), ({ state, queue }, isAwaited) => {
        const next = decideNext(state, queue, context({ rooms: room(60 * mib), floor, isAwaited }));
        expect(next.kind).not.toBe("start");
        expect(next.kind === "stop" && next.how === "now").toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  it("stops everything that runs below half of the floor, once", () => {
    let stopped = 0;
    fc.assert(
      fc.property(moments, ({ state, queue }) => {
        const next = decideNext(state, queue, context({ rooms: room(0), floor }));
        const isStopped = next.kind === "stop" && next.how === "now";
        expect(isStopped).toBe(state.attempts.size > 0 && state.stopping?.how !== "now");
        if (next.kind !== "stop" || !isStopped) return;
        stopped += 1;
        const [after] = transition(
          state,
          { type: "stop-requested", how: "now", outcome: next.outcome },
          { nowMs: 9e6 },
        );
        expect(decideNext(after, queue, context({ rooms: room(0), floor })).kind).toBe("wait");
      }),
      { numRuns: 500 },
    );
    expect(stopped).toBeGreaterThan(50);
  });

  it("decides as ever where there is room", () => {
    fc.assert(
      fc.property(moments, ({ state, queue }) => {
        const plenty = context({ rooms: room(100 * mib, 10_000), floor });
        expect(decideNext(state, queue, plenty)).toEqual(decideNext(state, queue, context(null)));
      }),
      { numRuns: 200 },
    );
  });
});

it("waits for room, and looks again soon, where nobody would start it again", () => {
  const started = { type: "run-started", run: "run", limits: noRunLimits } as const;
  const [state] = transition(emptyState, started, { nowMs: 1 });
  const full = (isAwaited: boolean) => context({ rooms: room(1), floor, isAwaited });
  const queue = { tasks: [taskOf("one")], problems: [] };
  expect(decideNext(state, queue, full(true))).toEqual({ kind: "wait", untilMs: 9e6 + diskLookMs });
  expect(decideNext(state, queue, full(false))).toMatchObject({ kind: "stop", how: "drain" });
});
