/** `ralphwright status`: what runs, what waits, what needs a person, and where the state is kept. */
import { localDay } from "../adapters/local-time.ts";
import { readRuns, readState } from "../adapters/state/journal-reader.ts";
import { findHolder, type LeaseHolder } from "../adapters/state/lease-file.ts";
import type { Config } from "../core/config.ts";
import { spentOn } from "../core/ledger.ts";
import type { Amount } from "../core/message.ts";
import {
  judgedByExitCode,
  type RunView,
  type StatusView,
  viewStatus,
  weakGatesText,
} from "../core/report.ts";
import { listReviews, openProject, openQueue, requireTarget } from "./compose.ts";
import { describeRunEnd, findRunEnd, type RunEnd } from "./last-run.ts";
import { isPriceUnknown, moneyText } from "./money.ts";
import { hang, localTime, print, printJson, printTable, style } from "./print.ts";
import { openWaits, waitText } from "./wait-text.ts";

export async function showStatus(options: { readonly cwd: string; readonly json: boolean }): Promise<void> {
  const project = await openProject(options.cwd);
  await requireTarget(project);
  const { state, config } = project;
  const queue = await openQueue(project);
  try {
    const inReview = await listReviews(project);
    const replayed = readState(state.journal);
    const view = viewStatus(replayed, { ...(await queue.read()), inReview });
    const holder = findHolder(state.lease);
    const last = findRunEnd(readRuns(state.journal), null, holder !== null);
    const weakGates = judgedByExitCode(config.gates).map((gate) => gate.name);
    const today = { day: localDay(new Date()), ...spentOn(replayed, localDay(new Date())) };
    const named = { state: state.path, target: config.target };
    const shown = { ...named, supervisor: holder, last, weakGates, today, ...view };
    if (options.json) printJson(shown);
    else printStatus(shown, config);
  } finally {
    await queue[Symbol.asyncDispose]?.();
  }
}

interface Shown extends StatusView {
  readonly state: string;
  readonly target: string;
  readonly supervisor: LeaseHolder | null;
  readonly last: RunEnd | null;
  /** Committed by all runs of the local day. */
  readonly today: Amount & { readonly day: string };
}

function printStatus(shown: Shown, config: Config): void {
  const { tasks, supervisor, last } = shown;
  const weak = weakGatesText(config.gates);
  const isAlive = supervisor !== null;
  const who = isAlive
    ? `running (pid ${supervisor.pid}, since ${localTime(supervisor.since)})`
    : "not running";
  printTable([
    ["supervisor", isAlive ? style("green", who) : who],
    ["target", shown.target],
    [
      "tasks",
      `${tasks.ready} ready, ${tasks.waiting} waiting, ${tasks.landed} landed, ${tasks.blocked} blocked, ${tasks.draft} draft`,
    ],
    ...listRow("in review", shown.reviews),
    ["spent", spentText(shown.run, isPriceUnknown(config))],
    ...todayRow(shown.today, config),
    ...openWaits(shown.waits, Date.now()).map((wait) => ["waiting", waitText(wait, Date.now())]),
    ["last run", last === null ? "none yet" : `${localTime(last.at)}: ${describeRunEnd(last)}`],
    ["sandbox", sandboxText(last, config)],
    ...(weak === null ? [] : [["gates", weak]]),
    ["state", shown.state],
    ...listRow("flaky", shown.flaky),
    ...listRow("failing", shown.failing),
  ]);
  // A supervisor that was killed leaves attempts open in the journal; the next run closes them.
  for (const attempt of shown.attempts) {
    const since = localTime(attempt.sinceMs);
    print(
      `  ${attempt.task}  attempt ${attempt.attempt}${attempt.agent === "second" ? " by the second agent" : ""}  ${isAlive ? attempt.phase : "interrupted"}  since ${since}`,
    );
  }
  for (const problem of shown.problems) print(`${style("yellow", "!")} ${hang(problem, 2)}`);
}

/** Only what there is: most projects have no test that fails now and then, or all the time. */
function listRow(name: string, items: readonly string[]): readonly (readonly string[])[] {
  if (items.length === 0) return [];
  const shown = items.slice(0, itemsShownMax).join(", ");
  return [[name, items.length > itemsShownMax ? `${shown} and ${items.length - itemsShownMax} more` : shown]];
}

const itemsShownMax = 5;

/** Only where somebody limits it. */
function todayRow(today: Shown["today"], { limits }: Config): readonly (readonly string[])[] {
  const { usdMax, tokensMax, turnsMax } = limits.day;
  const parts = [
    usdMax === null ? null : `${today.usd.toFixed(2)} of ${usdMax.toFixed(2)} USD`,
    tokensMax === null ? null : `${today.tokens} of ${tokensMax} tokens`,
    turnsMax === null ? null : `${today.turns} of ${turnsMax} turns`,
  ].filter((part) => part !== null);
  return parts.length === 0 ? [] : [["today", parts.join(", ")]];
}

function sandboxText(last: RunEnd | null, { sandbox }: Config): string {
  const off = style("red", "OFF: agents and gates run with your rights");
  const next = sandbox.mode === "off" ? off : `${sandbox.mode}, found when a run starts`;
  const level = last?.sandbox ?? null;
  if (level === null) return next;
  return level === "off" ? off : `${level}, in the last run${sandbox.mode === "off" ? `; now ${off}` : ""}`;
}

function spentText(run: RunView | null, isUnknown: boolean): string {
  if (run === null) return "nothing: no run is open";
  const tokens = run.tokensUnknown ? "tokens unknown" : `${run.tokens} tokens`;
  return `${moneyText(run, isUnknown)}, ${tokens} in this run`;
}
