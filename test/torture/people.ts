/** What happens beside a supervisor: a person who commits to the target, and a clock that somebody sets. */
import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import type { TortureWorld } from "./torture-world.ts";

const call = promisify(execFile);

/** As a push from elsewhere: on the newest tip, and again when it moved meanwhile. */
const commitScript = `for try in 1 2 3 4 5 6 7 8 9; do
  tip=$(git rev-parse refs/heads/main) &&
  blob=$(echo "$1" | git hash-object -w --stdin) &&
  tree=$( (git ls-tree "$tip"; printf '100644 blob %s\\tperson-%s.txt\\n' "$blob" "$1") | git mktree) &&
  commit=$(git commit-tree "$tree" -p "$tip" -m "Person $1") &&
  git update-ref refs/heads/main "$commit" "$tip" 2>/dev/null && exit 0
done
exit 1`;

/** Returns whether the commit came on the target. */
export async function commitAsPerson(world: TortureWorld, number: number): Promise<boolean> {
  const env = {
    ...process.env,
    GIT_AUTHOR_NAME: "P",
    GIT_AUTHOR_EMAIL: "p@example.com",
    GIT_COMMITTER_NAME: "P",
    GIT_COMMITTER_EMAIL: "p@example.com",
  };
  const args = ["--norc", "-c", commitScript, "bash", String(number)];
  return call("bash", args, { cwd: world.repository, env }).then(
    () => true,
    () => false,
  );
}

const library = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/local/lib"]
  .map((folder) => join(folder, "faketime", "libfaketimeMT.so.1"))
  .find((file) => existsSync(file));

/** Whether the clock of a process can be set here: it takes the package libfaketime. */
export const canSetClocks = library !== undefined;

export interface SteppedClock {
  readonly env: Readonly<Record<string, string>>;
  /** By so many seconds from the true time. */
  set(seconds: number): Promise<void>;
}

/** The wall clock of one supervisor and its git alone. The monotonic one goes on as ever, and so do times of files. */
export async function openClock({ folder }: TortureWorld): Promise<SteppedClock> {
  const file = join(folder, "clock");
  const set = (seconds: number): Promise<void> => writeFile(file, `${seconds < 0 ? "" : "+"}${seconds}\n`);
  await set(0);
  return {
    set,
    env: {
      LD_PRELOAD: library ?? "",
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
      DONT_FAKE_MONOTONIC: "1",
      NO_FAKE_STAT: "1",
    },
  };
}

/** Sends a signal unless the process has ended by itself. */
export function signalTo(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

/** Holds the process still for a while. */
export async function pause(pid: number, forMs: number): Promise<void> {
  if (!signalTo(pid, "SIGSTOP")) return;
  await sleep(forMs);
  signalTo(pid, "SIGCONT");
}

export function stateOf(pid: number): "running" | "stopped" | "ended" {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const letter = stat.slice(stat.lastIndexOf(") ") + 2, stat.lastIndexOf(") ") + 3);
    if ("ZX".includes(letter)) return "ended";
    return letter === "T" ? "stopped" : "running";
  } catch {
    return "ended";
  }
}
