/** Writes the event × phase table of docs/loop.md by trying every event on the real `transition`. */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expectedPhases, type OpenAttemptEvent } from "../src/core/attempt-step.ts";
import { InvariantError } from "../src/core/invariant.ts";
import type { AgentStop, Baseline, Change, LoopEvent, Verdict } from "../src/core/message.ts";
import { noUsage as usage } from "../src/core/message.ts";
import type { Step } from "../src/core/move.ts";
import { type Attempt, emptyState, type LoopState, type Phase, phases } from "../src/core/state.ts";
import { transition } from "../src/core/transition.ts";
import {
  acceptOf,
  base,
  candidateOf,
  changed,
  composedOf,
  failedOnce,
  failure,
  giveUpPathTo,
  mine,
  pathTo,
  runStarted,
  startOf,
  stopRequested,
  theirs,
  working,
} from "./loop-histories.ts";

/** One row: what an event does to an attempt, and under which condition. */
export interface LoopStep {
  readonly phase: Phase;
  readonly goal: Attempt["goal"];
  readonly event: string;
  /** Null for the common case; other rows are there only where the condition makes a difference. */
  readonly when: string | null;
  /** Null when the attempt is closed. */
  readonly next: Phase | null;
  readonly commands: readonly string[];
  /** Why the run stops because of the event. */
  readonly stops: string | null;
}

export const loopPage: string = fileURLToPath(new URL("../docs/loop.md", import.meta.url));
const startMark = "<!-- generated: loop table -->";
const endMark = "<!-- /generated -->";

/** The page with the table that belongs into it now. */
export function withLoopTable(page: string): string {
  const start = page.indexOf(startMark);
  const end = page.indexOf(endMark);
  if (start < 0 || end < start) throw new Error(`the page lacks ${startMark} … ${endMark}`);
  return `${page.slice(0, start + startMark.length)}\n\n${renderLoopTable()}\n${page.slice(end)}`;
}

export function renderLoopTable(): string {
  const steps = loopSteps();
  const sections = phases.flatMap((phase) =>
    goals.map((goal) => renderPhase(steps.filter((step) => step.phase === phase && step.goal === goal))),
  );
  return [renderOverview(), ...sections.filter((section) => section !== "")].join("\n");
}

const goals = ["land", "give-up"] as const;

/** Every event in every phase that an attempt with that goal can be in. */
export function loopSteps(): readonly LoopStep[] {
  return phases.flatMap((phase) =>
    goals.flatMap((goal) => variants().flatMap((variant) => stepsOf({ phase, goal }, variant))),
  );
}

function renderOverview(): string {
  const header = ["Event", ...phases.map((_, at) => String(at + 1))];
  const rows = Object.entries(expectedPhases).map(([type, expected]) => [
    `\`${type}\``,
    ...phases.map((phase) => (expected.includes(phase) ? "yes" : "—")),
  ]);
  const legend = phases.map((phase, at) => `${at + 1} ${phase}`).join(", ");
  return `### Which event can arrive in which phase\n\n${legend}\n\n${renderTable([header, ...rows])}`;
}

function renderPhase(steps: readonly LoopStep[]): string {
  const [first] = steps;
  if (first === undefined) return "";
  const rows = steps.map(({ event, when, next, commands, stops: outcome }) => {
    const effects = [...commands, ...(outcome === null ? [] : [`the run stops: ${outcome}`])];
    return [when === null ? event : `… ${when}`, next ?? "(closed)", effects.join(", ") || "none"];
  });
  const title = first.goal === "land" ? first.phase : `${first.phase}, to give up`;
  return `### ${title}\n\n${renderTable([["Event", "Next phase", "Commands"], ...rows])}`;
}

/** Padded as the formatter pads tables. */
function renderTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(3, ...rows.map((row) => (row[at] ?? "").length)));
  const lines = rows.map((row) => `| ${row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(" | ")} |`);
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  return [lines[0] ?? "", rule, ...lines.slice(1), ""].join("\n");
}

interface Place {
  readonly phase: Phase;
  readonly goal: Attempt["goal"];
}

interface Variant {
  readonly name: string;
  readonly event: OpenAttemptEvent;
}

/** What may be different around the attempt. */
const conditions: Readonly<Record<string, Condition>> = {
  "the run is stopping": { stop: "drain" },
  "everything stops now": { stop: "now" },
  "no round is left": { roundsMax: 1 },
  "nothing was rejected yet": { paths: () => ({ working: working(mine) }) },
  "what it is composed on has not landed": { other: "ahead" },
  "another attempt is composed on it": { other: "behind" },
};

