/** `ralphwright status`: what runs, what waits, what needs a person, and where the state is kept. */
import { localDay } from "../adapters/local-time.ts";
import { callDoor } from "../adapters/control/door-call.ts";
import { readRuns, readState } from "../adapters/state/journal-reader.ts";
import { findHolder, heldElsewhere, type SeenHolder } from "../adapters/state/lease-file.ts";
import type { Config } from "../core/config.ts";
import { spentOn } from "../core/ledger.ts";
import type { Amount } from "../core/message.ts";
import type { LoopState } from "../core/state.ts";
import {
  judgedByExitCode,
  type PauseView,
  type RunView,
  type StatusView,
  viewStatus,
  weakGatesText,
} from "../core/report.ts";
import type { StateFolder } from "../adapters/state/state-folder.ts";
import { findState, listReviews, openProject, openQueue, type Project, requireTarget } from "./compose.ts";
import { describeRunEnd, findRunEnd, type RunEnd } from "./last-run.ts";
import { isPriceUnknown, moneyText } from "./money.ts";
import { hang, localTime, print, printJson, printTable, style } from "./print.ts";
import { openWaits, untilText, waitText } from "./wait-text.ts";

export async function showStatus(options: { readonly cwd: string; readonly json: boolean }): Promise<void> {
  const state = await findState(options.cwd);
  const told = await askDoor(state);
  // A supervisor goes on although the configuration on disk is invalid, and it says so itself.
  const opened = await openProject(options.cwd).catch((error: unknown) => {
    if (told === null) throw error;
    return null;
  });
  const shown = told ?? (opened === null ? null : await readStatus(opened));
  if (shown === null) return;
  if (options.json) printJson(shown);
  else printStatus(shown, opened?.config ?? null, state.lease);
}

/** As programs read it. */
export interface ShownStatus extends StatusView {
  readonly state: string;
  readonly target: string;
  readonly supervisor: SeenHolder | null;
  readonly last: RunEnd | null;
  readonly weakGates: readonly string[];
  /** Committed by all runs of the local day. */
  readonly today: Amount & { readonly day: string };
}

export function todayOf(state: LoopState): ShownStatus["today"] {
  const day = localDay(new Date());
  return { day, ...spentOn(state, day) };
}

/** What is known beside state and queue. */
export function showView(
  { state, config }: Project,
  view: StatusView,
  beside: Pick<ShownStatus, "supervisor" | "last" | "today">,
): ShownStatus {
  const weakGates = judgedByExitCode(config.gates).map((gate) => gate.name);
  return { state: state.path, target: config.target, ...beside, weakGates, ...view };
}

/** A supervisor knows best. Null when none is there, or it does not answer: then its files tell. */
async function askDoor(state: StateFolder): Promise<ShownStatus | null> {
  const supervisor = findHolder(state.lease);
  if (supervisor === null) return null;
  const told = await callDoor(state.door, { route: "GET /status" }).catch(() => null);
  // Where it works it sees for itself; here it may be somewhere else.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- nobody but a supervisor can open a socket there
  return told === null ? null : { ...(told as ShownStatus), supervisor };
}

async function readStatus(project: Project): Promise<ShownStatus> {
  await requireTarget(project);
  const { journal, lease } = project.state;
  const queue = openQueue(project);
  try {
    const inReview = await listReviews(project);
    const replayed = readState(journal);
    const view = viewStatus(replayed, { ...(await queue.read()), inReview });
    const supervisor = findHolder(lease);
    const last = findRunEnd(readRuns(journal), null, supervisor !== null);
    return showView(project, view, { supervisor, last, today: todayOf(replayed) });
  } finally {
    await queue[Symbol.asyncDispose]();
  }
}

