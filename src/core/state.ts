/** What the loop knows: rebuilt from the journal at any time by replaying its events. */
import type { CommitSha, TaskId, TreeSha } from "./ids.ts";
import type {
  AgentRole,
  Amount,
  Candidate,
  FailedAttempt,
  Failure,
  PauseCause,
  RunLimits,
  RunOutcome,
} from "./message.ts";
import type { TaskLimits } from "./task.ts";

export const phases = [
  "preparing",
  "checking-baseline",
  "working",
  "sealing",
  "queued-to-judge",
  "composing",
  "judging",
  "held",
  "queued-to-land",
  "landing",
  "ending",
  "releasing",
] as const;
export type Phase = (typeof phases)[number];

/** What is waited for before agents may start again: waiting.ts keeps it. */
export interface Wait {
  readonly kind: "limit" | "outage";
  readonly reason: string;
  readonly sinceMs: number;
  readonly untilMs: number;
  /** How often in a row it was met. */
  readonly tries: number;
  /** The attempt that went first after the wait. */
  readonly probe: { readonly task: TaskId; readonly attempt: number } | null;
}

/** What one attempt reserved and used: ledger.ts keeps it. */
export interface Account {
  /** The local day on which it started: what it uses counts for that day. */
  readonly day: string;
  readonly reserved: Amount;
  /** As far as the agent told. */
  readonly used: Amount;
  /** As it stands in the sums of run and day; never less than what is used. */
  readonly committed: Amount;
  /** True when the agent did not get through to its model and told nothing: settled by whether it left anything. */
  readonly isOwed: boolean;
}

/** One try at one task by one fresh agent, or (`give-up`) the record commit after the last of them. */
export interface Attempt {
  readonly task: TaskId;
  readonly number: number;
  readonly goal: "land" | "give-up";
  readonly phase: Phase;
  readonly sinceMs: number;
  readonly limits: TaskLimits;
  readonly base: CommitSha | null;
  /** What the agent used so far; null when a price is not known. */
  readonly usd: number | null;
  readonly account: Account;
  readonly agent: AgentRole;
  /** How often a red verdict has gone back to the agent. */
  readonly round: number;
  /** How often a fresh process took over because a context was used up. */
  readonly handOffs: number;
  /** The last red verdict that went back to the agent. */
  readonly rejection: Failure | null;
  /** The agent's last sealed change, as a commit on `base`. */
  readonly change: CommitSha | null;
  /** The tree of that change. */
  readonly tree: TreeSha | null;
  /** How often the target moved while this change was to land. */
  readonly moves: number;
  /** Where it stands in line: who joined first is composed, judged and lands first. */
  readonly place: number;
  /** The candidate ahead that it is composed on, as long as that one has not landed; null: the target itself. */
  readonly onto: CommitSha | null;
  /** What is judged now, or was accepted. */
  readonly candidate: Candidate | null;
  /** True when what it was composed on will not land: the verdict under way does not count. */
  readonly isStale: boolean;
  /** A rejection on a candidate ahead that has not landed yet: it counts only when that one lands. */
  readonly held: Failure | null;
  /** Set by an accept verdict alone; the only thing that may land. */
  readonly accepted: Candidate | null;
}

/** What is remembered of a task between its attempts. */
export interface TaskRecord {
  readonly text: string;
  readonly limits: TaskLimits;
  readonly lastAttempt: number;
  readonly failures: readonly FailedAttempt[];
  /** Trees that were rejected for this text: seeing one again is no progress. */
  readonly trees: readonly TreeSha[];
  readonly notBeforeMs: number;
}

export interface RunState {
  readonly id: string;
  readonly startedMs: number;
  readonly limits: RunLimits;
  readonly judgingMax: number;
  /** An empty queue is waited for, and what would end a run pauses it. */
  readonly isDaemon: boolean;
  /** `branch`: nothing is composed on anything but the target, for what lands does not move it. */
  readonly mode: "target" | "branch";
  /** Committed by its attempts; `usd` is an upper bound once a price was unknown. */
  readonly usd: number;
  readonly usdUnknown: boolean;
  readonly tokens: number;
  readonly turns: number;
  /** True once an agent told nothing of its tokens and turns: they are then upper bounds. */
  readonly tokensUnknown: boolean;
  readonly attempts: number;
  readonly landed: ReadonlySet<TaskId>;
  readonly blocked: ReadonlySet<TaskId>;
  /** Tasks whose change was put on a branch for review. */
  readonly reviewed: ReadonlySet<TaskId>;
  /** Tasks at which the agent broke down and left nothing, since an agent last left anything. */
  readonly brokenAt: ReadonlySet<TaskId>;
  /** Tasks given up since the last landing; questions do not count. */
  readonly failuresInARow: number;
  /** What was used when a person last resumed: the limits of the run count from there. */
  readonly usedBefore: Amount & { readonly tasks: number };
  /** The most that was left for an attempt and did not do: for no more than that, nothing starts. */
  readonly tooLittle: Amount;
}

