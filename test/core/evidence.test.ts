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
