/**
 * What is spent and what is reserved, by the run and by the day: reserve first, then commit.
 *
 * Invariant: what is committed and what is held together never exceed a limit by more than what attempts used beyond
 * their own reservations. What is not known counts as the worst: the whole reservation.
 */
import { type AgentStop, type Amount, noAmount, type SpendLimits, type Usage } from "./message.ts";
import type { Situation } from "./move.ts";
import { type Account, type Attempt, editRun, type LoopState, type RunState } from "./state.ts";
import type { TaskLimits } from "./task.ts";

export const noSpendLimits: SpendLimits = { usdMax: null, tokensMax: null, turnsMax: null };

export const openAccount = (day: string, reserved: Amount): Account => ({
  day,
  reserved,
  used: noAmount,
  committed: noAmount,
  isOwed: false,
});

/** What an attempt may use when nothing else is known of its reservation. */
export const amountOf = ({ usdMax, tokensMax, turnsMax }: SpendLimits): Amount => ({
  usd: usdMax ?? Infinity,
  tokens: tokensMax ?? Infinity,
  turns: turnsMax ?? Infinity,
});

/** The least of the attempt's own limit, what is left of the run and what is left of the day. */
export function reserve(state: LoopState, limits: TaskLimits, day: string): Amount {
  return map((key) => roundDown(Math.max(0, Math.min(amountOf(limits)[key], freeOf(state, day)[key]))));
}

/** True when nothing can start now, and only because open attempts hold what is left. */
export function isAllHeld(state: LoopState, day: string): boolean {
  const free = freeOf(state, day);
  return !isSome(map((key) => free[key] - tooLittleOf(state)[key]));
}

/** What did not do for one attempt is not given to another. */
export const noteTooLittle = (state: LoopState, had: Amount, rests: readonly (keyof Amount)[]): LoopState =>
  editRun(state, ({ tooLittle }) => ({
    tooLittle: map((key) => (rests.includes(key) ? Math.max(tooLittle[key], had[key]) : tooLittle[key])),
  }));

const tooLittleOf = ({ run }: LoopState): Amount => run?.tooLittle ?? noAmount;

/** Whether the attempt may use anything more: checked before a round and before a hand-over. */
export function hasLeft(state: LoopState, attempt: Attempt): boolean {
  const { account } = attempt;
  const others = [...state.attempts.values()].filter(({ task }) => task !== attempt.task);
  const free = leftOf(state, account.day, others);
  return isSome(
    map((key) =>
      Math.min(
        account.reserved[key] - account.used[key],
        free[key] + account.committed[key] - account.used[key],
      ),
    ),
  );
}

/** Committed, by all attempts of a local day. */
export const spentOn = ({ days }: LoopState, day: string): Amount => days.get(day) ?? noAmount;

/** What open attempts may still use. */
const freeOf = (state: LoopState, day: string): Amount => leftOf(state, day, [...state.attempts.values()]);

function leftOf(state: LoopState, day: string, holders: readonly Attempt[]): Amount {
  const { run } = state;
  const ofRun = amountOf(run?.limits ?? noSpendLimits);
  const ofDay = amountOf(run?.limits.day ?? noSpendLimits);
  return map((key) => {
    const held = holders.reduce((sum, attempt) => sum + holdOf(attempt)[key], 0);
    const heldToday = holders
      .filter(({ account }) => account.day === day)
      .reduce((sum, attempt) => sum + holdOf(attempt)[key], 0);
    return Math.min(
      ofRun[key] - (run === null ? 0 : sinceResumed(run)[key]) - held,
      ofDay[key] - spentOn(state, day)[key] - heldToday,
    );
  });
}

/** What is left of its reservation, as long as its agent may work again. */
export function holdOf({ account, goal, phase, round, limits }: Attempt): Amount {
  const isOver = phase === "ending" || phase === "releasing" || goal === "give-up";
  const isLastRound = !beforeSeal.has(phase) && round >= limits.roundsMax;
  if (isOver || isLastRound) return noAmount;
  return map((key) => Math.max(0, account.reserved[key] - account.committed[key]));
}

const beforeSeal: ReadonlySet<Attempt["phase"]> = new Set(["preparing", "checking-baseline", "working"]);

/** Ends without an answer of the model: an agent that told nothing used nothing, unless it left something. */
const withoutAnswer: ReadonlySet<AgentStop["kind"]> = new Set([
  "not-started",
  "limited",
  "unreachable",
  "refused",
]);

/** Commits what the agent told; where it told no price, or nothing at all, the whole reservation. */
export function chargeUsage(at: Situation, usage: Usage, stop: AgentStop["kind"]): Situation {
  const { account } = at.attempt;
  const tokens = usage.inputTokens + usage.outputTokens;
  const isSilent = usage.usd === null && tokens === 0;
  const told = { usd: usage.usd ?? 0, tokens, turns: usage.turns };
  const used = map((key) => account.used[key] + told[key]);
  // A turn may be told before the model is asked: alone it says nothing of what was used.
  if (isSilent && withoutAnswer.has(stop)) return commit(at, { ...account, used, isOwed: true }, []);
  const unknown: readonly (keyof Amount)[] =
    isSilent && usage.turns === 0 ? amountKeys : usage.usd === null ? ["usd"] : [];
  return commit(at, { ...account, used }, unknown);
}

