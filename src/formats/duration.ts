/** Durations as people write them, `45m`, and milliseconds. */

const unitMs: ReadonlyMap<string, number> = new Map([
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1000],
  ["ms", 1],
]);

/** What a duration looks like; `parseDuration` also refuses zero and what no timer can wait for. */
export const durationPattern = /^(\d+)(ms|s|m|h)$/;

/** A longer timer would overflow 31 bits and go off at once. */
const durationMsMax = 24 * 24 * 3_600_000;

/** Milliseconds, or null for what is no duration, zero, or longer than 24 days. */
export function parseDuration(text: string): number | null {
  const [, amount, unit] = durationPattern.exec(text) ?? [];
  if (amount === undefined || unit === undefined) return null;
  const ms = Number(amount) * (unitMs.get(unit) ?? Number.NaN);
  return ms > 0 && ms <= durationMsMax ? ms : null;
}

/** The shortest way to write whole milliseconds: `2700000` → `45m`. */
export function formatDuration(ms: number): string {
  for (const [unit, size] of unitMs) {
    if (ms >= size && ms % size === 0) return `${ms / size}${unit}`;
  }
  return `${Math.round(ms)}ms`;
}
