/**
 * What is waited for before agents may start again: a usage limit or an outage is an event with a time.
 *
 * Nothing starts before its end. Then one attempt goes first, and the others follow once the model has answered it. All of
 * it follows from the journal, chance included, so that a restart changes nothing.
 */
import { backoffMsMax, spread } from "./backoff.ts";
import type { AgentRole, AgentStop } from "./message.ts";
import type { Situation } from "./move.ts";
import type { Attempt, LoopState, Wait } from "./state.ts";

type Unanswered = AgentStop & { readonly kind: "limited" | "unreachable" };

/** Several agents may meet the same limit at once: it is met once, and the latest date counts. */
export function noteWait(at: Situation, stop: Unanswered): LoopState {
  const { state, attempt, nowMs } = at;
  const known = state.waits.get(attempt.agent);
  // Where one asks already the wait was over, whatever the wall clock has been set to since.
  const isEcho = known !== undefined && known.probe === null && nowMs < known.untilMs;
  const tries = isEcho ? known.tries : (known?.tries ?? 0) + 1;
  const untilMs = endsMs(stop, { nowMs, tries, chance: chanceOf(state, tries) });
  // Another agent that meets the same outage says nothing new; another one's limit may end later.
  if (isEcho && (stop.kind === "unreachable" || untilMs <= known.untilMs)) return state;
  const kind = kindOf(stop);
  const sinceMs = known?.kind === kind ? known.sinceMs : nowMs;
  const wait: Wait = { kind, reason: stop.reason, sinceMs, untilMs, tries, probe: null };
  return { ...state, waits: new Map(state.waits).set(attempt.agent, wait) };
}

const kindOf = ({ kind }: Unanswered): Wait["kind"] => (kind === "limited" ? "limit" : "outage");

const chanceOf = ({ run }: LoopState, tries: number): number => spread(`${run?.id ?? ""} ${tries}`);

function endsMs(stop: Unanswered, moment: Moment): number {
  if (stop.kind === "limited") return limitEndsMs(stop.resetsAtMs, moment);
  return moment.nowMs + outageMs(moment.tries, moment.chance);
}

interface Moment {
  readonly nowMs: number;
  readonly tries: number;
  /** From 0 to 1. */
  readonly chance: number;
}

const jitterMsMax = 60_000;
/** A date that is years away is a mistake. */
const limitMsMax = 7 * 24 * 3_600_000;

/** A date that is missing or past, or that turned out wrong before, must not be asked again at once. */
function limitEndsMs(resetsAtMs: number | null, { nowMs, tries, chance }: Moment): number {
  const toldMs = Math.min((resetsAtMs ?? nowMs) - nowMs, limitMsMax);
  const isTrusted = toldMs > 0 && tries === 1;
  const leastMs = isTrusted ? 0 : (backoffMsMax(tries) * (1 + chance)) / 2;
  if (!(toldMs > leastMs)) return Math.ceil(nowMs + leastMs);
  return Math.ceil(nowMs + toldMs + chance * Math.min(jitterMsMax, toldMs / 10));
}

const outageMsMin = 1_000;
/** Full jitter: many runs that met the same outage do not come back together. */
const outageMs = (tries: number, chance: number): number =>
  Math.ceil(outageMsMin + chance * (backoffMsMax(tries) - outageMsMin));

const outageEndsRunMs = 24 * 3_600_000;
/** A machine that slept for a day has not asked for a day. */
const outageTriesMin = 12;

/** Whether the model could not be reached for so long that somebody should know; waits of earlier runs do not count. */
export function isLasting({ state, attempt, nowMs }: Situation): boolean {
  const wait = state.waits.get(attempt.agent);
  if (wait?.kind !== "outage") return false;
  const sinceMs = Math.max(wait.sinceMs, state.run?.startedMs ?? 0);
  return nowMs - sinceMs >= outageEndsRunMs && wait.tries >= outageTriesMin;
}

/** When agents of this role may start: 0 for now, Infinity while the first one after a wait has no answer yet. */
export function opensMs(state: LoopState, agent: AgentRole, nowMs: number): number {
  const wait = state.waits.get(agent);
  if (wait === undefined) return 0;
  if (nowMs < wait.untilMs) return wait.untilMs;
  return isProbing(state, wait) ? Infinity : 0;
}

/** The first one after a wait asks for all others. */
export function noteProbe(state: LoopState, { agent, task, number }: Attempt): LoopState {
  const wait = state.waits.get(agent);
  if (wait === undefined) return state;
  return { ...state, waits: new Map(state.waits).set(agent, { ...wait, probe: { task, attempt: number } }) };
}

/** The model has answered an attempt: the wait is over if that is the one that asks. */
export function noteAnswer(state: LoopState, attempt: Attempt): LoopState {
  const wait = state.waits.get(attempt.agent);
  if (wait === undefined || !isProbeOf(wait, attempt)) return state;
  return { ...state, waits: new Map([...state.waits].filter(([agent]) => agent !== attempt.agent)) };
}

/** Whether somebody waits for the answer to this attempt. */
export function isProbe(state: LoopState, attempt: Attempt): boolean {
  const wait = state.waits.get(attempt.agent);
  return wait !== undefined && isProbeOf(wait, attempt);
}

const isProbeOf = ({ probe }: Wait, { task, number }: Attempt): boolean =>
  probe?.task === task && probe.attempt === number;

/** One that ended without an answer asks no more: the next one does. */
function isProbing({ attempts }: LoopState, { probe }: Wait): boolean {
  return probe !== null && attempts.get(probe.task)?.number === probe.attempt;
}

const silent: ReadonlySet<AgentStop["kind"]> = new Set([
  "limited",
  "unreachable",
  "refused",
  "not-started",
  "stopped",
]);

/** However an agent ended its work: it had an answer, or nobody could tell the difference. */
export const hasAnswered = (stop: AgentStop): boolean => !silent.has(stop.kind);
