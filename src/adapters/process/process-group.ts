/**
 * Starts a program in its own process group and ends the whole group: the only place where agents, gates and
 * setup commands become processes.
 *
 * When `exit` resolves, the group and every marked stray of it are gone, whoever still holds a pipe open.
 */
import { Readable, Writable } from "node:stream";
import { Deadline } from "../../running-clock.ts";
import { createEnding, type Ending, type GroupEnd, type GroupLimits } from "./group-clocks.ts";
import type { Enclose, Enclosed } from "../sandbox/containment.ts";
import { containedExit, type Door, listenToBubblewrap, type Told } from "./contained-end.ts";
import { collectOutput, type GroupOutput } from "./group-output.ts";
import { type Leader, startLeader } from "./leader.ts";
import { signalFamily, stopFamily, waitForFamily } from "./process-family.ts";
import { continueStrays, killStrays, stopProcesses } from "./stray-processes.ts";

export interface GroupOrder extends GroupLimits {
  /** A string is run by bash; a list is a program with its arguments. */
  readonly command: string | readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Written to standard input, which is then closed; null leaves it open for `write`. */
  readonly input: string | null;
  readonly logFile: string;
  /** Puts the program into a sandbox; null: it has the rights of the supervisor. */
  readonly enclose: Enclose | null;
  /** More bytes than that, both streams together, end the group; without a value there is no limit. */
  readonly outputBytesMax?: number;
  /** Lines of standard output, without their line feed. */
  readonly onLine?: (line: string | { readonly tooLong: number }) => void;
}

export type GroupExit =
  | { readonly kind: "exited"; readonly code: number }
  | { readonly kind: "signaled"; readonly signal: string }
  | { readonly kind: "not-started"; readonly reason: string }
  | { readonly kind: "ended"; readonly why: GroupEnd };

export interface ProcessGroup {
  readonly write: (text: string) => void;
  readonly endInput: () => void;
  /**
   * Until `thaw`, no process of the group and no marked stray of it runs, and no clock either. A group that will
   * not hold still is killed. When it resolves, the group changes nothing any more, and asks no model through us.
   */
  readonly freeze: () => Promise<void>;
  /** Lets a frozen group go on, to work or only to close; nothing for any other. */
  readonly thaw: (what: "work" | "close") => void;
  /** Asks politely, then not; a frozen group is killed at once. `exit` resolves with `why` unless the program had ended by itself. */
  readonly end: (why: GroupEnd) => void;
  readonly exit: Promise<GroupExit>;
  /** Head and tail of what it printed so far, both streams. */
  readonly output: () => string;
}

/** `--norc`: Node's pipes are sockets, which bash takes for a remote login and then reads `~/.bashrc`. */
const bash = ["bash", "--norc", "-c"] as const;

/** After the program's own end: how long its last output may take through the pipes. */
const drainMsMax = 1_000;

export function startGroup(order: GroupOrder): ProcessGroup {
  // Opened first: a log that cannot be written must not leave a process behind that nobody watches.
  const output = collectOutput(order.logFile, (bytesPrinted) => noteOutput(order, ending, bytesPrinted));
  const program = typeof order.command === "string" ? [...bash, order.command] : order.command;
  const enclosed = order.enclose?.({ ...order, command: program }) ?? null;
  const { cwd, env } = order;
  const leader = enclosed?.leader ?? startLeader({ command: program, cwd, env, morePipes: 0 });
  const { process: child, mark } = leader;
  const kill = (): void => leader.kill("SIGKILL");
  const told = enclosed === null ? null : listenToBubblewrap(doorOf(child), enclosed, kill);
  const ending = createEnding(order, (name) => {
    if (name === "SIGTERM" || name === "SIGKILL") enclosed?.hold();
    signalGroup(name, told, () => leader.kill(name));
  });
  connect(child, order, output);

  const exit = (async (): Promise<GroupExit> => {
    const ended = await Promise.race([
      waitForExit(child),
      leader.failure.then((reason): GroupExit => ({ kind: "not-started", reason })),
    ]);
    ending.done();
    kill();
    await clearAway(mark, told);
    await drainStreams(child);
    output.close();
    const how = told === null ? ended : containedExit(ended, told, output.text());
    return concluded(how, { ending, limit: (await enclosed?.release()) ?? null });
  })();
  const freezing = { ending, mark, told, pid: child.pid ?? 0, exit, kill, enclosed };
  return {
    write: (text) => void (child.stdin?.writable === true && child.stdin.write(text)),
    endInput: () => void child.stdin?.end(),
    ...createFreezer(freezing),
    end: ending.end,
    exit,
    output: output.text,
  };
}

