/**
 * The right to supervise a repository: a file that names its holder. One supervisor at a time.
 *
 * The lease keeps people from starting two by mistake. Correctness does not rest on it: every landing is a
 * compare-and-swap with a landed ref.
 */
import { createHash } from "node:crypto";
import {
  linkSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import { RalphError, systemCodeOf } from "../../errors.ts";

export interface LeaseHolder {
  readonly pid: number;
  /** A reboot ends every lease, whatever the pid. */
  readonly bootId: string;
  /** When the process started, in the kernel's own clock: a pid alone is used again. */
  readonly startTime: string;
  /** In which the pid is one: a container has its own. */
  readonly pidNamespace?: string;
  readonly host: string;
  readonly since: string;
}

/** A holder as it is seen from here: its pid is one of ours only where it works here. */
export interface SeenHolder extends LeaseHolder {
  readonly where: "here" | "other-container" | "other-machine";
  /** ISO 8601: it is alive while it says so. */
  readonly heardAt: string;
}

/** @throws RalphError `lease-held` when a living supervisor holds it. */
export function takeLease(file: string, since: string, beatMs = usualBeatMs): Disposable {
  const bootId = readBootId();
  const holder: LeaseHolder = {
    pid: process.pid,
    bootId,
    startTime: startTimeOf(process.pid) ?? "",
    pidNamespace: ownNamespace(),
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
  // For those who cannot see this process: a container beside this one.
  const beat = setInterval(() => touch(file), beatMs).unref();
  sweepDead(file);
  return {
    [Symbol.dispose]() {
      clearInterval(beat);
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
      pid === undefined ? holder !== null && isHeld(holder, path) : startTimeOf(Number(pid)) === startTime;
    if (!isNeeded) rmSync(path, { force: true });
  }
}

const usualBeatMs = 10_000;
/** A holder that cannot be seen is dead after so many missed beats. */
const silenceMs = 6 * usualBeatMs;

function touch(file: string): void {
  try {
    const now = new Date();
    utimesSync(file, now, now);
  } catch {
    // It is gone, or cannot be written: nothing rests on it.
  }
}

/** Who holds the lease and is not known to be dead, or null. */
export function findHolder(file: string): SeenHolder | null {
  const holder = parseLease(readText(file));
  if (holder === null || !isHeld(holder, file)) return null;
  return { ...holder, where: whereIs(holder), heardAt: new Date(Date.now() - silenceOf(file)).toISOString() };
}

/** What whoever wanted the lease now would be told; null: it is free. */
export function refusalByHolder(file: string): RalphError | null {
  const holder = findHolder(file);
  return holder === null ? null : heldBy(holder, file);
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
  if (holder !== null && isHeld(holder, name)) throw heldBy(holder, name);
  if (found !== null) {
    const right = `${name}.after-${createHash("sha256").update(found).digest("hex").slice(0, 12)}`;
    takeName(own, right);
    if (readText(name) === found) rmSync(name, { force: true });
    rmSync(right, { force: true });
  }
  if (!tryLink(own, name)) throw heldBy(parseLease(readText(name)), name);
}

function heldBy(holder: LeaseHolder | null, file: string): RalphError {
  if (holder !== null && isElsewhere(holder)) return heldElsewhere(holder, file);
  const who =
    holder === null ? "another supervisor" : `pid ${holder.pid} on ${holder.host}, since ${holder.since}`;
  return new RalphError("lease-held", `another supervisor works on this repository: ${who}`, {
    hint: `Wait for it, stop it with \`ralphwright stop\`, or see \`ralphwright status\`. The lease is ${file}.`,
  });
}

/** From here nobody can tell whether it lives: only a person who looks there can. */
export function heldElsewhere({ pid, host, since }: LeaseHolder, file: string): RalphError {
  const minutes = Math.round(silenceOf(file) / 60_000);
  const message = `a supervisor on another machine holds this state directory: pid ${pid} on ${host}, since ${since}, last heard of ${minutes} min ago`;
  return new RalphError("lease-held", message, {
    hint: `Look on ${host}. If nothing runs there any more: rm ${file}`,
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
    const read = JSON.parse(text ?? "null") as LeaseHolder | null;
    return typeof read?.pid === "number" && typeof read.host === "string" ? read : null;
  } catch {
    return null;
  }
}

/** Another kernel, and not this machine before its last start. */
const isElsewhere = ({ bootId, host }: LeaseHolder): boolean =>
  bootId !== readBootId() && host !== hostname();

function whereIs(holder: LeaseHolder): SeenHolder["where"] {
  if (isElsewhere(holder)) return "other-machine";
  return (holder.pidNamespace ?? ownNamespace()) === ownNamespace() ? "here" : "other-container";
}

/** Whether it must be taken for alive. */
function isHeld(holder: LeaseHolder, file: string): boolean {
  const where = whereIs(holder);
  if (where === "other-machine") return true;
  if (holder.bootId !== readBootId()) return false;
  // The same machine, whatever it is called in there; but its processes cannot be seen.
  if (where === "other-container") return silenceOf(file) < silenceMs;
  const startTime = startTimeOf(holder.pid);
  return startTime !== null && startTime === holder.startTime;
}

function silenceOf(file: string): number {
  try {
    return Math.max(0, Date.now() - statSync(file).mtimeMs);
  } catch {
    return 0;
  }
}

function ownNamespace(): string {
  try {
    return readlinkSync("/proc/self/ns/pid");
  } catch {
    return "";
  }
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
