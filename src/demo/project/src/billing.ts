/** Decides how much of the worked time goes on the bill. */

const stepMinutes = 15;

export function billedMinutes(minutes: number): number {
  return Math.round(minutes / stepMinutes) * stepMinutes;
}
