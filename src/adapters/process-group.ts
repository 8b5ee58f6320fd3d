/**
 * Starts a program in its own process group and ends the whole group: the only place where agents, gates and
 * setup commands become processes.
 *
 * When `exit` resolves, the group and every marked stray of it are gone, whoever still holds a pipe open.
 */
import { randomUUID } from "node:crypto";
import { closeSync, openSync, writeSync } from "node:fs";
import { StringDecoder } from "node:string_decoder";
import { execa } from "execa";
import { createBoundedText, createLineSplitter } from "./bounded-text.ts";
import { groupMark, killStrays } from "./stray-processes.ts";

export interface GroupOrder {
  /** A string is run by bash; a list is a program with its arguments. */
  readonly command: string | readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Written to standard input, which is then closed; null leaves it open for `write`. */
  readonly input: string | null;
  readonly logFile: string;
  readonly wallMsMax: number;
  /** No output for this long ends the group; null: no such limit. */
  readonly idleMsMax: number | null;
  readonly signal: AbortSignal;
  /** Lines of standard output, without their line feed. */
  readonly onLine?: (line: string | { readonly tooLong: number }) => void;
}

export type GroupExit =
  | { readonly kind: "exited"; readonly code: number }
  | { readonly kind: "signaled"; readonly signal: string }
  | { readonly kind: "not-started"; readonly reason: string }
  | { readonly kind: "ended"; readonly why: "wall" | "idle" | "stopped" };

export interface ProcessGroup {
  readonly write: (text: string) => void;
  readonly endInput: () => void;
  /** Stops the clocks while the program waits for somebody else, and lets them go on. */
  readonly holdClocks: () => void;
  readonly resumeClocks: () => void;
  /** Asks politely, then not. `exit` resolves with `why` unless the program had ended by itself. */
  readonly end: (why: "wall" | "idle" | "stopped") => void;
  readonly exit: Promise<GroupExit>;
  /** Head and tail of what it printed so far, both streams. */
  readonly output: () => string;
}

/** Set once at start: marks every process as this supervisor's, so that the next one can find what was left. */
let supervisorMark: string = randomUUID();
export const setSupervisorMark = (mark: string): void => {
  supervisorMark = mark;
};

/** `--norc`: Node's pipes are sockets, which bash takes for a remote login and then reads `~/.bashrc`. */
const bash = ["bash", "--norc", "-c"] as const;

const termGraceMs = 5_000;
/** After the program's own end: how long its last output may take through the pipes. */
const drainMsMax = 1_000;
const lineCharsMax = 1_000_000;
const headCharsMax = 16_000;
const tailCharsMax = 48_000;
const logBytesMax = 64 * 1024 * 1024;

export function startGroup(order: GroupOrder): ProcessGroup {
  const mark = `${supervisorMark}.${randomUUID()}`;
  const [file, ...args] = typeof order.command === "string" ? [...bash, order.command] : order.command;
  const child = execa(file ?? "", args, {
    cwd: order.cwd,
    env: { ...order.env, [groupMark]: mark },
    extendEnv: false,
    stdin: "pipe",
    stdout: "pipe",
    stderr: "pipe",
    buffer: false,
    reject: false,
    killDescendants: true,
    forceKillAfterDelay: false,
  });
  const node = child.nodeChildProcess;
  const kept = createBoundedText(headCharsMax, tailCharsMax);
  const log = openLog(order.logFile);
  const lines = createLineSplitter(lineCharsMax, (line) => order.onLine?.(line));
  const ending = createEnding(order, (signal) => child.kill(signal));
  const receive = (isOutput: boolean): ((chunk: Buffer) => void) => {
    const decoder = new StringDecoder("utf8");
    return (chunk) => {
      ending.noteOutput();
      log.write(chunk);
      const text = decoder.write(chunk);
      kept.push(text);
      if (isOutput) lines.push(text);
    };
  };
  node.stdout?.on("data", receive(true));
  node.stderr?.on("data", receive(false));
  // A program that does not read its input closes the pipe: that is its right.
  node.stdin?.on("error", () => {});
  if (order.input !== null) node.stdin?.end(order.input);

  const exit = (async (): Promise<GroupExit> => {
    const ended = await Promise.race([
      waitForExit(node),
      child.then((result: Result) => startFailure(result)),
    ]);
    ending.done();
    child.kill("SIGKILL");
    await killStrays(mark);
    await drainStreams(node);
    lines.end();
    log.close();
    return ending.why === null || ended.kind === "not-started" ? ended : { kind: "ended", why: ending.why };
  })();
  return {
    write: (text) => void (node.stdin?.writable === true && node.stdin.write(text)),
    endInput: () => void node.stdin?.end(),
    holdClocks: ending.hold,
    resumeClocks: ending.resume,
    end: ending.end,
    exit,
    output: kept.text,
  };
}

