import { describe, expect, it } from "vitest";
import {
  affordableTokens,
  limitReached,
  type Limits,
  nothingSpent,
  reminders,
} from "../../src/agent/limits.ts";

const limits: Limits = {
  turnsMax: 10,
  wallMsMax: 600_000,
  usdMax: 5,
  tokensMax: 1_000_000,
  contextSoft: 200_000,
  contextHard: 300_000,
};
const spent = (edits: Partial<typeof nothingSpent>) => ({ ...nothingSpent, ...edits });

describe("A limit", () => {
  it.each([
    ["turns", { turns: 10 }, "its 10 turns are used up"],
    ["time", { wallMs: 600_000 }, "its 10 minutes are over"],
    ["tokens", { tokens: 1_000_000 }, "its 1000000 tokens are used up"],
    ["money", { usd: 5 }, "its 5 USD are spent"],
  ])("on %s is told when it is reached, not before", (_, reached, sentence) => {
    expect(limitReached(spent(reached), limits)).toBe(sentence);
    expect(limitReached(nothingSpent, limits)).toBeNull();
  });

  it("on money cannot hold where no price is known; the one on tokens does", () => {
    expect(limitReached(spent({ usd: null }), limits)).toBeNull();
    expect(limitReached(spent({ usd: null, tokens: 1_000_000 }), limits)).toContain("tokens");
  });
});

describe("The price of the next call is reserved", () => {
  const price = { input: 2, output: 10 };

  it("so that its answer is no longer than the money left can pay for", () => {
    // 100,000 tokens of prompt cost 0.20 USD at worst; 0.10 USD are left for 10,000 tokens.
    const next = { usdLeft: 0.3, promptTokens: 100_000, price };
    expect(affordableTokens(32_000, next)).toBeCloseTo(10_000, -1);
    expect(affordableTokens(32_000, { ...next, usdLeft: 5 })).toBe(32_000);
  });

  it("and no call is made that cannot be paid for", () => {
    expect(affordableTokens(32_000, { usdLeft: 0.21, promptTokens: 100_000, price })).toBeNull();
    expect(affordableTokens(32_000, { usdLeft: 0, promptTokens: 10, price })).toBeNull();
  });

  it("as far as a price is known", () => {
    expect(affordableTokens(32_000, { usdLeft: 0.01, promptTokens: 1e6, price: null })).toBe(32_000);
    expect(affordableTokens(32_000, { usdLeft: null, promptTokens: 1e6, price })).toBe(32_000);
    expect(affordableTokens(32_000, { usdLeft: 1, promptTokens: 1e6, price: { input: 0, output: 0 } })).toBe(
      32_000,
    );
  });
});

describe("A reminder", () => {
  const told = (before: Partial<typeof nothingSpent>, after: Partial<typeof nothingSpent>) =>
    reminders(spent(before), spent(after), limits);

  it.each([
    ["turns", { turns: 6 }, { turns: 7 }, "7 of 10 turns are used."],
    ["time", { wallMs: 400_000 }, { wallMs: 420_000 }, "7 minutes of 10 minutes are over."],
    ["money", { usd: 3 }, { usd: 3.6 }, "3.60 of 5 USD are spent."],
    ["context", { contextTokens: 205_000 }, { contextTokens: 211_000 }, "211000 of 300000 tokens of context"],
  ])("comes when 70 %% of the %s are used", (_, before, after, words) => {
    expect(told(before, after)).toEqual([expect.stringContaining(words)]);
    expect(told(after, after)).toEqual([]);
  });

  it("at 90 % asks to finish", () => {
    expect(told({ usd: 4.4 }, { usd: 4.5 })[0]).toContain("call `done` now");
    // Both marks at once: the later one is told.
    expect(told({ usd: 1 }, { usd: 4.6 })).toHaveLength(1);
  });

  it("says when the next turn is the last", () => {
    expect(told({ turns: 8 }, { turns: 9 })).toEqual([expect.stringContaining("last turn")]);
  });

  it("comes at the soft limit of the context", () => {
    expect(told({ contextTokens: 190_000 }, { contextTokens: 200_001 })[0]).toContain("hand-off");
  });
});
