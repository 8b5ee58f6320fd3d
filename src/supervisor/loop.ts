/**
 * The loop: take an event, journal it, transition, carry out; the only writer of state and journal.
 *
 * Invariant: an event is durable in the journal before the state knows it, and the state knows it before any
 * command that follows from it runs. A crash therefore lands in a state that recover.ts can name.
 */
import type { Config } from "../core/config.ts";
import type { CommitSha, TaskId } from "../core/ids.ts";
import { invariant } from "../core/invariant.ts";
import type {
  AttemptCommand,
  AttemptEvent,
  Command,
  LoopEvent,
  RunLimits,
  RunOutcome,
} from "../core/message.ts";
import { reserve } from "../core/ledger.ts";
import { decideNext, diskLookMs, type Next } from "../core/next.ts";
import type { Queue } from "../core/queue.ts";
import type { LoopState, Pause } from "../core/state.ts";
import type { Task, TaskLimits } from "../core/task.ts";
import { transition } from "../core/transition.ts";
import { isProbe } from "../core/waiting.ts";
import { messageOf, RalphError, systemCodeOf } from "../errors.ts";
import type { ConfigSource, JournalRecord, Ports } from "../ports.ts";
import { carryOut, openAttempt, type OpenAttempt } from "./attempt.ts";
import { Errand } from "./errand.ts";
import { Inbox } from "./inbox.ts";
import { KnownQueue } from "./known-queue.ts";
import { createShared } from "./scope.ts";

export interface LoopOptions {
  readonly ports: Ports;
  readonly config: Config;
  readonly run: string;
  readonly limits: RunLimits;
  /** How many changes the machine may judge at once. */
  readonly judgingMax: number;
  /** Level of the sandbox, for the journal. */
  readonly sandbox: string;
  /** As recovery left it. */
  readonly state: LoopState;
  /** Tasks that have landed by their ref, whatever their file says. */
  readonly landed: ReadonlyMap<TaskId, CommitSha>;
  /** Where a daemon's configuration comes from; null for a run, which ends when the queue is drained. */
  readonly daemon: ConfigSource | null;
  /** Called after every transition, for people who watch. Must not throw. */
  readonly observe: (record: JournalRecord, state: LoopState, queue: Queue) => void;
}

export interface Pulse {
  readonly isWaiting: boolean;
  readonly turnedAtMs: number;
}

/** What is red may be mended by a commit, and a day ends: nothing tells of either. */
function pauseLookMs({ base, day }: Pause): number {
  if (base !== null) return 2_000;
  return day === null ? Infinity : 30_000;
}

/** How often a daemon with nothing to do asks a remote. */
const remoteEveryMs = 60_000;
/** How often a daemon looks whether there is much to pack. */
const packEveryMs = 10 * 60_000;

export class Loop {
  readonly #options: LoopOptions;
  readonly #known: KnownQueue;
  readonly #catchingUp: Errand;
  readonly #packing: Errand;
  readonly #asked = new Map<LoopEvent, () => void>();
  readonly #inbox = new Inbox();
  readonly #open = new Map<TaskId, OpenAttempt>();
  readonly #shared = createShared();
  readonly #stopNow = new AbortController();
  /** What holds for attempts that start now; those under way keep theirs. */
  #config: Config;
  #ports: Ports;
  #state: LoopState;
  #pulse: Pulse = { isWaiting: false, turnedAtMs: 0 };
  #heardMs = 0;
  /** By the clock that nobody sets. */
  #beganMs = 0;

  constructor(options: LoopOptions) {
    const { ports, config, landed, state } = options;
    this.#options = options;
    this.#config = config;
    this.#ports = ports;
    this.#state = state;
    this.#known = new KnownQueue(landed);
    this.#catchingUp = new Errand(remoteEveryMs, () => this.#inbox.wake());
    this.#packing = new Errand(packEveryMs, () => this.#inbox.wake());
  }

  get state(): LoopState {
    return this.#state;
  }

  /** As it was last read. */
  get queue(): Queue {
    return this.#known.queue;
  }

  /** When something last happened. */
  get heardMs(): number {
    return this.#heardMs;
  }

  /** Whether the loop still turns: it waits, or it turned a moment ago. */
  get pulse(): Pulse {
    return this.#pulse;
  }

