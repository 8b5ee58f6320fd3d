/** Chance that a seed decides: the same seed gives the same plants. */

/** Numbers from 0 to 1, always the same for a seed (mulberry32). */
export function createDice(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function shuffle<Each>(list: readonly Each[], roll: () => number): readonly Each[] {
  return list
    .map((each) => ({ each, at: roll() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ each }) => each);
}

/** A seed for a commit, so that every tip is drilled with other plants, and the same tip with the same. */
export const seedOf = (commit: string): number => Number.parseInt(commit.slice(0, 7), 16) || 0;
