/** Lays totals out as text. */
import type { Total } from "./totals.ts";

/** One line a project, its minutes in a column. */
export function formatReport(totals: readonly Total[]): string {
  const width = Math.max(0, ...totals.map((total) => total.project.length));
  return totals.map((total) => `${total.project.padEnd(width)}  ${total.minutes} min`).join("\n");
}
