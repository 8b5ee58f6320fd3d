/** The journal on disk: what is appended is there, what is torn is cut, what is broken is told. */
import { spawnSync } from "node:child_process";
import { appendFileSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { openJournal, readJournal } from "../../../src/adapters/state/journal-file.ts";
import { taskId } from "../../../src/core/ids.ts";
import { replay } from "../../../src/core/replay.ts";
import { makeFolder } from "../../support/repository.ts";

const folder = makeFolder("journal");
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let count = 0;

/** Any number of these may follow each other. */
const event = (attempt: number) =>
  ({ type: "attempts-found", found: [{ task: taskId("t"), attempt }] }) as const;

function writeJournal(records: number): string {
  const file = join(folder, `${(count += 1)}.jsonl`);
  using journal = openJournal(file);
  for (let i = 1; i <= records; i += 1) journal.append(i, event(i));
  return file;
}

const sequence = (file: string): readonly number[] => readJournal(file).map(({ seq }) => seq);

it("begins empty, gives what was appended to the next one who opens it, and is its owner's alone", () => {
  const file = writeJournal(2);
  using journal = openJournal(file);
  expect(readJournal(file)).toEqual([
    { seq: 1, atMs: 1, event: event(1) },
    { seq: 2, atMs: 2, event: event(2) },
  ]);
  expect(journal.takeState()).toEqual(replay(readJournal(file)));
  expect(() => journal.takeState()).toThrow("was taken before");
  expect(journal.append(3, event(3)).seq).toBe(3);
  expect(sequence(file)).toEqual([1, 2, 3]);
  expect(statSync(file).mode & 0o077).toBe(0);
  expect(readJournal(join(folder, "none.jsonl"))).toEqual([]);
});

it("cuts a torn tail at every byte where a write can end", () => {
  const whole = readFileSync(writeJournal(3));
  const lastLine = whole.lastIndexOf("\n", whole.length - 2) + 1;
  const file = join(folder, "torn.jsonl");
  for (let length = lastLine; length < whole.length; length += 1) {
    writeFileSync(file, whole.subarray(0, length));
    expect(sequence(file)).toEqual([1, 2]);
    expect(statSync(file).size).toBe(length);
    using journal = openJournal(file);
    expect(journal.bytesCut).toBe(length - lastLine);
    journal.append(9, event(9));
    expect(sequence(file)).toEqual([1, 2, 3]);
  }
});

it("refuses a journal that is broken in the middle, with the place and what to do, and leaves it alone", () => {
  const file = writeJournal(3);
  const broken = readFileSync(file, "utf8").replace('"attempt":2', '"attempt":7');
  writeFileSync(file, broken);
  for (const open of [openJournal, readJournal]) {
    expect(() => open(file)).toThrow(
      expect.objectContaining({
        code: "journal-corrupt",
        message: `${file}:2: the journal is broken: the line does not match its checksum`,
        hint: "What has landed is in git and safe. `ralphwright doctor --repair-journal` keeps the lines before it and sets the rest aside.",
      }),
    );
  }
  expect(readFileSync(file, "utf8")).toBe(broken);
});

it("refuses a line that is missing or doubled, and a journal of a newer version", () => {
  const lines = readFileSync(writeJournal(3), "utf8").split("\n");
  const file = join(folder, "odd.jsonl");
  writeFileSync(file, [lines[0], lines[2], ""].join("\n"));
  expect(() => openJournal(file)).toThrow(`${file}:2: the journal is broken: seq 3 follows 1`);
  writeFileSync(file, [lines[0], lines[0], ""].join("\n"));
  expect(() => openJournal(file)).toThrow(`${file}:2: the journal is broken: seq 1 follows 1`);
  writeFileSync(file, `${lines[0]}\n{"v":99}\n`);
  expect(() => openJournal(file)).toThrow(
    `${file}:2: the journal was written by a newer ralphwright (format 99)`,
  );
});

it("stays readable when the disk takes only a part of a line, and goes on when there is space again", () => {
  const file = join(folder, "full.jsonl");
  // The file may grow to 2 KiB, which is no multiple of a line.
  const program = `
    import { openJournal } from ${JSON.stringify(join(import.meta.dirname, "../../../src/adapters/state/journal-file.ts"))};
    using journal = openJournal(${JSON.stringify(file)});
    const append = () => journal.append(1, { type: "attempts-found", found: [{ task: "t", attempt: 1 }] });
    const errors = [];
    for (let i = 0; i < 40; i += 1) try { append() } catch (error) { errors.push(error.code + ": " + error.message) }
    console.log(JSON.stringify([...new Set(errors)]));
  `;
  const child = spawnSync(
    "bash",
    ["-c", 'ulimit -f 2; exec "$0" --input-type=module --eval "$1"', process.execPath, program],
    {
      encoding: "utf8",
    },
  );
  expect(child.stderr).toBe("");
  expect(JSON.parse(child.stdout)).toEqual([
    `state-not-writable: ${file}: the disk is full and took only a part of a line`,
  ]);
  const before = sequence(file);
  expect(before.length).toBeGreaterThan(3);
  expect(statSync(file).size).toBeLessThan(2048);
  using journal = openJournal(file);
  expect(journal.bytesCut).toBe(0);
  journal.append(2, event(2));
  expect(sequence(file)).toEqual([...before, before.length + 1]);
});

it("records nothing more once the disk could not keep a line", () => {
  // The null device takes every byte and cannot be flushed.
  using journal = openJournal("/dev/null");
  expect(() => journal.append(1, event(1))).toThrow(
    expect.objectContaining({
      code: "state-not-writable",
      message: "/dev/null: the disk could not keep a line (EINVAL)",
    }),
  );
  expect(() => journal.append(1, event(1))).toThrow("an earlier line may not have reached the disk");
});

it("reads a journal that somebody is writing, without touching it", () => {
  const file = writeJournal(1);
  appendFileSync(file, '{"v":1,"seq":2');
  const size = statSync(file).size;
  expect(sequence(file)).toEqual([1]);
  expect(statSync(file).size).toBe(size);
  truncateSync(file, 0);
  expect(sequence(file)).toEqual([]);
});
