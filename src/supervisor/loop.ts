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
import { checkQueue, type Queue } from "../core/queue.ts";
import type { LoopState } from "../core/state.ts";
import type { Task, TaskLimits } from "../core/task.ts";
import { transition } from "../core/transition.ts";
import { isProbe } from "../core/waiting.ts";
import { messageOf, RalphError, systemCodeOf } from "../errors.ts";
import type { JournalRecord, Ports, Review } from "../ports.ts";
import { carryOut, openAttempt, type OpenAttempt } from "./attempt.ts";
import { Inbox } from "./inbox.ts";
import { createShared } from "./scope.ts";

export interface LoopOptions {
  readonly ports: Ports;
  readonly config: Config;
  readonly run: string;
  readonly limits: RunLimits;
  /** How many changes may be judged at once. */
  readonly judgingMax: number;
  /** Level of the sandbox, for the journal. */
  readonly sandbox: string;
  /** As recovery left it. */
  readonly state: LoopState;
  /** Tasks that have landed by their ref, whatever their file says. */
  readonly landed: ReadonlyMap<TaskId, CommitSha>;
  /** Called after every transition, for people who watch. Must not throw. */
  readonly observe: (record: JournalRecord, state: LoopState, queue: Queue) => void;
}

export class Loop {
  readonly #options: LoopOptions;
  readonly #inbox = new Inbox();
  readonly #open = new Map<TaskId, OpenAttempt>();
  readonly #shared = createShared();
  readonly #stopNow = new AbortController();
  #state: LoopState;
  /** The queue as it was read, and as it is once checked: the same object until something changes. */
  #read: Queue | null = null;
  #reviews: ReadonlyMap<TaskId, Review> | null = null;
  #queue: Queue = { tasks: [], problems: [] };

  constructor(options: LoopOptions) {
    this.#options = options;
    this.#state = options.state;
  }

  /** Resolves when nothing runs any more and nothing may start. */
  async run(): Promise<RunOutcome> {
    const { run, limits, judgingMax, config, sandbox } = this.#options;
    const { mode } = config.land;
    try {
      const review = mode === "branch" ? { mode } : {};
      this.#apply({ type: "run-started", run, limits, judgingMax, sandbox, ...review });
      for (;;) {
        for (let event = this.#inbox.take(); event !== undefined; event = this.#inbox.take())
          this.#apply(event);
        const outcome = await this.#goOn(await this.#decide());
        if (outcome !== null) return outcome;
      }
    } finally {
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

  async #decide(): Promise<Next> {
    const { ports, config } = this.#options;
    const isFull = this.#state.attempts.size >= config.concurrency;
    if (!isFull && this.#state.stopping === null) this.#queue = await this.#readQueue();
    return decideNext(this.#state, this.#queue, {
      nowMs: ports.clock.nowMs(),
      day: ports.clock.localDay(),
      concurrency: config.concurrency,
      disk: { rooms: ports.disk.look(), floor: config.limits.disk },
      opensAtMs: ports.clock.nextWindowMs(config.limits.windows),
      hasSecond: config.agent.second !== null,
    });
  }

  async #readQueue(): Promise<Queue> {
    const { ports, config, landed } = this.#options;
    const [read, reviews] = await Promise.all([ports.queue.read(), ports.target.reviews()]);
    if (read !== this.#read || reviews !== this.#reviews) {
      const gates = new Set(config.gates.map((gate) => gate.name));
      this.#read = read;
      this.#reviews = reviews;
      const hasChecks = (name: string): boolean => ports.checks.has(name);
      const inReview = new Map([...reviews].map(([task, { branch }]) => [task, branch]));
      this.#queue = checkQueue(read, { gates, agent: config.agent.kind, landed, hasChecks, inReview });
    }
    return this.#queue;
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
    const { ports, config } = this.#options;
    const isFull = this.#state.attempts.size >= config.concurrency || this.#state.stopping !== null;
    await this.#inbox.wait(async (signal) => {
      const lookMs = this.#state.attempts.size > 0 ? diskLookMs : Infinity;
      const sleepMs = untilMs === null ? lookMs : Math.min(lookMs, untilMs - ports.clock.nowMs());
      const others = [ports.clock.sleep(sleepMs, signal)];
      if (!isFull) others.push(ports.queue.changed(signal));
      await Promise.race(others);
    });
  }

  #startAttempt({ task, attempt: number, agent }: Next & { readonly kind: "start" }): void {
    const { config, ports } = this.#options;
    const limits = limitsOf(config, task);
    const day = ports.clock.localDay();
    const reserved = reserve(this.#state, limits, day);
    this.#openAttempt(task, number, limits);
    const { id, text } = task;
    const role = agent === "main" ? {} : { agent };
    this.#apply({ type: "attempt-started", task: id, attempt: number, text, limits, reserved, day, ...role });
  }

  #openAttempt(task: Task, number: number, limits: TaskLimits): OpenAttempt {
    const { ports, config, run } = this.#options;
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
    const record = ports.journal.append(ports.clock.nowMs(), event);
    // As it was journaled, without secrets: a replay must lead to this very state.
    const [state, commands] = transition(this.#state, record.event, { nowMs: record.atMs });
    this.#state = state;
    observe(record, state, this.#queue);
    for (const command of commands) this.#start(command);
  }

  #start(command: Command): void {
    if (command.type === "stop-agents") return this.#stopNow.abort();
    if (command.type === "cancel-judging") return this.#open.get(command.task)?.judging.abort();
    const attempt = this.#open.get(command.task) ?? this.#reopen(command);
    void this.#carryOut(attempt, command).then(
      (event) => {
        if (event.type === "workspace-released" || event.type === "task-blocked")
          this.#open.delete(event.task);
        this.#inbox.post(event);
      },
      (error: unknown) => this.#inbox.fail(error),
    );
  }

  /** A task is given up without an attempt being open: its file is all that is needed. */
  #reopen(command: AttemptCommand): OpenAttempt {
    const task = this.#queue.tasks.find((candidate) => candidate.id === command.task);
    invariant(task !== undefined, `task ${command.task} is not in the queue`);
    return this.#openAttempt(task, command.attempt, limitsOf(this.#options.config, task));
  }

  /** Trouble with disk, git or network becomes an event and stops the run; a broken promise stops everything. */
  async #carryOut(attempt: OpenAttempt, command: AttemptCommand): Promise<AttemptEvent> {
    const address = { task: command.task, attempt: command.attempt };
    try {
      return { ...(await carryOut(attempt, command, this.#state)), ...address };
    } catch (error) {
      if (isDefect(error)) throw error;
      return { ...address, type: "command-failed", command: command.type, reason: messageOf(error) };
    }
  }
}

/** Trouble that nobody foresaw is ours, not the machine's: it is told with its stack, and nothing goes on. */
function isDefect(error: unknown): boolean {
  return error instanceof RalphError ? error.exitStatus === 70 : systemCodeOf(error) === null;
}

/** The task's own limits over the configuration's. */
function limitsOf(config: Config, task: Task): TaskLimits {
  const { attemptsMax, roundsMax, wallMsMax, idleMsMax, turnsMax, usdMax, tokensMax } = config.limits;
  return { attemptsMax, roundsMax, wallMsMax, idleMsMax, turnsMax, usdMax, tokensMax, ...task.limits };
}
