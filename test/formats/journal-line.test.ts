import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { commitSha, taskId } from "../../src/core/ids.ts";
import type { LoopEvent } from "../../src/core/message.ts";
import { formatJournalLine, type JournaledEvent, parseJournal } from "../../src/formats/journal-line.ts";

const task = taskId("0042-rate-limiter");
const landed: LoopEvent = {
  type: "task-landed",
  learnings: ["L-0143"],
  commit: commitSha("1f2e3d4c5b"),
  attempt: 2,
  task,
};
const record = (seq: number, event: LoopEvent = landed): JournaledEvent => ({
  seq,
  atMs: 1_795_000_000_000 + seq,
  event,
});
const bytesOf = (...lines: string[]): Uint8Array => new TextEncoder().encode(lines.join(""));
const line = (seq: number): string => formatJournalLine(record(seq));

it("writes one line: version, number, time, type and names first, the checksum last", () => {
  expect(line(7)).toMatchInlineSnapshot(`
    "{"v":1,"seq":7,"at":"2026-11-18T11:06:40.007Z","type":"task-landed","task":"0042-rate-limiter","attempt":2,"commit":"1f2e3d4c5b","learnings":["L-0143"],"crc":"1d601c21"}
    "
  `);
});

const text = fc.string({ unit: "binary" }).map((written) => written.toWellFormed());
const event: fc.Arbitrary<LoopEvent> = fc.oneof(
  fc.constant(landed),
  text.map((reason): LoopEvent => ({ type: "landing-refused", task, attempt: 1, reason })),
  text.map((why): LoopEvent => ({ type: "task-blocked", task, attempt: 3, why, commit: null })),
  fc.constant<LoopEvent>({ type: "run-ended", outcome: { kind: "drained" } }),
  fc.double({ min: 0, max: 1e6, noNaN: true }).map((usd): LoopEvent => {
    const usage = { usd: usd + 0.5, inputTokens: 1, outputTokens: 2, turns: 3 };
    return { type: "agent-stopped", task, attempt: 1, stop: { kind: "finished" }, usage };
  }),
);
const records = fc
  .array(event, { maxLength: 6 })
  .map((events) => events.map((each, index) => record(index + 5, each)));

describe("a journal", () => {
  it("reads back as what was written", () => {
    fc.assert(
      fc.property(records, (all) => {
        const bytes = bytesOf(...all.map(formatJournalLine));
        expect(parseJournal(bytes)).toEqual({ records: all, goodBytes: bytes.length, trouble: null });
      }),
    );
  });

  it("cut off at any byte reads as the records before, and says how much to cut", () => {
    fc.assert(
      fc.property(records, fc.nat(), (all, cut) => {
        const whole = bytesOf(...all.map(formatJournalLine));
        const bytes = whole.slice(0, whole.length === 0 ? 0 : cut % whole.length);
        const read = parseJournal(bytes);
        expect(read.records).toEqual(all.slice(0, read.records.length));
        expect(read.goodBytes).toBe(bytes.lastIndexOf(10) + 1);
        const torn = bytes.length - read.goodBytes;
        expect(read.trouble).toEqual(torn === 0 ? null : { kind: "torn-tail", bytes: torn });
      }),
    );
  });

  it("with any byte changed never reads as something else", () => {
    const whole = bytesOf(line(1), line(2), line(3));
    fc.assert(
      fc.property(fc.nat({ max: whole.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const bytes = Uint8Array.from(whole);
        bytes[at] = (whole[at] ?? 0) ^ flip;
        const read = parseJournal(bytes);
        expect(read.trouble).not.toBeNull();
        expect(read.records).toEqual([record(1), record(2), record(3)].slice(0, read.records.length));
        expect(read.records.length).toBeLessThan(3);
      }),
      { numRuns: 400 },
    );
  });

  it("whose last line is damaged has a torn tail, with its newline or without", () => {
    const bad = line(2).replace("L-0143", "L-0144");
    const trouble = { kind: "torn-tail", bytes: bad.length };
    expect(parseJournal(bytesOf(line(1), bad))).toMatchObject({ goodBytes: line(1).length, trouble });
    expect(parseJournal(bytesOf(line(1), "\u0000\n\u0000\n")).trouble).toEqual({
      kind: "torn-tail",
      bytes: 4,
    });
  });

  it("with a damaged line before good ones is corrupt", () => {
    const bad = line(2).replace("L-0143", "L-0144");
    expect(parseJournal(bytesOf(line(1), bad, line(3)))).toEqual({
      records: [record(1)],
      goodBytes: line(1).length,
      trouble: { kind: "corrupt", line: 2, reason: "the line does not match its checksum" },
    });
  });

  it("with a missing or repeated line is corrupt", () => {
    expect(parseJournal(bytesOf(line(1), line(3))).trouble).toMatchInlineSnapshot(`
      {
        "kind": "corrupt",
        "line": 2,
        "reason": "seq 3 follows 1",
      }
    `);
    expect(parseJournal(bytesOf(line(1), line(1))).trouble).toMatchInlineSnapshot(`
      {
        "kind": "corrupt",
        "line": 2,
        "reason": "seq 1 follows 1",
      }
    `);
  });

  it("with a type that nobody knows is corrupt", () => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what no program of this version writes
    const strange = { type: "toString" } as unknown as LoopEvent;
    expect(parseJournal(bytesOf(formatJournalLine(record(1, strange)))).trouble).toMatchInlineSnapshot(`
      {
        "kind": "corrupt",
        "line": 1,
        "reason": "unknown type "toString"",
      }
    `);
  });

  it("written by a newer version says so, whatever its checksums are", () => {
    const newer = '{"v":2,"seq":2,"sum":"x"}\n';
    expect(parseJournal(bytesOf(line(1), newer, newer))).toEqual({
      records: [record(1)],
      goodBytes: line(1).length,
      trouble: { kind: "newer", version: 2, line: 2 },
    });
  });
});
