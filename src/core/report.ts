/** State and queue as people and programs see them: the one source of `status`, the live block and the last line. */
import type { Gate } from "./config.ts";
import type { AgentRole, PauseCause, RunOutcome, SpendLimits } from "./message.ts";
import { type Queue, resolveQueue, type Standing } from "./queue.ts";
import type { LoopState, Pause, Phase, RunState, Wait } from "./state.ts";

type TaskCount = "running" | "ready" | "waiting" | "stuck" | "review" | "landed" | "blocked" | "draft";

export interface StatusView {
  /** Null when no run is open. */
  readonly run: RunView | null;
  readonly stopping: string | null;
  /** What holds up that something new starts. */
  readonly waits: readonly WaitView[];
  /** Null when new attempts may start. */
  readonly paused: PauseView | null;
  /** Why the configuration on disk is not the one that holds; null when it is. */
  readonly configTrouble: string | null;
  readonly attempts: readonly AttemptView[];
  /** `ready`: those that nobody works on. */
  readonly tasks: Readonly<Record<TaskCount, number>>;
  /** Branches that people are to merge or to delete. */
  readonly reviews: readonly string[];
  readonly problems: readonly string[];
  /** Gates and tests that were ever red and then green on the same tree. */
  readonly flaky: readonly string[];
  /** Tests that fail on the target, and are worked with all the same. */
  readonly failing: readonly string[];
}

/** Its limits are of all that it uses: with what was used when a person last resumed, which granted them once more. */
export interface RunView extends SpendLimits {
  readonly id: string;
  readonly landed: number;
  readonly blocked: number;
  readonly usd: number;
  /** True when a price was unknown: it counts as what its attempt reserved, so `usd` is then an upper bound. */
  readonly usdUnknown: boolean;
  readonly tokens: number;
  readonly turns: number;
  /** True when an agent told nothing of its tokens and turns: they are then upper bounds, too. */
  readonly tokensUnknown: boolean;
  /** Nothing new starts after it; null: no time ends it. */
  readonly untilMs: number | null;
}

export interface WaitView {
  readonly kind: Wait["kind"] | "window";
  /** Which agent waits; null: both. */
  readonly agent: AgentRole | null;
  readonly reason: string;
  readonly sinceMs: number | null;
  readonly untilMs: number;
}

export interface PauseView {
  readonly kind: PauseCause["kind"];
  readonly reason: string;
  readonly sinceMs: number;
  /** When it is over by itself; null: when a person says so, or when what it is about has changed. */
  readonly untilMs: number | null;
  /** The local day with which it is over; null: not by that. */
  readonly day: string | null;
}

export interface AttemptView {
  readonly task: string;
  readonly attempt: number;
  readonly agent: AgentRole;
  readonly phase: Phase;
  readonly round: number;
  readonly sinceMs: number;
}

export function viewStatus(state: LoopState, queue: Queue): StatusView {
  const { run, stopping, paused, configTrouble } = state;
  const standing = resolveQueue(queue.tasks, run?.landed ?? new Set(), queue.inReview);
  const reviews = [...standing.waiting.values()].flatMap((why) =>
    why.kind === "review" ? [why.branch] : [],
  );
  const stuck = stuckTasks(standing);
  return {
    run: run === null ? null : viewRun(run),
    stopping: stopping === null ? null : describeOutcome(stopping.outcome),
    paused: paused === null ? null : viewPause(paused),
    configTrouble,
    attempts: [...state.attempts.values()].map(({ task, number, agent, phase, round, sinceMs }) => {
      return { task, attempt: number, agent, phase, round, sinceMs };
    }),
    waits: viewWaits(state),
    tasks: {
      running: state.attempts.size,
      ready: standing.ready.filter(({ id }) => !state.attempts.has(id)).length,
      waiting: standing.waiting.size - reviews.length - stuck.length,
      stuck: stuck.length,
      review: reviews.length,
      landed: standing.landed.size,
      blocked: standing.blocked.length,
      draft: queue.tasks.filter((task) => task.status === "draft").length,
    },
    reviews,
    problems: [...queue.problems.map(problemText), ...stuck, ...unrecordedTasks(state)],
    flaky: [...state.flaky],
    failing: state.failing,
  };
}

