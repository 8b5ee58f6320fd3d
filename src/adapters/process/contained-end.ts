/** What bubblewrap tells of the program in it, on a descriptor of its own: the first process inside, and how it ended. */
import { constants } from "node:os";
import type { Readable, Writable } from "node:stream";
import { stripVTControlCharacters } from "node:util";
import type { Enclosed } from "../sandbox/containment.ts";
import type { GroupExit } from "./process-group.ts";

export interface Told {
  /** As it is seen from outside; null before it is known. */
  first: number | null;
  /** Null when the program was never started. */
  code: number | null;
  /** Why the program was not let in; null: it was, or it was gone before. */
  refusal: string | null;
  /** Resolves when nothing more will be told. */
  readonly end: Promise<void>;
}

export interface Door {
  /** Descriptor 3 of bubblewrap; nobody inside has it. */
  readonly status: Readable | null;
  /** Descriptor 4, where bubblewrap waits for the view. */
  readonly view: Writable | null;
  /** Descriptor 5, where the first process inside waits for the command. */
  readonly command: Writable | null;
}

/** Tells bubblewrap its part when the limits hold, and the program its own when its first process is known. */
export function listenToBubblewrap(
  { status, view, command }: Door,
  enclosed: Pick<Enclosed, "view" | "command" | "refusal">,
  kill: () => void,
): Told {
  let text = "";
  const end = Promise.withResolvers<void>();
  const told: Told = { first: null, code: null, refusal: null, end: end.promise };
  if (status === null) end.resolve();
  // It may end before it is told anything.
  for (const each of [view, command]) each?.on("error", () => {});
  void enclosed.refusal.then((refusal) => {
    told.refusal = refusal;
    if (refusal === null) view?.end(enclosed.view);
    else kill();
  });
  status?.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
    if (told.first === null) {
      told.first = numberIn(text, /"child-pid": (\d+)/);
      if (told.first !== null) command?.end(enclosed.command);
    }
    told.code ??= numberIn(text, /"exit-code": (\d+)/);
  });
  for (const event of ["end", "error", "close"]) status?.once(event, () => end.resolve());
  return told;
}

function numberIn(text: string, pattern: RegExp): number | null {
  const match = pattern.exec(text)?.[1];
  return match === undefined ? null : Number(match);
}

/** Without its word the program did not run: bubblewrap's own exit is neither green nor red. */
export function containedExit(exit: GroupExit, told: Told, output: string): GroupExit {
  if (exit.kind === "not-started") return exit;
  if (told.code !== null) return exitOf(told.code);
  if (told.refusal !== null)
    return { kind: "not-started", reason: `the sandbox could not be made: ${told.refusal}` };
  if (exit.kind === "signaled" && told.first !== null) return exit;
  if (exit.kind === "signaled")
    return { kind: "not-started", reason: `the sandbox was ended by ${exit.signal} before anything began` };
  const lines = stripVTControlCharacters(output).trim().split("\n");
  const line = lines.findLast((each) => each.startsWith("bwrap: ")) ?? lines.at(-1) ?? "";
  return { kind: "not-started", reason: reasonOf(line) };
}

const signalBase = 128;

/** As a shell would: a signal is told as 128 and its number. */
function exitOf(code: number): GroupExit {
  const name = Object.entries(constants.signals).find(([, number]) => number === code - signalBase)?.[0];
  return name === undefined ? { kind: "exited", code } : { kind: "signaled", signal: name };
}

function reasonOf(line: string): string {
  const [, folder] = /^bwrap: Can't chdir to (.*): /.exec(line) ?? [];
  if (folder !== undefined) return `the directory ${folder} is gone`;
  return `the sandbox could not be made: ${line.replace(/^bwrap: /, "") || "it gave no reason"}`;
}
