/** `ralphwright gate --drill`: known-bad changes against the gates, told as they are judged, summed up and recorded. */
import { createGitPlanter } from "../adapters/git/git-planter.ts";
import { setSupervisorMark } from "../adapters/process/leader.ts";
import { writeDrillRecord } from "../adapters/state/drill-file.ts";
import { takeLease } from "../adapters/state/lease-file.ts";
import type { Sandbox } from "../adapters/sandbox/containment.ts";
import { digest } from "../adapters/state/pass-files.ts";
import {
  type DrillReport,
  type DrillResult,
  missedIn,
  type Outcome,
  recordOf,
  type Score,
  scoreReport,
} from "../drill/score.ts";
import { RalphError } from "../errors.ts";
import type { Journal, QueueSource } from "../ports.ts";
import { type Drill, drill, type DrillOrder, type DrillProgress } from "../supervisor/drilling.ts";
import { type AttemptScope, createShared } from "../supervisor/scope.ts";
import {
  composePorts,
  logFolderOf,
  openProject,
  type Project,
  requireCommitter,
  requireTarget,
} from "./compose.ts";
import { drillConfiguration } from "./drill-standing.ts";
import { openProjectSandbox, warnOfNone } from "./open-sandbox.ts";
import { columns, fit, hang, makeSafe, print, printJson, printTable, style } from "./print.ts";

export interface DrillOptions {
  readonly cwd: string;
  /** Null: one that follows from the tip of the target. */
  readonly seed: number | null;
  readonly json: boolean;
}

/** Returns the exit status: 0 everything was caught, 1 something was missed, 130 stopped. */
export async function drillGates(options: DrillOptions): Promise<number> {
  const project = await openProject(options.cwd);
  await requireTarget(project);
  await requireCommitter(project);
  const at = new Date().toISOString();
  // A run that starts meanwhile would sweep the drill's checkouts away.
  using lease = takeLease(project.state.lease, at);
  void lease;
  setSupervisorMark(digest(project.state.path).slice(0, 16));
  await using sandbox = await openProjectSandbox(project);
  sandbox.sweep();
  warnOfNone(sandbox);
  const configuration = drillConfiguration(project);
  const stop = new AbortController();
  const abort = (): void => stop.abort();
  process.on("SIGINT", abort).on("SIGTERM", abort);
  try {
    const planter = createGitPlanter(project.git);
    const order = { planter, seed: options.seed, observe: tellProgress };
    const found = await drillIn(scopeOf(project, stop.signal, sandbox), order);
    if (found.kind === "baseline-red") throw baselineRed(found.reason);
    if (found.kind === "stopped") {
      process.stderr.write(`stopped after ${found.judged} known-bad changes; nothing was recorded\n`);
      return 130;
    }
    writeDrillRecord(project.state.drill, recordOf(found.report, { at, configuration }));
    const score = scoreReport(found.report);
    if (options.json) printJson(toJson(found.report, score));
    else printReport(found.report, score);
    return score.total > 0 && score.caught === score.total ? 0 : 1;
  } finally {
    process.off("SIGINT", abort).off("SIGTERM", abort);
    project.git[Symbol.dispose]();
  }
}

/** Directories that the drill used again and again are removed with it. */
async function drillIn(scope: AttemptScope, order: DrillOrder): Promise<Drill> {
  await using workspaces = scope.ports.workspaces;
  void workspaces;
  return await drill(scope, order);
}

const baselineRed = (reason: string): RalphError =>
  new RalphError("baseline-red", `a drill needs green gates to begin with: ${reason}`, {
    hint: "Mend it, and see that `ralphwright doctor` finds the gates green.",
  });

/** Nothing lands in a drill, so nothing is journaled, and its only task is its own. */
const noJournal: Journal = {
  append() {
    throw new RalphError("usage", "a drill does not write the journal");
  },
};
const noQueue: QueueSource = {
  read: () => Promise.resolve({ tasks: [], problems: [] }),
  readText: () => Promise.resolve(null),
  changed: () => Promise.resolve(),
  hint: () => {},
};

