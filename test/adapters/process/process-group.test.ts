/** Programs as process groups: how they end, what is left of them, what is kept of their output. */
import { readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { buildEnvironment } from "../../../src/adapters/process/environment.ts";
import {
  type GroupOrder,
  type ProcessGroup,
  startGroup,
} from "../../../src/adapters/process/process-group.ts";
import { hasMemory, makeFolder } from "../../support/repository.ts";

const folder = makeFolder("group");
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let count = 0;

type Start = Partial<GroupOrder> & { readonly command: GroupOrder["command"] };

function start(order: Start): ProcessGroup & { readonly logFile: string } {
  const logFile = join(folder, `${(count += 1)}.log`);
  const group = startGroup({
    cwd: folder,
    enclose: null,
    env: buildEnvironment([]),
    input: "",
    logFile,
    wallMsMax: 60_000,
    idleMsMax: null,
    signal: new AbortController().signal,
    ...order,
  });
  return { ...group, logFile };
}

/** Resolves with the first line that the program prints. */
function startAndListen(order: Start): { readonly group: ProcessGroup; readonly firstLine: Promise<string> } {
  const first = Promise.withResolvers<string>();
  const group = start({ ...order, onLine: (line) => typeof line === "string" && first.resolve(line) });
  return { group, firstLine: first.promise };
}

/** Pids of our own child processes. */
const children = (): string => readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, "utf8");

/** The kernel's letter for what a process does: `T` when it is stopped. */
const stateOf = (pid: number): string | undefined =>
  /^State:\s+(\S)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];

const node = (code: string): readonly string[] => [process.execPath, "-e", code];

it("tells an exit code, a signal, and a program that is not there", async () => {
  expect(await start({ command: "exit 0" }).exit).toEqual({ kind: "exited", code: 0 });
  expect(await start({ command: "exit 7" }).exit).toEqual({ kind: "exited", code: 7 });
  expect(await start({ command: "kill -KILL $$" }).exit).toEqual({ kind: "signaled", signal: "SIGKILL" });
  expect(await start({ command: ["no-such-program"] }).exit).toEqual({
    kind: "not-started",
    reason: "there is no program no-such-program",
  });
  expect(await start({ command: ["/etc/passwd"] }).exit).toEqual({ kind: "not-started", reason: "EACCES" });
  expect(await start({ command: "true", cwd: "/none" }).exit).toEqual({
    kind: "not-started",
    reason: "the directory /none is gone",
  });
});

it("runs a list as it is and a string by bash, and gives the program its input", async () => {
  const list = start({ command: ["printf", "%s|", "a b", "$HOME", "*"] });
  expect(await list.exit).toEqual({ kind: "exited", code: 0 });
  expect(list.output()).toBe("a b|$HOME|*|");
  const text = start({ command: "set -o pipefail; cat | tr a-z A-Z >&2", input: "hello" });
  await text.exit;
  expect(text.output()).toBe("HELLO");
});

it("does not mind a program that closes its input early", async () => {
  const group = start({ command: "exec 0<&-; echo done", input: "x".repeat(5_000_000) });
  expect(await group.exit).toEqual({ kind: "exited", code: 0 });
  expect(group.output()).toBe("done\n");
});

it("ends a group at its wall limit, also one that never stops printing", async () => {
  const group = start({ command: "while true; do echo x; done", wallMsMax: 100 });
  expect(await group.exit).toEqual({ kind: "ended", why: "wall" });
});

it("ends a group that is silent for too long, and not one that talks", async () => {
  const silent = start({ command: "echo once; exec sleep 600", idleMsMax: 100 });
  expect(await silent.exit).toEqual({ kind: "ended", why: "idle" });
  const talking = start({
    command: "for i in 1 2 3 4 5 6 7 8 9 10 11 12; do echo $i; sleep 0.1; done",
    idleMsMax: 900,
  });
  expect(await talking.exit).toEqual({ kind: "exited", code: 0 });
});

it("ends a group when it is told to stop, also before it has begun", async () => {
  const controller = new AbortController();
  const { group, firstLine } = startAndListen({
    command: "echo up; exec sleep 600",
    signal: controller.signal,
  });
  await firstLine;
  controller.abort();
  expect(await group.exit).toEqual({ kind: "ended", why: "stopped" });
  const never = start({ command: "exec sleep 600", signal: AbortSignal.abort() });
  expect(await never.exit).toEqual({ kind: "ended", why: "stopped" });
});

