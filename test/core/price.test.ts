import { describe, expect, it } from "vitest";
import { costUsd, type PriceTier, type RequestTokens } from "../../src/core/price.ts";

const none: RequestTokens = { input: 0, output: 0, cacheRead: 0, cacheWrite5m: 0, cacheWrite1h: 0 };
const tier: PriceTier = {
  promptTokensAbove: 0,
  input: 2,
  output: 10,
  cacheRead: 0.1,
  cacheWrite5m: 2.5,
  cacheWrite1h: 4,
};
const dear: PriceTier = { ...tier, promptTokensAbove: 100_000, input: 4 };

describe("The price of a request", () => {
  it.each([
    ["input", 2],
    ["output", 10],
    ["cacheRead", 0.1],
    ["cacheWrite5m", 2.5],
    ["cacheWrite1h", 4],
  ] as const)("counts %s at its own rate", (part, usd) => {
    expect(costUsd({ ...none, [part]: 1_000_000 }, [tier])).toBeCloseTo(usd, 9);
  });

  it("is that of the tier its whole prompt reaches, cached tokens counted", () => {
    const tiers = [tier, dear];
    expect(costUsd({ ...none, input: 10_000, cacheRead: 90_000 }, tiers)).toBeCloseTo(0.029, 9);
    expect(costUsd({ ...none, input: 10_001, cacheRead: 90_000 }, tiers)).toBeCloseTo(0.049004, 9);
    // The order of the table does not matter.
    expect(costUsd({ ...none, input: 200_000 }, [dear, tier])).toBeCloseTo(0.8, 9);
  });

  it("is unknown without a table, not nothing", () => {
    expect(costUsd({ ...none, input: 1 }, [])).toBeNull();
  });
});
