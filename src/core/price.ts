/** What a request costs: computed for each request by itself, because the tier depends on its whole prompt. */

/** Tokens of one request; `input` are those that were neither read from the cache nor written to it. */
export interface RequestTokens {
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  readonly cacheWrite5m: number;
  readonly cacheWrite1h: number;
}

/** US dollars per million tokens, for prompts of more than `promptTokensAbove` tokens, cached ones counted. */
export interface PriceTier extends RequestTokens {
  readonly promptTokensAbove: number;
}

export const promptTokens = (tokens: RequestTokens): number =>
  tokens.input + tokens.cacheRead + tokens.cacheWrite5m + tokens.cacheWrite1h;

/** US dollars; null when there is no price: unknown is not nothing. */
export function costUsd(tokens: RequestTokens, tiers: readonly PriceTier[]): number | null {
  const prompt = promptTokens(tokens);
  const reached = tiers.filter((tier) => tier.promptTokensAbove === 0 || prompt > tier.promptTokensAbove);
  const tier = reached.toSorted((a, b) => b.promptTokensAbove - a.promptTokensAbove)[0];
  if (tier === undefined) return null;
  const parts = ["input", "output", "cacheRead", "cacheWrite5m", "cacheWrite1h"] as const;
  return parts.reduce((sum, part) => sum + tokens[part] * tier[part], 0) / 1_000_000;
}
