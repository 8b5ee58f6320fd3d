/**
 * One attempt from top to bottom: what each command of the core does in the world, and the event it comes back as.
 *
 * prepare → baseline → work → seal → judge → (evidence → work …) → land, or reject; then release. Nothing here
 * decides what comes next: that is core/attempt-step.ts.
 */
import { renderHandOff } from "../core/brief.ts";
import type { CommitSha } from "../core/ids.ts";
import {
  type AttemptCommand,
  type AttemptEvent,
  type Candidate,
  type Claim,
  type FailedAttempt,
  type Usage,
  noUsage,
} from "../core/message.ts";
import type { Attempt, LoopState } from "../core/state.ts";
import { invariant } from "../core/invariant.ts";
import type { Task, TaskLimits } from "../core/task.ts";
import { matchGlobs } from "../formats/glob.ts";
import type { AgentReport, AgentSession, Workspace } from "../ports.ts";
import { sumUsd } from "./candidate.ts";
import { checkBeforeWork, withoutOwnGates } from "./baseline.ts";
import { writeBrief } from "./briefing.ts";
import { doneElsewhere } from "./elsewhere.ts";
import {
  composeChange,
  composeGiveUp,
  type ComposedChange,
  judgeCandidate,
  type Judgement,
} from "./judge.ts";
import type { AttemptScope } from "./scope.ts";

/** What an attempt holds open between its commands. */
export interface OpenAttempt {
  readonly scope: AttemptScope;
  readonly task: Task;
  readonly number: number;
  readonly limits: TaskLimits;
  readonly past: readonly FailedAttempt[];
  /** The model has answered its agent. */
  readonly onAnswer: () => void;
  workspace: Workspace | null;
  session: AgentSession | null;
  claim: Claim | null;
  usage: Usage;
  round: number;
  change: CommitSha | null;
  /** True once it is about the record commit of a task that is given up. */
  isRecord: boolean;
  /** Aborts when what is composed or judged now will not count. */
  judging: AbortController;
  learnings: readonly string[];
  /** The task's file as it was when the candidate was composed. */
  taskText: string;
}

export function openAttempt(
  opening: Pick<OpenAttempt, "scope" | "task" | "number" | "limits" | "past" | "onAnswer">,
): OpenAttempt {
  const nothing = { workspace: null, session: null, claim: null, change: null, learnings: [], taskText: "" };
  return {
    ...opening,
    ...nothing,
    isRecord: false,
    judging: new AbortController(),
    usage: noUsage,
    round: 0,
  };
}

type CommandOf<Type extends AttemptCommand["type"]> = Extract<AttemptCommand, { type: Type }>;
type Unaddressed<E> = E extends unknown ? Omit<E, "task" | "attempt"> : never;
/** An event of this attempt, without its address. */
type Told = Unaddressed<AttemptEvent>;

/** Carries out one command. Throws only for trouble that nobody foresaw: the loop then stops, fail closed. */
export async function carryOut(
  attempt: OpenAttempt,
  command: AttemptCommand,
  state: LoopState,
): Promise<Told> {
  switch (command.type) {
    case "prepare-workspace":
      return prepareWorkspace(attempt);
    case "check-baseline":
      return {
        type: "baseline-checked",
        baseline: await checkBeforeWork(attempt.scope, attempt.task, command.base),
      };
    case "start-agent":
      return startAgent(attempt, command, state);
    case "return-evidence":
      return returnEvidence(attempt, command);
    case "hand-over":
      return handOver(attempt, command);
    case "seal-change":
      return sealChange(attempt);
    case "compose-change": {
      const reason = await doneElsewhere(attempt.scope, attempt.task);
      if (reason !== null) return { type: "attempt-interrupted", reason, commit: await endWork(attempt) };
      return tellComposed(attempt, await compose(attempt, command));
    }
    case "compose-record":
      attempt.isRecord = true;
      return tellComposed(attempt, await composeGiveUp(startJudging(attempt), recordOf(attempt, command)));
    case "judge-candidate":
      return judge(attempt, command);
    case "land":
    case "land-record":
      return land(attempt, command);
    case "note-blocked":
      return { type: "task-blocked", why: command.why, commit: null };
    case "reject-attempt":
      return { type: "attempt-rejected", failure: command.failure, commit: await endWork(attempt) };
    case "interrupt-attempt":
      return { type: "attempt-interrupted", reason: command.reason, commit: await endWork(attempt) };
    case "release-workspace":
      return releaseWorkspace(attempt);
  }
}

async function prepareWorkspace(attempt: OpenAttempt): Promise<Told> {
  const { ports } = attempt.scope;
  await ports.target.catchUp();
  const base = await ports.target.tip();
  attempt.workspace = await ports.workspaces.prepare(attempt.task.id, attempt.number, base);
  return { type: "workspace-prepared", base };
}

