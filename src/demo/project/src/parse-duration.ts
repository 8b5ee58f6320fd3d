/** Reads a written duration, `1h30m`, as minutes. */

const pattern = /^(?:(\d+)h)?(?:(\d+)m)?$/;

/** @throws Error that names the text when it is not a duration. */
export function parseDuration(text: string): number {
  const match = pattern.exec(text);
  if (match === null || text === "") {
    throw new Error(`"${text}" is not a duration: write 1h30m, 2h or 45m`);
  }
  return Number(match[1] ?? 0) * 60 + Number(match[2] ?? 0);
}
