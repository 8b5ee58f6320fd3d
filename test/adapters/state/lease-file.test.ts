/** The lease: one supervisor at a time, and none that is dead keeps another out. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, expect, it } from "vitest";
import { findHolder, type LeaseHolder, takeLease } from "../../../src/adapters/state/lease-file.ts";
import { makeFolder } from "../../support/repository.ts";

const folder = makeFolder("lease");
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let count = 0;
const newFile = (): string => join(folder, `${(count += 1)}.json`);
const since = "2026-11-20T22:00:00Z";

const leaseModule = join(import.meta.dirname, "../../../src/adapters/state/lease-file.ts");

/** A lease of this very process, with some fields changed. */
function writeLease(file: string, changed: Partial<LeaseHolder>): void {
  const own = newFile();
  using _ = takeLease(own, since);
  writeFileSync(file, JSON.stringify({ ...findHolder(own), ...changed }));
}

/** A pid that was somebody's and is nobody's. */
const deadPid = (): number => spawnSync("true").pid;

it("refuses a second taker, and names the holder and what to do", () => {
  const file = newFile();
  using _ = takeLease(file, since);
  const holder = `pid ${process.pid} on ${hostname()}, since ${since}`;
  expect(() => takeLease(file, since)).toThrow(
    expect.objectContaining({
      code: "lease-held",
      exitStatus: 3,
      message: `another supervisor works on this repository: ${holder}`,
      hint: expect.stringContaining("stop it with `ralphwright stop`"),
    }),
  );
  expect(findHolder(file)).toMatchObject({ pid: process.pid, since });
});

it("is free again when it is released", () => {
  const file = newFile();
  takeLease(file, since)[Symbol.dispose]();
  expect(findHolder(file)).toBeNull();
  using _ = takeLease(file, since);
  expect(findHolder(file)).not.toBeNull();
});

it("does not remove a lease that is somebody else's by now", () => {
  const file = newFile();
  const lease = takeLease(file, since);
  writeFileSync(file, JSON.stringify({ pid: 1, startTime: "1" }));
  lease[Symbol.dispose]();
  expect(readFileSync(file, "utf8")).toContain('"pid":1');
});

it("can be released when its folder is gone", () => {
  const gone = join(folder, "gone");
  mkdirSync(gone);
  const lease = takeLease(join(gone, "lease.json"), since);
  rmSync(gone, { recursive: true });
  expect(() => lease[Symbol.dispose]()).not.toThrow();
});

it.each([
  ["whose process is gone", { pid: deadPid() }],
  ["from before a reboot", { bootId: "another boot" }],
  ["whose pid was given to another process", { startTime: "1" }],
  ["of a machine that is called otherwise by now", { host: "elsewhere", pid: deadPid() }],
] as const)("takes over a lease %s", (_why, changed) => {
  const file = newFile();
  writeLease(file, changed);
  expect(findHolder(file)).toBeNull();
  using _ = takeLease(file, since);
  expect(findHolder(file)?.pid).toBe(process.pid);
});

it("refuses a lease of another machine, where nobody can look from here, with what to do", () => {
  const file = newFile();
  writeLease(file, { host: "elsewhere", bootId: "another boot", pid: 4711 });
  const hoursAgo = new Date(Date.now() - 3 * 3_600_000);
  utimesSync(file, hoursAgo, hoursAgo);
  expect(findHolder(file)?.pid).toBe(4711);
  expect(() => takeLease(file, since)).toThrow(
    expect.objectContaining({
      code: "lease-held",
      message: `a supervisor on another machine holds this state directory: pid 4711 on elsewhere, since ${since}, last heard of 180 min ago`,
      hint: `Look on elsewhere. If nothing runs there any more: rm ${file}`,
    }),
  );
  rmSync(file);
  using _ = takeLease(file, since);
});

it("believes a holder in another container as long as it is heard of", () => {
  const file = newFile();
  writeLease(file, { pidNamespace: "pid:[1]", pid: 1, startTime: "1" });
  expect(() => takeLease(file, since)).toThrow("another supervisor works on this repository: pid 1 on");
  const longAgo = new Date(Date.now() - 61_000);
  utimesSync(file, longAgo, longAgo);
  expect(findHolder(file)).toBeNull();
  using _ = takeLease(file, since);
  expect(findHolder(file)?.pid).toBe(process.pid);
});

it("is heard of as long as it is held", async () => {
  const file = newFile();
  using _ = takeLease(file, since, 10);
  utimesSync(file, 1, 1);
  await expect.poll(() => statSync(file).mtimeMs).toBeGreaterThan(Date.now() - 60_000);
});

it.each(["", "{", "null", "[]", "7"])("takes over a file that is no lease: %j", (text) => {
  const file = newFile();
  writeFileSync(file, text);
  using _ = takeLease(file, since);
  expect(findHolder(file)?.pid).toBe(process.pid);
});

it("takes over after one who died while taking over", () => {
  const file = newFile();
  writeLease(file, { pid: deadPid() });
  // The right to remove the dead lease is held by another dead process.
  const { status } = spawnSync(process.execPath, [
    "--input-type=module",
    "--eval",
    `import fs from "node:fs"; import { syncBuiltinESMExports } from "node:module";
     const link = fs.linkSync;
     fs.linkSync = (from, to) => { link(from, to); if (to.includes(".after-")) process.exit(9); };
     syncBuiltinESMExports();
     const { takeLease } = await import(${JSON.stringify(leaseModule)});
     takeLease(${JSON.stringify(file)}, "");`,
  ]);
  expect(status).toBe(9);
  using _ = takeLease(file, since);
  expect(findHolder(file)?.pid).toBe(process.pid);
});

/** Tries to take every lease of its arguments when it is told to; prints those it got. */
const taker = `
  import { takeLease } from ${JSON.stringify(leaseModule)};
  process.stdin.once("data", () => {
    const won = process.argv.slice(1).filter((file) => {
      try { return takeLease(file, ""); } catch (error) { if (error.code !== "lease-held") throw error; }
    });
    console.log(won.join(" "));
  });
  console.log("ready");
`;

it("has exactly one winner among twenty processes at once, for new leases and for dead ones", async () => {
  const race = join(folder, "race");
  mkdirSync(race);
  const files = Array.from({ length: 40 }, (_, i) => join(race, `${i}.json`));
  for (const file of files.slice(20)) writeLease(file, { pid: deadPid() });
  const start = (): ChildProcess =>
    spawn(process.execPath, ["--input-type=module", "--eval", taker, ...files], {
      stdio: ["pipe", "pipe", "inherit"],
    });
  const children = Array.from({ length: 20 }, start);
  const outputs = children.map(({ stdout }) => {
    if (stdout === null) throw new Error("no output");
    return createInterface(stdout)[Symbol.asyncIterator]();
  });
  await Promise.all(outputs.map((output) => output.next()));
  for (const { stdin } of children) stdin?.write("go\n");
  const won = await Promise.all(outputs.map(async (output) => String((await output.next()).value)));
  const winners = won.flatMap((line) => line.split(" ").filter(Boolean));
  const exits = children.map((child) => once(child, "exit"));
  for (const child of children) child.stdin?.end();
  await Promise.all(exits);
  expect(winners.toSorted()).toEqual(files.toSorted());
  expect(readdirSync(race).filter((name) => !name.endsWith(".json"))).toEqual([]);
});
