/** What a server of the Messages API says that an answer used, and from there to money. */
import { z } from "zod";
import { costUsd, type PriceTier, type RequestTokens } from "../core/price.ts";

const count = z.number().nonnegative().nullish().catch(null);

/** Servers that speak the API by half leave out what they do not count. */
export const modelUsage = z.object({
  input_tokens: count,
  output_tokens: count,
  cache_read_input_tokens: count,
  cache_creation_input_tokens: count,
  cache_creation: z
    .object({ ephemeral_5m_input_tokens: count, ephemeral_1h_input_tokens: count })
    .nullish()
    .catch(null),
  inference_geo: z.string().nullish().catch(null),
});

export type ModelUsage = z.output<typeof modelUsage>;

/** Kept on the servers of one country, a request costs a tenth more. */
const usDataFactor = 1.1;

/** US dollars; null when the price is not known. */
export function priceOf(usage: ModelUsage, tiers: readonly PriceTier[]): number | null {
  const usd = costUsd(tokensOf(usage), tiers);
  return usd === null ? null : usd * (usage.inference_geo === "us" ? usDataFactor : 1);
}

export function tokensOf(usage: ModelUsage): RequestTokens {
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