async function startAgent(
  attempt: OpenAttempt,
  command: CommandOf<"start-agent">,
  state: LoopState,
): Promise<Told> {
  const { scope, task, number, limits, past } = attempt;
  const { ports } = scope;
  const workspace = workspaceOf(attempt);
  await workspace.provision();
  const open = stateOf(attempt, state);
  const { agent } = open;
  const held = { ...limits, ...reservedOf(open) };
  const brief = await writeBrief(scope, { task, base: command.base, limits: held, past, agent });
  await ports.files.write(task.id, number, "brief.md", brief.text);
  attempt.session = ports.agents.open({
    task,
    attempt: number,
    workspace,
    brief,
    agent,
    limits: { ...held, outputBytesMax: scope.config.limits.outputBytesMax },
    onAnswer: attempt.onAnswer,
    logFolder: scope.logFolder("agent"),
    signal: scope.signal,
  });
  return hear(attempt, await attempt.session.start());
}

/** What it reserved holds for all its rounds and processes together. */
const reservedOf = ({ account }: Attempt): Pick<TaskLimits, "usdMax" | "tokensMax" | "turnsMax"> => {
  const { usd: usdMax, tokens: tokensMax, turns: turnsMax } = account.reserved;
  return { usdMax, tokensMax, turnsMax };
};

function stateOf({ task }: OpenAttempt, state: LoopState): Attempt {
  const attempt = state.attempts.get(task.id);
  invariant(attempt !== undefined, `the attempt at ${task.id} is not open`);
  return attempt;
}

/** A red verdict goes back to the same agent in the same workspace. */
async function returnEvidence(attempt: OpenAttempt, command: CommandOf<"return-evidence">): Promise<Told> {
  const { round, failure } = command;
  attempt.round = round;
  invariant(attempt.session !== null, "evidence goes back to an agent that worked");
  const { ports } = attempt.scope;
  const evidence = failure.evidence === null ? null : await ports.files.read(failure.evidence);
  const told = `${(evidence ?? failure.reason).trimEnd()}\n\nThis is return ${round} of ${attempt.limits.roundsMax}. Handing in the same files again ends the attempt.\n`;
  return hear(attempt, await attempt.session.returnEvidence(round, told));
}

/** The fresh process is told what the one before it was told of a red verdict, and what that one left it. */
async function handOver(attempt: OpenAttempt, command: CommandOf<"hand-over">): Promise<Told> {
  const { round, note, rejection } = command;
  invariant(attempt.session !== null, "an agent hands over to a fresh process of its session");
  const { ports } = attempt.scope;
  const file = rejection?.evidence ?? null;
  const evidence = file === null ? null : await ports.files.read(file);
  return hear(attempt, await attempt.session.handOver(round, renderHandOff(note, evidence)));
}

function hear(attempt: OpenAttempt, { stop, usage }: AgentReport): Told {
  attempt.claim = stop.kind === "claimed" ? stop.claim : null;
  attempt.usage = addUsage(attempt.usage, usage);
  return { type: "agent-stopped", stop, usage };
}

async function sealChange(attempt: OpenAttempt): Promise<Told> {
  const { scope, task, number } = attempt;
  const sealed = await workspaceOf(attempt).seal({
    message: sealMessage(attempt),
    isOurs: (path) => isOurs(attempt, path),
  });
  if (sealed.kind === "refused") {
    return { type: "change-sealed", change: { kind: "refused", reason: sealed.reason }, restored: [] };
  }
  const { change, restored } = sealed;
  if (change === null) return { type: "change-sealed", change: { kind: "empty" }, restored };
  await scope.ports.target.keep(task.id, number, change.commit);
  attempt.change = change.commit;
  return { type: "change-sealed", change: { kind: "changed", ...change }, restored };
}

const sealMessage = ({ task, number, round }: OpenAttempt): string =>
  `Attempt ${number} at ${task.id}, round ${round}\n\nAs the agent left it; not judged.\n`;

/** The progress file and the tasks are the supervisor's; a task may allow other tasks' files, never its own. */
function isOurs({ scope, task }: OpenAttempt, path: string): boolean {
  const { config } = scope;
  if (path === config.progress.file || path === task.file) return true;
  return path.startsWith(`${config.tasks}/`) && !matchGlobs(task.allow)(path);
}

/** What belongs to one composing and judging: it ends when the run does, or when it will not count. */
function startJudging(attempt: OpenAttempt): AttemptScope {
  attempt.judging = new AbortController();
  return judgingScope(attempt);
}

const judgingScope = ({ scope, judging }: OpenAttempt): AttemptScope => ({
  ...scope,
  signal: AbortSignal.any([scope.signal, judging.signal]),
});

