/** All that can happen to the loop (events, past tense) and all that it can ask for (commands, imperative). */
import type { CommitSha, TaskId, TreeSha } from "./ids.ts";
import type { TaskLimits } from "./task.ts";

/** What an attempt used. `usd` is null when the price is not known. */
export interface Usage {
  readonly usd: number | null;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly turns: number;
}

export const noUsage: Usage = { usd: 0, inputTokens: 0, outputTokens: 0, turns: 0 };

/** What is counted against limits. */
export interface Amount {
  readonly usd: number;
  readonly tokens: number;
  readonly turns: number;
}

export const noAmount: Amount = { usd: 0, tokens: 0, turns: 0 };

/** What an agent says of its own work. Never evidence: it only says when to look. */
export interface Claim {
  readonly status: "complete" | "partial" | "blocked";
  readonly summary: string;
  readonly learnings: readonly string[];
  readonly question: string | null;
}

/** Why the agent is not working any more. */
export type AgentStop =
  | { readonly kind: "claimed"; readonly claim: Claim }
  | { readonly kind: "finished" }
  | { readonly kind: "crashed"; readonly reason: string }
  | { readonly kind: "not-started"; readonly reason: string }
  | { readonly kind: "stalled"; readonly reason: string }
  | { readonly kind: "timed-out"; readonly reason: string }
  /** `of`: which of its limits it was; absent where it was none that run or day have, too. */
  | { readonly kind: "over-budget"; readonly reason: string; readonly of?: keyof Amount | "unsaid" }
  /** It went in circles. */
  | { readonly kind: "stuck"; readonly reason: string }
  /** The model refused the work itself. */
  | { readonly kind: "declined"; readonly reason: string }
  /** Its context is used up: a fresh process is to go on in the same workspace, with this note. */
  | { readonly kind: "handed-over"; readonly note: string }
  /** The model could not be reached: nothing is wrong with the task. */
  | { readonly kind: "unreachable"; readonly reason: string }
  /** Login or billing was refused: no other attempt would fare better. */
  | { readonly kind: "refused"; readonly reason: string }
  /** A usage limit: a date in the schedule, not a failure. Null: nobody said when it ends. */
  | { readonly kind: "limited"; readonly resetsAtMs: number | null; readonly reason: string }
  | { readonly kind: "stopped" };

export const failureKinds = [
  "red",
  "refused",
  "empty",
  "no-progress",
  "conflict",
  "crashed",
  "stalled",
  "timed-out",
  "over-budget",
  "stuck",
  "declined",
  "question",
] as const;

/** Why an attempt did not land. `reason` is one sentence for a person; `evidence` names the file with the rest. */
export interface Failure {
  readonly kind: (typeof failureKinds)[number];
  readonly reason: string;
  readonly evidence: string | null;
}

/** A failure with the attempt it ended, as later attempts are told of it. */
export interface FailedAttempt extends Failure {
  readonly attempt: number;
  /** Its kept work; null when there was none. */
  readonly commit: CommitSha | null;
  /** What it cost; null when the price is not known. */
  readonly usd: number | null;
}

/** The commit that was judged and, if accepted, is the one that lands. */
export interface Candidate {
  readonly commit: CommitSha;
  readonly tree: TreeSha;
  /** The target's tip, or the candidate ahead in line, that it was composed on: the parent of `commit`. */
  readonly base: CommitSha;
}

export type Verdict =
  | {
      readonly kind: "accept";
      readonly candidate: Candidate;
      readonly gates: readonly string[];
      /** What was red once and then green on this tree; told only when there is something. */
      readonly flaky?: readonly string[];
    }
  | { readonly kind: "reject"; readonly failure: Failure }
  | { readonly kind: "inconclusive"; readonly reason: string };

export type Baseline =
  | {
      readonly kind: "green";
      readonly flaky?: readonly string[];
      /** Tests that fail there already, where the configuration says to go on all the same. */
      readonly failing?: readonly string[];
      /** The task's proof is green there: it is done, and needs no agent. */
      readonly isDone?: boolean;
    }
  /** `isTasksOwn`: only by gates that this task alone asks for. */
  | { readonly kind: "red"; readonly reason: string; readonly isTasksOwn?: boolean }
  /** The gates cannot say anything here: a configuration error. */
  | { readonly kind: "unusable"; readonly reason: string };

