/** A measured figure beside its limit, and the table of them. */

export interface Figure {
  readonly title: string;
  readonly value: number;
  readonly unit: string;
  /** The most it may be; none for figures that only explain. */
  readonly limit?: number;
  /** How noisy it was, or what it is made of. */
  readonly note?: string;
}

/** One line for each figure: name, value, limit, whether it is kept. */
export function renderFigures(figures: readonly Figure[]): string {
  const rows = figures.map((figure) => [
    figure.title,
    `${rounded(figure.value)} ${figure.unit}`,
    figure.limit === undefined ? "" : `limit ${figure.limit}`,
    verdictOf(figure),
    figure.note ?? "",
  ]);
  const widths = [0, 1, 2, 3].map((column) => Math.max(0, ...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  "));
  return lines.map((line) => `  ${line.trimEnd()}\n`).join("");
}

function verdictOf({ value, limit }: Figure): string {
  if (limit === undefined) return "";
  return value <= limit ? "pass" : "MISS";
}

function rounded(value: number): string {
  if (Math.abs(value) >= 100) return value.toFixed(0);
  return Math.abs(value) >= 10 ? value.toFixed(1) : value.toPrecision(3);
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low = Number.NaN, high = Number.NaN] = [sorted[Math.ceil(sorted.length / 2) - 1], sorted[middle]];
  return (low + high) / 2;
}

/** Smallest and largest, for a note on noise. */
export const spread = (values: readonly number[]): string =>
  `${rounded(Math.min(...values))} to ${rounded(Math.max(...values))} in ${values.length} runs`;
