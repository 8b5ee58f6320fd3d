/** `ralphwright run`: checks that the run can begin, takes the lease, recovers, loops until the queue is drained. */
import { availableParallelism } from "node:os";
import { openJournal } from "../adapters/state/journal-file.ts";
import { takeLease } from "../adapters/state/lease-file.ts";
import { digest } from "../adapters/state/pass-files.ts";
import { setSupervisorMark } from "../adapters/process/process-group.ts";
import { killStrays } from "../adapters/process/stray-processes.ts";
import { keyNames } from "../adapters/agent/agents.ts";
import type { Config } from "../core/config.ts";
import type { RunLimits, RunOutcome } from "../core/message.ts";
import { describeOutcome, exitStatusOf, type StatusView, viewStatus, weakGatesText } from "../core/report.ts";
import type { Queue } from "../core/queue.ts";
import type { LoopState } from "../core/state.ts";
import { RalphError } from "../errors.ts";
import { Loop } from "../supervisor/loop.ts";
import { recover } from "../supervisor/recover.ts";
import {
  composePorts,
  listTargetCheckouts,
  openProject,
  openQueue,
  type Overrides,
  type Project,
  requireIdentity,
  requireRemote,
  requireTarget,
} from "./compose.ts";
import { requireDrill } from "./drill-standing.ts";
import { isPriceUnknown, moneyWarning } from "./money.ts";
import { createTeller, type LogFormat, type Teller } from "./tell.ts";

export interface RunOptions {
  readonly cwd: string;
  readonly overrides: Overrides;
  readonly log: LogFormat;
  /** The last drill must have caught that many percent; null asks for none. */
  readonly drillPercentMin: number | null;
}

/** Returns the exit status. */
export async function run(options: RunOptions): Promise<number> {
  const project = await openProject(options.cwd, options.overrides);
  await requireRunnable(project);
  if (options.drillPercentMin !== null) requireDrill(project, options.drillPercentMin);
  const now = new Date();
  using lease = takeLease(project.state.lease, now.toISOString());
  void lease;
  using teller = createTeller(options.log, isPriceUnknown(project.config));
  const mark = digest(project.state.path).slice(0, 16);
  setSupervisorMark(mark);
  const strays = await killStrays(`${mark}.`);
  if (strays > 0) teller.say(`ended ${strays} processes that an earlier supervisor left behind`);
  using journal = openJournal(project.state.journal);
  if (journal.bytesCut > 0)
    teller.say(`cut a half-written line of ${journal.bytesCut} bytes off the journal`);
  const queue = await openQueue(project);
  const stop = new AbortController();
  try {
    const ports = composePorts(project, { journal, queue, log: teller.log, signal: stop.signal });
    await using workspaces = ports.workspaces;
    void workspaces;
    const { state, landed, notes } = await recover(ports, journal.takeRecords());
    for (const note of notes) teller.say(`recovered: ${note}`);
    await requireCleanCheckouts(project);
    const limits = runLimits(project, now);
    let last: { state: LoopState; queue: Queue } = { state, queue: { tasks: [], problems: [] } };
    const id = runId(now);
    teller.say(`run ${id} on ${project.config.target}; sandbox: none (agents run with your rights)`);
    const warning = moneyWarning(project.config);
    if (warning !== null) teller.log.write("warn", warning);
    const loop = new Loop({
      judgingMax: Math.min(project.config.concurrency, availableParallelism()),
      ports,
      config: project.config,
      run: id,
      limits,
      state,
      landed,
      observe(record, next, seen) {
        last = { state: next, queue: seen };
        teller.observe(record, next, seen);
      },
    });
    const outcome = await withSignals(loop, teller, () => loop.run());
    const weak = weakGatesText(project.config.gates);
    if (weak !== null) teller.say(weak);
    teller.say(closingLine(outcome, viewStatus(last.state, last.queue)));
    return exitStatusOf(outcome);
  } finally {
    stop.abort();
    project.git[Symbol.dispose]();
    await queue[Symbol.asyncDispose]?.();
  }
}