/** What sealing found in the workspace. */
export type Change =
  | { readonly kind: "changed"; readonly tree: TreeSha; readonly commit: CommitSha }
  | { readonly kind: "empty" }
  /** No tree can be made of the workspace as it is. */
  | { readonly kind: "refused"; readonly reason: string };

/** How a run ended, or why it is ending. */
export type RunOutcome =
  | { readonly kind: "drained" }
  | { readonly kind: "blocked" }
  | { readonly kind: "configuration"; readonly reason: string }
  | { readonly kind: "budget"; readonly reason: string }
  | { readonly kind: "breaker"; readonly reason: string }
  | { readonly kind: "refused"; readonly reason: string }
  | { readonly kind: "signal"; readonly signal: "SIGINT" | "SIGTERM" }
  /** By `ralphwright stop`. */
  | { readonly kind: "stopped" };

/** What nothing starts for until it is over: a person's word, or what ends a run where a daemon goes on. */
export interface PauseCause {
  readonly kind: "person" | "limit" | "breaker" | "configuration" | "baseline";
  readonly reason: string;
  /** It is over then by itself; null: when a person says so. */
  readonly untilMs: number | null;
  /** A local day: it is over with that, too. */
  readonly day: string | null;
}

/** `second`: the agent that takes over while the main one waits for a usage limit or an outage. */
export type AgentRole = "main" | "second";

/** Null: no limit. */
export interface SpendLimits {
  readonly usdMax: number | null;
  readonly tokensMax: number | null;
  readonly turnsMax: number | null;
}

/** Limits of a whole run. */
export interface RunLimits extends SpendLimits {
  readonly wallMsMax: number | null;
  readonly untilMs: number | null;
  readonly tasksMax: number | null;
  /** Tasks given up in a row after which the run stops: then it is not the tasks. */
  readonly failuresInARowMax: number;
  /** Of a local day, all its runs together. */
  readonly day: SpendLimits;
}

/** Every event that concerns an attempt names it. */
interface OfAttempt {
  readonly task: TaskId;
  readonly attempt: number;
}

export type LoopEvent =
  | {
      readonly type: "run-started";
      readonly run: string;
      /** Earlier versions told fewer limits: what is missing is no limit. */
      readonly limits: Partial<RunLimits> & Pick<RunLimits, "failuresInARowMax">;
      /** How many changes may be judged at once, one composed on the other; 1 where nothing is said. */
      readonly judgingMax?: number;
      /** `branch`: each change lands on a branch of its own, for review; the target where nothing is said. */
      readonly mode?: "target" | "branch";
      /** Level of the sandbox in which agents and gates run; not told by versions that had none. */
      readonly sandbox?: string;
      /** An empty queue is waited for, and what would end a run pauses it. */
      readonly isDaemon?: true;
    }
  | { readonly type: "run-paused"; readonly cause: PauseCause }
  /** `by` a person: the limits of the run count from here. */
  | { readonly type: "run-resumed"; readonly by: "person" | "supervisor"; readonly reason: string }
  /** Holds for attempts that start from here on. Keys are as in the file; values are not told. */
  | {
      readonly type: "config-reloaded";
      readonly changed: readonly string[];
      /** Those of them that need a restart, and do not hold yet. */
      readonly restart: readonly string[];
      readonly limits: RunLimits;
      readonly judgingMax: number;
    }
  /** What is on disk is invalid: the last good configuration stays. */
  | { readonly type: "config-refused"; readonly reason: string }
  /** A person asked for it again: what this run knows of its end does not count any more. */
  | { readonly type: "task-reopened"; readonly task: TaskId }
  | { readonly type: "attempts-found"; readonly found: readonly OfAttempt[] }
  /** After a crash git knew better than the journal. */
  | {
      readonly type: "state-recovered";
      /** Landed, and the journal did not know. */
      readonly landed: readonly { readonly task: TaskId; readonly commit: CommitSha }[];
      /** Landed by the journal, in the run that was open, and not by git. */
      readonly notLanded: readonly TaskId[];
    }
  | (OfAttempt & {
      readonly type: "attempt-started";
      readonly text: string;
      readonly limits: TaskLimits;
      /** What it may use of the run and the day; earlier versions reserved nothing: its limits. */
      readonly reserved?: Amount;
      /** Which agent works on it; the main one where nothing is said. */
      readonly agent?: AgentRole;
      /** The local day, such as `2026-11-20`; earlier versions counted none. */
      readonly day?: string;
    })
  | (OfAttempt & { readonly type: "workspace-prepared"; readonly base: CommitSha })
  | (OfAttempt & { readonly type: "baseline-checked"; readonly baseline: Baseline })
  /** The model has answered the first attempt after a wait: the others may follow. */
  | (OfAttempt & { readonly type: "model-answered" })
  | (OfAttempt & { readonly type: "agent-stopped"; readonly stop: AgentStop; readonly usage: Usage })
  | (OfAttempt & {
      readonly type: "change-sealed";
      readonly change: Change;
      readonly restored: readonly string[];
    })
  | (OfAttempt & { readonly type: "candidate-composed"; readonly candidate: Candidate })
  | (OfAttempt & { readonly type: "verdict-reached"; readonly verdict: Verdict })
  | (OfAttempt & { readonly type: "target-moved" })
  | (OfAttempt & { readonly type: "landing-refused"; readonly reason: string })
  | (OfAttempt & {
      readonly type: "task-landed";
      readonly commit: CommitSha;
      readonly learnings: readonly string[];
    })
  /** The change stands on a branch of its own; it has not landed until people merge it. */
  | (OfAttempt & {
      readonly type: "review-opened";
      readonly commit: CommitSha;
      readonly branch: string;
      readonly learnings: readonly string[];
    })
  | (OfAttempt & {
      readonly type: "attempt-rejected";
      readonly failure: Failure;
      readonly commit: CommitSha | null;
    })
  | (OfAttempt & {
      readonly type: "attempt-interrupted";
      readonly reason: string;
      readonly commit: CommitSha | null;
    })
  | (OfAttempt & { readonly type: "workspace-released" })
  | (OfAttempt & { readonly type: "give-up-started" })
  | (OfAttempt & { readonly type: "task-blocked"; readonly why: string; readonly commit: CommitSha | null })
  | (OfAttempt & {
      readonly type: "command-failed";
      readonly command: Command["type"];
      readonly reason: string;
    })
  /** Outside every window: nothing new starts before the next one opens. */
  | { readonly type: "window-closed"; readonly opensAtMs: number }
  | { readonly type: "stop-requested"; readonly how: "drain" | "now"; readonly outcome: RunOutcome }
  | { readonly type: "run-ended"; readonly outcome: RunOutcome };