async function compose(attempt: OpenAttempt, command: CommandOf<"compose-change">): Promise<ComposedChange> {
  const { task, number, claim, usage, session, round, past } = attempt;
  const landing = {
    task,
    attempt: number,
    round,
    change: command.commit,
    claim,
    usd: sumUsd([...past, usage]),
    agent: session?.label ?? "none",
  };
  const { base } = workspaceOf(attempt);
  return composeChange(startJudging(attempt), landing, { base, onto: command.onto });
}

const recordOf = ({ task, number }: OpenAttempt, { failures, onto }: CommandOf<"compose-record">) => ({
  task,
  attempt: number,
  failures,
  onto,
});

async function tellComposed(attempt: OpenAttempt, composed: ComposedChange): Promise<Told> {
  if (composed.kind === "judged") return tellJudgement(attempt, composed.judgement);
  attempt.learnings = composed.learnings;
  attempt.taskText = composed.taskText;
  return { type: "candidate-composed", candidate: composed.candidate };
}

async function judge(attempt: OpenAttempt, command: CommandOf<"judge-candidate">): Promise<Told> {
  const { round, isRecord } = attempt;
  const purpose = isRecord ? "gates-record" : `gates-${round}`;
  // A record says that the task was not done: there is nothing to prove.
  // Nor do the task's own gates judge it: they may be why.
  const task = isRecord ? { ...withoutOwnGates(attempt.task), proof: [] } : attempt.task;
  return tellJudgement(attempt, await judgeCandidate(judgingScope(attempt), task, { ...command, purpose }));
}

async function tellJudgement(attempt: OpenAttempt, { verdict, evidence }: Judgement): Promise<Told> {
  if (verdict.kind !== "reject" || evidence === null) return { type: "verdict-reached", verdict };
  const { files } = attempt.scope.ports;
  const path = await files.write(attempt.task.id, attempt.number, `evidence-${attempt.round}.md`, evidence);
  return {
    type: "verdict-reached",
    verdict: { ...verdict, failure: { ...verdict.failure, evidence: path } },
  };
}

async function land(attempt: OpenAttempt, command: CommandOf<"land" | "land-record">): Promise<Told> {
  const { scope, task, number, session } = attempt;
  const { candidate } = command;
  const kind = command.type === "land" ? "land" : "record";
  const seen = { file: task.file, text: attempt.taskText };
  const result = await scope.ports.target.land({ candidate, task: task.id, attempt: number, kind, seen });
  if (result.kind === "moved") return { type: "target-moved" };
  if (result.kind === "refused")
    return (await isEdited(attempt))
      ? { type: "target-moved" }
      : { type: "landing-refused", reason: result.reason };
  await session?.close(true);
  if (command.type === "land-record") return tellBlocked(candidate, command.why);
  return result.kind === "landed"
    ? tellLanded(attempt, candidate)
    : tellOpened(attempt, candidate, result.branch);
}

/** Then what was judged is not what would land, whatever else is in the way: composing again says which it is. */
const isEdited = async ({ scope, task, taskText }: OpenAttempt): Promise<boolean> =>
  (await scope.ports.queue.readText(task.file)) !== taskText;

const tellLanded = ({ learnings }: OpenAttempt, { commit }: Candidate): Told => ({
  type: "task-landed",
  commit,
  learnings,
});

const tellOpened = ({ learnings }: OpenAttempt, { commit }: Candidate, branch: string): Told => ({
  type: "review-opened",
  commit,
  branch,
  learnings,
});

const tellBlocked = ({ commit }: Candidate, why: string): Told => ({ type: "task-blocked", why, commit });

/** Every process of the attempt is gone, then its work is kept, sealed or not. Returns what was kept. */
async function endWork(attempt: OpenAttempt): Promise<CommitSha | null> {
  const { scope, task, number } = attempt;
  await attempt.session?.close(false);
  try {
    if (attempt.session !== null) await sealChange(attempt);
  } catch (error) {
    // What was sealed before is kept already; an unreadable rest must not stop the end of the attempt.
    scope.ports.log.write("warn", "work not kept", { task: task.id, attempt: number, reason: String(error) });
  }
  return attempt.change;
}

async function releaseWorkspace(attempt: OpenAttempt): Promise<Told> {
  await attempt.session?.close(false);
  await attempt.workspace?.release();
  return { type: "workspace-released" };
}

function workspaceOf({ workspace, task }: OpenAttempt): Workspace {
  invariant(workspace !== null, `the attempt at ${task.id} has no workspace`);
  return workspace;
}

function addUsage(a: Usage, b: Usage): Usage {
  return {
    usd: a.usd === null || b.usd === null ? null : a.usd + b.usd,
    inputTokens: a.inputTokens + b.inputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    turns: a.turns + b.turns,
  };
}
