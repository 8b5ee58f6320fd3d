/** Looks for a driven history that somebody complains about. */
import * as fc from "fast-check";
import { drive, type Entry, type Scenario, scenarios } from "./driver.ts";

export type Complaints = (entries: readonly Entry[], scenario: Scenario) => readonly unknown[];

const runs = 1_000;

/** Null when there is none in a thousand; else the smallest, for people. */
export function counterexampleTo(complaints: Complaints): string | null {
  const property = fc.property(scenarios, (scenario) => {
    const [first] = complaints(drive(scenario), scenario);
    if (first !== undefined) throw new Error(JSON.stringify(first));
  });
  const found = fc.check(property, { numRuns: runs });
  return found.failed ? (fc.defaultReportMessage(found) ?? "failed") : null;
}
