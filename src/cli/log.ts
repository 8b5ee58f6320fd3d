/** `ralphwright log`: the morning commit log, read from the target branch alone. */
import { type LandedCommit, openCommitLog } from "../adapters/git/commit-log.ts";
import { type InReview, resolveQueue } from "../core/queue.ts";
import type { Task } from "../core/task.ts";
import { readRuns, readState } from "../adapters/state/journal-reader.ts";
import { findHolder } from "../adapters/state/lease-file.ts";
import { RalphError } from "../errors.ts";
import { listReviews, openProject, openQueue, type Project, requireTarget } from "./compose.ts";
import { describeRunEnd, findRunEnd, type RunEnd } from "./last-run.ts";
import { columns, fit, hang, joinFitting, localTime, print, printJson, style, wrap } from "./print.ts";

export interface LogOptions {
  readonly cwd: string;
  /** A run's id; null: the newest run. */
  readonly run: string | null;
  readonly all: boolean;
  readonly json: boolean;
}

const commitsMax = 10_000;

export async function showLog(options: LogOptions): Promise<void> {
  const project = await openProject(options.cwd);
  await requireTarget(project);
  const log = openCommitLog(project.repository.gitDir);
  const { unrecorded } = readState(project.state.journal);
  const end = findRunEnd(
    readRuns(project.state.journal),
    options.run,
    findHolder(project.state.lease) !== null,
  );
  const commits = await log.read(project.config.target, { countMax: commitsMax, run: options.run });
  const runs = groupByRun(commits).filter(({ id }) => options.run === null || id === options.run);
  if (options.run !== null && end === null && runs.length === 0) throw runUnknown(options.run);
  const shown = options.all ? runs : runs.slice(0, 1);
  const blocked = await listBlocked(project);
  const reviews = await listReviews(project);
  if (options.json) {
    const needed = [
      ...blocked.map(blockedAsJson),
      ...[...unrecorded].map(([task, why]) => ({ task, file: null, why })),
    ];
    const inReview = [...reviews].map(([task, branch]) => ({ task, branch }));
    return printJson({ last: end, runs: shown.map(runAsJson), inReview, blocked: needed });
  }
  if (end !== null) printEnd(end, options.run === null ? "Last run" : "This run", shown[0]?.id ?? null);
  if (shown.length === 0 && options.run === null)
    print(`Nothing has landed on ${project.config.target} yet.`);
  shown.forEach((run, i) => {
    if (i > 0) print();
    printRun(run, project.config.target);
  });
  await printReviews(project, reviews);
  printBlocked(blocked, unrecorded);
}

function runUnknown(run: string): RalphError {
  return new RalphError("usage", `there is no run ${run}`, {
    hint: "`ralphwright log --all` shows every run with its id.",
  });
}

/** `shown`: the newest run below, which may be an older one when the last run left no commit. */
function printEnd(end: RunEnd, name: string, shown: string | null): void {
  const less = end.run === shown || end.state === "running" ? "" : " It left no commit.";
  print(wrap(`${name}, ${localTime(end.at)}: ${describeRunEnd(end)}.${less}`, columns(), "  "));
  print();
}

interface Run {
  readonly id: string;
  readonly commits: readonly LandedCommit[];
}

/** Newest run first, as the commits are; within a run oldest first, as it happened. */
function groupByRun(commits: readonly LandedCommit[]): readonly Run[] {
  const runs = new Map<string, LandedCommit[]>();
  for (const commit of commits) {
    const id = commit.trailers.get("Run") ?? "";
    runs.set(id, [commit, ...(runs.get(id) ?? [])]);
  }
  return [...runs].map(([id, list]) => ({ id, commits: list }));
}

const isRecord = (commit: LandedCommit): boolean => commit.trailers.get("Outcome") === "blocked";

function printRun({ id, commits }: Run, target: string): void {
  const landed = commits.filter((commit) => !isRecord(commit));
  const counts = [`${landed.length} landed`, `${commits.length - landed.length} given up`, costOf(commits)];
  print(style("bold", `Run ${id} on ${target}: ${counts.join(", ")}`));
  print();
  for (const commit of commits) printCommit(commit);
}

function printCommit(commit: LandedCommit): void {
  const { trailers } = commit;
  const mark = isRecord(commit) ? style("yellow", "■") : style("green", "✔");
  print(`${mark} ${style("dim", commit.sha.slice(0, 10))} ${fit(commit.subject, columns() - 13)}`);
  const facts = isRecord(commit)
    ? [`attempt ${trailers.get("Attempt") ?? "?"}`, priceOf(trailers.get("Cost-USD")), "nothing landed"]
    : [
        `attempt ${trailers.get("Attempt") ?? "?"}`,
        priceOf(trailers.get("Cost-USD")),
        trailers.get("Gates") ?? "",
        trailers.get("Agent") ?? "",
        trailers.get("Learnings") ?? "",
      ];
  const about = [trailers.get("Task") ?? "", ...facts].filter((fact) => fact !== "");
  print(`             ${style("dim", joinFitting(about, columns() - 13))}`);
}

const priceOf = (cost: string | undefined): string =>
  cost === undefined || cost === "unknown" ? "price unknown" : `${cost} USD`;

/** A price that is not known makes the sum a lower bound, and says so. */
function costOf(commits: readonly LandedCommit[]): string {
  const costs = commits.map((commit) => Number(commit.trailers.get("Cost-USD") ?? Number.NaN));
  const known = costs.filter((cost) => !Number.isNaN(cost));
  const sum = known.reduce((total, cost) => total + cost, 0).toFixed(2);
  if (known.length === 0 && costs.length > 0) return "price unknown";
  return known.length === costs.length ? `${sum} USD` : `at least ${sum} USD`;
}

async function listBlocked(project: Project): Promise<readonly Task[]> {
  const queue = openQueue(project);
  try {
    const { tasks } = await queue.read();
    return resolveQueue(tasks, new Set()).blocked;
  } finally {
    await queue[Symbol.asyncDispose]();
  }
}

async function printReviews({ git }: Project, reviews: InReview): Promise<void> {
  if (reviews.size === 0) return;
  print();
  print(style("bold", "In review: merge the branch, or delete it to have the task done again"));
  for (const [task, branch] of reviews) {
    const ref = await git.run(["for-each-ref", "--format=%(subject)", `refs/heads/${branch}`]);
    print(
      `  ${style("green", branch)}  ${fit(ref.trim() === "" ? task : ref.trim(), columns() - branch.length - 4)}`,
    );
  }
}

function printBlocked(tasks: readonly Task[], unrecorded: ReadonlyMap<string, string>): void {
  if (tasks.length + unrecorded.size === 0) return;
  print();
  print(style("bold", "Needs a person"));
  for (const task of tasks) {
    print(`  ${style("yellow", task.id)}  ${task.file}`);
    print(`    ${hang(task.blocked?.why ?? "blocked by hand", 4)}`);
  }
  for (const [task, why] of unrecorded) {
    print(`  ${style("yellow", task)}  (its file does not say so)`);
    print(`    ${hang(why, 4)}`);
  }
  print();
  print("Edit the task's text, or `ralphwright task retry <id>`, and it runs again.");
}

const runAsJson = ({ id, commits }: Run): unknown => ({
  run: id,
  commits: commits.map(({ sha, date, subject, trailers }) => {
    return { commit: sha, date, subject, trailers: Object.fromEntries(trailers) };
  }),
});

const blockedAsJson = ({ id, file, blocked }: Task): unknown => ({
  task: id,
  file,
  why: blocked?.why ?? null,
});
