/** Time that counts for others: gaps and clocks that are set, with clocks of our own and with real processes. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, it } from "vitest";
import { startGroup } from "../src/adapters/process/process-group.ts";
import { createSystemClock } from "../src/adapters/system-clock.ts";
import { createRunningClock } from "../src/running-clock.ts";
import { call, done, runBuiltin } from "./support/builtin-agent.ts";
import { makeFolder } from "./support/repository.ts";

const minuteMs = 60_000;

/** A clock at each of whose beats something else has happened before. */
function setUp() {
  const now = { monotonicMs: 5, bootMs: 1_000, wallMs: 1_000_000 * minuteMs };
  const clock = createRunningClock({
    monotonicMs: () => now.monotonicMs,
    bootMs: () => now.bootMs,
    wallMs: () => now.wallMs,
  });
  const notices: string[] = [];
  clock.listen((notice) => notices.push(notice));
  const pass = (edits: Partial<typeof now>): void => {
    now.monotonicMs += edits.monotonicMs ?? 0;
    now.bootMs += edits.bootMs ?? edits.monotonicMs ?? 0;
    now.wallMs += edits.wallMs ?? edits.bootMs ?? edits.monotonicMs ?? 0;
  };
  return { clock, pass, notices };
}

describe("Running time", () => {
  it("passes with the monotonic clock, whatever becomes of the wall clock", () => {
    const { clock, pass, notices } = setUp();
    pass({ monotonicMs: 1_000 });
    clock.beat();
    pass({ monotonicMs: 1_000, wallMs: 1_000 + 120 * minuteMs });
    clock.beat();
    pass({ monotonicMs: 1_000, wallMs: 1_000 - 90 * minuteMs });
    clock.beat();
    expect(clock.nowMs()).toBe(3_005);
    expect(notices).toEqual([
      "noticed that the clock was set forward by 2 h",
      "noticed that the clock was set back by 1 h 30 min",
    ]);
  });

  it("stands still while the process is stopped, also for whoever looks before the late beat", () => {
    const { clock, pass, notices } = setUp();
    pass({ monotonicMs: 1_000 });
    clock.beat();
    pass({ monotonicMs: 10 * minuteMs + 1_000 });
    expect(clock.nowMs()).toBe(2_005);
    clock.beat();
    expect(clock.nowMs()).toBe(2_005);
    expect(notices).toEqual(["noticed a gap of 10 min: the machine slept, or the supervisor was stopped"]);
  });

  it("notices that the machine slept where no clock of the process went on meanwhile", () => {
    const { clock, pass, notices } = setUp();
    pass({ monotonicMs: 1_000, bootMs: 45_000 });
    clock.beat();
    expect(clock.nowMs()).toBe(1_005);
    expect(notices).toEqual(["noticed a gap of 44 s: the machine slept, or the supervisor was stopped"]);
  });

  it("takes a busy machine for what it is, and a time server's corrections", () => {
    const { clock, pass, notices } = setUp();
    pass({ monotonicMs: 4_000, wallMs: 9_000 });
    clock.beat();
    expect(clock.nowMs()).toBe(4_005);
    expect(notices).toEqual([]);
  });
});

const folder = makeFolder("clock");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Group {
  readonly command: string;
  readonly wallMsMax: number;
  readonly idleMsMax: number | null;
}

/** Another process that starts these groups, and tells in lines what they print and how they end. */
function supervise(groups: Readonly<Record<string, Group>>, env: NodeJS.ProcessEnv = {}) {
  const source = (name: string): string => JSON.stringify(join(import.meta.dirname, "..", "src", name));
  const code = `
    const { startGroup } = await import(${source("adapters/process/process-group.ts")});
    const { runningClock } = await import(${source("running-clock.ts")});
    runningClock.listen(console.log);
    const ends = Object.entries(${JSON.stringify(groups)}).map(async ([name, group]) => {
      const onLine = (line) => line === "on" || console.log(name, line);
      const place = { cwd: ${JSON.stringify(folder)}, env: { PATH: process.env.PATH }, logFile: "/dev/null", input: "", enclose: null };
      const started = startGroup({ ...group, ...place, onLine, signal: new AbortController().signal });
      console.log(name, JSON.stringify(await started.exit));
    });
    await Promise.all(ends);
  `;
  const child: ChildProcessWithoutNullStreams = spawn(process.execPath, ["--input-type=module", "-e", code], {
    env: { ...process.env, ...env },
  });
  const lines: string[] = [];
  const reader = createInterface(child.stdout);
  reader.on("line", (line) => lines.push(line));
  const told = async (line: string): Promise<void> => {
    while (!lines.includes(line)) await once(reader, "line");
  };
  return { child, lines, told, ended: once(reader, "close") };
}