export type Command =
  | (OfAttempt & { readonly type: "prepare-workspace" })
  | (OfAttempt & { readonly type: "check-baseline"; readonly base: CommitSha })
  | (OfAttempt & { readonly type: "start-agent"; readonly base: CommitSha })
  | (OfAttempt & { readonly type: "return-evidence"; readonly round: number; readonly failure: Failure })
  | (OfAttempt & {
      readonly type: "hand-over";
      readonly round: number;
      readonly note: string;
      /** The last red verdict that the agent before was working on. */
      readonly rejection: Failure | null;
    })
  | (OfAttempt & { readonly type: "seal-change" })
  | (OfAttempt & {
      readonly type: "compose-change";
      /** Null when the task was done already: only its status changes. */
      readonly commit: CommitSha | null;
      /** The candidate ahead in line; null: the target's tip. */
      readonly onto: CommitSha | null;
    })
  | (OfAttempt & {
      readonly type: "compose-record";
      readonly failures: readonly FailedAttempt[];
      readonly onto: CommitSha | null;
    })
  | (OfAttempt & { readonly type: "judge-candidate"; readonly candidate: Candidate })
  /** What is composed or judged now will not count: the command under way may end early. */
  | (OfAttempt & { readonly type: "cancel-judging" })
  | (OfAttempt & { readonly type: "land"; readonly candidate: Candidate })
  | (OfAttempt & { readonly type: "land-record"; readonly candidate: Candidate; readonly why: string })
  | (OfAttempt & { readonly type: "note-blocked"; readonly why: string })
  | (OfAttempt & { readonly type: "reject-attempt"; readonly failure: Failure })
  | (OfAttempt & { readonly type: "interrupt-attempt"; readonly reason: string })
  | (OfAttempt & { readonly type: "release-workspace" })
  | { readonly type: "stop-agents" };

/** A command that is about one attempt: each is answered by exactly one event. */
export type AttemptCommand = Exclude<Command, { type: "stop-agents" | "cancel-judging" }>;
/** An event that is about one attempt. */
export type AttemptEvent = Extract<LoopEvent, OfAttempt>;
