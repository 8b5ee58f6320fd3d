/** Chance that can be had again: the same seed gives the same dice. */

export interface Dice {
  /** One of the choices, from 0; always 0 once they are calm. */
  readonly roll: (sides: number) => number;
  /** From now on every answer is the friendly one. */
  readonly calm: () => void;
  readonly isCalm: () => boolean;
}

/** mulberry32 by Tommy Ettinger, public domain (https://gist.github.com/tommyettinger/46a874533244883189143505d203312c). */
export function rollDice(seed: number): Dice {
  let state = mix(seed);
  let isCalm = false;
  return {
    roll(sides) {
      if (isCalm) return 0;
      state = (state + 0x6d2b79f5) | 0;
      let t = Math.imul(state ^ (state >>> 15), 1 | state);
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
      return (((t ^ (t >>> 14)) >>> 0) % sides) | 0;
    },
    calm: () => void (isCalm = true),
    isCalm: () => isCalm,
  };
}

/** The finisher of MurmurHash3: seeds that follow each other must not give dice that are alike. */
function mix(seed: number): number {
  let h = seed | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
