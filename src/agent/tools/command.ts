/** One shell command: starts it in a session of its own, reads what it prints, tells how it stands. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, mkdirSync, openSync, readFileSync, rmSync } from "node:fs";
import { Socket } from "node:net";
import { relative, resolve } from "node:path";
import { setImmediate as nextRead, setTimeout as sleep } from "node:timers/promises";
import type { Redactor } from "../../formats/redact.ts";
import { createOutput } from "./output.ts";
import { createProcesses, type Processes } from "./processes.ts";
import type { ToolResult } from "./tool.ts";

export interface ShellPlace {
  /** The workspace. */
  readonly top: string;
  /** All that commands get, without keys. */
  readonly env: Readonly<Record<string, string>>;
  /** For output that is too long, and for pipes; made when it is needed. */
  readonly outputFolder: string;
  readonly redactor: Redactor;
}

export interface ShellCommand {
  readonly id: number;
  readonly text: string;
  /** Bash, and what it started; that may go on when bash is over. */
  readonly processes: Processes;
  readonly isOver: () => boolean;
  /** Resolves when bash has ended and its output is here, with its last directory if that is known. */
  readonly over: Promise<string | null>;
  readonly end: (graceMs: number) => Promise<void>;
  /** How it stands, what is to be said of it, and what it printed since the last call. */
  readonly tell: (notes: readonly string[]) => ToolResult;
  /** Reads no more, whoever still prints. */
  readonly close: () => void;
}

/**
 * Nobody is there to read a page, to write in an editor or to type a password; what else waits for a person ends
 * because it has no terminal, except Vim, which is told to.
 *
 * The command is an argument: no quote in it can end what is around it. It tells its directory on exit, and before,
 * in case it has set an exit trap of its own; after `exec` and SIGKILL nothing is told.
 */
const frame = [
  "export CI=1 PAGER=cat GIT_PAGER=cat TERM=dumb NO_COLOR=1 DEBIAN_FRONTEND=noninteractive",
  "export EDITOR=true VISUAL=true GIT_EDITOR=true GIT_SEQUENCE_EDITOR=true",
  "export GIT_TERMINAL_PROMPT=0 GIT_ASKPASS=false SSH_ASKPASS=false VIMINIT='autocmd VimEnter * cquit'",
  'ralph_leave() { local code=$?; builtin pwd -P >|"$ralph_cwd"; return $code; }',
  "trap '{ ralph_leave; } 2>/dev/null' EXIT",
  'ralph_cwd=$1 ralph_command=$2; set --; eval -- "$ralph_command"',
  "{ ralph_leave; } 2>/dev/null",
].join("; ");

/** For the last output to come through a pipe that a child of bash still holds. */
const drainMsMax = 250;

/** @throws Error when it cannot be started. */
export async function startCommand(
  { top, env, outputFolder, redactor }: ShellPlace,
  { id, text, cwd }: { readonly id: number; readonly text: string; readonly cwd: string },
): Promise<ShellCommand> {
  mkdirSync(outputFolder, { recursive: true });
  const file = (kind: string): string => resolve(outputFolder, `${id}.${kind}`);
  const output = createOutput(file("txt"), redactor);
  const { printed, writeEnd } = openPipe(file("pipe"));
  const drained = once(printed.on("data", output.push), "close").then(output.end, output.end);
  const startMs = performance.now();
  const child = startBash([file("cwd"), text], { cwd, env }, writeEnd);
  // Rejects when there is no bash, say.
  const exit: Promise<unknown[]> = once(child, "exit");
  const { pid = 0 } = child;
  if (pid === 0) await exit;
  const processes = createProcesses(pid);

  let ending: string | null = null;
  let exitCode: number | null = null;
  const seconds = (): number => (performance.now() - startMs) / 1_000;
  const over = exit.then(async ([code, signal]) => {
    exitCode = typeof code === "number" ? code : null;
    ending = `${exitCode === null ? `ended by ${String(signal)}` : `exit ${exitCode}`} · ${seconds().toFixed(1)} s`;
    // Time may be over because this process was busy: then there is something to read.
    await Promise.race([drained, sleep(drainMsMax).then(() => nextRead())]);
    output.flush();
    // While the number is still its own: once it is known to be gone, nobody asks any more.
    processes.isAlive();
    return takeLine(file("cwd"));
  });
  return {
    id,
    text: redactor.text(text),
    processes,
    isOver: () => ending !== null,
    over,
    async end(graceMs) {
      await processes.end(graceMs);
      await Promise.race([over, sleep(drainMsMax)]);
    },
    tell(notes) {
      const time = seconds().toFixed(seconds() < 10 ? 1 : 0);
      const running = `still running after ${time} s: job ${id} (the job tool waits for it, reads its output or kills it)`;
      const left = ending !== null && processes.isAlive() ? [`what it started still runs: job ${id}`] : [];
      const taken = output.take();
      const said = [...left, ...notes].map((note) => `[${redactor.text(note)}]`);
      // A model that has forgotten where it went takes what a command finds there for the whole project.
      const where = cwd === top ? "" : ` · in ${redactor.text(shortPath(top, cwd))}`;
      const content = [`${ending ?? running}${where}`, ...said, taken.text].join("\n");
      const spill = taken.spill === null ? {} : { spill: taken.spill };
      return { content, isError: false, facts: { exit: exitCode, charsTotal: taken.charsTotal, ...spill } };
    },
    close: () => void printed.destroy(),
  };
}

/** On one line, whatever is in it. */
function shortPath(top: string, path: string): string {
  const inside = relative(top, path);
  const short = inside.startsWith("..") ? path : inside;
  return /\p{Cc}/u.test(short) ? JSON.stringify(short) : short;
}

/**
 * Both ends of a named pipe, which has no name any more. Both streams of the command get it, so what they print
 * stays in order. Node's own would be a socket, on which `> /dev/stderr` fails.
 */
function openPipe(path: string): { readonly printed: Socket; readonly writeEnd: number } {
  rmSync(path, { force: true });
  execFileSync("mkfifo", [path], { stdio: "ignore" });
  // One end alone would wait for the other.
  const readEnd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writeEnd = openSync(path, constants.O_WRONLY);
  rmSync(path);
  return { printed: new Socket({ fd: readEnd, readable: true, writable: false }), writeEnd };
}

function startBash(
  args: readonly string[],
  place: { cwd: string; env: ShellPlace["env"] },
  writeEnd: number,
): ChildProcess {
  try {
    // Detached: a session of its own, without a terminal on which a prompt could wait.
    return spawn("bash", ["--norc", "-c", frame, "bash", ...args], {
      ...place,
      detached: true,
      stdio: ["ignore", writeEnd, writeEnd],
    });
  } finally {
    closeSync(writeEnd);
  }
}

/** The only line of a file, which is then removed; null when there is none. */
function takeLine(file: string): string | null {
  try {
    const text = readFileSync(file, "utf8");
    rmSync(file);
    return text.slice(0, -1) || null;
  } catch {
    return null;
  }
}