it("kills no agent that printed while the supervisor was stopped, and still one that is silent after it", async () => {
  const go = join(folder, "go");
  const busy = 'echo begun; until [ -e go ]; do echo on; sleep 0.1; done; echo "has seen it"';
  const { child, lines, told, ended } = supervise({
    busy: { command: busy, wallMsMax: 8_000, idleMsMax: 4_000 },
    silent: { command: "echo begun; sleep 300", wallMsMax: 300_000, idleMsMax: 4_000 },
  });
  await told("busy begun");
  await told("silent begun");
  child.kill("SIGSTOP");
  // Longer than both limits.
  await sleep(9_500);
  writeFileSync(go, "");
  child.kill("SIGCONT");
  await ended;
  const notices = lines.filter((line) => line.startsWith("noticed"));
  expect(lines).toContain('busy {"kind":"exited","code":0}');
  expect(lines).toContain('silent {"kind":"ended","why":"idle"}');
  expect(notices).toEqual([
    expect.stringMatching(/^noticed a gap of \d+ s: the machine slept, or the supervisor was stopped$/),
  ]);
});

it("hears what an agent printed while the supervisor was busy, before it takes it for silent", async () => {
  const begun = Promise.withResolvers<void>();
  const group = startGroup({
    command: "echo begun; for i in $(seq 40); do sleep 0.1; echo on; done",
    cwd: folder,
    env: { PATH: process.env["PATH"] ?? "" },
    input: "",
    logFile: "/dev/null",
    enclose: null,
    wallMsMax: 60_000,
    idleMsMax: 1_500,
    signal: new AbortController().signal,
    onLine: () => begun.resolve(),
  });
  await begun.promise;
  // Nothing else runs in this process meanwhile.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2_500);
  expect(await group.exit).toEqual({ kind: "exited", code: 0 });
});

it("looks at a date again after a while, however far away it is", async () => {
  const clock = createSystemClock(5);
  await clock.sleep(Infinity, new AbortController().signal);
  await clock.sleep(2 ** 33, new AbortController().signal);
  expect(clock.runningMs()).toBeGreaterThan(0);
});

const fakeTime = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";

/** The environment in which the wall clock is set by writing into the file. */
function fakeTimeOf(timeFile: string): Readonly<Record<string, string>> {
  writeFileSync(timeFile, "+0");
  return {
    LD_PRELOAD: fakeTime,
    FAKETIME_TIMESTAMP_FILE: timeFile,
    FAKETIME_NO_CACHE: "1",
    FAKETIME_DONT_FAKE_MONOTONIC: "1",
  };
}

it.skipIf(!existsSync(fakeTime)).each([
  ["forward", "+2h", "2 h"],
  ["back", "-3h", "3 h"],
])("neither kills nor spares an agent when the clock is set %s", async (direction, offset, span) => {
  const timeFile = join(folder, `time${offset}`);
  const goFile = `go${offset}`;
  const { lines, told, ended } = supervise(
    {
      quiet: {
        command: `echo begun; until [ -e ${goFile} ]; do sleep 0.1; done`,
        wallMsMax: 60_000,
        idleMsMax: 60_000,
      },
      endless: { command: "echo begun; sleep 300", wallMsMax: 5_000, idleMsMax: null },
    },
    fakeTimeOf(timeFile),
  );
  await told("quiet begun");
  await told("endless begun");
  writeFileSync(timeFile, offset);
  await told(`noticed that the clock was set ${direction} by ${span}`);
  await told('endless {"kind":"ended","why":"wall"}');
  writeFileSync(join(folder, goFile), "");
  await ended;
  expect(lines).toContain('quiet {"kind":"exited","code":0}');
});

it.skipIf(!existsSync(fakeTime))("leaves the built-in agent its time when the clock is set", async () => {
  const timeFile = join(folder, "time-of-agent");
  const result = await runBuiltin({
    script: (_request, index) => {
      writeFileSync(timeFile, index === 0 ? "+5h" : "-5h");
      return index < 2 ? call("bash", { command: `echo ${index}` }) : done();
    },
    limits: { wall_ms: 600_000 },
    env: fakeTimeOf(timeFile),
  });
  expect([result.exit, result.requests.length]).toEqual([0, 3]);
});
