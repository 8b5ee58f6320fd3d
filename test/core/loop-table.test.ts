/** Keeps docs/loop.md true: its table is what the code does, and its picture shows nothing else. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { loopPage, loopSteps, withLoopTable } from "../../scripts/loop-table.ts";
import { expectedPhases } from "../../src/core/attempt-step.ts";
import { phases } from "../../src/core/state.ts";

const page = readFileSync(loopPage, "utf8");

describe("The page about the loop", () => {
  it("holds the table that the code gives (if not: node scripts/loop-table.ts)", () => {
    expect(page).toBe(withLoopTable(page));
  });

  it("draws only arrows between phases that the table has, too", () => {
    const arrows = [...page.matchAll(/^ {2}(\w+) --> (\w+|\[\*\]):/gm)].map(([, from = "", to = ""]) =>
      [from, to].map((name) => name.replaceAll("_", "-")).join(" → "),
    );
    // Its turn comes by what happens to another attempt: no event about the one in line says so.
    const steps = new Set([
      "queued-to-land → landing",
      "sealing → queued-to-judge",
      "queued-to-judge → composing",
      "held → working",
      "held → queued-to-judge",
    ]);
    for (const { phase, next } of loopSteps()) steps.add(`${phase} → ${next ?? "[*]"}`);
    expect(arrows.length).toBeGreaterThan(15);
    expect(arrows.filter((arrow) => !steps.has(arrow))).toEqual([]);
  });
});

describe("The table of the loop", () => {
  it("reaches every phase, and every event in each phase that the code expects it in", () => {
    const rows = new Set(loopSteps().map(({ phase, event }) => `${phase} ${/\w[\w-]*/.exec(event)?.[0]}`));
    const wanted = Object.entries(expectedPhases).flatMap(([type, expected]) =>
      expected.map((phase) => `${phase} ${type}`),
    );
    expect(wanted.filter((row) => !rows.has(row))).toEqual([]);
    expect(new Set(loopSteps().map(({ phase }) => phase))).toEqual(new Set(phases));
  });
});
