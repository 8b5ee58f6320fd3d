/** Adds up the entries of a log by project. */
import type { Entry } from "./parse-log.ts";

export interface Total {
  readonly project: string;
  readonly minutes: number;
}

export function totalsByProject(entries: readonly Entry[]): readonly Total[] {
  const sums = new Map<string, number>();
  for (const { project, minutes } of entries) {
    sums.set(project, (sums.get(project) ?? 0) + minutes);
  }
  return [...sums].map(([project, minutes]) => ({ project, minutes }));
}
