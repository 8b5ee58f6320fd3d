/** Whose limit ended an agent: one that it had to itself counts; what others had left of run and day is nobody's fault. */
import { amountKeys, amountOf, noteTooLittle, showAmount } from "./ledger.ts";
import type { AgentStop, Amount } from "./message.ts";
import { endUncounted, rejectStopped, type Situation, type Step } from "./move.ts";

type OverBudget = Extract<AgentStop, { readonly kind: "over-budget" }>;

/** An attempt that got the rest of a limit, and needed more, is neither its task's failure nor its agent's. */
export function endOverBudget(at: Situation, stop: OverBudget): Step {
  const { of = null } = stop;
  if (of === null) return rejectStopped(at, stop);
  const { reserved } = at.attempt.account;
  const isRest = (key: keyof Amount): boolean => reserved[key] < leastLimit(at, key).max;
  const rests = (of === "unsaid" ? amountKeys : [of]).filter(isRest);
  if (rests.length > 0) {
    const state = noteTooLittle(at.state, reserved, rests);
    const rest = rests.map((key) => showAmount(key, reserved[key])).join(" and ");
    return endUncounted({ ...at, state }, `${rest}, all that was left for it, was not enough`);
  }
  if (of === "unsaid") return rejectStopped(at, stop);
  return rejectStopped(at, { ...stop, reason: `${stop.reason} (${leastLimit(at, of).name})` });
}

/** What an attempt may use where nothing else has used anything. */
function leastLimit({ state, attempt }: Situation, key: keyof Amount): { name: string; max: number } {
  const { limits = null } = state.run ?? {};
  const all = [
    { name: `limits.attempt.${key}`, max: amountOf(attempt.limits)[key] },
    { name: `limits.run.${key}`, max: limits === null ? Infinity : amountOf(limits)[key] },
    { name: `limits.day.${key}`, max: limits === null ? Infinity : amountOf(limits.day)[key] },
  ];
  return all.reduce((least, limit) => (limit.max < least.max ? limit : least));
}
