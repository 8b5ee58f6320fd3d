/**
 * Preloaded into a supervisor (`node --import`), it kills that process at an exact place, as a power cut would:
 * `?record=7` right after the seventh journal record is durable, `?git=update-ref&nth=2` right after the second such
 * git command has ended, before anybody hears of it. With `&sh=…` that command is run there instead, by somebody else.
 */
// oxlint-disable typescript/no-unsafe-type-assertion -- it wraps functions of node, whatever their overloads are
import childProcess, { type ChildProcess } from "node:child_process";
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

const { searchParams } = new URL(import.meta.url);
const script = searchParams.get("sh");
const die = (): void => {
  if (script === null) process.kill(process.pid, "SIGKILL");
  else childProcess.execFileSync("sh", ["-c", script]);
};

let isWritten = false;
const { fsyncSync, writeSync } = fs;
const line = `"seq":${searchParams.get("record") ?? "none"},`;
const writeAndLook = (...args: readonly unknown[]): number => {
  isWritten ||= String(args[1]).includes(line) && String(args[1]).includes('"v":');
  return Reflect.apply(writeSync, fs, args) as number;
};
const fsyncAndLook = (descriptor: number): void => {
  fsyncSync(descriptor);
  if (!isWritten) return;
  isWritten = false;
  die();
};
Object.assign(fs, { writeSync: writeAndLook, fsyncSync: fsyncAndLook });

let commands = 0;
const { spawn } = childProcess;
const wanted = searchParams.get("git");
const spawnAndWatch = (...args: readonly unknown[]): ChildProcess => {
  const child = Reflect.apply(spawn, childProcess, args) as ChildProcess;
  const isWanted = args[0] === "git" && wanted !== null && (args[1] as readonly string[]).includes(wanted);
  if (isWanted) commands += 1;
  if (isWanted && commands === Number(searchParams.get("nth"))) child.prependOnceListener("exit", die);
  return child;
};
Object.assign(childProcess, { spawn: spawnAndWatch });
syncBuiltinESMExports();
