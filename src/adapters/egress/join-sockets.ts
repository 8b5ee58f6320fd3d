/** Joins two connections to one: what comes from either goes to the other, at the pace of the slower. */
import type { Duplex } from "node:stream";

export function joinSockets(one: Duplex, other: Duplex): void {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    from.on("error", () => to.destroy());
    // Without an end it was cut off, and what is missing must not look complete.
    from.on("close", () => void (from.readableEnded ? to.end() : to.destroy()));
    from.pipe(to);
  }
}
