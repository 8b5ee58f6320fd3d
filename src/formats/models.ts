/** The models we know: exact ids, windows, prices. An id that is not in the table is a model we know nothing of. */
import type { AgentConfig, ModelOverride } from "../core/config.ts";
import type { PriceTier } from "../core/price.ts";
import { nearestWord } from "./nearest.ts";
import table from "./models.json" with { type: "json" };

/** What the built-in agent works with where nobody says otherwise. */
export const defaultModel = "claude-sonnet-5-5";

export interface ModelFacts {
  /** Tokens of the context window, and the most it answers with. */
  readonly contextTokens: number;
  readonly outputTokensMax: number;
  /** Takes `thinking: adaptive`. */
  readonly thinksAdaptively: boolean;
  /** Empty: the price is not known. */
  readonly tiers: readonly PriceTier[];
}

/** Of a model we know nothing of: small enough for most that are served. */
const unknownFacts: ModelFacts = {
  contextTokens: 200_000,
  outputTokensMax: 32_000,
  thinksAdaptively: false,
  tiers: [],
};

/** @param today `2026-11-20`: prices are those of that day. */
export function modelFacts(id: string, today: string, overrides: AgentConfig["models"] = {}): ModelFacts {
  const known = table.models.find((model) => model.id === id);
  const facts =
    known === undefined
      ? unknownFacts
      : {
          contextTokens: known.context_tokens,
          outputTokensMax: known.output_tokens,
          thinksAdaptively: known.adaptive_thinking,
          tiers: tiersAt(known.prices, today),
        };
  const own = overrides[id];
  if (own === undefined) return facts;
  return {
    ...facts,
    contextTokens: own.context_tokens ?? facts.contextTokens,
    outputTokensMax: own.output_tokens ?? facts.outputTokensMax,
    tiers: own.prices === undefined ? facts.tiers : [toTier(own.prices, 0)],
  };
}

type DatedPrice = (typeof table.models)[number]["prices"][number];

/** Of each tier the newest price that holds on that day. */
function tiersAt(prices: readonly DatedPrice[], today: string): readonly PriceTier[] {
  const byThreshold = new Map<number, DatedPrice>();
  for (const price of prices.toSorted((a, b) => a.valid_from.localeCompare(b.valid_from)))
    if (price.valid_from <= today) byThreshold.set(price.prompt_tokens_above, price);
  return [...byThreshold].map(([above, price]) => toTier(price, above));
}

function toTier(price: NonNullable<ModelOverride["prices"]>, promptTokensAbove: number): PriceTier {
  return {
    promptTokensAbove,
    input: price.input,
    output: price.output,
    cacheRead: price.cache_read,
    cacheWrite5m: price.cache_write_5m,
    cacheWrite1h: price.cache_write_1h,
  };
}

/** The exact id that an alias stands for today; null when it is no alias we know. */
export function aliasTarget(id: string): string | null {
  return table.models.find((model) => model.aliases.includes(id))?.id ?? null;
}

/** Known ids, the likeliest meant first. */
export function nearestModels(id: string): readonly string[] {
  const ids = table.models.map((model) => model.id);
  const best = nearestWord(id, ids);
  return best === null ? ids.slice(0, 3) : [best, ...ids.filter((known) => known !== best).slice(0, 2)];
}
