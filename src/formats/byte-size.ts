/** Sizes as people write them, `8GiB`, and bytes. */

const units: ReadonlyMap<string, number> = new Map([
  ["TiB", 2 ** 40],
  ["GiB", 2 ** 30],
  ["MiB", 2 ** 20],
  ["KiB", 2 ** 10],
]);

/** What a size looks like; `parseBytes` also refuses zero and what is not exact. */
export const byteSizePattern = /^(\d+(?:\.\d+)?) ?([KMGT])i?B$/;

/** Bytes, or null for what is no size. GB is taken for GiB: nobody limits memory by powers of ten. */
export function parseBytes(text: string): number | null {
  const [, amount, letter] = byteSizePattern.exec(text) ?? [];
  if (amount === undefined || letter === undefined) return null;
  const bytes = Math.round(Number(amount) * (units.get(`${letter}iB`) ?? Number.NaN));
  return bytes > 0 && Number.isSafeInteger(bytes) ? bytes : null;
}

/** For people: at most one digit after the point. */
export function formatBytes(bytes: number): string {
  for (const [unit, size] of units) {
    if (bytes >= size) return `${Math.round((bytes / size) * 10) / 10}${unit}`;
  }
  return `${bytes}B`;
}
