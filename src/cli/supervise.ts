/** One supervisor from its lease to its last line: recovers, composes, runs the loop and tells. For `run` and `daemon`. */
import { statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { setFlagsFromString } from "node:v8";
import { openJournal, type OpenJournal } from "../adapters/state/journal-file.ts";
import { type Ballast, createBallast } from "../adapters/state/ballast.ts";
import { requireRoom, roomAt } from "../adapters/disk-room.ts";
import { takeLease } from "../adapters/state/lease-file.ts";
import { sweepState } from "../adapters/state/state-sweep.ts";
import { describePlace } from "../adapters/state/state-place.ts";
import { setSupervisorMark } from "../adapters/process/leader.ts";
import { killStrays } from "../adapters/process/stray-processes.ts";
import type { Sandbox } from "../adapters/sandbox/containment.ts";
import type { HealthPlace } from "../adapters/control/health.ts";
import type { Config } from "../core/config.ts";
import type { RunOutcome } from "../core/message.ts";
import { RalphError } from "../errors.ts";
import { describeOutcome, exitStatusOf, type StatusView, viewStatus, weakGatesText } from "../core/report.ts";
import type { LoopState, Pause } from "../core/state.ts";
import type { Ports } from "../ports.ts";
import { runningClock } from "../running-clock.ts";
import { Loop } from "../supervisor/loop.ts";
import { recover, type Recovered } from "../supervisor/recover.ts";
import { composePorts, openQueue, type Project } from "./compose.ts";
import { isPriceUnknown, moneyWarning } from "./money.ts";
import { openProjectSandbox, supervisorMarkOf, weaknessesOf } from "./open-sandbox.ts";
import { watchConfig } from "./reload.ts";
import { daemonLimits, runLimits } from "./run-limits.ts";
import { requireCleanCheckouts } from "./runnable.ts";
import { openControl } from "./control.ts";
import { unknownVariables } from "./settings.ts";
import { Stopping } from "./stopping.ts";
import { openWaits, untilText, waitText } from "./wait-text.ts";
import { createTeller, type LogFormat, type Teller } from "./tell.ts";

export interface SuperviseOptions {
  readonly log: LogFormat;
  /** Null: a run, which ends when the queue is drained. */
  readonly daemon: DaemonOptions | null;
}

export interface DaemonOptions {
  /** A drain that takes longer becomes a stop now. */
  readonly graceMs: number;
  readonly health: HealthPlace | null;
}

/** Returns the exit status. `project` is disposed of at the end. */
export async function supervise(project: Project, { log, daemon }: SuperviseOptions): Promise<number> {
  // A supervisor waits; it need not be quick. Every program it starts costs a copy of its own page tables, so a small heap
  // makes it quicker all the same (155 MB became 96 MB over 100 tasks). Set earlier, it makes loading slower by a fifth.
  setFlagsFromString("--optimize-for-size");
  using teller = createTeller(log, isPriceUnknown(project.config));
  const warn = (message: string): void => teller.log.write("warn", message);
  for (const unknown of unknownVariables(process.env, project.config)) warn(unknown);
  requireRoom(project.state.path);
  await using sandbox = await openProjectSandbox(project, warn);
  const now = new Date();
  using lease = takeLease(project.state.lease, now.toISOString());
  void lease;
  const run = runId(now, lastWritten(project.state.journal));
  runningClock.listen((notice) => teller.say(notice));
  const place = describePlace(project.state.path);
  if (place !== null) warn(place);
  const say = (line: string): void => teller.say(line);
  const endAll = (): Promise<unknown> => killStrays(`${supervisorMarkOf(project)}.`);
  using stopping = new Stopping({ graceMs: daemon?.graceMs ?? null, say, endAll });
  const strays = await endStrays(project);
  sandbox.sweep();
  const ballast = createBallast(project.state.ballast, () => roomAt(project.state.path).freeBytes);
  using journal = openJournal(project.state.journal, { makeRoom: () => ballast.drop() });
  const mended = [...strays, ...describeCut(journal.bytesCut), ...describeSwept(sweepState(project.state))];
  const queue = openQueue(project);
  const stop = new AbortController();
  try {
    const signal = AbortSignal.any([stop.signal, stopping.signal]);
    const ports = composePorts(project, { journal, queue, log: teller.log, signal, sandbox });
    await using workspaces = ports.workspaces;
    void workspaces;
    const recovered = await recover(ports, journal.takeState());
    const notes = [...recovered.notes, ...mended];
    if (notes.length > 0) teller.say(`recovered: ${notes.join("; ")}`);
    await requireCleanCheckouts(project);
    return await runLoop({
      project,
      teller,
      ports,
      journal,
      ballast,
      recovered,
      run,
      now,
      sandbox,
      stopping,
      daemon,
    });
  } catch (error) {
    // What was cut short by a signal before anything began is no trouble of the remote's.
    if (stopping.outcome === null || !(error instanceof RalphError) || error.code !== "remote-failed")
      throw error;
    teller.say(`${describeOutcome(stopping.outcome)} before anything began`);
    return exitStatusOf(stopping.outcome);
  } finally {
    stop.abort();
    project.git[Symbol.dispose]();
    await queue[Symbol.asyncDispose]();
  }
}

/** What an earlier supervisor of this state directory left running. */
async function endStrays(project: Project): Promise<readonly string[]> {
  const mark = supervisorMarkOf(project);
  setSupervisorMark(mark);
  const strays = await killStrays(`${mark}.`);
  return strays === 0 ? [] : [`ended ${strays} left-over ${strays === 1 ? "process" : "processes"}`];
}

const describeCut = (bytes: number): readonly string[] =>
  bytes === 0 ? [] : [`cut a half-written line of ${bytes} bytes off the journal`];

const describeSwept = (files: number): readonly string[] =>
  files === 0 ? [] : [`removed ${files} half-made ${files === 1 ? "file" : "files"}`];

interface Supervision {
  readonly project: Project;
  readonly teller: Teller;
  readonly ports: Ports;
  readonly journal: OpenJournal;
  readonly ballast: Ballast;
  readonly recovered: Recovered;
  /** Its id. */
  readonly run: string;
  readonly now: Date;
  readonly sandbox: Sandbox;
  readonly stopping: Stopping;
  readonly daemon: DaemonOptions | null;
}

/** Programs half started ahead of their time: an agent and its gates, or most of them. Each takes 2 MB. */
const readyMax = 4;

async function runLoop(parts: Supervision): Promise<number> {
  const { project, teller, ports, journal, ballast, recovered, run, now, sandbox, stopping, daemon } = parts;
  const { config } = project;
  const { state, landed } = recovered;
  teller.say(`run ${run} on ${config.target}; sandbox: ${sandbox.level.name}`);
  for (const weakness of weaknessesOf(sandbox)) teller.log.write("warn", weakness);
  const warning = moneyWarning(config);
  if (warning !== null) teller.log.write("warn", warning);
  tellWaits(teller, viewStatus(state, { tasks: [], problems: [] }));
  await using ready = sandbox.keepReady(Math.min(1 + config.gates.length, readyMax));
  void ready;
  await using source = daemon === null ? null : await watchConfig({ project, ports, sandbox });
  const limits = daemon === null ? runLimits(config, now) : daemonLimits(config);
  if (limits.untilMs !== null) teller.say(`until ${untilText(limits.untilMs, now.getTime())}`);
  let known = state.paused;
  const loop = new Loop({
    judgingMax: availableParallelism(),
    ports,
    config,
    run,
    sandbox: sandbox.level.name,
    limits,
    state,
    landed,
    daemon: source,
    observe(record, next, seen) {
      const { paused } = next;
      // A red baseline pauses without an event of its own.
      if (paused !== null && paused !== known && record.event.type !== "run-paused")
        sayPaused(teller, paused);
      known = paused;
      journal.offer(record.seq, next);
      if (ballast.takeDrop()) loop.requestStop("now", diskFull(project));
      teller.observe(record, next, seen);
    },
  });
  const { health } = daemon ?? { health: null };
  await using control = await openControl(
    { project, loop, run, sandbox: sandbox.level.name, stopping, teller },
    { isRequired: daemon !== null, health },
  );
  void control;
  if (daemon !== null) sayWhatHolds(teller, config, state);
  stopping.attach(loop);
  const made = ballast.make();
  const outcome = await loop.run();
  await made;
  const weak = weakGatesText(config.gates);
  if (weak !== null) teller.say(weak);
  const view = viewStatus(loop.state, loop.queue);
  teller.say(closingLine(outcome, view));
  tellWaits(teller, view);
  return exitStatusOf(outcome);
}

const sayPaused = (teller: Teller, { reason }: Pause): void =>
  teller.say(`paused: ${reason}; go on with: ralphwright resume`);

/** What a person who starts a daemon would not expect. */
function sayWhatHolds(teller: Teller, { limits }: Config, { paused }: LoopState): void {
  const ignored = [
    ...(limits.run.until === null ? [] : ["limits.run.until"]),
    ...(limits.run.wallMsMax === null ? [] : ["limits.run.wall"]),
  ];
  if (ignored.length > 0) teller.say(`not heeded by a daemon: ${ignored.join(", ")}`);
  if (paused !== null) teller.say(`still paused: ${paused.reason}; go on with: ralphwright resume`);
}

const diskFull = ({ state }: Project): RunOutcome => ({
  kind: "breaker",
  reason: `the disk of ${state.path} is full; the run ends in the room that was kept for that`,
});

function tellWaits(teller: Teller, { waits }: StatusView): void {
  const nowMs = Date.now();
  for (const wait of openWaits(waits, nowMs)) teller.say(`Still waiting: ${waitText(wait, nowMs)}`);
}

/** To the second, as people read it; to the millisecond where an earlier run may have begun in the same second. */
function runId(now: Date, lastWrittenMs: number): string {
  const isShared = Math.floor(lastWrittenMs / 1000) >= Math.floor(now.getTime() / 1000);
  const text = now.toISOString().replaceAll(":", "-");
  return isShared ? text : text.replace(/\.\d+Z$/, "Z");
}

const lastWritten = (file: string): number => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;

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
  // A reason may be a sentence with a full stop of its own.
  return `${sentence.charAt(0).toUpperCase()}${sentence.slice(1).replace(/[.]$/, "")}.${more}`;
}
