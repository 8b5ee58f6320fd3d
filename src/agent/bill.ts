/** What a request may cost at most, before it is asked. Pure. */
import type { PriceTier } from "../core/price.ts";

/** The worst a request can cost, per million tokens: nothing is in the cache, and all of it is written there. */
export function reservePrice(
  tiers: readonly PriceTier[],
  promptTokens: number,
): { readonly input: number; readonly output: number } | null {
  const reached = tiers.filter((tier) => promptTokens >= tier.promptTokensAbove);
  if (reached.length === 0) return null;
  return {
    input: Math.max(...reached.map((tier) => Math.max(tier.input, tier.cacheWrite1h))),
    output: Math.max(...reached.map((tier) => tier.output)),
  };
}
