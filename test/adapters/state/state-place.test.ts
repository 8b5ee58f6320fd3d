/** Whose a state directory is, who may look into it, and what it lies on. */
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { describeKind, describePlace, requirePrivate } from "../../../src/adapters/state/state-place.ts";
import { makeFolder } from "../../support/repository.ts";
import { mountSmallDisk, smallDiskMissing } from "../../support/small-disk.ts";

const folder = makeFolder("place");
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const modeOf = (path: string): number => statSync(path).mode & 0o7777;

it("is closed to others when it is empty or has been a state directory, and stays closed", () => {
  const path = join(folder, "wide");
  mkdirSync(path);
  chmodSync(path, 0o775);
  requirePrivate(path);
  expect(modeOf(path)).toBe(0o700);
  mkdirSync(join(path, "scratch"));
  chmodSync(path, 0o755);
  requirePrivate(path);
  expect(modeOf(path)).toBe(0o700);
});

it("is refused, and left as it is, when it is open and holds other things", () => {
  const path = join(folder, "shared");
  mkdirSync(path);
  writeFileSync(join(path, "theirs"), "");
  chmodSync(path, 0o1777);
  expect(() => requirePrivate(path)).toThrow(
    expect.objectContaining({
      code: "state-not-writable",
      message: `the state directory ${path} is open to other users (mode 1777) and holds other files`,
      hint: "Set RALPH_STATE_DIR to a directory of its own.",
    }),
  );
  expect(modeOf(path)).toBe(0o1777);
  chmodSync(path, 0o700);
  expect(() => requirePrivate(path)).not.toThrow();
});

it.skipIf(process.getuid?.() !== 0)("is refused when it belongs to somebody else", () => {
  const module = join(import.meta.dirname, "../../../src/adapters/state/state-place.ts");
  const script = `import(${JSON.stringify(module)}).then((place) => {
    process.setuid(65534);
    try { place.requirePrivate("/usr"); } catch (error) { console.log(error.message); }
  })`;
  const { stdout } = spawnSync(process.execPath, ["--eval", script], { encoding: "utf8" });
  expect(stdout.trim()).toBe("the state directory /usr belongs to another user (uid 0)");
});

it("says what it means to lie in memory or on another machine, and nothing of a disk", () => {
  expect(describeKind("/s", 0x6969)).toBe(
    "/s is on NFS: what a crash leaves there is up to its server, and only one machine may use it; a local disk is better",
  );
  expect(describeKind("/s", 0xff_53_4d_42 | 0)).toContain("/s is on CIFS");
  expect(describeKind("/s", 0x65735546)).toContain("/s is on FUSE");
  expect(describeKind("/s", 0xef53)).toBeNull();
});

it.skipIf(!existsSync("/dev/shm"))("knows a directory in memory by its file system", () => {
  expect(describePlace("/dev/shm")).toBe("/dev/shm is in memory: when the machine restarts, history is gone");
});

it.skipIf(smallDiskMissing() !== null)(
  "is told in one sentence when its file system can only be read",
  async () => {
    using disk = mountSmallDisk(8);
    const path = disk?.path ?? "";
    spawnSync("mount", ["-o", "remount,ro", path]);
    const { locateState, makeState } = await import("../../../src/adapters/state/state-folder.ts");
    const repository = { gitDir: join(folder, "git"), top: null, name: "words" };
    const state = locateState(repository, { RALPH_STATE_DIR: join(path, "state") });
    expect(() => makeState(state)).toThrow(
      expect.objectContaining({
        code: "state-not-writable",
        message: expect.stringMatching(
          /^the state directory \S+ cannot be written: EROFS: read-only file system/,
        ),
      }),
    );
    expect(readdirSync(path)).toEqual(["lost+found"]);
  },
);
