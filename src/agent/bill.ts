/** From what a server counts to money. Pure. */
import { costUsd, type PriceTier, type RequestTokens } from "../core/price.ts";
import type { Message } from "./model-client.ts";

/** Kept on the servers of one country, a request costs a tenth more. */
const usDataFactor = 1.1;

/** US dollars; null when the price is not known. */
export function priceOf({ usage }: Pick<Message, "usage">, tiers: readonly PriceTier[]): number | null {
  const usd = costUsd(tokensOf(usage), tiers);
  return usd === null ? null : usd * (usage.inference_geo === "us" ? usDataFactor : 1);
}

/** Servers that speak the API by half leave out what they do not count. */
export function tokensOf(usage: Partial<Message["usage"]>): RequestTokens {
  const { cache_creation: byTtl } = usage;
  const cacheWrite1h = byTtl?.ephemeral_1h_input_tokens ?? 0;
  const written = (usage.cache_creation_input_tokens ?? 0) - cacheWrite1h;
  return {
    input: usage.input_tokens ?? 0,
    output: usage.output_tokens ?? 0,
    cacheRead: usage.cache_read_input_tokens ?? 0,
    cacheWrite5m: byTtl?.ephemeral_5m_input_tokens ?? Math.max(0, written),
    cacheWrite1h,
  };
}

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
