/** A long journal is read by its snapshot, and nothing that happens to either gives another state than it should. */
import assert, { deepStrictEqual } from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, expect, it } from "vitest";
import { openJournal, readJournal } from "../../../src/adapters/state/journal-file.ts";
import { readHistory, readRuns, readState, snapshotOf } from "../../../src/adapters/state/journal-reader.ts";
import { replay } from "../../../src/core/replay.ts";
import { emptyState, type LoopState } from "../../../src/core/state.ts";
import { RalphError } from "../../../src/errors.ts";
import { drive, type Scenario, scenarios } from "../../core/driver.ts";
import { makeFolder } from "../../support/repository.ts";

// Thousands of flushes: in memory they cost nothing.
const folder = makeFolder("history", existsSync("/dev/shm") ? "/dev/shm" : undefined);
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = join(folder, "journal.jsonl");

/** A history in the file, with a snapshot that was offered after so many records. Returns the state after each record. */
function write(scenario: Scenario, offered: number): readonly LoopState[] {
  for (const name of readdirSync(folder)) rmSync(join(folder, name));
  using journal = openJournal(file, { snapshotEveryBytes: 0 });
  const states = [emptyState];
  for (const { event, nowMs } of drive(structuredClone(scenario))) {
    const { seq } = journal.append(nowMs, event);
    states.push(replay([{ event, atMs: nowMs }], states.at(-1)));
    if (seq === offered) journal.offer(seq, states.at(-1) ?? emptyState);
  }
  return states;
}

const histories = fc.tuple(
  scenarios.map((scenario) => ({ ...scenario, dice: scenario.dice.slice(0, 100) })),
  fc.integer({ min: 1, max: 40 }),
);

it("reads only what stands after the snapshot, and comes to the same state", () => {
  let skipped = 0;
  fc.assert(
    fc.property(histories, ([scenario, offered]) => {
      const states = write(scenario, offered);
      const history = readHistory(file);
      deepStrictEqual(history.state, states.at(-1));
      expect(history.bytes).toBe(statSync(file).size);
      expect(history.trouble).toBeNull();
      if (history.bytesSkipped > 0) skipped += 1;
    }),
    { numRuns: 100 },
  );
  expect(skipped).toBeGreaterThan(50);
});

function isRefused(open: (journal: string) => unknown): boolean {
  try {
    open(file);
    return false;
  } catch (error) {
    return error instanceof RalphError && error.code === "journal-corrupt";
  }
}

it("gives the state of a beginning of the journal or none, whatever bits of it are flipped", () => {
  let [refused, cut] = [0, 0];
  fc.assert(
    fc.property(
      histories,
      fc.array(fc.nat(), { minLength: 1, maxLength: 3 }),
      ([scenario, offered], places) => {
        const states = write(scenario, offered);
        const bytes = readFileSync(file);
        for (const place of places) {
          const bit = place % (bytes.length * 8);
          bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        }
        writeFileSync(file, bytes);
        const { state, seq, trouble } = readHistory(file);
        deepStrictEqual(state, states[seq]);
        assert(trouble !== null || seq === states.length - 1, "without trouble nothing is missing");
        const isBroken = trouble !== null && trouble.kind !== "torn-tail";
        if (isBroken) refused += 1;
        if (trouble?.kind === "torn-tail") cut += 1;
        expect([readState, openJournal].map(isRefused)).toEqual([isBroken, isBroken]);
      },
    ),
    { numRuns: 300 },
  );
  expect(refused).toBeGreaterThan(100);
  expect(cut).toBeGreaterThan(0);
});

it("needs no snapshot: one that is damaged, cut, empty, gone or of another journal changes nothing", () => {
  fc.assert(
    fc.property(histories, fc.nat(), ([scenario, offered], place) => {
      const states = write(scenario, offered);
      const snapshot = snapshotOf(file);
      if (!existsSync(snapshot)) return;
      const bytes = readFileSync(snapshot);
      const flipped = Buffer.from(bytes);
      flipped[place % bytes.length] = (flipped[place % bytes.length] ?? 0) ^ 1;
      for (const content of [flipped, bytes.subarray(0, place % bytes.length), null]) {
        if (content === null) rmSync(snapshot);
        else writeFileSync(snapshot, content);
        expect(readHistory(file).bytesSkipped).toBe(0);
        deepStrictEqual(readState(file), states.at(-1));
      }
      // The journal begins anew, and is longer than the old snapshot says.
      writeFileSync(snapshot, bytes);
      const journal = readFileSync(file, "utf8");
      writeFileSync(file, journal.replace(/^[^\n]*\n/, "").repeat(2));
      expect(readHistory(file).bytesSkipped).toBe(0);
      rmSync(file);
      expect(readState(file)).toEqual(emptyState);
    }),
    { numRuns: 50 },
  );
});

it("writes a snapshot only of the newest record, only when enough was appended, and leaves nothing beside it", () => {
  for (const name of readdirSync(folder)) rmSync(join(folder, name));
  using journal = openJournal(file, { snapshotEveryBytes: 300 });
  const found = { type: "attempts-found", found: [] } as const;
  journal.offer(journal.append(1, found).seq, emptyState);
  expect(readdirSync(folder)).toEqual(["journal.jsonl"]);
  while (statSync(file).size < 300) journal.append(1, found);
  const newest = journal.append(1, found).seq;
  journal.offer(newest - 1, emptyState);
  expect(readdirSync(folder)).toEqual(["journal.jsonl"]);
  journal.offer(newest, emptyState);
  expect(readdirSync(folder)).toEqual(["journal.jsonl", "snapshot.json"]);
  expect(readHistory(file)).toMatchObject({ seq: newest, bytesSkipped: statSync(file).size });
  expect(statSync(snapshotOf(file)).mode & 0o077).toBe(0);
});

it("finds the runs of a journal as a reader of every line would", () => {
  fc.assert(
    fc.property(histories, fc.boolean(), ([scenario, offered], isTorn) => {
      write(scenario, offered);
      if (isTorn) writeFileSync(file, readFileSync(file).subarray(0, -3));
      const all = readJournal(file);
      const runs = readRuns(file);
      expect(all).toEqual(expect.arrayContaining([...runs]));
      const wanted = all.filter(({ event }) => event.type === "run-started" || event.type === "run-ended");
      expect(runs).toEqual(expect.arrayContaining([...wanted, ...all.slice(-1)]));
      expect(runs.map(({ seq }) => seq)).toEqual(runs.map(({ seq }) => seq).toSorted((a, b) => a - b));
      expect(new Set(runs.map(({ seq }) => seq)).size).toBe(runs.length);
    }),
    { numRuns: 100 },
  );
  rmSync(file, { force: true });
  expect(readRuns(file)).toEqual([]);
});
