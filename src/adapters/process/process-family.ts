/**
 * The processes below the first one of a PID namespace: looked at, stopped and signalled from outside.
 *
 * Nobody leaves a PID namespace: whoever loses his parent becomes a child of the first process, and all die with it.
 * Linux only, by the kernel's lists of children.
 */
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { isGone, signalProcess, stopAll } from "./stray-processes.ts";

/** The first process itself comes first; nothing when it is gone. */
function familyOf(first: number): readonly number[] {
  const family = [first];
  for (const pid of family) family.push(...childrenOf(pid));
  return isGone(first) ? [] : family;
}

function childrenOf(pid: number): readonly number[] {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    return threads.flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8").split(" ").filter(Boolean).map(Number),
    );
  } catch {
    // Gone meanwhile.
    return [];
  }
}

/** False when they do not hold still. */
export const stopFamily = async (first: number): Promise<boolean> =>
  (await stopAll(() => Promise.resolve(familyOf(first)))) !== null;

export function signalFamily(first: number, name: "SIGTERM" | "SIGCONT"): void {
  const [, ...others] = familyOf(first);
  // The first process hears no signal that it does not wait for, but it was stopped like the others.
  for (const pid of name === "SIGCONT" ? [first, ...others] : others) signalProcess(pid, name);
}

/** About ten seconds, as for strays. */
const passesMax = 400;

/** Resolves when the first process is gone, and so all others: it is the last one to go. */
export async function waitForFamily(first: number): Promise<void> {
  for (let pass = 1; pass <= passesMax && !isGone(first); pass += 1) await setTimeout(Math.min(pass, 25));
}