function scopeOf(project: Project, signal: AbortSignal, sandbox: Sandbox): AttemptScope {
  const log = { write: (): void => {} };
  const ports = composePorts(project, { journal: noJournal, queue: noQueue, log, signal, sandbox });
  return {
    ports,
    config: project.config,
    run: "drill",
    signal,
    ...createShared(),
    logFolder: logFolderOf(project, "drill"),
  };
}

function tellProgress(progress: DrillProgress): void {
  if (progress.kind === "baseline")
    return tell(`drill of ${progress.base.slice(0, 10)}, seed ${progress.seed}; first the gates as they are`);
  const { plant, outcome, ms } = progress.result;
  const place = `[${String(progress.at).padStart(String(progress.of).length)}/${progress.of}]`;
  tell(`${place} ${plant.class}: ${tellOutcome(outcome)}, ${(ms / 1000).toFixed(1)} s (${plant.name})`);
}

const tell = (line: string): void => void process.stderr.write(`${fit(makeSafe(line), columns() - 1)}\n`);

function tellOutcome(outcome: Outcome): string {
  switch (outcome.kind) {
    case "caught":
      return `caught by ${outcome.by}`;
    case "missed":
      return "MISSED";
    case "unjudged":
      return "NOT JUDGED";
  }
}

const toJson = (report: DrillReport, { caught, total, percent }: Score): object => ({
  caught,
  total,
  percent,
  seed: report.seed,
  base: report.base,
  plants: report.results.map(({ plant, outcome, ms }) => {
    const { class: kind, name, expects, advice, counts } = plant;
    return { class: kind, name, counts, outcome, expects, advice, seconds: ms / 1000 };
  }),
  notApplicable: report.absent,
  exitCodeOnly: report.weakGates,
});

function printReport(report: DrillReport, score: Score): void {
  const { results, absent, weakGates, seed } = report;
  printTable(results.map((result) => resultRow(result)));
  if (absent.length > 0) {
    print(`\n${style("bold", "Not applicable here")}`);
    printTable(absent.map(({ class: kind, why }) => [`  ${kind}`, why]));
  }
  const missed = missedIn(report);
  if (missed.length > 0) {
    print(`\n${style("bold", "Missed, and what to add")}`);
    for (const group of Map.groupBy(missed, ({ plant }) => plant.class).values()) printAdvice(group);
  }
  if (weakGates.length > 0) print(`\n${hang(weakness(weakGates), 0)}`);
  print(`\n${closingLine(report, score)}`);
  print(style("dim", `The same again: ralphwright gate --drill --seed ${seed}`));
}

function resultRow({ plant, outcome }: DrillResult): readonly string[] {
  const by = outcome.kind === "caught" ? outcome.by : tellOutcome(outcome);
  return [markOf(plant.counts, outcome), plant.class, by, plant.name];
}

function markOf(counts: boolean, outcome: Outcome): string {
  if (outcome.kind === "caught") return style("green", "✔");
  return counts ? style("red", "✘") : style("dim", "·");
}

/** Of one class: each that was missed, then what to add, once. */
function printAdvice(missed: readonly DrillResult[]): void {
  const [first] = missed;
  if (first === undefined) return;
  print(`  ${first.plant.class}`);
  for (const { plant, outcome } of missed) {
    const why = outcome.kind === "unjudged" ? `, no verdict: ${outcome.reason}` : "";
    print(`    ${hang(plant.name + why, 6)}`);
  }
  print(`    ${hang(`${capital(first.plant.advice)}. Should be caught by ${first.plant.expects}.`, 4)}`);
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

const weakness = (gates: readonly string[]): string =>
  `Judged by the exit code alone, which is the weaker kind: ${gates.join(", ")}. Such a gate cannot tell that it ran less than before; a report makes it a strong one (docs/gates.md).`;

function closingLine(report: DrillReport, { caught, total, percent }: Score): string {
  const line = `${caught}/${total} caught (${percent} %)`;
  const classes = [...new Set(missedIn(report).map(({ plant }) => plant.class))];
  if (total === 0) return style("red", "Nothing could be planted: this drill proves nothing.");
  return classes.length === 0
    ? style("green", `${line}: every known-bad change was caught.`)
    : style("red", hang(`${line}, missed: ${classes.join(", ")}`, 0));
}