  /** Resolves when nothing runs any more and nothing may start. */
  async run(): Promise<RunOutcome> {
    const { run, limits, config, daemon, sandbox } = this.#options;
    const judgingMax = this.#judgingMax();
    const mode = config.land.mode === "branch" ? ({ mode: "branch" } as const) : {};
    const isDaemon = daemon === null ? {} : ({ isDaemon: true } as const);
    this.#beganMs = this.#ports.clock.runningMs();
    try {
      this.#apply({ type: "run-started", run, limits, judgingMax, sandbox, ...mode, ...isDaemon });
      for (;;) {
        this.#pulse = { isWaiting: false, turnedAtMs: this.#ports.clock.nowMs() };
        for (let event = this.#inbox.take(); event !== undefined; event = this.#inbox.take())
          this.#apply(event);
        await this.#reload();
        const outcome = await this.#goOn(await this.#decide());
        if (outcome !== null) return outcome;
      }
    } finally {
      for (const answer of this.#asked.values()) answer();
      // Only a defect leaves anything open: no agent may outlive the loop.
      this.#stopNow.abort();
      await Promise.allSettled(
        [...this.#open.values()].map(async (attempt) => attempt.session?.close(false)),
      );
    }
  }

  /** `drain` finishes what runs; `now` ends every agent and gate. */
  requestStop(how: "drain" | "now", outcome: RunOutcome): void {
    this.#inbox.post({ type: "stop-requested", how, outcome });
  }

  /** A person's word. Resolves when it is in the journal, or the loop has ended. */
  ask(event: Extract<LoopEvent, { type: "stop-requested" | "run-paused" | "run-resumed" }>): Promise<void> {
    return new Promise((resolve) => {
      this.#asked.set(event, resolve);
      this.#inbox.post(event);
    });
  }

  /** Somebody says that the queue has changed. */
  hint(): void {
    this.#ports.queue.hint();
    this.#inbox.wake();
  }

  /** Attempts under way keep what they have. */
  async #reload(): Promise<void> {
    if (this.#state.stopping !== null) return;
    const found = (await this.#options.daemon?.read()) ?? null;
    if (found === null) return;
    if (found.kind === "invalid") return this.#apply({ type: "config-refused", reason: found.reason });
    const { config, ports, limits, changed, restart } = found;
    this.#config = config;
    this.#ports = ports;
    const judgingMax = this.#judgingMax();
    this.#apply({ type: "config-reloaded", changed, restart, limits, judgingMax });
  }

  #judgingMax(): number {
    return Math.min(this.#config.concurrency, this.#options.judgingMax);
  }

  async #decide(): Promise<Next> {
    const [ports, { concurrency }] = [this.#ports, this.#config];
    const { attempts, stopping, paused } = this.#state;
    if (attempts.size < concurrency && stopping === null) {
      for (const task of await this.#known.read(ports, this.#config, this.#state.run))
        this.#apply({ type: "task-reopened", task });
    }
    const tip = paused === null || paused.base === null ? null : await ports.target.tip();
    const { limits, agent } = this.#config;
    return decideNext(this.#state, this.#known.queue, {
      nowMs: ports.clock.nowMs(),
      ranMs: ports.clock.runningMs() - this.#beganMs,
      day: ports.clock.localDay(),
      concurrency,
      tip,
      disk: {
        rooms: ports.disk.look(),
        floor: limits.disk,
        isAwaited: this.#options.daemon !== null,
      },
      opensAtMs: ports.clock.nextWindowMs(limits.windows),
      hasSecond: agent.second !== null,
    });
  }

  async #goOn(next: Next): Promise<RunOutcome | null> {
    switch (next.kind) {
      case "start":
        this.#startAttempt(next);
        return null;
      case "give-up":
        this.#apply({ type: "give-up-started", task: next.task, attempt: next.attempt });
        return null;
      case "close":
        this.#apply({ type: "window-closed", opensAtMs: next.opensAtMs });
        return null;
      case "stop":
        this.#apply({ type: "stop-requested", how: next.how, outcome: next.outcome });
        return null;
      case "pause":
        this.#apply({ type: "run-paused", cause: next.cause });
        return null;
      case "resume":
        this.#apply({ type: "run-resumed", by: "supervisor", reason: next.reason });
        return null;
      case "end":
        this.#apply({ type: "run-ended", outcome: next.outcome });
        return next.outcome;
      case "wait":
        await this.#wait(next.untilMs);
        return null;
    }
  }

  /** Sleeps until an event comes, the time has come, or the queue may have changed and a place is free. */
  async #wait(untilMs: number | null): Promise<void> {
    const { clock, queue } = this.#ports;
    const { attempts, stopping, paused } = this.#state;
    const daemon = stopping === null ? this.#options.daemon : null;
    const isFull = attempts.size >= this.#config.concurrency || stopping !== null;
    const lookMs = daemon === null ? Infinity : this.#lookAround(clock.runningMs());
    const pauseMs = daemon === null || paused === null ? Infinity : pauseLookMs(paused);
    this.#pulse = { isWaiting: true, turnedAtMs: clock.nowMs() };
    await this.#inbox.wait(async (signal) => {
      const eventMs = untilMs === null ? Infinity : untilMs - clock.nowMs();
      const diskMs = attempts.size > 0 ? diskLookMs : Infinity;
      const others = [clock.sleep(Math.min(eventMs, lookMs, pauseMs, diskMs), signal)];
      if (!isFull) others.push(queue.changed(signal));
      if (daemon !== null) others.push(daemon.changed(signal));
      await Promise.race(others);
    });
  }

