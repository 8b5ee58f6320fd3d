/**
 * One supervisor of the simulation: the real decisions, a journal, and a life that may end between any two instructions.
 *
 * It goes the way of src/supervisor/loop.ts: what has come is journaled and taken, then the next thing is decided, and
 * when there is nothing to start, the world answers one of the open commands.
 */
import { isDeepStrictEqual } from "node:util";
import { InvariantError } from "../../src/core/invariant.ts";
import type { AttemptCommand, LoopEvent, RunLimits } from "../../src/core/message.ts";
import { noSpendLimits, reserve } from "../../src/core/ledger.ts";
import { decideNext, type Next } from "../../src/core/next.ts";
import { checkQueue, type Queue } from "../../src/core/queue.ts";
import { commitsInDoubt, decideRecovery, type RecoveryFacts } from "../../src/core/recovery.ts";
import { emptyState, type LoopState } from "../../src/core/state.ts";
import { standingOf } from "../../src/core/task.ts";
import { transition } from "../../src/core/transition.ts";
import type { TaskId } from "../../src/core/ids.ts";
import { isUnlucky, limitsOf, pick } from "../core/driver.ts";
import { Books } from "./books.ts";
import { broken } from "./broken.ts";
import { carryOut, someSpendLimits, type World } from "./world.ts";

/** The decisions that are tried. A test breaks them. */
export interface Core {
  readonly transition: typeof transition;
  readonly decideNext: typeof decideNext;
  readonly decideRecovery: typeof decideRecovery;
}

export const realCore: Core = { transition, decideNext, decideRecovery };

/** How much happened, so that a figure says something. */
export interface Tally {
  events: number;
  crashes: number;
  runs: number;
  landings: number;
}

interface JournalEntry {
  readonly event: LoopEvent;
  readonly atMs: number;
}

export class Supervisor {
  readonly name: string;
  readonly books: Books;
  /** Directories of attempts; what a killed supervisor leaves is swept away at the next start. */
  readonly workspaces = new Set<TaskId>();
  readonly #world: World;
  readonly #core: Core;
  readonly #tally: Tally;
  #state: LoopState = emptyState;
  #journal: JournalEntry[] = [];
  /** Commands under way. */
  #open: AttemptCommand[] = [];
  #inbox: LoopEvent[] = [];
  #life: "down" | "up" = "down";
  /** As they were at the start of the run. */
  #landed: World["target"]["landed"] = new Map();
  #queue: { readonly of: World["tasks"]; readonly reviews: unknown; readonly checked: Queue } | null = null;
  #isCalmRun = false;
  isDone = false;

  constructor(name: string, world: World, { core, tally }: { readonly core: Core; readonly tally: Tally }) {
    this.name = name;
    this.books = new Books(world.settings);
    this.#world = world;
    this.#core = core;
    this.#tally = tally;
  }

  get state(): LoopState {
    return this.#state;
  }