type Child = ReturnType<typeof execa>["nodeChildProcess"];

function waitForExit(child: Child): Promise<GroupExit> {
  return new Promise((resolve) => {
    child.once("exit", (code, signal) => {
      resolve(code === null ? { kind: "signaled", signal: signal ?? "a signal" } : { kind: "exited", code });
    });
  });
}

/** What execa says of a program; an end that `exit` tells is not told twice. */
interface Result {
  readonly code?: string | undefined;
  readonly exitCode?: number | undefined;
  readonly signal?: string | undefined;
  readonly shortMessage?: string | undefined;
}

function startFailure(result: Result): GroupExit | Promise<never> {
  const started = result.exitCode !== undefined || result.signal !== undefined;
  if (started) return new Promise<never>(() => {});
  return { kind: "not-started", reason: result.code ?? result.shortMessage ?? "unknown reason" };
}

/** A grandchild outside the group may hold the pipes open for hours; nobody waits for it. */
async function drainStreams(child: Child): Promise<void> {
  const streams = [child.stdout, child.stderr].filter((stream) => stream !== null);
  const ends = streams.map(
    (stream) =>
      new Promise<void>((resolve) => {
        if (stream.readableEnded || stream.destroyed) resolve();
        else stream.once("close", resolve);
      }),
  );
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, drainMsMax);
  });
  await Promise.race([Promise.all(ends), timeout]);
  clearTimeout(timer);
  for (const stream of [child.stdin, ...streams]) stream?.destroy();
}

interface Ending {
  why: "wall" | "idle" | "stopped" | null;
  readonly end: (why: "wall" | "idle" | "stopped") => void;
  readonly noteOutput: () => void;
  readonly hold: () => void;
  readonly resume: () => void;
  readonly done: () => void;
}

/** The clocks of one group: wall time, silence, the grace between SIGTERM and SIGKILL. */
function createEnding(order: GroupOrder, kill: (signal: "SIGTERM" | "SIGKILL") => void): Ending {
  const wall = createClock(order.wallMsMax, () => ending.end("wall"));
  const idle = createClock(order.idleMsMax ?? Infinity, () => ending.end("idle"));
  const grace = createClock(termGraceMs, () => kill("SIGKILL"));
  const stop = (): void => ending.end("stopped");
  const hold = (): void => {
    wall.hold();
    idle.restart();
    idle.hold();
  };
  const ending: Ending = {
    why: null,
    end(why) {
      if (ending.why !== null) return;
      ending.why = why;
      kill("SIGTERM");
      grace.resume();
    },
    noteOutput: idle.restart,
    hold,
    resume() {
      wall.resume();
      idle.resume();
    },
    done() {
      for (const clock of [wall, idle, grace]) clock.hold();
      order.signal.removeEventListener("abort", stop);
    },
  };
  ending.resume();
  if (order.signal.aborted) stop();
  else order.signal.addEventListener("abort", stop, { once: true });
  return ending;
}

interface StopClock {
  readonly hold: () => void;
  readonly resume: () => void;
  /** Begins again with the full time. */
  readonly restart: () => void;
}

/** Runs on the monotonic clock, and only while it is not held. Made held. */
function createClock(msMax: number, act: () => void): StopClock {
  let timer: NodeJS.Timeout | null = null;
  let msLeft = msMax;
  let resumedAtMs = 0;
  const resume = (): void => {
    if (timer !== null || msLeft === Infinity) return;
    resumedAtMs = performance.now();
    timer = setTimeout(act, Math.min(Math.max(0, msLeft), 2 ** 31 - 1));
  };
  const hold = (): void => {
    if (timer === null) return;
    clearTimeout(timer);
    timer = null;
    msLeft -= performance.now() - resumedAtMs;
  };
  return {
    hold,
    resume,
    restart() {
      msLeft = msMax;
      resumedAtMs = performance.now();
      timer?.refresh();
    },
  };
}

/** Synchronous on purpose: a program that prints faster than the disk writes is slowed, not buffered. */
function openLog(file: string): { readonly write: (chunk: Buffer) => void; readonly close: () => void } {
  const descriptor = openSync(file, "a", 0o600);
  let bytesLeft = logBytesMax;
  return {
    write(chunk) {
      if (bytesLeft <= 0) return;
      writeSync(descriptor, chunk.subarray(0, bytesLeft));
      bytesLeft -= chunk.length;
      if (bytesLeft <= 0) writeSync(descriptor, `\n[log cut at ${logBytesMax} bytes]\n`);
    },
    close: () => closeSync(descriptor),
  };
}
