/** Time as the local calendar and clock show it. */

/** `2026-11-20` */
export function localDay(date: Date): string {
  return `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
}

const pad = (value: number): string => String(value).padStart(2, "0");