function printStatus(shown: ShownStatus, config: Config | null, lease: string): void {
  const { tasks, supervisor, last } = shown;
  const weak = weakGatesText(config?.gates ?? []);
  const isAlive = supervisor !== null;
  printTable([
    ["supervisor", supervisorText(supervisor, lease)],
    ...haltRows(shown),
    ["target", shown.target],
    ["tasks", tasksText(tasks)],
    ...listRow("in review", shown.reviews),
    ["spent", spentText(shown.run, config !== null && isPriceUnknown(config))],
    ...todayRow(shown.today, config),
    ...untilRow(shown),
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

/** Of what is rare it is said only where it is. */
function tasksText({ running, ready, waiting, stuck, landed, blocked, draft }: StatusView["tasks"]): string {
  return [
    ...(running === 0 ? [] : [`${running} running`]),
    `${ready} ready`,
    `${waiting} waiting`,
    ...(stuck === 0 ? [] : [`${stuck} stuck`]),
    `${landed} landed`,
    `${blocked} blocked`,
    `${draft} draft`,
  ].join(", ");
}

function supervisorText(holder: SeenHolder | null, lease: string): string {
  if (holder === null) return "not running";
  const { pid, host, since, where } = holder;
  if (where === "other-machine") {
    const { message, hint } = heldElsewhere(holder, lease);
    return style("yellow", `not known: ${message}. ${hint ?? ""}`);
  }
  const place = where === "here" ? "" : ` in another container, ${host}`;
  return style("green", `running (pid ${pid}${place}, since ${localTime(since)})`);
}

function haltRows({
  supervisor,
  stopping,
  paused,
  configTrouble,
}: ShownStatus): readonly (readonly string[])[] {
  const held = configTrouble === null ? null : `the last good one holds: ${configTrouble}`;
  // One that was killed while it finished its work left its word in the journal.
  const isStopping = supervisor !== null && stopping !== null;
  return [
    ...(isStopping ? [["stopping", style("yellow", `${stopping}: nothing new starts`)]] : []),
    ...(paused === null ? [] : [["paused", style("yellow", pauseText(paused))]]),
    ...(held === null ? [] : [["config", style("yellow", held)]]),
  ];
}

function pauseText({ reason, sinceMs, untilMs, day }: PauseView): string {
  if (day !== null) return `${reason} (since ${localTime(sinceMs)}, until tomorrow)`;
  const until = untilMs === null ? "" : `, until ${localTime(untilMs)}`;
  return `${reason} (since ${localTime(sinceMs)}${until})`;
}

/** Only what there is: most projects have no test that fails now and then, or all the time. */
function listRow(name: string, items: readonly string[]): readonly (readonly string[])[] {
  if (items.length === 0) return [];
  const shown = items.slice(0, itemsShownMax).join(", ");
  return [[name, items.length > itemsShownMax ? `${shown} and ${items.length - itemsShownMax} more` : shown]];
}

const itemsShownMax = 5;

/** Of a run that goes on. */
function untilRow({ run, supervisor }: ShownStatus): readonly (readonly string[])[] {
  const untilMs = run?.untilMs ?? null;
  return untilMs === null || supervisor === null ? [] : [["until", untilText(untilMs, Date.now())]];
}

/** Only where somebody limits it. */
function todayRow(today: ShownStatus["today"], config: Config | null): readonly (readonly string[])[] {
  if (config === null) return [];
  const { usdMax, tokensMax, turnsMax } = config.limits.day;
  const parts = [
    usdMax === null ? null : `${today.usd.toFixed(2)} of ${usdMax.toFixed(2)} USD`,
    tokensMax === null ? null : `${today.tokens} of ${tokensMax} tokens`,
    turnsMax === null ? null : `${today.turns} of ${turnsMax} turns`,
  ].filter((part) => part !== null);
  return parts.length === 0 ? [] : [["today", parts.join(", ")]];
}

/** Of what runs, else of the last run; the configuration is that of the next one. */
export function sandboxText(
  last: Pick<RunEnd, "sandbox" | "state"> | null,
  config: { readonly sandbox: Pick<Config["sandbox"], "mode"> } | null,
): string {
  if (config === null) return last?.sandbox ?? "not known";
  const { mode } = config.sandbox;
  const off = style("red", "OFF: agents and gates run with your rights");
  const next = mode === "off" ? off : `${mode}, found when a run starts`;
  if (last === null || last.sandbox === null) return next;
  const isOff = last.sandbox === "off";
  if (last.state === "running") return isOff ? off : last.sandbox;
  if (mode === "off") return isOff ? off : `${last.sandbox}, in the last run; now ${off}`;
  return `${last.sandbox}, in the last run${isOff ? `; now ${next}` : ""}`;
}

function spentText(run: RunView | null, isUnknown: boolean): string {
  if (run === null) return "nothing: no run is open";
  const { usdMax, tokensMax, turnsMax } = run;
  const tokens = run.tokensUnknown ? "tokens unknown" : `${run.tokens}${of(tokensMax)} tokens`;
  const turns = turnsMax === null ? "" : `, ${run.turns}${of(turnsMax)} turns`;
  return `${moneyText(run, isUnknown, usdMax)}, ${tokens}${turns} in this run`;
}

const of = (max: number | null): string => (max === null ? "" : ` of ${max}`);
