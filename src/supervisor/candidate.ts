/** Composes the commit that is judged and lands: the change, the task's status and the progress entry together. */
import { giveUpReason } from "../core/give-up.ts";
import { type CommitSha, commitSha, shortSha } from "../core/ids.ts";
import { learningId, type Learning, nextLearningNumber } from "../core/learning.ts";
import type { Claim, FailedAttempt } from "../core/message.ts";
import type { Task } from "../core/task.ts";
import { RalphError } from "../errors.ts";
import { renderLandingMessage, renderRecordMessage } from "../formats/landing-message.ts";
import { appendEntry, parseLearnings, type ProgressEntry } from "../formats/progress-file.ts";
import { setTaskStatus, type TaskChange } from "../formats/task-file.ts";
import type { Composed } from "../ports.ts";
import { type AttemptScope, verdictNames } from "./scope.ts";

export interface Landing {
  readonly task: Task;
  readonly attempt: number;
  readonly round: number;
  /** The agent's sealed change, as a commit on the attempt's base; null when the task was done already. */
  readonly change: CommitSha | null;
  readonly claim: Claim | null;
  /** Of this attempt and those before it; null when a price is not known. */
  readonly usd: number | null;
  readonly agent: string;
}

export interface ComposedLanding {
  readonly composed: Composed;
  readonly learnings: readonly string[];
  /** The task's file as it was read. */
  readonly taskText: string;
}

export async function composeLanding(
  scope: AttemptScope,
  landing: Landing,
  onto: CommitSha,
): Promise<ComposedLanding> {
  const { task, attempt, claim, change } = landing;
  const date = scope.ports.clock.today();
  const summary = claim?.summary ?? (change === null ? doneAlready : "");
  const progress = await readProgress(scope, onto);
  const learnings = numberLearnings(progress, claim?.learnings ?? [], { task: task.id, date });
  const entry = {
    task: task.id,
    outcome: "landed",
    attempt,
    date,
    base: onto,
    change: summary || task.title,
    learnings,
  } as const;
  const own = await ownFiles(scope, task, { status: { status: "landed" }, progress, entry });
  const ids = learnings.map((learning) => learning.id);
  const message = renderLandingMessage({
    title: task.title,
    summary,
    task: task.id,
    attempt,
    gates: verdictNames(scope, task),
    agent: landing.agent,
    usd: landing.usd,
    learnings: ids,
    run: scope.run,
  });
  const composed = await scope.ports.target.compose({ onto, change, files: own.files, message });
  return { composed, learnings: ids, taskText: own.taskText };
}

const doneAlready = "It was done already: its proof was green before any work.";

/** After the last attempt: the task's file says why it was given up, and so does the progress file. */
export async function composeRecord(
  scope: AttemptScope,
  record: { readonly task: Task; readonly attempt: number; readonly failures: readonly FailedAttempt[] },
  onto: CommitSha,
): Promise<{ readonly composed: Composed; readonly taskText: string; readonly why: string }> {
  const { task, attempt, failures } = record;
  const reason = giveUpReason(failures) ?? "its attempts are used up";
  const why = failures.at(-1)?.kind === "question" ? `question: ${reason}` : reason;
  const progress = await readProgress(scope, onto);
  const note = { attempt, text: task.text, why };
  const entry = {
    task: task.id,
    outcome: "blocked",
    attempt,
    date: scope.ports.clock.today(),
    base: onto,
    change: why,
    learnings: [],
  } as const;
  const own = await ownFiles(scope, task, { status: { status: "blocked", note }, progress, entry });
  const message = renderRecordMessage({ task: task.id, attempt, why, usd: sumUsd(failures), run: scope.run });
  const composed = await scope.ports.target.compose({ onto, change: null, files: own.files, message });
  return { composed, taskText: own.taskText, why };
}

/** What attempts cost together; null when one of the prices is not known. */
export const sumUsd = (attempts: readonly { readonly usd: number | null }[]): number | null =>
  attempts.reduce<number | null>((sum, { usd }) => (sum === null || usd === null ? null : sum + usd), 0);

/** The base with the supervisor's own files changed as a landing would change them. */
export async function composeTrial(scope: AttemptScope, task: Task, base: CommitSha): Promise<CommitSha> {
  const progress = await readProgress(scope, base);
  const date = scope.ports.clock.today();
  const sample = "Sample entry: `code`, snake_case and * or < characters must not trouble the gates.";
  const learnings = numberLearnings(progress, [sample], { task: task.id, date });
  const entry = {
    task: task.id,
    outcome: "landed",
    attempt: 1,
    date,
    base,
    change: sample,
    learnings,
  } as const;
  const { files } = await ownFiles(scope, task, { status: { status: "landed" }, progress, entry });
  const composed = await scope.ports.target.compose({ onto: base, change: null, files, message: "Sample\n" });
  if (composed.kind === "composed") return composed.candidate.commit;
  throw new RalphError("git-failed", "a commit without a change cannot be in conflict");
}

interface OwnEdits {
  readonly status: TaskChange;
  readonly progress: string;
  readonly entry: ProgressEntry;
}

async function ownFiles(
  scope: AttemptScope,
  task: Task,
  { status, progress, entry }: OwnEdits,
): Promise<{ readonly files: ReadonlyMap<string, string>; readonly taskText: string }> {
  const taskText = await scope.ports.queue.readText(task.file);
  if (taskText === null) {
    throw new RalphError("task-unknown", `${task.file} is gone, so its status cannot be written`, {
      hint: "Put the file back, or remove the task when no run works on it.",
    });
  }
  const base = commitSha(shortSha(entry.base));
  const files = new Map([
    [task.file, setTaskStatus(taskText, status)],
    [scope.config.progress.file, appendEntry(progress, { ...entry, base })],
  ]);
  return { files, taskText };
}

async function readProgress(scope: AttemptScope, commit: CommitSha): Promise<string> {
  return (await scope.ports.target.readFile(commit, scope.config.progress.file)) ?? "";
}

function numberLearnings(
  progress: string,
  texts: readonly string[],
  about: { readonly task: string; readonly date: string },
): readonly Learning[] {
  const first = nextLearningNumber(parseLearnings(progress));
  return texts.map((text, i) => ({ ...about, id: learningId(first + i), text }));
}