it("tells the first reason of several", async () => {
  const { group, firstLine } = startAndListen({ command: "echo up; exec sleep 600" });
  await firstLine;
  group.end("idle");
  group.end("stopped");
  expect(await group.exit).toEqual({ kind: "ended", why: "idle" });
});

it("kills a group that ignores SIGTERM", async () => {
  const { group, firstLine } = startAndListen({
    command: `trap 'echo ignored' TERM; echo up; while true; do sleep 0.1; done`,
  });
  await firstLine;
  group.end("stopped");
  expect(await group.exit).toEqual({ kind: "ended", why: "stopped" });
  expect(group.output()).toContain("ignored");
});

it("leaves no process behind: neither children nor those that left the group", async () => {
  const { group, firstLine } = startAndListen({
    command: [
      "sleep 600 & a=$!",
      "setsid sleep 600 & b=$!",
      "(setsid nohup bash -c 'trap \"\" TERM HUP; echo $$ > left.pid; sleep 600 & wait' >left.log 2>&1 &)",
      "until test -s left.pid; do :; done",
      'echo "$a $b $(cat left.pid)"',
      "exit 3",
    ].join("\n"),
  });
  const pids = (await firstLine).split(" ").map(Number);
  expect(await group.exit).toEqual({ kind: "exited", code: 3 });
  expect(pids.map(hasMemory)).toEqual([false, false, false]);
});

it("does not wait for a stranger who holds its output open", async () => {
  // Without the mark in its environment it is nobody's, and it outlives the group: this test ends it.
  const { group, firstLine } = startAndListen({
    command: [
      "env -i setsid bash -c 'echo $$ > stranger.pid; exec sleep 600' &",
      "until test -s stranger.pid; do :; done",
      "cat stranger.pid",
    ].join("\n"),
  });
  const pid = Number(await firstLine);
  try {
    expect(await group.exit).toEqual({ kind: "exited", code: 0 });
    expect(hasMemory(pid)).toBe(true);
  } finally {
    process.kill(pid, "SIGKILL");
  }
});

it("bounds a line of 50 MB, and goes on with the next", async () => {
  const lines: (string | { readonly tooLong: number })[] = [];
  const group = start({
    command: "head -c 50000000 /dev/zero | tr '\\0' x; echo; echo next",
    onLine: (line) => lines.push(line),
  });
  expect(await group.exit).toEqual({ kind: "exited", code: 0 });
  expect(lines).toEqual([{ tooLong: 50_000_000 }, "next"]);
  expect(group.output().length).toBeLessThan(100_000);
  expect(group.output()).toMatch(/^x{16000}\n\[… \d+ characters cut …\]\nx+\nnext\n$/);
  expect(statSync(group.logFile).size).toBe(50_000_006);
});

it("cuts the log at its limit and says so", async () => {
  const group = start({ command: "head -c 70000000 /dev/zero | tr '\\0' '\\n'" });
  expect(await group.exit).toEqual({ kind: "exited", code: 0 });
  const log = readFileSync(group.logFile);
  expect(log.length).toBeLessThan(64 * 1024 * 1024 + 100);
  expect(log.toString("utf8", log.length - 35)).toBe("\n\n[log cut at 67108864 bytes]\n".padStart(35, "\n"));
});

it("reads bytes that are no UTF-8, and characters cut by a chunk, without losing the rest", async () => {
  const lines: unknown[] = [];
  const group = start({
    command: node(`
      process.stdout.write(Buffer.from([0x61, 0xff, 0xfe, 0x0a]));
      const bytes = Buffer.from("é\\u2028日\\n");
      process.stdout.write(bytes.subarray(0, 1), () => setTimeout(() => process.stdout.write(bytes.subarray(1)), 20));
    `),
    onLine: (line) => lines.push(line),
  });
  await group.exit;
  expect(lines).toEqual(["a\uFFFD\uFFFD", "é\u2028日"]);
});

it("hears the last line also without a line feed", async () => {
  const lines: unknown[] = [];
  const group = start({ command: "printf 'a\\r\\nb'", onLine: (line) => lines.push(line) });
  await group.exit;
  expect(lines).toEqual(["a\r", "b"]);
});

it("does not count the time while it is frozen", async () => {
  const { group, firstLine } = startAndListen({
    command: "echo up; read line; echo $line",
    input: null,
    wallMsMax: 2_000,
    idleMsMax: 1_500,
  });
  await firstLine;
  await group.freeze();
  // Three silences in a row, longer together than either limit: another program measures them.
  for (let i = 0; i < 3; i += 1)
    expect(await start({ command: "sleep 0.75" }).exit).toMatchObject({ code: 0 });
  group.write("answer\n");
  group.thaw("work");
  expect(await group.exit).toEqual({ kind: "exited", code: 0 });
  expect(group.output()).toBe("up\nanswer\n");
});

