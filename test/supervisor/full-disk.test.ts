/** A disk that is full, or nearly: nothing starts, what runs is ended in order, and the next run goes on. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "vitest";
import { readJournal } from "../../src/adapters/state/journal-file.ts";
import { mountSmallDisk, smallDiskMissing, type SmallDisk } from "../support/small-disk.ts";
import { createWorld, type World } from "../support/world.ts";

const why = smallDiskMissing();

function mount(): SmallDisk {
  const disk = mountSmallDisk(200);
  if (disk === null) throw new Error("no disk");
  return disk;
}

const createSmall = (free: string, agent = "lands-a-change"): Promise<World> =>
  createWorld({ agent, config: { limits: { attempts: 1, rounds: 0, disk: { free } } } });

describe.skipIf(why !== null)(`On a disk of 200 MB${why === null ? "" : `: skipped, ${why}`}`, () => {
  it("starts no attempt below the floor, says so with status 5, and goes on when there is room", async ({
    expect,
  }) => {
    using disk = mount();
    await using world = await createSmall("150MiB");
    const env = { RALPH_STATE_DIR: join(disk.path, "state") };
    disk.fill(100 * 2 ** 20);
    const stopped = await world.run({ env });
    expect(stopped.status).toBe(5);
    expect(stopped.lines.at(-1)).toMatch(
      /^Stopped by the breaker: only \d+ MiB are free at \S+, and limits\.disk\.free asks for 150 MiB\. /,
    );
    expect(world.landed()).toEqual([]);
    disk.clear();
    // The ballast is of this disk, too.
    const run = await world.run({ env });
    expect(run.status, run.stderr).toBe(0);
    expect(world.landed()).toEqual(["Do one"]);
  });

  it("stops agents at once below half of the floor, and the attempt says why and does not count", async ({
    expect,
  }) => {
    using disk = mount();
    await using world = await createSmall("100MiB", "meets-the-test");
    const env = { RALPH_STATE_DIR: join(disk.path, "state") };
    const run = world.start({ env });
    await world.meetAgent();
    disk.fill(30 * 2 ** 20);
    const stopped = await run.done;
    expect(stopped.status, stopped.stderr).toBe(5);
    const events = readJournal(join(disk.path, "state", "journal.jsonl")).map(({ event }) => event);
    const interrupted = events.find(({ type }) => type === "attempt-interrupted");
    expect(interrupted).toMatchObject({
      reason: expect.stringMatching(
        /^stopped: only \d+ MiB are free at .*limits\.disk\.free asks for 100 MiB$/,
      ),
    });
    expect(events.at(-1)?.type).toBe("run-ended");
  });

  it("ends in order in the room of the ballast when the disk is full from one moment to the next", async ({
    expect,
  }) => {
    using disk = mount();
    await using world = await createSmall("1MiB", "meets-the-test");
    const state = join(disk.path, "state");
    const run = world.start({ env: { RALPH_STATE_DIR: state } });
    const agent = await world.meetAgent();
    disk.fill(0);
    agent.behaveAs("lands-a-change");
    const stopped = await run.done;
    expect(stopped.status, stopped.stderr).toBe(5);
    expect(readJournal(join(state, "journal.jsonl")).at(-1)?.event.type).toBe("run-ended");
  });

  it("says at the start that the disk is full, and touches nothing", async ({ expect }) => {
    using disk = mount();
    await using world = await createSmall("1MiB");
    const env = { RALPH_STATE_DIR: join(disk.path, "state") };
    disk.fill(64 * 2 ** 10);
    const run = await world.run({ env });
    expect(run.status).toBe(2);
    expect(run.stderr).toMatch(
      /^ralphwright: the disk of the state directory \S+ is full: \d+ bytes are free\n/,
    );
    rmSync(join(disk.path, "filler"));
    expect((await world.run({ env })).status).toBe(0);
  });
});
