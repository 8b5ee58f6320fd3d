/** Sees that a model goes in circles: the same call with the same result again and again, or two by turns. Pure. */

/** One call and what came of it. */
export interface Seen {
  readonly tool: string;
  readonly input: unknown;
  readonly result: string;
}

export type Repetition = "none" | "warn" | "stuck";

const warnAt = 3;
const stuckAt = 5;
/** A-B-A-B-A-B. */
const alternatingAt = 6;

/** Only the latest calls are kept: nothing further back matters. */
export class RepetitionWatch {
  #keys: readonly string[] = [];

  /** Call once for each call, in order. */
  note(seen: Seen): Repetition {
    const key = JSON.stringify([seen.tool, seen.input, withoutTimes(seen.result)]);
    this.#keys = [...this.#keys, key].slice(-alternatingAt);
    const inARow = this.#keys.length - 1 - this.#keys.findLastIndex((each) => each !== key);
    if (inARow >= stuckAt || isAlternating(this.#keys)) return "stuck";
    return inARow === warnAt ? "warn" : "none";
  }
}

/** How long a command took differs each time; what it printed does not. */
const withoutTimes = (result: string): string => result.replaceAll(/\d+(\.\d+)? ?m?s\b/g, "");

function isAlternating(keys: readonly string[]): boolean {
  const [a, b] = keys;
  if (keys.length < alternatingAt || a === b) return false;
  return keys.every((key, i) => key === (i % 2 === 0 ? a : b));
}
