/** A broken journal is taken apart so that the loop can go on, and nothing of it is thrown away. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { openJournal, readJournal } from "../../../src/adapters/state/journal-file.ts";
import { repairJournal } from "../../../src/adapters/state/journal-repair.ts";
import { emptyState } from "../../../src/core/state.ts";
import { makeFolder } from "../../support/repository.ts";

const folder = makeFolder("repair");
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = join(folder, "journal.jsonl");
const now = new Date("2026-11-20T22:00:03Z");
const aside = "journal.broken-2026-11-20T22-00-03.000Z.jsonl";

/** Five lines with a snapshot after the last one, and each of `broken` with a letter changed. */
function writeBroken(...broken: readonly number[]): string {
  for (const name of readdirSync(folder)) rmSync(join(folder, name));
  using journal = openJournal(file, { snapshotEveryBytes: 0 });
  for (let i = 1; i <= 5; i += 1) journal.append(i, { type: "attempts-found", found: [] });
  journal.offer(5, emptyState);
  const lines = readFileSync(file, "utf8").split("\n");
  const text = lines
    .map((line, at) => (broken.includes(at + 1) ? line.replace("found", "fount") : line))
    .join("\n");
  writeFileSync(file, text);
  return text;
}

it.each([1, 2, 4])(
  "keeps what stands before broken line %i and sets the rest aside, byte by byte",
  (line) => {
    const text = writeBroken(line);
    expect(() => openJournal(file)).toThrow(`${file}:${line}: the journal is broken`);
    expect(repairJournal(file, now)).toEqual({
      kept: line - 1,
      asideFile: join(folder, aside),
      asideLines: 6 - line,
    });
    expect(readdirSync(folder).toSorted()).toEqual([aside, "journal.jsonl"]);
    expect(readFileSync(file, "utf8") + readFileSync(join(folder, aside), "utf8")).toBe(text);
    using journal = openJournal(file);
    journal.append(9, { type: "attempts-found", found: [] });
    expect(readJournal(file).map(({ seq }) => seq)).toEqual(Array.from({ length: line }, (_, i) => i + 1));
  },
);

it("keeps no line after a broken one, however many are broken", () => {
  writeBroken(2, 4);
  expect(repairJournal(file, now)).toMatchObject({ kept: 1, asideLines: 4 });
});

it("touches neither a whole journal, nor a torn one, nor one that is not there", () => {
  const whole = writeBroken();
  expect(repairJournal(file, now)).toBeNull();
  writeFileSync(file, whole.slice(0, -7));
  expect(repairJournal(file, now)).toBeNull();
  expect(readFileSync(file, "utf8")).toBe(whole.slice(0, -7));
  expect(readdirSync(folder).toSorted()).toEqual(["journal.jsonl", "snapshot.json"]);
  expect(repairJournal(join(folder, "none", "journal.jsonl"), now)).toBeNull();
});

it("leaves a journal of a newer version to that version", () => {
  const newer = `${writeBroken()}{"v":2}\n`;
  writeFileSync(file, newer);
  expect(() => repairJournal(file, now)).toThrow("was written by a newer ralphwright (format 2)");
  expect(readFileSync(file, "utf8")).toBe(newer);
});