/** Nobody heard what the agent used: it was working when the supervisor was killed, or its end could not be told. */
export const chargeAll = (at: Situation): Situation => commit(at, at.attempt.account, amountKeys);

/** Whoever left something has worked, whatever it said of its model. */
export function settleOwed(at: Situation, hasLeftWork: boolean): Situation {
  const { account } = at.attempt;
  if (!account.isOwed) return at;
  return hasLeftWork
    ? chargeAll({ ...at, attempt: { ...at.attempt, account: { ...account, isOwed: false } } })
    : at;
}

export const amountKeys = ["usd", "tokens", "turns"] as const;

function commit(at: Situation, account: Account, unknown: readonly (keyof Amount)[]): Situation {
  const committed = map((key) =>
    Math.max(account.committed[key], account.used[key], unknown.includes(key) ? account.reserved[key] : 0),
  );
  const added = map((key) => committed[key] - account.committed[key]);
  const attempt = { ...at.attempt, account: { ...account, committed } };
  const state = editRun(at.state, (run) => ({
    ...add(run, added),
    usdUnknown: run.usdUnknown || unknown.includes("usd"),
    tokensUnknown: run.tokensUnknown || unknown.includes("tokens"),
  }));
  const days = new Map(state.days).set(account.day, add(spentOn(state, account.day), added));
  return { ...at, attempt, state: { ...state, days } };
}

/** Enough for clocks that step back. */
const daysMax = 8;

/** Only limits of today are asked for: older days are forgotten. */
export function noteDay(state: LoopState, day: string): LoopState {
  if (state.days.has(day)) return state;
  const kept = [...state.days].toSorted(([a], [b]) => (a < b ? 1 : -1)).slice(0, daysMax - 1);
  return { ...state, days: new Map([...kept, [day, noAmount]]) };
}

/** The first limit that is spent, for people; null while something is left. Money first: it is the dearest. */
export function spentLimit(state: LoopState, day: string): string | null {
  const { run } = state;
  if (run === null) return null;
  for (const key of amountKeys) {
    const spent = ofRun(run, key) ?? limitText(run, "day", key, spentOn(state, day));
    if (spent !== null) return isGuess(run, key) ? `${spent}, ${guess}` : spent;
  }
  return null;
}

/** Whether the run itself has nothing left, whatever is left of the day. */
export const isRunSpent = ({ run }: LoopState): boolean =>
  run !== null && amountKeys.some((key) => ofRun(run, key) !== null);

const ofRun = (run: RunState, key: keyof Amount): string | null =>
  limitText(run, "run", key, sinceResumed(run));

/** A person who resumed has granted the limits of the run once more. */
const sinceResumed = (run: RunState): Amount => map((key) => run[key] - run.usedBefore[key]);

const guess = "what was not told counted as its whole reservation";

const isGuess = (
  run: { readonly usdUnknown: boolean; readonly tokensUnknown: boolean },
  key: keyof Amount,
): boolean => (key === "usd" ? run.usdUnknown : run.tokensUnknown);

function limitText(run: RunState, of: "run" | "day", key: keyof Amount, spent: Amount): string | null {
  const max = amountOf(of === "run" ? run.limits : run.limits.day)[key];
  const left = roundDown(max - spent[key]);
  const tooLittle = run.tooLittle[key];
  if (roundDown(left - tooLittle) > 0) return null;
  const name = `limits.${of}.${key}`;
  if (left <= 0) return `${name} is spent: ${show(key, spent[key])} of ${showAmount(key, max)}`;
  return `${name} has ${show(key, left)} of ${showAmount(key, max)} left, and ${showAmount(key, tooLittle)} was not enough for an attempt`;
}

/** With its unit, such as `0.10 USD`. */
export const showAmount = (key: keyof Amount, value: number): string =>
  `${show(key, value)} ${key === "usd" ? "USD" : key}`;

const show = (key: keyof Amount, value: number): string => (key === "usd" ? value.toFixed(2) : String(value));

const map = (valueOf: (key: keyof Amount) => number): Amount => ({
  usd: valueOf("usd"),
  tokens: valueOf("tokens"),
  turns: valueOf("turns"),
});

const add = (a: Amount, b: Amount): Amount => map((key) => a[key] + b[key]);

/** Sums of binary fractions leave a rest: less than a millionth of a dollar is nothing. */
const roundDown = (value: number): number => Math.floor(value * 1e6 + 1e-3) / 1e6;

const isSome = (amount: Amount): boolean => amountKeys.every((key) => roundDown(amount[key]) > 0);
