/** The ballast: really there, made once, and room for the end when the disk is full. */
import { existsSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { requireRoom, roomAt } from "../../../src/adapters/disk-room.ts";
import { ballastBytes, createBallast } from "../../../src/adapters/state/ballast.ts";
import { openJournal, readJournal } from "../../../src/adapters/state/journal-file.ts";
import { makeFolder } from "../../support/repository.ts";
import { mountSmallDisk, smallDiskMissing, type SmallDisk } from "../../support/small-disk.ts";

const folder = makeFolder("ballast");
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = join(folder, "ballast");
const plenty = (): number => 2 ** 40;

it("is made once, really allocated, and taken away once", async () => {
  const ballast = createBallast(file, plenty);
  await ballast.make();
  expect(statSync(file).blocks * 512).toBeGreaterThanOrEqual(ballastBytes);
  const { ino } = statSync(file);
  await ballast.make();
  expect(statSync(file).ino).toBe(ino);
  expect(ballast.takeDrop()).toBe(false);
  expect(ballast.drop()).toBe(true);
  expect(existsSync(file)).toBe(false);
  expect([ballast.drop(), ballast.takeDrop(), ballast.takeDrop()]).toEqual([false, true, false]);
});

it("is made anew when it is not whole, and not at all where there is little room", async () => {
  writeFileSync(file, "short");
  await createBallast(file, () => ballastBytes).make();
  expect(statSync(file).size).toBe(5);
  await createBallast(file, plenty).make();
  expect(statSync(file).size).toBe(ballastBytes);
  rmSync(file);
  await createBallast(join(folder, "no", "folder"), plenty).make();
});

const why = smallDiskMissing();

describe.skipIf(why !== null)(`On a disk of 80 MB${why === null ? "" : `: skipped, ${why}`}`, () => {
  function mount(): SmallDisk {
    const disk = mountSmallDisk(80);
    if (disk === null) throw new Error("no disk");
    return disk;
  }
  const event = { type: "attempts-found", found: [] } as const;

  it("makes room for the line that found the disk full, and for the next ones", async () => {
    using disk = mount();
    const ballast = createBallast(join(disk.path, "ballast"), () => roomAt(disk.path).freeBytes);
    await ballast.make();
    disk.fill(0);
    expect(() => requireRoom(disk.path)).toThrow(
      /^the disk of the state directory \S+ is full: \d+ bytes are free$/,
    );
    const journal = join(disk.path, "journal.jsonl");
    using opened = openJournal(journal, { makeRoom: () => ballast.drop() });
    // The journal's own file has a block already, perhaps.
    while (!ballast.takeDrop()) opened.append(1, event);
    const before = readJournal(journal).length;
    for (let i = 0; i < 50; i += 1) opened.append(2, event);
    expect(readJournal(journal)).toHaveLength(before + 50);
  });

  it("is not there a second time: then the line is refused, and what was there stays whole", () => {
    using disk = mount();
    const journal = join(disk.path, "journal.jsonl");
    using opened = openJournal(journal, { makeRoom: () => false });
    opened.append(1, event);
    disk.fill(0);
    const fill = (): void => {
      for (;;) opened.append(1, event);
    };
    expect(fill).toThrow(
      expect.objectContaining({
        code: "state-not-writable",
        message: expect.stringContaining("the disk is full"),
      }),
    );
    const before = readJournal(journal).length;
    disk.clear();
    opened.append(1, event);
    expect(readJournal(journal)).toHaveLength(before + 1);
  });
});
