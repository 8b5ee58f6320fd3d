/** What the supervisor needs from the world, in its own words. Types only; adapters implement them. */
import type { Config, Gate, TimeWindow } from "./core/config.ts";
import type { DiskRoom } from "./core/disk.ts";
import type { CommitSha, TaskId, TreeSha } from "./core/ids.ts";
import type { AgentRole, AgentStop, Candidate, LoopEvent, RunLimits, Usage } from "./core/message.ts";
import type { Queue } from "./core/queue.ts";
import type { Task, TaskLimits } from "./core/task.ts";
import type { GateResult, TestResult } from "./core/verdict.ts";

export interface Clock {
  /** Wall-clock time, milliseconds since 1970. */
  nowMs(): number;
  /** The day, `2026-11-20`, in UTC. */
  today(): string;
  /** The day on the local calendar. */
  localDay(): string;
  /** When the next of these windows opens; null while one is open, or where there is none. */
  nextWindowMs(windows: readonly TimeWindow[]): number | null;
  /** For how long something took: nobody sets it, and it stands still while the machine sleeps. */
  runningMs(): number;
  /** Resolves after `ms` or as soon as `signal` aborts, and once a minute: look at the date again. Never rejects. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

/** An event as it was journaled. */
export interface JournalRecord {
  readonly seq: number;
  readonly atMs: number;
  readonly event: LoopEvent;
}

/** Room where the state directory and the repository are. */
export interface Disk {
  look(): readonly DiskRoom[];
}

export interface Journal {
  /** Durable when it returns; the caller acts only then. Throws when the disk refuses: nothing was recorded. */
  append(atMs: number, event: LoopEvent): JournalRecord;
}

/** Tasks as they are on disk (or on the target, when it is checked out nowhere). */
export interface QueueSource {
  read(): Promise<Queue>;
  /** The file of a task as the queue sees it now; null when it is gone, or no text any more. */
  readText(file: string): Promise<string | null>;
  /** Resolves when something in the folder may have changed, or `signal` aborts. A hint: read again. */
  changed(signal: AbortSignal): Promise<void>;
  /** The file has changed, or somebody says that something has: the next read looks at it, or at everything. */
  hint(file?: string): void;
}

/** What a daemon is to do from now on, or why what it found will not do. */
export type Reloaded =
  | {
      readonly kind: "valid";
      readonly config: Config;
      /** For attempts that start from now on. */
      readonly ports: Ports;
      readonly limits: RunLimits;
      /** Keys as in the file. */
      readonly changed: readonly string[];
      readonly restart: readonly string[];
    }
  | { readonly kind: "invalid"; readonly reason: string };

/** The configuration on disk, as it changes. */
export interface ConfigSource {
  /** Null: nothing is new since the last read. */
  read(): Promise<Reloaded | null>;
  /** Resolves when it may have changed, or `signal` aborts. A hint: read again. */
  changed(signal: AbortSignal): Promise<void>;
}

/**
 * A path that a change touches. `mode` is git's, null when the path is removed. `before` and `after` name the contents,
 * null where there is no regular file.
 */
export interface ChangedPath {
  readonly path: string;
  readonly mode: string | null;
  /** True when there was nothing at this path before. */
  readonly isNew: boolean;
  readonly before: string | null;
  readonly after: string | null;
}

/** `content` is null where it is larger than was asked for. */
export interface Blob {
  readonly bytes: number;
  readonly content: Uint8Array | null;
}

export interface ComposeOrder {
  readonly onto: CommitSha;
  /** The agent's change; null composes files alone. */
  readonly change: CommitSha | null;
  /** Files that the supervisor writes itself: path → content. */
  readonly files: ReadonlyMap<string, string>;
  readonly message: string;
}

export type Composed =
  | { readonly kind: "composed"; readonly candidate: Candidate }
  | { readonly kind: "conflict"; readonly paths: readonly string[] }
  /** With the change, the supervisor's own files cannot be written. */
  | { readonly kind: "refused"; readonly reason: string };

export interface LandOrder {
  readonly candidate: Candidate;
  readonly task: TaskId;
  readonly attempt: number;
  /** `land` also creates the task's landed ref, so that it cannot land twice. */
  readonly kind: "land" | "record";
  /** The task's file as it was read: a checkout that holds just this, uncommitted, may be overwritten. */
  readonly seen: { readonly file: string; readonly text: string };
}

export type LandResult =
  | { readonly kind: "landed" }
  /** The candidate is on a branch of its own, for people to review. */
  | { readonly kind: "opened"; readonly branch: string }
  | { readonly kind: "moved" }
  | { readonly kind: "refused"; readonly reason: string };

/** A change that stands on a branch of its own until people merge or delete that. */
export interface Review {
  readonly branch: string;
  /** The tip of the branch. */
  readonly commit: CommitSha;
}

/** The branch that must always be green, and the refs beside it. Git is the truth about what has landed. */
export interface Target {
  readonly branch: string;
  tip(): Promise<CommitSha>;
  /**
   * Brings the target up to the remote's, where there is one.
   *
   * @throws RalphError `remote-failed`; `target-ahead` for commits that the remote lacks; `checkout-dirty` for a
   *   person's changes in the way.
   */
  catchUp(): Promise<void>;
  treeOf(commit: CommitSha): Promise<TreeSha>;
  /** Whether the commit is part of the target. */
  contains(commit: CommitSha): Promise<boolean>;
  readFile(commit: CommitSha, path: string): Promise<string | null>;
  /** Every file below a folder. */
  listFiles(commit: CommitSha, folder: string): Promise<readonly string[]>;
  /** Names of what lies in a folder, not below it; empty: the top. None where there is no such folder. */
  listFolder(commit: CommitSha, folder: string): Promise<readonly string[]>;
  /** Contents by the names that `changedPaths` tells, in the same order. */
  readBlobs(names: readonly string[], bytesMax: number): Promise<readonly Blob[]>;
  /** Every symbolic link of a commit: path → what is written in it. */
  readLinks(commit: CommitSha): Promise<ReadonlyMap<string, string>>;
  changedPaths(from: CommitSha, to: CommitSha): Promise<readonly ChangedPath[]>;
  compose(order: ComposeOrder): Promise<Composed>;
  /** A commit that is `commit` with everything that `isRestored` names as it is in `from`: to be judged, never to land. */
  restore(commit: CommitSha, from: CommitSha, isRestored: (path: string) => boolean): Promise<CommitSha>;
  /** @throws RalphError `target-not-judged` when the target holds another tree than the judged one afterwards. */
  land(order: LandOrder): Promise<LandResult>;
  /** Keeps an attempt's work reachable under `refs/ralph/attempts/<task>/<n>`. */
  keep(task: TaskId, attempt: number, commit: CommitSha): Promise<void>;
  /** Tasks whose landed ref is part of the target. */
  landedTasks(): Promise<ReadonlyMap<TaskId, CommitSha>>;
  /** Tasks in review; none where tasks land on the target itself. */
  reviews(): Promise<ReadonlyMap<TaskId, Review>>;
  /**
   * Removes landed refs that are not part of the target: those landings did not happen, or were taken back. Returns
   * what is left. Nothing else may land meanwhile: where there are many refs, they are put in order as well.
   */
  pruneLanded(): Promise<ReadonlyMap<TaskId, CommitSha>>;
  /**
   * Packs what landings leave in the repository once there is much of it; whoever works in it meanwhile loses nothing.
   *
   * @throws RalphError `git-failed`, also when `signal` ended it
   */
  packObjects(signal: AbortSignal): Promise<void>;
  /** Highest kept attempt of each task. */
  keptAttempts(): Promise<readonly { readonly task: TaskId; readonly attempt: number }[]>;
  /**
   * Brings checkouts up to date that a crash left one landing behind: only where the tip is a commit that was
   * landing then. Anything else that looks like it is a person's own work. Returns what was done, for people.
   */
  repairCheckouts(landing: readonly CommitSha[]): Promise<readonly string[]>;
}

/** `isOurs` tells paths that only the supervisor may write: they are put back. */
export interface SealOrder {
  readonly message: string;
  readonly isOurs: (path: string) => boolean;
}

/** What sealing found: `change` is the tree and its commit on the base, null when nothing differs. */
export type Sealed =
  | {
      readonly kind: "sealed";
      readonly change: { readonly tree: TreeSha; readonly commit: CommitSha } | null;
      readonly restored: readonly string[];
    }
  /** The directory is in a state that no tree can be made of. */
  | { readonly kind: "refused"; readonly reason: string };

/** The agent's directory for one attempt. */
export interface Workspace {
  readonly path: string;
  readonly base: CommitSha;
  /** Where the brief lies for this agent, and where it may write a claim. */
  readonly briefFile: string;
  readonly claimFile: string;
  /** A folder for the agent's HOME and temporary files, where it has its own: gone when the workspace is released. */
  readonly own: string;
  /** Puts the dependencies in place that `workspace.setup` makes. */
  provision(): Promise<void>;
  /** Turns the directory into a tree; runs no git that believes anything the agent wrote about git. */
  seal(order: SealOrder): Promise<Sealed>;
  release(): Promise<void>;
}

/** A directory with exactly one commit in it, which the agent never touched. */
export interface GateCheckout extends AsyncDisposable {
  readonly path: string;
  /** Paths that no longer are what the commit says; empty when the directory still hashes to its tree. */
  changedPaths(): Promise<readonly string[]>;
}

export type LaidOut =
  | { readonly kind: "ready"; readonly checkout: GateCheckout }
  | { readonly kind: "setup-failed"; readonly reason: string; readonly output: string };

/** Disposing removes the directories that wait for their next use; those in use are left. */
export interface Workspaces extends AsyncDisposable {
  prepare(task: TaskId, attempt: number, base: CommitSha): Promise<Workspace>;
  /** `trusted`: the commit is on the target, so what its setup makes may be used again. */
  layOut(commit: CommitSha, trusted: boolean): Promise<LaidOut>;
  /** Removes whatever an earlier supervisor left. Returns how many directories there were. */
  sweep(): Promise<number>;
}

export interface GateOrder {
  readonly gates: readonly Gate[];
  readonly checkout: string;
  /** Folder for the full logs; empty: what the gates print is written nowhere. */
  readonly logFolder: string;
  readonly signal: AbortSignal;
}

export interface Gates {
  /** Runs independent gates at the same time; results in the order of `gates`. */
  run(order: GateOrder): Promise<readonly GateResult[]>;
  /** Digest of all that a result depends on beside tree and definition: tools, platform, environment. */
  environmentDigest(gate: Gate): string;
}

/** Passes that were seen, by (tree, gate definition, tools, environment). Failures are never remembered. */
export interface Passes {
  recall(key: string): readonly TestResult[] | null;
  remember(key: string, tests: readonly TestResult[]): void;
}

/** Checks that agents are not shown: folders outside the repository. */
export interface SealedChecks {
  has(name: string): boolean;
  /**
   * Lays the files over a directory, and takes away what is named as new in the folders that they occupy: it could stand
   * in for what they mean. @throws RalphError when they are gone.
   */
  lay(
    name: string,
    order: { readonly directory: string; readonly added: readonly string[] },
  ): Promise<LaidFiles>;
}

export interface LaidFiles {
  /** All that is no change of the checkout: what was laid, and what was taken away. */
  readonly paths: ReadonlySet<string>;
  /** Whether the files are still what they were. */
  isIntact(): Promise<boolean>;
}

/** One path of a change that is made on purpose; null as content removes it. */
export interface PlantedEdit {
  readonly path: string;
  readonly mode: string;
  /** Text of a file, target of a link, or commit of a gitlink. */
  readonly content: string | null;
}

export interface Planter {
  /** A commit on `base` that no ref names: checkout, index and branches of people stay as they are. */
  plant(base: CommitSha, edits: readonly PlantedEdit[]): Promise<CommitSha>;
}

/** What a fresh agent is told. `context` is the beginning of `text` that is the same for many tasks. */
export interface Brief {
  readonly text: string;
  readonly context: string;
}

export interface AgentOrder {
  readonly task: Task;
  readonly attempt: number;
  readonly agent: AgentRole;
  readonly workspace: Workspace;
  readonly brief: Brief;
  readonly limits: Pick<TaskLimits, "wallMsMax" | "idleMsMax" | "turnsMax" | "usdMax" | "tokensMax"> & {
    readonly outputBytesMax: number;
  };
  /** Called when the model is seen to answer; it may be called more than once. */
  readonly onAnswer: () => void;
  /** Folder for the agent's log. */
  readonly logFolder: string;
  readonly signal: AbortSignal;
}

export interface AgentReport {
  readonly stop: AgentStop;
  /** Used since the last report. */
  readonly usage: Usage;
}

/** One agent in one workspace. It may live on to hear the verdict; what counts is the tree as it was sealed. */
export interface AgentSession {
  /** For the commit trailer: `builtin claude-sonnet-5-5`, `command my-agent`. */
  readonly label: string;
  start(): Promise<AgentReport>;
  /** Gives a red verdict back; the agent tries again in the same workspace. */
  returnEvidence(round: number, evidence: string): Promise<AgentReport>;
  /** A fresh process with a clean context goes on in the same workspace. */
  handOver(round: number, note: string): Promise<AgentReport>;
  /** Ends every process of the agent; safe to call twice. */
  close(accepted: boolean): Promise<void>;
}

export interface Agents {
  open(order: AgentOrder): AgentSession;
}

/** Files about attempts that people read later: briefs, evidence, logs. */
export interface AttemptFiles {
  folder(task: TaskId, attempt: number, purpose: string): string;
  /** Returns the path of the file. */
  write(task: TaskId, attempt: number, name: string, text: string): Promise<string>;
  /** Null when there is no such file. */
  read(path: string): Promise<string | null>;
}

/** A secret in a text, without the secret: `digest` tells whether it is the same one. */
export interface SecretFinding {
  readonly kind: string;
  readonly line: number;
  readonly digest: string;
}

export interface Secrets {
  /** `path` helps to tell what the text is. */
  find(path: string, text: string): Promise<readonly SecretFinding[]>;
}

export type LogLevel = "debug" | "info" | "warn" | "error";

/** For people: `noun verb-past` with fields. */
export interface Log {
  write(level: LogLevel, message: string, fields?: Readonly<Record<string, unknown>>): void;
}

export interface Ports {
  readonly clock: Clock;
  readonly journal: Journal;
  readonly disk: Disk;
  readonly queue: QueueSource;
  readonly target: Target;
  readonly workspaces: Workspaces;
  readonly gates: Gates;
  readonly passes: Passes;
  readonly checks: SealedChecks;
  readonly agents: Agents;
  readonly files: AttemptFiles;
  readonly secrets: Secrets;
  readonly log: Log;
  /** Digest of a text, for keys. */
  readonly digest: (text: string) => string;
}
