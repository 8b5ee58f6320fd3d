import { describe, expect, it } from "vitest";
import { renderEvidence } from "../../src/core/evidence.ts";
import type { GateResult } from "../../src/core/verdict.ts";

function red(gate: string, output: string): GateResult {
  const exit = { kind: "exited", code: 1 } as const;
  return { gate, exit, report: null, durationMs: 1, output, logFile: `/logs/${gate}.log` };
}

const commands = new Map([["lint", "npx oxlint"]]);

describe("Evidence", () => {
  it("names what is green, and of each red gate why it is red, what ran and its full log", () => {
    const green = { ...red("types", "fine"), exit: { kind: "exited", code: 0 } as const };
    expect(renderEvidence("gate lint exited with 1", [green, red("lint", "a.ts:1 no-unused-vars")], commands))
      .toMatchInlineSnapshot(`
        "The change was judged and rejected: gate lint exited with 1
        Green: types.

        ## Gate lint

        Ran: npx oxlint
        Full log: /logs/lint.log

        \`\`\`
        a.ts:1 no-unused-vars
        \`\`\`
        "
      `);
  });

  it("holds what the report says of each failed test: the gate itself may print nothing of it", () => {
    const failed = { name: "a > adds", outcome: "failed", detail: "3 is not 4" } as const;
    const tests = [{ name: "a > b", outcome: "passed" } as const, failed, { ...failed, name: "a > c" }];
    const result = { ...red("tests", "JUNIT report written"), report: { kind: "read", tests } as const };
    const text = renderEvidence("red", [result], commands);
    expect(text).toMatch(/### a > adds\n\n```\n3 is not 4\n```[^]*### a > c[^]*JUNIT report written/);
    expect(text).not.toContain("a > b");
    const many = Array.from({ length: 900 }, (_, i) => ({
      ...failed,
      name: `t${i}`,
      detail: "d".repeat(900),
    }));
    const long = renderEvidence("red", [{ ...result, report: { kind: "read", tests: many } }], commands);
    expect(long.length).toBeLessThanOrEqual(24_000);
    expect(long).toMatch(/\(\d+ more failed tests\)[^]*JUNIT report written/);
  });

  it("begins shortly before the first error, since that one explains the others", () => {
    const noise = Array.from({ length: 4_000 }, (_, i) => `ok ${i}: a quiet line`).join("\n");
    const output = `${noise}\nnot ok: the first\n${noise}\nsummary: 1 failed`;
    const text = renderEvidence("red", [red("tests", output)], commands);
    expect(text).toContain("[… 3997 lines cut …]\nok 3997: a quiet line");
    expect(text).toContain("not ok: the first");
    expect(text).toContain("summary: 1 failed");
  });

  it("never has more than 24,000 characters, however many gates are red and however much they print", () => {
    for (const gates of [1, 2, 7]) {
      const results = Array.from({ length: gates }, (_, i) => red(`gate-${i}`, "error ".repeat(100_000)));
      const text = renderEvidence("red", results, commands);
      expect(text.length).toBeLessThanOrEqual(24_000);
      expect(text.length).toBeGreaterThan(18_000);
      for (const { gate } of results) expect(text).toContain(`## Gate ${gate}`);
    }
  });
});
