/** `ralphwright show <task>`: attempts, verdicts, evidence and diffs of one task, from journal and refs. */
import { type KeptRef, openCommitLog } from "../adapters/git/commit-log.ts";
import { readJournal } from "../adapters/state/journal-file.ts";
import { shortSha } from "../core/ids.ts";
import type { LoopEvent } from "../core/message.ts";
import { RalphError } from "../errors.ts";
import { oneLine } from "../formats/one-line.ts";
import type { JournalRecord } from "../ports.ts";
import { openProject, openQueue, type Project } from "./compose.ts";
import { findKnownTask } from "./known-task.ts";
import { showTrajectories } from "./show-trajectory.ts";
import { hang, localTime, print, printJson, style } from "./print.ts";

export interface ShowOptions {
  readonly cwd: string;
  readonly task: string;
  /** Null: all of them. */
  readonly attempt: number | null;
  readonly diff: boolean;
  readonly trajectory: boolean;
  readonly json: boolean;
}

export async function showTask(options: ShowOptions): Promise<void> {
  const project = await openProject(options.cwd);
  const { state, repository } = project;
  const log = openCommitLog(repository.gitDir);
  const all = readJournal(state.journal);
  const task = findKnownTask(options.task, await listKnown(project, all));
  const ofTask = all.filter(({ event }) => "task" in event && event.task === task);
  const kept = await log.refsOf(task);
  if (ofTask.length === 0 && kept.length === 0) {
    throw new RalphError("task-unknown", `there was no attempt at ${task} yet`, {
      hint: `\`ralphwright task show ${task}\` shows the task itself.`,
    });
  }
  const { attempt: wanted } = options;
  if (wanted !== null) requireAttempt(task, wanted, ofTask, kept);
  const records = ofTask.filter(
    ({ event }) => wanted === null || ("attempt" in event && event.attempt === wanted),
  );
  const refs = kept.filter(({ attempt }) => wanted === null || attempt === wanted);
  if (options.trajectory) {
    const folders = new Map(
      [...groupByAttempt(records)].map(([attempt, events]) => {
        const end = events.flatMap(({ event }) => (isEnd(event) ? [describeStep(event, false) ?? ""] : []));
        return [attempt, { folder: `${state.attempts}/${task}/${attempt}`, end: end.at(-1) ?? "" }];
      }),
    );
    return showTrajectories(task, folders, options.json);
  }
  if (options.json) return printJson({ task, events: records, refs });
  for (const [attempt, events] of groupByAttempt(records)) printAttempt(attempt, events, state.attempts);
  for (const { ref, sha } of refs) print(`${style("dim", sha.slice(0, 10))} ${ref}`);
  if (!options.diff) return;
  for (const { ref, sha } of refs) print(`\n${style("bold", ref)}\n${await log.patch(sha)}`);
}

const endTypes: readonly string[] = ["task-landed", "attempt-rejected", "attempt-interrupted"];
const isEnd = ({ type }: LoopEvent): boolean => endTypes.includes(type);

/** An attempt is known by a line in the journal or by a ref. */
function requireAttempt(
  task: string,
  wanted: number,
  records: readonly JournalRecord[],
  refs: readonly KeptRef[],
): void {
  const kept = refs.flatMap(({ attempt }) => (attempt === null ? [] : [attempt]));
  const known = new Set([...groupByAttempt(records).keys(), ...kept]);
  if (known.has(wanted)) return;
  throw new RalphError("task-unknown", `there was no attempt ${wanted} at ${task}`, {
    hint: `Its attempts: ${[...known].toSorted((a, b) => a - b).join(", ")}.`,
  });
}

