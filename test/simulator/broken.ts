/** How the simulator says that an invariant does not hold. */

export class Broken extends Error {
  readonly invariant: string;

  constructor(invariant: string, what: string) {
    super(`${invariant}: ${what}`);
    this.invariant = invariant;
  }
}

/** @throws Broken */
export function broken(invariant: string, what: string): never {
  throw new Broken(invariant, what);
}