  /** One instruction, or the end of all of them. */
  step(): void {
    const world = this.#world;
    if (this.#life === "down") return this.#start();
    if (isUnlucky(world, 60)) return this.#die();
    if (isUnlucky(world, 200)) {
      const how = pick(world, ["drain", "now"] as const);
      this.#inbox.push({ type: "stop-requested", how, outcome: { kind: "signal", signal: "SIGTERM" } });
    }
    const event = this.#inbox.shift();
    if (event !== undefined) return this.#apply(event);
    const next = this.#decide();
    if (next.kind === "wait") this.#wait(next.untilMs);
    else this.#goOn(next);
  }

  /** What the journal says is what the supervisor knew. */
  checkReplay(): void {
    let state = emptyState;
    for (const { event, atMs } of this.#journal)
      [state] = this.#core.transition(state, event, { nowMs: atMs });
    if (!isDeepStrictEqual(state, this.#state))
      broken("a replay of the journal gives the same state", this.name);
    this.#state = state;
  }

  #die(): void {
    this.#tell("is killed");
    this.#tally.crashes += 1;
    this.#open = [];
    this.#inbox = [];
    this.#life = "down";
    this.checkReplay();
  }

  #start(): void {
    const world = this.#world;
    if (isUnlucky(world, 60)) this.#loseJournal();
    for (const event of this.#recovery()) {
      this.#append(event);
      // The commands of a recovery are not carried out: what they would release is swept away.
      if (isUnlucky(world, 40)) return this.#die();
    }
    this.workspaces.clear();
    const { attempts, run } = this.#state;
    if (attempts.size > 0 || run !== null) broken("recovery leaves nothing open", this.name);
    if (this.#recovery().length > 0) broken("recovery has nothing left to do", this.name);
    this.#landed = new Map(world.target.landed);
    this.#queue = null;
    this.#life = "up";
    this.#isCalmRun = world.dice.isCalm();
    this.#tally.runs += 1;
    const { judgingMax, mode } = world.settings;
    const limits = someLimits(world);
    this.#apply({ type: "run-started", run: "run", limits, judgingMax, ...(mode === "branch" && { mode }) });
  }

  #loseJournal(): void {
    this.#tell("loses its state directory");
    this.#journal = [];
    this.#state = emptyState;
    this.books.forget(this.#world.target.kept);
  }

  #recovery(): readonly LoopEvent[] {
    const { target } = this.#world;
    const { reviews, landed } = target;
    const onTarget = new Set(commitsInDoubt(this.#state).filter((commit) => target.holds.has(commit)));
    const kept = [...target.kept].map(([task, attempt]) => ({ task, attempt }));
    const facts: RecoveryFacts = { onTarget, reviews, landed, kept };
    return this.#guard(() => this.#core.decideRecovery(this.#state, facts));
  }

  #decide(): Next {
    const { nowMs, settings } = this.#world;
    const today = { nowMs, day: dayOf(nowMs), opensAtMs: null };
    const context = { ...today, concurrency: settings.concurrency, hasSecond: false };
    return this.#guard(() => this.#core.decideNext(this.#state, this.#readQueue(), context));
  }

  #readQueue(): Queue {
    const { tasks, target } = this.#world;
    const { reviews } = target;
    if (this.#queue?.of !== tasks || this.#queue.reviews !== reviews) {
      const checked = queueOf(this.#world, this.#landed);
      this.#queue = { of: tasks, reviews, checked };
    }
    return this.#queue.checked;
  }

  #goOn(next: Exclude<Next, { kind: "wait" }>): void {
    switch (next.kind) {
      case "start": {
        this.#checkStart(next);
        const { attemptsMax, roundsMax } = this.#world.settings;
        const limits = limitsOf({ attemptsMax, roundsMax });
        const { id: task, text } = next.task;
        const day = dayOf(this.#world.nowMs);
        const reserved = reserve(this.#state, limits, day);
        const { attempt } = next;
        return this.#apply({ type: "attempt-started", task, attempt, text, limits, reserved, day });
      }
      case "give-up":
        return this.#apply({ type: "give-up-started", task: next.task, attempt: next.attempt });
      case "close":
        return this.#apply({ type: "window-closed", opensAtMs: next.opensAtMs });
      case "stop":
        return this.#apply({ type: "stop-requested", how: "drain", outcome: next.outcome });
      case "pause":
        return this.#apply({ type: "run-paused", cause: next.cause });
      case "resume":
        return this.#apply({ type: "run-resumed", by: "supervisor", reason: next.reason });
      case "end":
        return this.#end({ type: "run-ended", outcome: next.outcome });
    }
  }

  #checkStart({ task }: Extract<Next, { kind: "start" }>): void {
    const { tasks, target } = this.#world;
    const isOpen = (on: TaskId): boolean =>
      !target.landed.has(on) && tasks.find(({ id }) => id === on)?.status !== "landed";
    const current = tasks.find(({ id }) => id === task.id);
    const isReady = current !== undefined && standingOf(current) === "ready";
    if (!isReady || current.dependsOn.some(isOpen) || target.reviews.has(task.id))
      broken("only ready tasks start", task.id);
  }

  #end(event: LoopEvent): void {
    if (this.workspaces.size > 0) broken("every workspace is released", [...this.workspaces].join(", "));
    if (this.#open.length > 0) broken("a run ends when nothing runs", this.#open[0]?.type ?? "");
    this.#append(event);
    this.#life = "down";
    this.isDone = this.#isCalmRun;
    // Where little is left to do, little can go wrong.
    if (isUnlucky(this.#world, 4)) this.#world.dice.calm();
  }

  /** Answers an open command, or lets the time come that the loop waits for. */
  #wait(untilMs: number | null): void {
    const world = this.#world;
    if (untilMs !== null && untilMs <= world.nowMs)
      broken("a wait is for something", `until ${untilMs}, and it is ${world.nowMs}`);
    if (this.#open.length === 0) {
      if (untilMs === null) broken("a wait is for something", "nothing is under way");
      // Whoever waits looks again before the date as well: something else may have changed.
      world.nowMs = isUnlucky(world, 3) ? world.nowMs + 60_000 : Math.max(world.nowMs, untilMs);
      return;
    }
    do this.#answer();
    while (this.#open.length > 0 && isUnlucky(world, 4));
  }

  #answer(): void {
    const world = this.#world;
    const [command] = this.#open.splice(world.roll(this.#open.length), 1);
    if (command === undefined) return;
    this.#inbox.push(carryOut(world, this, command));
  }

  /** Into the journal, into the state, and then the commands that follow; killed in between, now and then. */
  #apply(event: LoopEvent): void {
    const commands = this.#append(event);
    if (isUnlucky(this.#world, 120)) return this.#die();
    for (const command of commands) {
      if (command.type === "stop-agents" || command.type === "cancel-judging") continue;
      if (this.#open.some(({ task }) => task === command.task))
        broken("an attempt does one thing at a time", `${command.type} for ${command.task}`);
      this.#open.push(command);
    }
  }

  #append(event: LoopEvent): ReturnType<typeof transition>[1] {
    const { nowMs } = this.#world;
    if (this.#world.told !== null) this.#tell(describe(event));
    this.#tally.events += 1;
    if (event.type === "task-landed") this.#tally.landings += 1;
    this.#journal.push({ event, atMs: nowMs });
    this.books.write(event, nowMs, this.#state);
    const [state, commands] = this.#guard(() => this.#core.transition(this.#state, event, { nowMs }));
    this.#state = state;
    this.books.check(state, commands);
    return commands;
  }

  #guard<Result>(decide: () => Result): Result {
    try {
      return decide();
    } catch (error) {
      if (error instanceof InvariantError) broken("the core expects what happens", error.message);
      throw error;
    }
  }

  #tell(what: string): void {
    const { told, nowMs } = this.#world;
    told?.push(`${new Date(nowMs).toISOString().slice(5, 19)} ${this.name} ${what}`);
  }
}

/** As a run reads it, with what is known to have landed. */
export function queueOf({ tasks, target }: World, landed: World["target"]["landed"]): Queue {
  const inReview = new Map([...target.reviews].map(([task, { branch }]) => [task, branch]));
  const known = { gates: new Set<string>(), agent: "plain", landed, hasChecks: () => false, inReview };
  return checkQueue({ tasks, problems: [] }, known);
}

const hourMs = 3_600_000;

/** Of 24 hours, wherever they begin. */
const dayOf = (nowMs: number): string => `day ${String(Math.floor(nowMs / (24 * hourMs))).padStart(6, "0")}`;

const someLimits = (world: World): RunLimits => ({
  ...someSpendLimits(world),
  wallMsMax: world.roll(6) === 5 ? world.roll(4 * hourMs) : null,
  untilMs: world.roll(6) === 5 ? world.nowMs + world.roll(4 * hourMs) : null,
  tasksMax: world.roll(4) === 3 ? 1 + world.roll(3) : null,
  failuresInARowMax: world.roll(9) || 100,
  day: world.dice.isCalm() ? noSpendLimits : world.settings.day,
});

/** One line for a person who looks for what went wrong. */
function describe(event: LoopEvent): string {
  const { type, ...fields } = event;
  const { task, attempt, ...rest } = { task: "", attempt: 0, ...fields };
  const about = task === "" ? "" : ` ${task}/${attempt}`;
  return `${type}${about} ${type === "attempt-started" ? "" : JSON.stringify(rest)}`.trimEnd();
}
