/** A broken invariant is a defect in ralphwright, never a user's mistake. */
export class InvariantError extends Error {
  override readonly name = "InvariantError";
}

/** @throws InvariantError when the condition does not hold. */
export function invariant(condition: boolean, message: string): asserts condition {
  if (!condition) throw new InvariantError(message);
}
