import { describe, expect, it } from "vitest";
import { isWithinExtent } from "../../src/formats/json-extent.ts";
import { estimateTokens } from "../../src/formats/token-estimate.ts";

const isWithin = (text: string): boolean => isWithinExtent(Buffer.from(text), { valuesMax: 4, depthMax: 3 });

describe("the extent of a JSON text", () => {
  it("counts lists, objects and what follows in them, and how deep they go", () => {
    expect(isWithin("[1,2,3,4]")).toBe(true);
    expect(isWithin("[1,2,3,4,5]")).toBe(false);
    expect(isWithin("[[[]]]")).toBe(true);
    expect(isWithin("[[[[]]]]")).toBe(false);
    expect(isWithin('{"a":{"b":{}},"c":1}')).toBe(true);
  });

  it("does not count what is in strings, however they end", () => {
    expect(isWithin(JSON.stringify(['[[[[,,,,"', "\\", '\\"[[[[,,,,\\']))).toBe(true);
    expect(isWithin(`["${"\\\\".repeat(50)}",[[[[]]]]]`)).toBe(false);
    expect(isWithin(`["${",".repeat(50)}`)).toBe(true);
  });
});

describe("an estimate of tokens", () => {
  const text = "x".repeat(30_000);
  // oxlint-disable-next-line eslint/id-denylist -- the API's own word
  const picture = { type: "image", source: { type: "base64", media_type: "image/png", data: text } };

  it("takes a picture for a picture, and nothing else for one", () => {
    expect(estimateTokens([picture])).toBeLessThan(3_100);
    expect(estimateTokens([{ type: "tool_use", input: picture }])).toBeGreaterThan(10_000);
    expect(estimateTokens([{ name: "bash", input_schema: { properties: picture } }])).toBeGreaterThan(10_000);
    // oxlint-disable-next-line eslint/id-denylist -- the API's own word
    expect(estimateTokens([{ type: "redacted_thinking", data: text }])).toBeGreaterThan(10_000);
  });

  it("takes a letter beyond ASCII for more than one of ASCII", () => {
    expect(estimateTokens(["字".repeat(3_000)])).toBeGreaterThan(4_500);
    expect(estimateTokens(["abc".repeat(1_000)])).toBeLessThan(1_100);
  });
});
