/**
 * The right to supervise a repository: a file that names its holder. One supervisor at a time.
 *
 * The lease keeps people from starting two by mistake. Correctness does not rest on it: every landing is a
 * compare-and-swap with a landed ref.
 */
import { randomUUID } from "node:crypto";
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { RalphError, systemCodeOf } from "../errors.ts";

export interface LeaseHolder {
  readonly pid: number;
  /** A reboot ends every lease, whatever the pid. */
  readonly bootId: string;
  /** When the process started, in the kernel's own clock: a pid alone is used again. */
  readonly startTime: string;
  readonly host: string;
  readonly since: string;
}

/** @throws RalphError `lease-held` when a living supervisor holds it. */
export function takeLease(file: string, since: string): Disposable {
  const bootId = readBootId();
  const holder: LeaseHolder = {
    pid: process.pid,
    bootId,
    startTime: startTimeOf(process.pid) ?? "",
    host: hostname(),
    since,
  };
  const own = `${file}.${randomUUID()}`;
  writeFileSync(own, `${JSON.stringify(holder)}\n`, { mode: 0o600 });
  try {
    if (!tryLink(own, file)) {
      removeDeadLease(file);
      if (!tryLink(own, file)) throw heldBy(readLease(file), file);
    }
  } finally {
    rmSync(own, { force: true });
  }
  return {
    [Symbol.dispose]() {
      if (readLease(file)?.startTime === holder.startTime && readLease(file)?.pid === process.pid)
        rmSync(file);
    },
  };
}

/** Who holds the lease and is alive, or null. */
export function findHolder(file: string): LeaseHolder | null {
  const holder = readLease(file);
  return holder !== null && isAlive(holder) ? holder : null;
}

function tryLink(own: string, file: string): boolean {
  try {
    linkSync(own, file);
    return true;
  } catch (error) {
    if (systemCodeOf(error) === "EEXIST") return false;
    throw error;
  }
}

/** Moves the dead lease away under a name of our own: of two that try, one moves it, and both see what they moved. */
function removeDeadLease(file: string): void {
  const found = readLease(file);
  if (found !== null && isAlive(found)) throw heldBy(found, file);
  const moved = `${file}.dead-${randomUUID()}`;
  try {
    renameSync(file, moved);
  } catch {
    return;
  }
  const holder = readLease(moved);
  // Somebody living took it between our look and our move: it goes back.
  if (holder !== null && isAlive(holder)) {
    tryLink(moved, file);
    rmSync(moved, { force: true });
    throw heldBy(holder, file);
  }
  rmSync(moved, { force: true });
}

function heldBy(holder: LeaseHolder | null, file: string): RalphError {
  const who =
    holder === null ? "another supervisor" : `pid ${holder.pid} on ${holder.host}, since ${holder.since}`;
  return new RalphError("lease-held", `another supervisor works on this repository: ${who}`, {
    hint: `Wait for it, stop it with Ctrl-C or SIGTERM, or see \`ralphwright status\`. The lease is ${file}.`,
  });
}

function readLease(file: string): LeaseHolder | null {
  try {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by ourselves; a foreign one is dead
    return JSON.parse(readFileSync(file, "utf8")) as LeaseHolder;
  } catch {
    return null;
  }
}

function isAlive(holder: LeaseHolder): boolean {
  if (holder.host !== hostname()) return false;
  if (holder.bootId !== readBootId()) return false;
  const startTime = startTimeOf(holder.pid);
  return startTime !== null && startTime === holder.startTime;
}

function readBootId(): string {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    return "";
  }
}

/** Null when there is no such process. Where there is no `/proc`, the pid is all there is to go by. */
function startTimeOf(pid: number): string | null {
  try {
    // The name in parentheses may hold spaces and parentheses itself; field 22 counts from behind the last one.
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? null;
  } catch {
    return process.platform === "linux" ? null : startTimeBySignal(pid);
  }
}

function startTimeBySignal(pid: number): string | null {
  try {
    process.kill(pid, 0);
    return "";
  } catch {
    return null;
  }
}