/** What holds up that something new starts: over where the time has come. */
export function viewWaits({ waits, windowOpensMs }: LoopState): readonly WaitView[] {
  const window = { kind: "window", agent: null, reason: "limits.window", sinceMs: null } as const;
  return [
    ...[...waits].map(([agent, { kind, reason, sinceMs, untilMs }]) => ({
      kind,
      agent,
      reason,
      sinceMs,
      untilMs,
    })),
    ...(windowOpensMs === 0 ? [] : [{ ...window, untilMs: windowOpensMs }]),
  ];
}

const viewPause = ({ kind, reason, sinceMs, untilMs, day }: Pause): PauseView => ({
  kind,
  reason,
  sinceMs,
  untilMs,
  day,
});

function viewRun({ id, landed, blocked, limits, usedBefore, ...run }: RunState): RunView {
  const { usd, usdUnknown, tokens, turns, tokensUnknown } = run;
  return {
    id,
    landed: landed.size,
    blocked: blocked.size,
    usd,
    usdMax: granted(limits.usdMax, usedBefore.usd),
    usdUnknown,
    tokens,
    tokensMax: granted(limits.tokensMax, usedBefore.tokens),
    turns,
    turnsMax: granted(limits.turnsMax, usedBefore.turns),
    tokensUnknown,
    untilMs: limits.untilMs,
  };
}

const granted = (max: number | null, before: number): number | null => (max === null ? null : before + max);

/** Their files say nothing of it: their record commits were refused. */
function unrecordedTasks({ unrecorded }: LoopState): readonly string[] {
  return [...unrecorded].map(([task, why]) => `${task}: given up, ${why}`);
}

function stuckTasks({ waiting }: Standing): readonly string[] {
  return [...waiting].flatMap(([task, why]) => (why.kind === "stuck" ? [`${task}: ${why.reason}`] : []));
}

/** One line, whatever the file is called: its name may hold line feeds, and what would colour or move things. */
export function problemText(problem: Queue["problems"][number]): string {
  const place = problem.line === null ? problem.file : `${problem.file}:${problem.line}`;
  return `${place}: ${problem.message}`.replaceAll(/\p{Cc}/gu, "\ufffd");
}

/** One sentence without a full stop. */
export function describeOutcome(outcome: RunOutcome): string {
  switch (outcome.kind) {
    case "drained":
      return "the queue is drained: nothing is left to do";
    case "blocked":
      return "the queue is drained, but some tasks need a person";
    case "configuration":
      return `the configuration is wrong: ${outcome.reason}`;
    case "budget":
      return `stopped by a limit: ${outcome.reason}`;
    case "breaker":
      return `stopped by the breaker: ${outcome.reason}`;
    case "refused":
      return `nothing more can start: ${outcome.reason}; log in again or mend the billing, then start anew: no attempt was counted`;
    case "signal":
      return `stopped by ${outcome.signal}`;
    case "stopped":
      return "stopped by ralphwright stop";
  }
}

const testWords =
  /(?:^|[^a-z])(?:tests?|specs?|unit|e2e|integration|(?:vi|je|py)test|jest|mocha|ava|tape?|rspec|phpunit|unittest|playwright|cypress)(?![a-z])/i;
const otherChecks = /^(?:format|fmt|lint|types?|typecheck|style)(?![a-z])/;

/**
 * Gates that seem to run tests and write no report, so that a test that vanished is not noticed. Without a report
 * anywhere that is every gate: one of them must be what runs the tests.
 */
export function judgedByExitCode(gates: readonly Gate[]): readonly Gate[] {
  const weak = gates.filter((gate) => gate.report === null);
  if (weak.length === gates.length) return weak;
  return weak.filter(({ name, run }) => !otherChecks.test(name) && testWords.test(`${name} ${run}`));
}

/** Null when every test is compared with the baseline. */
export function weakGatesText(gates: readonly Gate[]): string | null {
  const names = judgedByExitCode(gates).map((gate) => gate.name);
  return names.length === 0 ? null : `judged by exit code alone: ${names.join(", ")}`;
}

/** Exit status of `run`; documented in docs/commands.md. */
export function exitStatusOf(outcome: RunOutcome): number {
  switch (outcome.kind) {
    case "drained":
      return 0;
    case "blocked":
      return 1;
    case "configuration":
      return 2;
    case "budget":
      return 4;
    case "breaker":
      return 5;
    case "refused":
      return 6;
    case "signal":
      return outcome.signal === "SIGINT" ? 130 : 143;
    case "stopped":
      return 143;
  }
}
