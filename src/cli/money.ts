/** What is known of money: agents of the plain protocol do not say what they use. */
import type { Config } from "../core/config.ts";
import { modelFacts } from "../formats/models.ts";
import type { RunView } from "../core/report.ts";

/** Whether what the agent costs can never be known. */
export const isPriceUnknown = (config: Config): boolean => isUntold(config) || isUnpriced(config);

const isUntold = ({ agent }: Config): boolean => agent.kind === "command" && agent.protocol === "plain";

function isUnpriced({ agent: { kind, model, models } }: Config): boolean {
  const today = new Date().toISOString().slice(0, 10);
  return kind === "builtin" && modelFacts(model ?? "", today, models).tiers.length === 0;
}

/** Said before the night where a limit on money is held by a guess; null where it is held by what the agent tells. */
export function moneyWarning(config: Config): string | null {
  const limited = nameLimits(config);
  if (limited === null || !isPriceUnknown(config)) return null;
  const counted = `each attempt counts as ${config.limits.usdMax.toFixed(2)} USD (limits.attempt.usd)`;
  if (isUnpriced(config))
    return `${limited}: the price of ${config.agent.model ?? ""} is not known, so ${counted}. Say it under agent.models`;
  return `${limited}: an agent of the plain protocol does not report what it uses, so ${counted}`;
}

function nameLimits({ limits }: Config): string | null {
  const names = (["run", "day"] as const).filter((of) => limits[of].usdMax !== null);
  return names.length === 0 ? null : names.map((of) => `limits.${of}.usd`).join(" and ");
}

/** `price unknown` rather than a zero that nobody measured; what is not known counts as what it may have been. */
export function moneyText(
  run: Pick<RunView, "usd" | "usdUnknown"> | null,
  isUnknown: boolean,
  usdMax: number | null = null,
): string {
  const { usd, usdUnknown } = run ?? { usd: 0, usdUnknown: false };
  const max = usdMax?.toFixed(2);
  if (usd === 0 && (isUnknown || usdUnknown))
    return max === undefined ? "price unknown" : `price unknown, limit ${max} USD`;
  const spent = max === undefined ? `${usd.toFixed(2)} USD` : `${usd.toFixed(2)} of ${max} USD`;
  return usdUnknown ? `price unknown, counted as ${spent}` : spent;
}
