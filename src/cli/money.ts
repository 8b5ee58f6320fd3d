/** What is known of money: agents of the plain protocol do not say what they use. */
import type { Config } from "../core/config.ts";
import type { RunView } from "../core/report.ts";

/** Whether what the agent costs can never be known. */
export const isPriceUnknown = ({ agent }: Config): boolean =>
  agent.kind === "command" && agent.protocol === "plain";

/** Said before the night where a limit on money cannot do what people expect of it; null where it can. */
export function moneyWarning(config: Config): string | null {
  const { usdMax } = config.limits.run;
  if (usdMax === null || !isPriceUnknown(config)) return null;
  return `limits.run.usd cannot hold: an agent of the plain protocol does not report what it uses, so nobody sees when ${usdMax.toFixed(2)} USD are spent. Set limits.run.tasks or limits.run.until`;
}

/** `price unknown` rather than a zero that nobody measured. */
export function moneyText(run: RunView | null, isUnknown: boolean): string {
  const usd = run?.usd ?? 0;
  const isPartial = run?.usdUnknown === true;
  if (usd === 0 && (isUnknown || isPartial)) return "price unknown";
  return `${isPartial || isUnknown ? "at least " : ""}${usd.toFixed(2)} USD`;
}