interface Condition {
  readonly stop?: "drain" | "now";
  readonly roundsMax?: number;
  readonly paths?: () => Readonly<Partial<Record<Phase, readonly LoopEvent[]>>>;
  readonly other?: "ahead" | "behind";
  readonly mode?: "branch";
}

function stepsOf(place: Place, { name, event }: Variant): readonly LoopStep[] {
  const common = probe(place, event, {});
  if (common === null) return [];
  const others = new Map<string, LoopStep>();
  for (const [words, condition] of Object.entries(conditions)) {
    const result = probe(place, event, condition);
    // A run that is stopping already cannot be stopped by the event: that alone is no difference.
    if (result === null || keyOf(result) === keyOf(common)) continue;
    const known = others.get(keyOf(result));
    const when = known === undefined ? `if ${words}` : `${known.when} or ${words}`;
    others.set(keyOf(result), { ...place, event: name, when, ...result });
  }
  return [{ ...place, event: name, when: null, ...common }, ...others.values()];
}

const keyOf = ({ next, commands }: Pick<LoopStep, "next" | "commands">): string =>
  [next, ...commands].join(" ");

/** Tries the event; null when it cannot arrive there. */
function probe(place: Place, event: OpenAttemptEvent, condition: Condition): ReturnType<typeof told> | null {
  if (!fits(place.goal, event.type)) return null;
  const isReviewed = event.type === "review-opened";
  const before = stateIn(place, isReviewed ? { ...condition, mode: "branch" } : condition);
  if (before === null) return null;
  try {
    return told(before, transition(before, event, { nowMs: 9 }));
  } catch (error) {
    if (error instanceof InvariantError) return null;
    throw error;
  }
}

/** A landing attempt lands or fails; a give-up ends with the task blocked. */
function fits(goal: Attempt["goal"], type: OpenAttemptEvent["type"]): boolean {
  if (type === "task-landed" || type === "review-opened" || type === "attempt-rejected")
    return goal === "land";
  return type !== "task-blocked" || goal === "give-up";
}

function told(before: LoopState, [after, asked]: Step): Pick<LoopStep, "next" | "commands" | "stops"> {
  const commands = asked.map((command) => {
    const isOwn = !("task" in command) || command.task === mine.task;
    return isOwn ? `\`${command.type}\`` : `\`${command.type}\` for the next in line`;
  });
  const stops = before.stopping === null ? (after.stopping?.outcome.kind ?? null) : null;
  return { next: after.attempts.get(mine.task)?.phase ?? null, commands, stops };
}

/** The state after a history that brings the attempt there under the condition; null when no history does. */
function stateIn(place: Place, condition: Condition): LoopState | null {
  const history = historyOf(place, condition);
  if (history === null) return null;
  const state = history.reduce((known, event) => transition(known, event, { nowMs: 1 })[0], calmState);
  if (state.attempts.get(mine.task)?.phase !== place.phase) return null;
  if (condition.other === undefined) return state;
  const { onto, candidate } = state.attempts.get(mine.task) ?? {};
  const isBehind = state.attempts.get(theirs.task)?.onto === candidate?.commit;
  const isThere = condition.other === "ahead" ? onto !== null : candidate !== null && isBehind;
  return isThere ? state : null;
}

/** Little broke so far, so that changes are judged together. */
const calmState: LoopState = { ...emptyState, breakage: Array.from({ length: 40 }, () => false) };

/** Phases that an attempt is in only because of another one ahead of it in line. */
const ahead: Readonly<Partial<Record<Phase, readonly LoopEvent[]>>> = {
  "queued-to-judge": pathTo(theirs, true).composing,
  "queued-to-land": pathTo(theirs, true).landing,
  held: pathTo(theirs, true).landing,
};

/** Another attempt can be composed on this one only in these. */
function behind(phase: Phase): readonly LoopEvent[] {
  return phase === "judging" || phase === "landing" ? pathTo(theirs, false).judging : [];
}

function historyOf(place: Place, condition: Condition): readonly LoopEvent[] | null {
  const { stop, roundsMax = 2, other, mode } = condition;
  const { before, after } = othersAt(place.phase, other);
  const path = condition.paths?.()[place.phase] ?? pathsOf(place.goal, before.length === 0)[place.phase];
  if (path === null || (other === "behind" && after.length === 0)) return null;
  const theirStart = startOf(theirs, roundsMax);
  return [
    mode === undefined ? runStarted : { ...runStarted, mode },
    ...(before.length === 0 ? [] : [...theirStart, ...before]),
    ...(place.goal === "land" ? startOf(mine, roundsMax) : failedOnce(mine, roundsMax)),
    ...path,
    ...(after.length === 0 ? [] : [...theirStart, ...after]),
    ...(stop === undefined ? [] : [stopRequested(stop)]),
  ];
}