it("runs its clocks again after it was frozen", async () => {
  const { group, firstLine } = startAndListen({ command: "echo up; exec sleep 600", idleMsMax: 200 });
  await firstLine;
  await group.freeze();
  group.thaw("work");
  expect(await group.exit).toEqual({ kind: "ended", why: "idle" });
});

/** A child without the mark, one in a session of its own, and itself: each writes into a file of its own for ever. */
const threeWriters = [
  "write() { while true; do echo x >> $1; done; }",
  "export -f write",
  `env -i PATH="$PATH" bash -c "$(declare -f write); write a" & a=$!`,
  "setsid bash -c 'write b' & b=$!",
  "until test -s a && test -s b; do :; done",
  'echo "$$ $a $b"',
  "write c",
].join("\n");

it("lets no process of a frozen group run, nor one that left it, until it is thawed", async () => {
  const cwd = makeFolder("writers");
  const { group, firstLine } = startAndListen({ command: threeWriters, cwd });
  const pids = (await firstLine).split(" ").map(Number);
  await group.freeze();
  expect(pids.map(stateOf)).toEqual(["T", "T", "T"]);
  const size = (): number => ["a", "b"].reduce((sum, name) => sum + statSync(join(cwd, name)).size, 0);
  const before = size();
  await start({ command: "sleep 0.2" }).exit;
  expect(size()).toBe(before);
  group.thaw("work");
  expect(pids.map(stateOf)).not.toContain("T");
  group.end("stopped");
  expect(await group.exit).toEqual({ kind: "ended", why: "stopped" });
  expect(pids.map(hasMemory)).toEqual([false, false, false]);
  rmSync(cwd, { recursive: true });
});

it("kills a frozen group that is ended, and gives it no time to close", async () => {
  const controller = new AbortController();
  const { group, firstLine } = startAndListen({
    command: "trap 'echo closing' TERM; setsid sleep 600 & echo $!; while true; do sleep 0.1; done",
    signal: controller.signal,
  });
  const stray = Number(await firstLine);
  await group.freeze();
  controller.abort();
  expect(await group.exit).toEqual({ kind: "ended", why: "stopped" });
  expect(group.output()).not.toContain("closing");
  expect(hasMemory(stray)).toBe(false);
});

it("freezes nothing of a group that has ended", async () => {
  const group = start({ command: "true" });
  await group.exit;
  await group.freeze();
  group.thaw("work");
  expect(await group.exit).toEqual({ kind: "exited", code: 0 });
});

it("takes what is written after the program has ended for nothing", async () => {
  const group = start({ command: "true", input: null });
  await group.exit;
  group.write("too late\n");
  group.endInput();
  group.end("stopped");
  expect(group.output()).toBe("");
});

it("starts nothing when the log cannot be opened", async () => {
  const before = children();
  expect(() => start({ command: "exec sleep 600", logFile: join(folder, "none/x.log") })).toThrow("ENOENT");
  expect(children()).toBe(before);
});

it("goes on without a log when the disk is full", async () => {
  const group = start({ command: "echo one; echo two", logFile: "/dev/full" });
  expect(await group.exit).toEqual({ kind: "exited", code: 0 });
  expect(group.output()).toBe("one\ntwo\n");
});

it("gives a program only what the allow-list and the configuration name", async () => {
  Object.assign(process.env, { RALPH_TEST_SECRET: "s", RALPH_TEST_NAMED: "n", LC_TEST: "l" });
  try {
    const group = start({
      command: ["env"],
      env: buildEnvironment(["RALPH_TEST_NAMED", "RALPH_TEST_UNSET"]),
    });
    await group.exit;
    const names = group
      .output()
      .split("\n")
      .map((line) => line.split("=")[0]);
    expect(names).toEqual(
      expect.arrayContaining(["RALPH_TEST_NAMED", "LC_TEST", "PATH", "CI", "RALPH_GROUP"]),
    );
    expect(names).not.toContain("RALPH_TEST_SECRET");
    expect(names).not.toContain("RALPH_TEST_UNSET");
  } finally {
    for (const name of ["RALPH_TEST_SECRET", "RALPH_TEST_NAMED", "LC_TEST"]) delete process.env[name];
  }
});
