/**
 * The right to supervise a repository: a file that names its holder. One supervisor at a time.
 *
 * The lease keeps people from starting two by mistake. Correctness does not rest on it: every landing is a
 * compare-and-swap with a landed ref.
 */
import { createHash } from "node:crypto";
import { linkSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import { RalphError, systemCodeOf } from "../../errors.ts";

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
  const own = `${file}.${holder.pid}-${holder.startTime}`;
  try {
    writeFileSync(own, `${JSON.stringify(holder)}\n`, { mode: 0o600 });
    takeName(own, file);
  } finally {
    rmSync(own, { force: true });
  }
  sweepDead(file);
  return {
    [Symbol.dispose]() {
      const found = parseLease(readText(file));
      if (found?.pid === holder.pid && found.startTime === holder.startTime) rmSync(file, { force: true });
    },
  };
}

/** Removes what others left who were killed while they took the lease; whoever takes it now still needs theirs. */
function sweepDead(file: string): void {
  const prefix = `${basename(file)}.`;
  for (const name of readdirSync(dirname(file)).filter((each) => each.startsWith(prefix))) {
    const path = join(dirname(file), name);
    const [, pid, startTime] = /^(\d+)-(\d*)$/.exec(name.slice(prefix.length)) ?? [];
    const holder = parseLease(readText(path));
    const isNeeded =
      pid === undefined ? holder !== null && isAlive(holder) : startTimeOf(Number(pid)) === startTime;
    if (!isNeeded) rmSync(path, { force: true });
  }
}

/** Who holds the lease and is alive, or null. */
export function findHolder(file: string): LeaseHolder | null {
  const holder = parseLease(readText(file));
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

/**
 * Makes `name` ours. Whoever removes a dead holder's lease must be alone in it, or it could remove a new one that
 * took its place: so the right to do it is a lease itself, named after the dead one and taken the same way.
 */
function takeName(own: string, name: string): void {
  if (tryLink(own, name)) return;
  const found = readText(name);
  const holder = parseLease(found);
  if (holder !== null && isAlive(holder)) throw heldBy(holder, name);
  if (found !== null) {
    const right = `${name}.after-${createHash("sha256").update(found).digest("hex").slice(0, 12)}`;
    takeName(own, right);
    if (readText(name) === found) rmSync(name, { force: true });
    rmSync(right, { force: true });
  }
  if (!tryLink(own, name)) throw heldBy(parseLease(readText(name)), name);
}

function heldBy(holder: LeaseHolder | null, file: string): RalphError {
  const who =
    holder === null ? "another supervisor" : `pid ${holder.pid} on ${holder.host}, since ${holder.since}`;
  return new RalphError("lease-held", `another supervisor works on this repository: ${who}`, {
    hint: `Wait for it, stop it with Ctrl-C or SIGTERM, or see \`ralphwright status\`. The lease is ${file}.`,
  });
}

function readText(file: string): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return null;
  }
}

function parseLease(text: string | null): LeaseHolder | null {
  try {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by ourselves; a foreign one is dead
    return JSON.parse(text ?? "null") as LeaseHolder | null;
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