type Others = Readonly<Record<"before" | "after", readonly LoopEvent[]>>;

/** What another attempt does before this one, or after it. */
function othersAt(phase: Phase, other: Condition["other"]): Others {
  const before = ahead[phase] ?? (other === "ahead" ? pathTo(theirs, true).landing : []);
  const after = other === "behind" && before.length === 0 ? behind(phase) : [];
  return { before, after };
}

const pathsOf = (goal: Attempt["goal"], isFirst: boolean) =>
  goal === "land" ? pathTo(mine, isFirst) : giveUpPathTo(mine);

const reason = "why";
/** Each event once for every difference that its content can make. */
function variants(): readonly Variant[] {
  const commit = null;
  const plain: readonly OpenAttemptEvent[] = [
    { type: "model-answered", ...mine },
    { type: "target-moved", ...mine },
    { type: "landing-refused", ...mine, reason },
    { type: "task-landed", ...mine, commit: candidateOf(mine).commit, learnings: [] },
    { type: "review-opened", ...mine, commit: candidateOf(mine).commit, branch: "ralph/mine", learnings: [] },
    { type: "task-blocked", ...mine, why: reason, commit },
    { type: "attempt-rejected", ...mine, failure, commit },
    { type: "attempt-interrupted", ...mine, reason, commit },
    { type: "workspace-released", ...mine },
    { type: "command-failed", ...mine, command: "land", reason },
  ];
  return [
    { name: "`workspace-prepared`", event: { type: "workspace-prepared", ...mine, base } },
    ...each(baselines, (baseline) => ({ type: "baseline-checked", ...mine, baseline })),
    ...each(stops, (stop) => ({ type: "agent-stopped", ...mine, stop, usage })),
    ...each(changes, (change) => ({ type: "change-sealed", ...mine, change, restored: [] })),
    { name: "`candidate-composed`", event: composedOf(mine) },
    ...each(verdicts, (verdict) => ({ type: "verdict-reached", ...mine, verdict })),
    ...plain.map((event) => ({ name: `\`${event.type}\``, event })),
  ];
}

function each<Content>(
  contents: Readonly<Record<string, Content>>,
  eventWith: (content: Content) => OpenAttemptEvent,
): readonly Variant[] {
  return Object.entries(contents).map(([words, content]) => {
    const event = eventWith(content);
    return { name: `\`${event.type}\`: ${words}`, event };
  });
}

const baselines: Readonly<Record<string, Baseline>> = {
  green: { kind: "green" },
  "green, and the task is done already": { kind: "green", isDone: true },
  red: { kind: "red", reason },
  "red by gates of the task's own": { kind: "red", reason, isTasksOwn: true },
  unusable: { kind: "unusable", reason },
};

function claimed(status: "complete" | "partial" | "blocked"): AgentStop {
  return { kind: "claimed", claim: { status, summary: reason, learnings: [], question: null } };
}

type OtherStop = Exclude<AgentStop["kind"], "claimed">;
const otherStops: { readonly [Kind in OtherStop]: Extract<AgentStop, { kind: Kind }> } = {
  finished: { kind: "finished" },
  crashed: { kind: "crashed", reason },
  stalled: { kind: "stalled", reason },
  "timed-out": { kind: "timed-out", reason },
  "over-budget": { kind: "over-budget", reason },
  stuck: { kind: "stuck", reason },
  declined: { kind: "declined", reason },
  "handed-over": { kind: "handed-over", note: "the rest" },
  unreachable: { kind: "unreachable", reason },
  "not-started": { kind: "not-started", reason },
  refused: { kind: "refused", reason },
  limited: { kind: "limited", resetsAtMs: 99, reason },
  stopped: { kind: "stopped" },
};
const stops: Readonly<Record<string, AgentStop>> = {
  "claimed complete": claimed("complete"),
  "claimed partial": claimed("partial"),
  "claimed blocked": claimed("blocked"),
  ...otherStops,
};

const changes: Readonly<Record<string, Change>> = {
  changed: changed("new"),
  "changed, a tree rejected before": changed("red"),
  empty: { kind: "empty" },
  refused: { kind: "refused", reason },
};

const verdicts: Readonly<Record<string, Verdict>> = {
  accept: acceptOf(mine),
  reject: { kind: "reject", failure },
  "reject for a conflict": { kind: "reject", failure: { ...failure, kind: "conflict" } },
  inconclusive: { kind: "inconclusive", reason },
};

if (import.meta.main) writeFileSync(loopPage, withLoopTable(readFileSync(loopPage, "utf8")));