/** Tasks that have a file, a line in the journal or a ref: the journal may be gone, or the file. */
async function listKnown(project: Project, records: readonly JournalRecord[]): Promise<readonly string[]> {
  const journaled = records.flatMap(({ event }) => ("task" in event ? [event.task] : []));
  const names = await project.git.run(["for-each-ref", "--format=%(refname:lstrip=3)", "refs/ralph/"]);
  const kept = names.split("\n").map((name) => name.replace(/\/\d+$/, ""));
  const source = openQueue(project);
  try {
    const { tasks } = await source.read();
    const known = new Set([...tasks.map((task) => task.id), ...journaled, ...kept]);
    return [...known].filter((id) => id !== "");
  } finally {
    await source[Symbol.asyncDispose]();
  }
}

function groupByAttempt(records: readonly JournalRecord[]): ReadonlyMap<number, readonly JournalRecord[]> {
  const attempts = new Map<number, JournalRecord[]>();
  for (const record of records) {
    const { event } = record;
    if (!("attempt" in event)) continue;
    attempts.set(event.attempt, [...(attempts.get(event.attempt) ?? []), record]);
  }
  return attempts;
}

function printAttempt(attempt: number, records: readonly JournalRecord[], folder: string): void {
  print(style("bold", `Attempt ${attempt}`));
  let isRecord = false;
  for (const { event, atMs } of records) {
    isRecord ||= event.type === "give-up-started";
    const line = describeStep(event, isRecord);
    if (line !== null) print(`  ${style("dim", localTime(atMs))} ${hang(line, 22)}`);
  }
  const [first] = records;
  if (first !== undefined && "task" in first.event)
    print(`  ${style("dim", `${folder}/${first.event.task}/${attempt}`)}`);
  print();
}

/** `isRecord`: the attempts are over, and what is judged is the commit that says so. */
function describeStep(event: LoopEvent, isRecord: boolean): string | null {
  switch (event.type) {
    case "workspace-prepared":
      return `started from ${shortSha(event.base)}`;
    case "baseline-checked":
      return `baseline ${event.baseline.kind}${"reason" in event.baseline ? `: ${event.baseline.reason}` : ""}`;
    case "agent-stopped":
      return describeStop(event);
    case "change-sealed":
      return event.change.kind === "changed"
        ? `sealed tree ${shortSha(event.change.tree)}`
        : `sealed: ${event.change.kind}`;
    case "verdict-reached":
      return `${isRecord ? "record commit " : ""}${describeVerdict(event.verdict)}`;
    case "task-landed":
      return style("green", `landed as ${shortSha(event.commit)}`);
    case "attempt-rejected":
      return style("red", `rejected (${event.failure.kind}): ${event.failure.reason}`);
    case "attempt-interrupted":
      return `interrupted, does not count: ${event.reason}`;
    case "give-up-started":
      return "no attempt is left: the record commit is judged";
    case "task-blocked":
      return style("yellow", `given up: ${event.why}`);
    case "target-moved":
      return "the target moved; judged again";
    case "landing-refused":
    case "command-failed":
      return style("red", event.reason);
    default:
      return null;
  }
}

function describeStop({ stop, usage }: Extract<LoopEvent, { type: "agent-stopped" }>): string {
  const cost = usage.usd === null ? "cost unknown" : `${usage.usd.toFixed(2)} USD`;
  const said =
    stop.kind === "claimed" ? `claimed ${stop.claim.status}: ${oneLine(stop.claim.summary, 200)}` : stop.kind;
  const why =
    "reason" in stop ? `: ${stop.reason}` : stop.kind === "handed-over" ? ` to a fresh process` : "";
  return `agent ${said}${why} (${cost})`;
}

function describeVerdict(verdict: Extract<LoopEvent, { type: "verdict-reached" }>["verdict"]): string {
  switch (verdict.kind) {
    case "accept":
      return `accepted by ${verdict.gates.join(", ")}`;
    case "reject":
      return `red: ${verdict.failure.reason}${verdict.failure.evidence === null ? "" : ` (${verdict.failure.evidence})`}`;
    case "inconclusive":
      return `inconclusive: ${verdict.reason}`;
  }
}