export interface Pause extends PauseCause {
  readonly sinceMs: number;
  /** The commit whose baseline is red: over when the target is another one. */
  readonly base: CommitSha | null;
}

export interface LoopState {
  readonly run: RunState | null;
  /** Set when nothing new may start: `drain` finishes what runs, `now` interrupts it. */
  readonly stopping: { readonly how: "drain" | "now"; readonly outcome: RunOutcome } | null;
  /** Set while nothing new may start: what runs is finished. */
  readonly paused: Pause | null;
  /** Why the configuration on disk does not hold; null when it does. */
  readonly configTrouble: string | null;
  /** At most one attempt a task. */
  readonly attempts: ReadonlyMap<TaskId, Attempt>;
  readonly records: ReadonlyMap<TaskId, TaskRecord>;
  /** Tasks given up whose file could not say so: the reason, until an attempt is made again. */
  readonly unrecorded: ReadonlyMap<TaskId, string>;
  /** Places in line that were given out. */
  readonly places: number;
  /** Of the last changes that were judged, newest last: was it red? */
  readonly breakage: readonly boolean[];
  /** The quarantine list: what was ever seen red and then green on the same tree. */
  readonly flaky: ReadonlySet<string>;
  /** Tests that failed on the newest baseline, and are worked with all the same. */
  readonly failing: readonly string[];
  /** Committed by all attempts of a local day, whatever their run; the last few days. */
  readonly days: ReadonlyMap<string, Amount>;
  /** For which agent something is waited for. */
  readonly waits: ReadonlyMap<AgentRole, Wait>;
  /** When the next window opens, as it was found when something was to start outside of them; 0: never was. */
  readonly windowOpensMs: number;
}

export const emptyState: LoopState = {
  run: null,
  stopping: null,
  paused: null,
  configTrouble: null,
  attempts: new Map(),
  records: new Map(),
  unrecorded: new Map(),
  places: 0,
  breakage: [],
  flaky: new Set(),
  failing: [],
  days: new Map(),
  waits: new Map(),
  windowOpensMs: 0,
};

export function putAttempt(state: LoopState, attempt: Attempt): LoopState {
  return { ...state, attempts: new Map(state.attempts).set(attempt.task, attempt) };
}

export function dropAttempt(state: LoopState, task: TaskId): LoopState {
  const attempts = new Map(state.attempts);
  attempts.delete(task);
  return { ...state, attempts };
}

export function putRecord(state: LoopState, task: TaskId, record: TaskRecord): LoopState {
  return { ...state, records: new Map(state.records).set(task, record) };
}

export function dropRecord(state: LoopState, task: TaskId): LoopState {
  const records = new Map(state.records);
  records.delete(task);
  return { ...state, records };
}

/** `why`: null forgets it. */
export function noteUnrecorded(state: LoopState, task: TaskId, why: string | null): LoopState {
  if (why === null && !state.unrecorded.has(task)) return state;
  const unrecorded = new Map(state.unrecorded);
  if (why === null) unrecorded.delete(task);
  else unrecorded.set(task, why);
  return { ...state, unrecorded };
}

export function noteFlaky(state: LoopState, seen: readonly string[] = []): LoopState {
  const isNews = seen.some((name) => !state.flaky.has(name));
  return isNews ? { ...state, flaky: new Set([...state.flaky, ...seen]) } : state;
}

export function editRun(state: LoopState, edit: (run: RunState) => Partial<RunState>): LoopState {
  if (state.run === null) return state;
  return { ...state, run: { ...state.run, ...edit(state.run) } };
}

/** Landed, in review, or given up. */
export const tasksDone = ({ landed, blocked, reviewed }: RunState): number =>
  landed.size + blocked.size + reviewed.size;

/** The attempt that holds the right to land, if any: there is never a second one. */
export function landingAttempt(state: LoopState): Attempt | null {
  for (const attempt of state.attempts.values()) if (attempt.phase === "landing") return attempt;
  return null;
}
