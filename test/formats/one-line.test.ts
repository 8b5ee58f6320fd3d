import * as fc from "fast-check";
import { expect, it } from "vitest";
import { oneLine } from "../../src/formats/one-line.ts";

it("collapses white space and removes what nobody sees", () => {
  const nasty = "  a\r\n\tb\u2028c\u0000\u001B[31m \u202Ed\u200B\u2066e \uFEFF\u00AD ";
  expect(oneLine(nasty, 100)).toBe("a b c[31m de");
});

it("cuts with an ellipsis and never in the middle of a character", () => {
  expect(oneLine("abcdef", 6)).toBe("abcdef");
  expect(oneLine("abcdef", 5)).toBe("abcd…");
  expect(oneLine("ab🎉🎉", 4)).toBe("ab…");
  expect(oneLine("a\uD800b", 9)).toBe("a\uFFFDb");
});

it("gives one line of well-formed text within its limit, and the same when it is repeated", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.integer({ min: 1, max: 40 }), (text, max) => {
      const line = oneLine(text, max);
      expect(line.length).toBeLessThanOrEqual(max);
      expect(line).toMatch(/^\P{Cc}*$/u);
      expect(line.isWellFormed()).toBe(true);
      expect(oneLine(line, max)).toBe(line);
    }),
  );
});
