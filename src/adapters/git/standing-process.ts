/** A process that waits for questions: only an open one may keep the supervisor alive. */
import type { ChildProcessByStdio } from "node:child_process";
import { Socket } from "node:net";
import type { Readable, Writable } from "node:stream";

export type StandingProcess = ChildProcessByStdio<Writable, Readable, null>;

export function setHeld(child: StandingProcess, isHeld: boolean): void {
  const pipes = [child.stdin, child.stdout].filter((pipe) => pipe instanceof Socket);
  for (const handle of [child, ...pipes]) {
    if (isHeld) handle.ref();
    else handle.unref();
  }
}

export const hasEnded = (child: StandingProcess): boolean =>
  child.exitCode !== null || child.signalCode !== null;
