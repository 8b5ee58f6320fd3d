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

/** Said before the night where a limit on money cannot do what people expect of it; null where it can. */
export function moneyWarning(config: Config): string | null {
  const { usdMax } = config.limits.run;
  if (usdMax === null || !isPriceUnknown(config)) return null;
  if (isUnpriced(config))
    return `limits.run.usd cannot hold: the price of ${config.agent.model ?? ""} is not known. Say it under agent.models, or set limits.run.tasks or limits.run.until`;
  return `limits.run.usd cannot hold: an agent of the plain protocol does not report what it uses, so nobody sees when ${usdMax.toFixed(2)} USD are spent. Set limits.run.tasks or limits.run.until`;
}

/** `price unknown` rather than a zero that nobody measured. */
export function moneyText(run: RunView | null, isUnknown: boolean): string {
  const usd = run?.usd ?? 0;
  const isPartial = run?.usdUnknown === true;
  if (usd === 0 && (isUnknown || isPartial)) return "price unknown";
  return `${isPartial || isUnknown ? "at least " : ""}${usd.toFixed(2)} USD`;
}
