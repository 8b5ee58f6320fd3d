/** Writes the event × phase table of docs/loop.md by trying every event on the real `transition`. */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expectedPhases, type OpenAttemptEvent } from "../src/core/attempt-step.ts";
import { commitSha, taskId, treeSha } from "../src/core/ids.ts";
import { InvariantError } from "../src/core/invariant.ts";
import type { AgentStop, Baseline, Candidate, Change, LoopEvent, Verdict } from "../src/core/message.ts";
import { noUsage as usage } from "../src/core/message.ts";
import { type Attempt, emptyState, type LoopState, type Phase, phases } from "../src/core/state.ts";
import type { Step } from "../src/core/move.ts";
import { transition } from "../src/core/transition.ts";

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
  "another attempt is landing": { other: "landing" },
  "another attempt waits to land": { other: "waiting" },
};

interface Condition {
  readonly stop?: "drain" | "now";
  readonly roundsMax?: number;
  readonly paths?: () => Readonly<Partial<Record<Phase, readonly LoopEvent[]>>>;
  readonly other?: "landing" | "waiting";
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
  const before = stateIn(place, condition);
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
  if (type === "task-landed" || type === "attempt-rejected") return goal === "land";
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

const mine = { task: taskId("mine"), attempt: 1 };
const theirs = { task: taskId("other"), attempt: 1 };
type Named = typeof mine;

/** The state after a history that brings the attempt there under the condition; null when no history does. */
function stateIn(place: Place, condition: Condition): LoopState | null {
  const history = historyOf(place, condition);
  if (history === null) return null;
  const state = history.reduce((known, event) => transition(known, event, { nowMs: 1 })[0], emptyState);
  if (state.attempts.get(mine.task)?.phase !== place.phase) return null;
  const wanted = condition.other === "waiting" ? "queued-to-land" : condition.other;
  return wanted === undefined || state.attempts.get(theirs.task)?.phase === wanted ? state : null;
}

function historyOf({ phase, goal }: Place, condition: Condition): readonly LoopEvent[] | null {
  const { stop, roundsMax = 2, other } = condition;
  const path = condition.paths?.()[phase] ?? (goal === "land" ? landingPath : giveUpPath)[phase];
  if (path === null) return null;
  const start = goal === "land" ? startOf(mine, roundsMax) : failedOnce(mine, roundsMax);
  const theirPath = [...startOf(theirs, roundsMax), ...redRound(theirs), ...acceptedFrom(theirs)];
  // Nobody waits in line unless somebody else is landing.
  const isTheirsFirst = phase === "queued-to-land" || other === "landing";
  return [
    runStarted,
    ...(isTheirsFirst ? theirPath : []),
    ...start,
    ...path,
    ...(other === "waiting" && !isTheirsFirst ? theirPath : []),
    ...(stop === undefined ? [] : [stopRequested(stop)]),
  ];
}

const failure = { kind: "red", reason: "a gate is red", evidence: null } as const;
const base = commitSha("base");
const candidate: Candidate = { commit: commitSha("candidate"), tree: treeSha("tree"), base };
const accept: Verdict = { kind: "accept", candidate, gates: [] };
const changed = (tree: string): Change => ({ kind: "changed", tree: treeSha(tree), commit: commitSha(tree) });

const limits = { usdMax: null, untilMs: null, tasksMax: null, failuresInARowMax: 9 };
const runStarted: LoopEvent = { type: "run-started", run: "run", limits };
const stopRequested = (how: "drain" | "now"): LoopEvent => ({
  type: "stop-requested",
  how,
  outcome: { kind: "signal", signal: "SIGTERM" },
});

const verdictOf = (of: Named, verdict: Verdict): LoopEvent => ({ type: "verdict-reached", ...of, verdict });
const sealedOf = (of: Named, tree: string): LoopEvent => ({
  type: "change-sealed",
  ...of,
  change: changed(tree),
  restored: [],
});
const stoppedOf = (of: Named, stop: AgentStop): LoopEvent => ({ type: "agent-stopped", ...of, stop, usage });

function startOf(of: Named, roundsMax: number): readonly LoopEvent[] {
  const spend = { wallMsMax: 1, idleMsMax: 1, turnsMax: 1, usdMax: 1, tokensMax: 1 };
  return [{ type: "attempt-started", ...of, text: "text", limits: { attemptsMax: 1, roundsMax, ...spend } }];
}

function working(of: Named): readonly LoopEvent[] {
  return [
    { type: "workspace-prepared", ...of, base },
    { type: "baseline-checked", ...of, baseline: { kind: "green" } },
  ];
}

/** One round is over in every later phase: the tree `red` is known to be refused. */
function redRound(of: Named): readonly LoopEvent[] {
  const refused = verdictOf(of, { kind: "reject", failure });
  return [...working(of), stoppedOf(of, { kind: "finished" }), sealedOf(of, "red"), refused];
}

const acceptedFrom = (of: Named): readonly LoopEvent[] => [
  stoppedOf(of, { kind: "finished" }),
  sealedOf(of, "green"),
  verdictOf(of, accept),
];

const crashed = stoppedOf(mine, { kind: "crashed", reason: "exit 1" });
const rejected: LoopEvent = { type: "attempt-rejected", ...mine, failure, commit: null };

/** From `attempt-started` into each phase. */
const landingPath: Readonly<Record<Phase, readonly LoopEvent[]>> = {
  preparing: [],
  "checking-baseline": working(mine).slice(0, 1),
  working: redRound(mine),
  sealing: [...redRound(mine), stoppedOf(mine, { kind: "finished" })],
  judging: [...redRound(mine), stoppedOf(mine, { kind: "finished" }), sealedOf(mine, "green")],
  "queued-to-land": [...redRound(mine), ...acceptedFrom(mine)],
  landing: [...redRound(mine), ...acceptedFrom(mine)],
  ending: [...redRound(mine), crashed],
  releasing: [...redRound(mine), crashed, rejected],
};

function failedOnce(of: Named, roundsMax: number): readonly LoopEvent[] {
  return [
    ...startOf(of, roundsMax),
    ...working(of),
    crashed,
    rejected,
    { type: "workspace-released", ...of },
    { type: "give-up-started", ...of },
  ];
}

/** From `give-up-started` into each phase; null where no give-up ever is. */
const giveUpPath: Readonly<Record<Phase, readonly LoopEvent[] | null>> = {
  preparing: null,
  "checking-baseline": null,
  working: null,
  sealing: null,
  judging: [],
  "queued-to-land": [verdictOf(mine, accept)],
  landing: [verdictOf(mine, accept)],
  ending: [verdictOf(mine, { kind: "reject", failure })],
  releasing: null,
};

const reason = "why";
/** Each event once for every difference that its content can make. */
function variants(): readonly Variant[] {
  const commit = null;
  const plain: readonly OpenAttemptEvent[] = [
    { type: "target-moved", ...mine },
    { type: "landing-refused", ...mine, reason },
    { type: "task-landed", ...mine, commit: candidate.commit, learnings: [] },
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

const baselines: Readonly<Record<Baseline["kind"], Baseline>> = {
  green: { kind: "green" },
  red: { kind: "red", reason },
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
  accept,
  reject: { kind: "reject", failure },
  "reject for a conflict": { kind: "reject", failure: { ...failure, kind: "conflict" } },
  inconclusive: { kind: "inconclusive", reason },
};

if (import.meta.main) writeFileSync(loopPage, withLoopTable(readFileSync(loopPage, "utf8")));
