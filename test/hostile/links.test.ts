/** What outlives one process of an attempt, or lies around it, must not lead the supervisor astray. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { setSupervisorMark } from "../../src/adapters/process/leader.ts";
import { startGroup } from "../../src/adapters/process/process-group.ts";
import { openSandbox } from "../../src/adapters/sandbox/ladder.ts";
import { openResources, type Share } from "../../src/adapters/sandbox/resources.ts";
import { makeFolder } from "../support/repository.ts";

const folder = makeFolder("links");
const home = join(folder, "home");
const state = join(folder, "state");
const outside = join(folder, "outside");
const limits = { memoryBytes: 64 * 2 ** 20, processesMax: 40, fileBytesMax: 2 ** 20 };
const mark = folder.slice(-6);

beforeAll(() => {
  for (const path of [home, outside, join(state, "work")]) mkdirSync(path, { recursive: true });
  writeFileSync(join(outside, "notes"), "notes");
  process.env["HOME"] = home;
  setSupervisorMark(mark);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Names of all that is there, but for the program's own. */
function outsideNow(): readonly string[] {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return names.filter((name) => !name.startsWith("state/work")).toSorted();
}

it("follows no link that an earlier process of the attempt left in its home", async () => {
  const sandbox = openSandbox({
    config: { mode: "required", egress: [], read: [], write: [] },
    limits,
    mark,
    folder: join(state, "sandbox"),
    hidden: [state],
    objects: [],
    gitConfig: "",
    egress: () => null,
    gatewayFor: () => null,
  });
  const slot = join(state, "work", "slot");
  mkdirSync(slot);
  // What the sandbox was tried out in is removed while nobody waits for it.
  const trials = (): readonly string[] =>
    readdirSync(join(state, "sandbox")).filter((name) => name.startsWith("trial-"));
  await expect.poll(trials, { timeout: 20_000 }).toEqual([]);
  const before = outsideNow();
  for (const round of [1, 2, 3]) {
    const group = startGroup({
      command: ["bash", "--norc", join(import.meta.dirname, "plants-links.sh")],
      cwd: slot,
      env: { PATH: process.env["PATH"] ?? "", OUTSIDE: outside, STATE: state, ROUND: String(round) },
      enclose: sandbox.confine(`${slot}.own`, {
        writable: [slot],
        readable: [import.meta.dirname],
        profile: "gates",
      }),
      input: "",
      logFile: "/dev/null",
      wallMsMax: 60_000,
      idleMsMax: null,
      signal: new AbortController().signal,
    });
    await group.exit;
    expect(group.output().trim()).toMatch(/planted$/);
  }
  expect(outsideNow()).toEqual(before);
  expect(existsSync(join(outside, "notes"))).toBe(true);
});

/** Runs a script under the limits of a share: it begins when it has been admitted. */
async function runIn(share: Share, script: string): Promise<string> {
  const child = spawn("bash", ["--norc", "-c", `read go; ${share.script}; ${findOwn}; ${script}`], {
    stdio: ["pipe", "ignore", "pipe"],
  });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => (stderr += chunk));
  const end = once(child, "close");
  await share.admit(child.pid ?? 0);
  child.stdin.end("go\n");
  await end;
  return stderr;
}

/** Its own cgroup, in which a program with a user namespace of its own can write: here it does so without one. */
const findOwn = `own=/sys/fs/cgroup/pids$(sed -n "s/^[0-9]*:pids://p" /proc/self/cgroup)
[ -e "$own/pids.max" ] || own=/sys/fs/cgroup$(sed -n "s/^0:://p" /proc/self/cgroup)`;

const cgroupsLeft = (): string =>
  spawnSync("find", ["/sys/fs/cgroup", "-name", `ralph-${mark}-*`], { encoding: "utf8" }).stdout;

const resources = openResources(mark, limits);

describe.runIf(resources.warnings.length === 0)("the limits of a program that reaches its cgroup", () => {
  it("hold when it has lifted them, and nothing of what it made there stays", async () => {
    const share = resources.begin();
    const lifts = `echo max >"$own/pids.max"; mkdir -p "$own/a/b/c"`;
    const stderr = await runIn(share, `${lifts}; for i in $(seq 60); do sleep 0.5 & done; wait`);
    expect(stderr).toMatch(/fork: /);
    await share.release();
    expect(cgroupsLeft()).toBe("");
  });

  it("leave nothing of a supervisor that was killed", async () => {
    await runIn(resources.begin(), `mkdir -p "$own/a/b"`);
    expect(cgroupsLeft()).not.toBe("");
    resources.sweep();
    await expect.poll(cgroupsLeft).toBe("");
  });
});
