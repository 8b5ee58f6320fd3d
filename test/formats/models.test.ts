import { describe, expect, it } from "vitest";
import { aliasTarget, modelFacts, nearestModels } from "../../src/formats/models.ts";

const today = "2026-11-20";

describe("What we know of a model", () => {
  it("is found by its exact id alone: a longer name is another model, whose price nobody knows", () => {
    expect(modelFacts("claude-sonnet-5-5", today).tiers).toHaveLength(1);
    expect(modelFacts("claude-sonnet-5-5-20261001", today).tiers).toEqual([]);
    expect(modelFacts("claude-sonnet", today).tiers).toEqual([]);
  });

  it("holds the prices of the day", () => {
    expect(modelFacts("claude-sonnet-5-5", today).tiers[0]).toMatchObject({ input: 2, cacheRead: 0.1 });
    expect(modelFacts("claude-sonnet-5-5", "2026-01-01").tiers).toEqual([]);
    expect(modelFacts("claude-haiku-5-5", today).tiers.map((tier) => tier.promptTokensAbove)).toEqual([
      0, 100_000,
    ]);
  });

  it("gives way to what people say", () => {
    const prices = { input: 1, output: 2, cache_read: 0, cache_write_5m: 0, cache_write_1h: 0 };
    const own = { "local-model": { context_tokens: 32_000, prices } };
    const facts = modelFacts("local-model", today, own);
    expect(facts).toMatchObject({ contextTokens: 32_000, outputTokensMax: 32_000 });
    expect(facts.tiers).toEqual([
      { promptTokensAbove: 0, input: 1, output: 2, cacheRead: 0, cacheWrite5m: 0, cacheWrite1h: 0 },
    ]);
    expect(
      modelFacts("claude-sonnet-5-5", today, { "claude-sonnet-5-5": { output_tokens: 9 } }),
    ).toMatchObject({
      outputTokensMax: 9,
      contextTokens: 1_000_000,
    });
  });
});

it("An alias stands for one exact id; an id is no alias", () => {
  expect(aliasTarget("sonnet")).toBe("claude-sonnet-5-5");
  expect(aliasTarget("claude-opus-latest")).toBe("claude-opus-5-5");
  expect(aliasTarget("claude-sonnet-5-5")).toBeNull();
  expect(aliasTarget("llama")).toBeNull();
});

it("For a slip the nearest known id comes first", () => {
  expect(nearestModels("claude-sonet-5-5")[0]).toBe("claude-sonnet-5-5");
  expect(nearestModels("gpt")).toHaveLength(3);
});
