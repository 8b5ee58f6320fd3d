/**
 * Puts boundaries around programs: before each start and after it, at each end before anybody hears of it, at each
 * signal and at each write to a pipe or a socket. All starts of node go through one handle, and that is wrapped.
 */
// oxlint-disable typescript/no-unsafe-type-assertion -- it wraps functions of node, whatever their overloads are
import childProcess from "node:child_process";
import net from "node:net";
import { basename } from "node:path";
import { type BoundaryCounter, errnoOf } from "./boundary-counter.ts";
import { type BoundaryOrder, type FaultKind, faultsOfStart } from "./boundary-order.ts";

type Call = (this: unknown, ...args: readonly unknown[]) => unknown;

/** What node keeps of a running program. */
interface Handle {
  pid?: number;
  onexit: Call;
}

export function wrapProcesses(counter: BoundaryCounter, order: BoundaryOrder): void {
  const { ChildProcess } = childProcess as unknown as { ChildProcess: new () => { _handle: object } };
  const prototype = Object.getPrototypeOf(new ChildProcess()._handle) as Record<string, Call>;
  wrapStart(counter, prototype, order.slay);
  wrapSignals(counter, prototype);
  wrapSockets(counter);
  const commands = childProcess as unknown as Record<string, Call>;
  for (const name of ["spawnSync", "execSync", "execFileSync"])
    wrapPlain(counter, commands, { method: name, name });
}

function wrapStart(
  counter: BoundaryCounter,
  prototype: Record<string, Call>,
  slay: BoundaryOrder["slay"],
): void {
  const { spawn } = prototype;
  if (spawn === undefined)
    throw new Error("node starts programs in another way: wrap-processes.ts is out of date");
  const kill = process.kill.bind(process);
  let starts = 0;
  prototype["spawn"] = function (this: unknown, ...args) {
    const handle = this as Handle;
    const place = commandName(args[1]);
    const { fault, done } = counter.pass({ name: "start", place, isReading: false, faults: faultsOfStart });
    const isChosen = slay !== undefined && place.startsWith(slay.place);
    if (isChosen) starts += 1;
    if (fault !== null)
      return failStart(fault, () => Reflect.apply(spawn, this, [missing, ...args.slice(1)]));
    const status = Reflect.apply(spawn, this, args);
    done();
    const { onexit, pid } = handle;
    // oxlint-disable-next-line unicorn/prefer-add-event-listener -- it is no event target
    handle.onexit = function (this: unknown, ...exit) {
      counter.pass({ name: "end", place, isReading: false, faults: [] }).done();
      return Reflect.apply(onexit, this, exit);
    };
    if (isChosen && slay.at === starts && pid !== undefined)
      setTimeout(() => slayProcess(kill, pid), slay.afterMs).unref();
    return status;
  };
}

const missing = "/nonexistent/program";

/** Too many open files: not even the pipes come to be. Otherwise they do, as after any start that fails. */
function failStart(kind: FaultKind, start: () => unknown): number {
  if (kind !== "EMFILE") start();
  return errnoOf(kind);
}

function slayProcess(kill: (pid: number, signal: string) => boolean, pid: number): void {
  try {
    kill(pid, "SIGKILL");
  } catch {
    // It had ended by itself.
  }
}

/** `git read-tree`, `bash`: the program and, for git, its command behind the settings. */
function commandName(args: unknown): string {
  const [program = "", ...rest] = (args ?? []) as readonly string[];
  if (program !== "git") return basename(program);
  const command = rest.find((arg, at) => !arg.startsWith("-") && rest[at - 1] !== "-c");
  return `git ${command ?? ""}`;
}

function wrapSignals(counter: BoundaryCounter, prototype: Record<string, Call>): void {
  wrapPlain(counter, prototype, { method: "kill", name: "signal" });
  const kill = process.kill.bind(process);
  process.kill = (pid, signal) => {
    if (signal === 0) return kill(pid, signal);
    const { done } = counter.pass({ name: "signal", place: String(signal), isReading: false, faults: [] });
    const result = kill(pid, signal);
    done();
    return result;
  };
}

function wrapSockets(counter: BoundaryCounter): void {
  const sockets = net.Socket.prototype as unknown as Record<string, Call>;
  for (const method of ["write", "end", "connect"])
    wrapPlain(counter, sockets, { method, name: `socket.${method}` });
  const servers = net.Server.prototype as unknown as Record<string, Call>;
  for (const method of ["listen", "close"]) wrapPlain(counter, servers, { method, name: `server.${method}` });
}

interface Plain {
  readonly method: string;
  readonly name: string;
}

function wrapPlain(counter: BoundaryCounter, functions: Record<string, Call>, { method, name }: Plain): void {
  const original = functions[method];
  if (original === undefined) throw new Error(`node has no ${method}: wrap-processes.ts is out of date`);
  functions[method] = function (this: unknown, ...args) {
    // Node ends the reading halves of pipes, too: nothing of the world hears that.
    if (this instanceof net.Socket && !this.writable && method === "end")
      return Reflect.apply(original, this, args);
    const { done } = counter.pass({ name, place: "", isReading: false, faults: [] });
    const result = Reflect.apply(original, this, args);
    done();
    return result;
  };
}
