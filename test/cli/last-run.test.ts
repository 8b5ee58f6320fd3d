import { stripVTControlCharacters } from "node:util";
import { describe, expect, it } from "vitest";
import { describeRunEnd, findRunEnd } from "../../src/cli/last-run.ts";
import { sandboxText } from "../../src/cli/status.ts";
import type { LoopEvent } from "../../src/core/message.ts";
import type { JournalRecord } from "../../src/ports.ts";

const limits = { failuresInARowMax: 5 };
const started = (run: string): LoopEvent => ({ type: "run-started", run, limits });
const found: LoopEvent = { type: "attempts-found", found: [] };
const ended: LoopEvent = { type: "run-ended", outcome: { kind: "breaker", reason: "the baseline is red" } };

/** One event a second. */
const journal = (...events: readonly LoopEvent[]): readonly JournalRecord[] =>
  events.map((event, at) => ({ seq: at + 1, atMs: at * 1000, event }));

const told = (records: readonly JournalRecord[], run: string | null, isAlive: boolean): string => {
  const end = findRunEnd(records, run, isAlive);
  return end === null ? "unknown" : `${end.run} at ${end.at.slice(17, 19)}: ${describeRunEnd(end)}`;
};

describe("The last run", () => {
  it("is none in an empty journal", () => {
    expect(told([], null, false)).toBe("unknown");
  });

  it("is told by its own end, and so is an earlier one that is asked for", () => {
    const records = journal(started("a"), found, ended, started("b"), {
      type: "run-ended",
      outcome: { kind: "drained" },
    });
    expect(told(records, null, false)).toBe("b at 04: the queue is drained: nothing is left to do");
    expect(told(records, "a", false)).toBe("a at 02: stopped by the breaker: the baseline is red");
    expect(told(records, "c", false)).toBe("unknown");
  });

  it("is running while a supervisor lives, and was killed when none does", () => {
    const records = journal(started("a"), ended, started("b"), found);
    expect(told(records, null, true)).toBe("b at 03: it is still running");
    expect(told(records, null, false)).toMatch(/^b at 03: it was killed/);
  });

  it("was killed, too, when only a later run is alive", () => {
    const records = journal(started("a"), found, started("b"), found);
    expect(told(records, "a", true)).toMatch(/^a at 01: it was killed/);
  });
});

it("has the sandbox of what runs now, else of the last run, and says where the next one differs", () => {
  const text = (state: "ended" | "running", level: string, mode: "auto" | "required" | "off"): string =>
    stripVTControlCharacters(sandboxText({ state, sandbox: level }, { sandbox: { mode } }));
  expect([
    text("running", "bubblewrap", "auto"),
    text("ended", "bubblewrap", "auto"),
    text("ended", "bubblewrap", "off"),
    text("ended", "off", "off"),
    text("running", "off", "required"),
    text("ended", "off", "required"),
  ]).toEqual([
    "bubblewrap",
    "bubblewrap, in the last run",
    "bubblewrap, in the last run; now OFF: agents and gates run with your rights",
    "OFF: agents and gates run with your rights",
    "OFF: agents and gates run with your rights",
    "off, in the last run; now required, found when a run starts",
  ]);
});