/** Everything that can be known before anything is touched. */
async function requireRunnable(project: Project): Promise<void> {
  const { config } = project;
  await requireTarget(project);
  await requireRemote(project);
  if (config.sandbox === "required") {
    throw new RalphError("sandbox-unavailable", "sandbox is required, and this version has none", {
      hint: "Run it in a container of your own, and set `sandbox: off` to say that you know.",
    });
  }
  if (config.agent.kind === "command" && config.agent.command === null) {
    throw new RalphError("agent-missing", "no agent is configured: agent.command is not set", {
      hint: "Set it in ralph.config.yaml, or pass --agent-command. `ralphwright demo` shows a run without one.",
    });
  }
  requireKey(config);
  await requireIdentity(project);
}

/** Without one the first agent would end at once, and an attempt would have been begun for nothing. */
function requireKey({ agent }: Config): void {
  if (agent.kind !== "builtin" || agent.provider !== "anthropic" || agent.baseUrl !== null) return;
  if (keyNames.anthropic.some((name) => (process.env[name] ?? "") !== "")) return;
  throw new RalphError("key-missing", "no key for the built-in agent: set ANTHROPIC_API_KEY", {
    hint: "Or set agent.base_url to a server that asks for none, or agent.kind: claude, which has its own login.",
  });
}

/** After recovery: a crash may have left a checkout one landing behind, which looks like changes and is none. */
async function requireCleanCheckouts(project: Project): Promise<void> {
  for (const { path, dirty } of await listTargetCheckouts(project)) {
    if (dirty.length > 0) throw checkoutDirty(path, project.config.target, dirty);
  }
}

const pathsShownMax = 5;

function checkoutDirty(checkout: string, target: string, dirty: readonly string[]): RalphError {
  const shown = dirty.slice(0, pathsShownMax).join(", ");
  const more = dirty.length > pathsShownMax ? ` and ${dirty.length - pathsShownMax} more` : "";
  const message = `${target} is checked out in ${checkout} with uncommitted changes: ${shown}${more}`;
  return new RalphError("checkout-dirty", message, {
    hint: "Commit or stash them, or check out another branch there: landings would have to overwrite them.",
  });
}

/** The first signal drains, the second stops now. */
async function withSignals(loop: Loop, teller: Teller, work: () => Promise<RunOutcome>): Promise<RunOutcome> {
  let count = 0;
  const listen = (signal: "SIGINT" | "SIGTERM"): void => {
    count += 1;
    const outcome = { kind: "signal", signal } as const;
    if (count === 1) teller.say(`${signal}: finishing what runs; once more to stop now`);
    loop.requestStop(count === 1 ? "drain" : "now", outcome);
  };
  process.on("SIGINT", listen);
  process.on("SIGTERM", listen);
  // The terminal is gone, the work is not lost: what runs is finished.
  const hangUp = (): void => listen("SIGTERM");
  process.on("SIGHUP", hangUp);
  try {
    return await work();
  } finally {
    process.off("SIGINT", listen);
    process.off("SIGTERM", listen);
    process.off("SIGHUP", hangUp);
  }
}

function runLimits({ config }: Project, now: Date): RunLimits {
  const { usdMax, until, tasksMax, failuresInARowMax } = config.limits.run;
  return { usdMax, tasksMax, failuresInARowMax, untilMs: until === null ? null : nextTimeOfDay(until, now) };
}

/** The next moment at which the local clock shows `HH:MM`. */
function nextTimeOfDay(time: string, now: Date): number {
  const [hours = 0, minutes = 0] = time.split(":").map(Number);
  const next = new Date(now);
  next.setHours(hours, minutes, 0, 0);
  if (next <= now) next.setDate(next.getDate() + 1);
  return next.getTime();
}

const runId = (now: Date): string =>
  now
    .toISOString()
    .replace(/\.\d+Z$/, "Z")
    .replaceAll(":", "-");

function closingLine(outcome: RunOutcome, { tasks, problems }: StatusView): string {
  const counts = [
    `${tasks.blocked} blocked`,
    `${tasks.waiting} waiting`,
    `${tasks.review} in review`,
    `${problems.length} with a problem`,
  ].filter((count) => !count.startsWith("0 "));
  // The queue was read before the last task was given up, so it may count none.
  const isShown = outcome.kind === "blocked" || tasks.review > 0;
  const needed = isShown && counts.length > 0 ? ` (${counts.join(", ")})` : "";
  const sentence = `${describeOutcome(outcome)}${needed}`;
  const more = outcome.kind === "configuration" ? "" : " See: ralphwright log";
  return `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}.${more}`;
}
