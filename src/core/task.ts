/** A task as its file states it, and what its words mean for the queue. */
import type { TaskId } from "./ids.ts";

export const taskStatuses = ["ready", "landed", "blocked", "draft"] as const;
export type TaskStatus = (typeof taskStatuses)[number];

/** Limits of one attempt and of the task's attempts; durations in milliseconds, money in US dollars. */
export interface TaskLimits {
  /** Fresh contexts per task. */
  readonly attemptsMax: number;
  /** Times a red verdict goes back to the same agent. */
  readonly roundsMax: number;
  readonly wallMsMax: number;
  readonly idleMsMax: number;
  readonly turnsMax: number;
  readonly usdMax: number;
  /** Tokens of all requests together: what holds when no price is known. */
  readonly tokensMax: number;
}

/** Written into the task file when a task is given up. */
export interface BlockedNote {
  readonly attempt: number;
  /** Digest of the task's text when it was given up: an edit makes it differ, and the task ready again. */
  readonly text: string;
  readonly why: string;
}

export interface Task {
  readonly id: TaskId;
  readonly title: string;
  /** Path from the top of the repository, with forward slashes. */
  readonly file: string;
  readonly status: TaskStatus;
  /** Higher goes first. */
  readonly priority: number;
  readonly dependsOn: readonly TaskId[];
  readonly specs: readonly string[];
  readonly agent: string | null;
  readonly model: string | null;
  /** Gates this task wants beside the ones that always run. */
  readonly gates: readonly string[];
  /** Protected paths this task may change, as globs. */
  readonly allow: readonly string[];
  /** Commands for bash that are red before the work and must be green after it. */
  readonly proof: readonly string[];
  /** Folder below `checks_dir` whose files are laid over the tree while the proof runs. */
  readonly checks: string | null;
  /** Tests this task may lose, by name; `*` stands for any part of one. */
  readonly allowTests: readonly string[];
  readonly limits: Partial<TaskLimits>;
  /** Markdown after the front matter. */
  readonly body: string;
  /** Digest of what people wrote: everything but `status` and `blocked`. */
  readonly text: string;
  readonly blocked: BlockedNote | null;
}

/** What the status in the file amounts to: a blocked task whose text was edited is ready again. */
export function standingOf(task: Task): TaskStatus {
  if (task.status === "blocked" && task.blocked !== null && task.blocked.text !== task.text) return "ready";
  return task.status;
}

/** A ready task with nothing for an agent to read: its title is the name of its file. */
export const saysNothing = (task: Task): boolean =>
  standingOf(task) === "ready" && task.title === task.id && task.body.trim() === "";