function connect({ stdin, stdout, stderr }: Child, order: GroupOrder, output: GroupOutput): void {
  if (stdout !== null) output.listen(stdout, order.onLine ?? null);
  if (stderr !== null) output.listen(stderr, null);
  // A program that does not read its input closes the pipe: that is its right.
  stdin?.on("error", () => {});
  if (order.input !== null) stdin?.end(order.input);
}

function signalGroup(name: GroupSignal, told: Told | null, kill: () => void): void {
  const first = told?.first ?? null;
  // bubblewrap itself would end at once, and with it all that is inside.
  if (name === "SIGTERM" && first !== null) signalFamily(first, name);
  else kill();
}

type GroupSignal = Parameters<Parameters<typeof createEnding>[1]>[0];

function doorOf({ stdio }: Child): Door {
  const [status, view, command] = [...stdio].slice(3);
  return {
    status: status instanceof Readable ? status : null,
    view: view instanceof Writable ? view : null,
    command: command instanceof Writable ? command : null,
  };
}

/** With the first process of a PID namespace all others go; without one they have to be looked for. */
async function clearAway(mark: string, told: Told | null): Promise<void> {
  if (told !== null) await told.end;
  if (told === null || told.first === null) await killStrays(mark);
  else await waitForFamily(told.first);
}

function concluded(
  exit: GroupExit,
  { ending, limit }: { readonly ending: Ending; readonly limit: string | null },
): GroupExit {
  if (ending.why !== null) return { kind: "ended", why: ending.why };
  if (exit.kind === "not-started") return exit;
  const isRed = exit.kind !== "exited" || exit.code !== 0;
  return limit !== null && isRed ? { kind: "signaled", signal: limit } : exit;
}

function noteOutput({ outputBytesMax = Infinity }: GroupOrder, ending: Ending, bytesPrinted: number): void {
  ending.noteOutput();
  if (bytesPrinted > outputBytesMax) ending.end("output");
}

interface Freezing {
  readonly ending: Ending;
  readonly mark: string;
  readonly told: Told | null;
  /** Of the program, and so of its group. */
  readonly pid: number;
  readonly exit: Promise<GroupExit>;
  readonly kill: () => void;
  /** What it asks of others holds still as well. */
  readonly enclosed: Enclosed | null;
}

function createFreezer(freezing: Freezing): Pick<ProcessGroup, "freeze" | "thaw"> {
  const { ending, mark, told, pid, exit, kill, enclosed } = freezing;
  let strays: readonly number[] = [];
  return {
    async freeze() {
      if (ending.freeze()) {
        const first = told?.first ?? null;
        const stopped = first === null ? await stopProcesses(mark, pid) : (await stopFamily(first)) && [];
        if (stopped !== null && stopped !== false) {
          strays = stopped;
          enclosed?.hold();
          return;
        }
        kill();
      }
      await exit;
    },
    thaw(what) {
      if (!ending.thaw()) return;
      if (what === "work") enclosed?.resume();
      if (told?.first !== undefined && told.first !== null) signalFamily(told.first, "SIGCONT");
      else continueStrays(mark, strays);
    },
  };
}

type Child = Leader["process"];

function waitForExit(child: Child): Promise<GroupExit> {
  return new Promise((resolve) => {
    child.once("exit", (code, signal) => {
      resolve(code === null ? { kind: "signaled", signal: signal ?? "a signal" } : { kind: "exited", code });
    });
  });
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
  const timeout = Promise.withResolvers<void>();
  const deadline = new Deadline(timeout.resolve);
  deadline.start(drainMsMax);
  await Promise.race([Promise.all(ends), timeout.promise]);
  deadline.clear();
  for (const stream of [child.stdin, ...streams]) stream?.destroy();
}
