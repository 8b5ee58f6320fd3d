/**
 * The processes of one command: whether any is alive, and their end.
 *
 * A command is a session, and may have several process groups: `timeout` and `set -m` make their own. A child that
 * calls setsid is out of reach here. It keeps RALPH_GROUP in its environment, by which the supervisor finds and ends
 * it once the agent is gone.
 */
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { systemCodeOf } from "../../errors.ts";

export interface Processes {
  readonly isAlive: () => boolean;
  /** Resolves when none is alive, when time is over, or when the call is aborted. */
  readonly gone: (msMax: number, signal?: AbortSignal) => Promise<void>;
  /** SIGTERM, and SIGKILL to what is left after the grace. */
  readonly end: (graceMs: number) => Promise<void>;
}

/** A killed process dies when it next runs, which takes a while on a machine that is full. */
const killMsMax = 2_000;
const pauseMsMax = 250;

export function createProcesses(session: number): Processes {
  let isGone = false;
  const isAlive = (): boolean => {
    // Asked no more once they are gone: the number may be another session's by then.
    isGone ||= isEmpty(session);
    return !isGone;
  };
  const gone: Processes["gone"] = async (msMax, signal) => {
    const endMs = performance.now() + msMax;
    for (let pauseMs = 5; isAlive() && performance.now() < endMs; pauseMs *= 2) {
      if (signal?.aborted === true) return;
      await sleep(Math.min(pauseMs, pauseMsMax));
    }
  };
  const tell = (name: NodeJS.Signals): void => {
    if (isAlive()) for (const group of groupsOf(session)) signalGroup(group, name);
  };
  return {
    isAlive,
    gone,
    async end(graceMs) {
      tell("SIGTERM");
      // A stopped process hears it only when it goes on.
      tell("SIGCONT");
      await gone(graceMs);
      tell("SIGKILL");
      await gone(killMsMax);
    },
  };
}

/** Looked at twice: a process that leaves the session may have left a child in it right after the first list was made. */
const isEmpty = (session: number): boolean => [1, 2].every(() => groupsOf(session).size === 0);

/** Those in which anything is alive. */
function groupsOf(session: number): ReadonlySet<number> {
  if (process.platform !== "linux") return new Set(signalGroup(session, 0) ? [session] : []);
  const pids = readdirSync("/proc").filter((name) => /^\d/.test(name));
  return new Set(pids.flatMap((pid) => groupOf(pid, session)));
}

function groupOf(pid: string, session: number): readonly number[] {
  try {
    // State, parent, group and session follow the name, which may hold anything, brackets too.
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const [state = "", , group, member] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // Where nobody reaps orphans, a dead one is a member for good.
    return member === String(session) && !"ZX".includes(state) ? [Number(group)] : [];
  } catch {
    return [];
  }
}

/** Whether there is such a group. Signal 0 only asks. */
function signalGroup(group: number, name: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-group, name);
  } catch (error) {
    return systemCodeOf(error) === "EPERM";
  }
}
