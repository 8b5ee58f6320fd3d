/**
 * What an agent has used in its session, through however many processes: what it tells, or what was counted on the way to
 * its model, whichever is more. The count sees what its commands ask as well; only some agents' way can be counted.
 */
import type { Usage } from "../../core/message.ts";

/** `usd`: null where the price is not known. */
export type Charge = Omit<Usage, "turns">;

export interface Spending {
  turns: number;
  /** While it worked: over a verdict its clocks stand still. */
  wallMs: number;
  tell(charge: Charge): void;
  count(charge: Charge): void;
  /** As far as it is known. */
  usd(): number;
  tokens(): number;
  /** What has come since the last report. The price is unknown until somebody tells or counts one. */
  report(): Usage;
}

interface Account {
  isHeard: boolean;
  isPriced: boolean;
  usd: number;
  inputTokens: number;
  outputTokens: number;
}

const emptyAccount = (): Account => ({
  isHeard: false,
  isPriced: true,
  usd: 0,
  inputTokens: 0,
  outputTokens: 0,
});

function add(account: Account, { usd, inputTokens, outputTokens }: Charge): void {
  account.isHeard = true;
  account.isPriced &&= usd !== null;
  account.usd += usd ?? 0;
  account.inputTokens += inputTokens;
  account.outputTokens += outputTokens;
}

export function createSpending(): Spending {
  const [told, counted] = [emptyAccount(), emptyAccount()];
  let reported = { usd: 0, inputTokens: 0, outputTokens: 0, turns: 0 };
  const most = (key: "usd" | "inputTokens" | "outputTokens"): number => Math.max(told[key], counted[key]);
  const isPriced = (): boolean => (counted.isHeard ? counted.isPriced : told.isHeard && told.isPriced);
  return {
    turns: 0,
    wallMs: 0,
    tell: (charge) => add(told, charge),
    count: (charge) => add(counted, charge),
    usd: () => most("usd"),
    tokens: () => most("inputTokens") + most("outputTokens"),
    report() {
      const now = {
        usd: most("usd"),
        inputTokens: most("inputTokens"),
        outputTokens: most("outputTokens"),
        turns: this.turns,
      };
      const usage = {
        usd: isPriced() ? now.usd - reported.usd : null,
        inputTokens: now.inputTokens - reported.inputTokens,
        outputTokens: now.outputTokens - reported.outputTokens,
        turns: now.turns - reported.turns,
      };
      reported = now;
      return usage;
    },
  };
}
