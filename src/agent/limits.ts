/** Hard caps of one process, what is left of them, and when the model is reminded. Pure. */

export interface Limits {
  readonly turnsMax: number;
  readonly wallMsMax: number;
  /** US dollars; holds only while prices are known. */
  readonly usdMax: number;
  /** Tokens of all requests together, cached ones counted: what holds when no price is known. */
  readonly tokensMax: number;
  /** Tokens in one request: the model is asked to finish at the first, and hands over at the second. */
  readonly contextSoft: number;
  readonly contextHard: number;
}

export interface Spent {
  readonly turns: number;
  readonly wallMs: number;
  /** Null once a price was unknown. */
  readonly usd: number | null;
  readonly tokens: number;
  /** Of the last request and its answer. */
  readonly contextTokens: number;
}

export const nothingSpent: Spent = { turns: 0, wallMs: 0, usd: 0, tokens: 0, contextTokens: 0 };

/** The first cap that is reached, as a sentence; null while there is room for another turn. */
export function limitReached(spent: Spent, limits: Limits): string | null {
  if (spent.turns >= limits.turnsMax) return `its ${limits.turnsMax} turns are used up`;
  if (spent.wallMs >= limits.wallMsMax) return `its ${minutes(limits.wallMsMax)} are over`;
  if (spent.tokens >= limits.tokensMax) return `its ${limits.tokensMax} tokens are used up`;
  if (spent.usd !== null && spent.usd >= limits.usdMax) return `its ${limits.usdMax} USD are spent`;
  return null;
}

/** A request is not worth sending for fewer tokens of answer than these. */
const answerTokensMin = 2_000;

/**
 * Tokens the next answer may have: as many as are wanted, or as the money left can pay for at worst. Null when it
 * cannot pay for the prompt and a short answer. Prices are US dollars per million tokens, null where not known.
 */
export function affordableTokens(
  wanted: number,
  next: {
    readonly usdLeft: number | null;
    readonly promptTokens: number;
    readonly price: { readonly input: number; readonly output: number } | null;
  },
): number | null {
  const { usdLeft, promptTokens, price } = next;
  if (usdLeft === null || price === null) return wanted;
  const left = usdLeft - (promptTokens * price.input) / 1_000_000;
  const affordable = price.output === 0 ? wanted : Math.floor((left / price.output) * 1_000_000);
  if (affordable < Math.min(wanted, answerTokensMin)) return null;
  return Math.min(wanted, affordable);
}

const marks = [0.7, 0.9];

/** What to remind the model of after a turn: each cap as it passes 70 % and 90 %, and the last turn. */
export function reminders(before: Spent, after: Spent, limits: Limits): readonly string[] {
  // What comes next is the hand-off.
  if (after.contextTokens >= limits.contextHard) return [];
  const told = caps.flatMap(({ of, tell }) => {
    const [was, is] = [of(before, limits), of(after, limits)];
    const mark = marks.findLast((each) => was < each && is >= each);
    return mark === undefined ? [] : [`${tell(after, limits)} ${mark === 0.9 ? hurry : plan}`];
  });
  if (after.turns === limits.turnsMax - 1 && limits.turnsMax > 1) return [lastTurn];
  const soft = before.contextTokens < limits.contextSoft && after.contextTokens >= limits.contextSoft;
  return soft ? [...told, softLimit] : told;
}

const plan = "Plan what is left so that it fits.";
const hurry = "Bring the work to a state that passes the gates and call `done` now.";
const lastTurn = "This is your last turn: call `done` with what you have.";
const softLimit =
  "This context is getting long. Finish soon, or bring the work to a clean point: at the hard limit you will be asked for a hand-off note and a fresh process goes on.";

interface Cap {
  readonly of: (spent: Spent, limits: Limits) => number;
  readonly tell: (spent: Spent, limits: Limits) => string;
}

const caps: readonly Cap[] = [
  {
    of: (spent, limits) => spent.turns / limits.turnsMax,
    tell: (spent, limits) => `${spent.turns} of ${limits.turnsMax} turns are used.`,
  },
  {
    of: (spent, limits) => spent.wallMs / limits.wallMsMax,
    tell: (spent, limits) => `${minutes(spent.wallMs)} of ${minutes(limits.wallMsMax)} are over.`,
  },
  {
    of: (spent, limits) => (spent.usd ?? 0) / limits.usdMax,
    tell: (spent, limits) => `${(spent.usd ?? 0).toFixed(2)} of ${limits.usdMax} USD are spent.`,
  },
  {
    of: (spent, limits) => spent.tokens / limits.tokensMax,
    tell: (spent, limits) => `${spent.tokens} of ${limits.tokensMax} tokens are used.`,
  },
  {
    of: (spent, limits) => spent.contextTokens / limits.contextHard,
    tell: (spent, limits) => `${spent.contextTokens} of ${limits.contextHard} tokens of context are used.`,
  },
];

const minutes = (ms: number): string => `${Math.round(ms / 60_000)} minutes`;