  /** What a daemon does beside its tasks. Returns when to look again. */
  #lookAround(nowMs: number): number {
    const { target, log } = this.#ports;
    const warn = (message: string) => (error: unknown) =>
      this.#stopNow.signal.aborted || log.write("warn", message, { reason: messageOf(error) });
    const packMs = this.#packing.run(nowMs, async () => {
      await target.packObjects(this.#stopNow.signal).catch((error: unknown) => {
        // What is in the way will be there the next time, too, and each try leaves a half-written pack for git to remove.
        this.#packing.stop();
        warn("objects not packed any more")(error);
      });
    });
    // An attempt looks at the remote by itself.
    if (this.#config.land.push === null || this.#state.attempts.size > 0) return packMs;
    const remoteMs = this.#catchingUp.run(nowMs, async () => {
      await target.catchUp().catch(warn("remote not reached"));
    });
    return Math.min(packMs, remoteMs);
  }

  #startAttempt({ task, attempt: number, agent }: Next & { readonly kind: "start" }): void {
    const limits = limitsOf(this.#config, task);
    const day = this.#ports.clock.localDay();
    const reserved = reserve(this.#state, limits, day);
    this.#openAttempt(task, number, limits);
    const { id, text } = task;
    const role = agent === "main" ? {} : { agent };
    this.#apply({ type: "attempt-started", task: id, attempt: number, text, limits, reserved, day, ...role });
  }

  #openAttempt(task: Task, number: number, limits: TaskLimits): OpenAttempt {
    const [ports, config, { run }] = [this.#ports, this.#config, this.#options];
    const logFolder = (purpose: string): string => ports.files.folder(task.id, number, purpose);
    const scope = { ports, config, run, signal: this.#stopNow.signal, ...this.#shared, logFolder };
    const past = this.#state.records.get(task.id)?.failures ?? [];
    let isAnswered = false;
    const onAnswer = (): void => {
      // Only where others wait for the answer to this attempt: else it changes nothing.
      const open = this.#state.attempts.get(task.id);
      if (isAnswered || open?.number !== number || !isProbe(this.#state, open)) return;
      isAnswered = true;
      this.#inbox.post({ type: "model-answered", task: task.id, attempt: number });
    };
    const attempt = openAttempt({ scope, task, number, limits, past, onAnswer });
    this.#open.set(task.id, attempt);
    return attempt;
  }

  #apply(event: LoopEvent): void {
    const { ports, observe } = this.#options;
    const answer = this.#asked.get(event);
    const record = ports.journal.append(ports.clock.nowMs(), event);
    this.#heardMs = record.atMs;
    // As it was journaled, without secrets: a replay must lead to this very state.
    const [state, commands] = transition(this.#state, record.event, { nowMs: record.atMs });
    this.#state = state;
    observe(record, state, this.#known.queue);
    for (const command of commands) this.#start(command);
    this.#asked.delete(event);
    answer?.();
  }

  #start(command: Command): void {
    if (command.type === "stop-agents") return this.#stopNow.abort();
    if (command.type === "cancel-judging") return this.#open.get(command.task)?.judging.abort();
    const attempt = this.#open.get(command.task) ?? this.#reopen(command);
    void this.#carryOut(attempt, command).then(
      (event) => {
        if (event.type === "workspace-released" || event.type === "task-blocked")
          this.#open.delete(event.task);
        // Its file says so now: whoever makes it ready again is believed as soon as that has been read.
        if (event.type === "task-landed" || event.type === "task-blocked")
          this.#ports.queue.hint(attempt.task.file);
        this.#inbox.post(event);
      },
      (error: unknown) => this.#inbox.fail(error),
    );
  }

  /** A task is given up without an attempt being open: its file is all that is needed. */
  #reopen(command: AttemptCommand): OpenAttempt {
    const task = this.#known.queue.tasks.find((candidate) => candidate.id === command.task);
    invariant(task !== undefined, `task ${command.task} is not in the queue`);
    return this.#openAttempt(task, command.attempt, limitsOf(this.#config, task));
  }

  /** Trouble with disk, git or network becomes an event and stops the run; a broken promise stops everything. */
  async #carryOut(attempt: OpenAttempt, command: AttemptCommand): Promise<AttemptEvent> {
    const address = { task: command.task, attempt: command.attempt };
    try {
      return { ...(await carryOut(attempt, command, this.#state)), ...address };
    } catch (error) {
      // Trouble in the middle of a landing ends the supervisor as a crash would: whether it has landed, and which
      // checkouts are behind, the next one asks of git.
      if (isDefect(error) || isLanding(command)) throw error;
      return { ...address, type: "command-failed", command: command.type, reason: messageOf(error) };
    }
  }
}

const isLanding = ({ type }: AttemptCommand): boolean => type === "land" || type === "land-record";

/** Trouble that nobody foresaw is ours, not the machine's: it is told with its stack, and nothing goes on. */
function isDefect(error: unknown): boolean {
  return error instanceof RalphError ? error.exitStatus === 70 : systemCodeOf(error) === null;
}

/** The task's own limits over the configuration's. */
function limitsOf(config: Config, task: Task): TaskLimits {
  const { attemptsMax, roundsMax, wallMsMax, idleMsMax, turnsMax, usdMax, tokensMax } = config.limits;
  return { attemptsMax, roundsMax, wallMsMax, idleMsMax, turnsMax, usdMax, tokensMax, ...task.limits };
}
