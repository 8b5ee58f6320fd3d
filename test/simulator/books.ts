/** What a supervisor must keep to, reckoned from its journal alone and not from the state that is tried here. */
import type { CommitSha, TaskId } from "../../src/core/ids.ts";
import { amountOf } from "../../src/core/ledger.ts";
import type {
  AgentStop,
  Amount,
  AttemptCommand,
  Command,
  LoopEvent,
  RunLimits,
} from "../../src/core/message.ts";
import type { LoopState } from "../../src/core/state.ts";
import { noRunLimits } from "../core/driver.ts";
import { broken } from "./broken.ts";
import type { Settings } from "./world.ts";

type EventOf<Type extends LoopEvent["type"]> = Extract<LoopEvent, { type: Type }>;

interface RunBooks {
  readonly limits: RunLimits;
  readonly spent: Spent;
  startedMs: number;
  /** Landed, in review or given up. */
  readonly done: Set<TaskId>;
  readonly landed: Set<TaskId>;
  failuresInARow: number;
}

interface TaskBooks {
  text: string;
  lastAttempt: number;
  rejections: number;
  lastFailure: string;
  notBeforeMs: number;
  rounds: number;
  handOffs: number;
  isWorking: boolean;
  day: string;
  reserved: Amount;
  readonly used: Spent;
  /** As it was taken off run and day. */
  readonly counted: Spent;
}

/** At least so much, by what agents told and by what nobody can know. */
type Spent = { -readonly [Key in keyof Amount]: number };
const keys = ["usd", "tokens", "turns"] as const;
const nothing = (): Spent => ({ usd: 0, tokens: 0, turns: 0 });

const noRun: RunBooks = {
  limits: noRunLimits,
  spent: nothing(),
  startedMs: 0,
  done: new Set(),
  landed: new Set(),
  failuresInARow: 0,
};

const agentWorks: ReadonlySet<string> = new Set(["start-agent", "return-evidence", "hand-over"]);
/** Of sums of binary fractions. */
const rest = 1e-5;
const weekMs = 7 * 24 * 3_600_000;
const retryMsMax = 5 * 60_000;
const handOffsMax = 3;

export class Books {
  readonly #settings: Settings;
  readonly #tasks = new Map<TaskId, TaskBooks>();
  /** What it did to the target, and has not written down. */
  readonly #untold = new Map<TaskId, { readonly commit: CommitSha; isLost: boolean }>();
  #run: RunBooks = noRun;
  #notBeforeMs = 0;
  /** The task whose attempt asked first after a wait: its answer ends that, wherever the clock is set. */
  #asks: TaskId | null = null;
  /** Whether somebody has asked since the date: then it was over, wherever the clock is set. */
  #isOver = false;
  readonly #days = new Map<string, Spent>();

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  hasLanded(task: TaskId, commit: CommitSha): void {
    this.#untold.set(task, { commit, isLost: false });
  }

  /** The news of it is lost, or people have taken it away meanwhile: it need not be told. */
  loseNews(task: TaskId): void {
    const news = this.#untold.get(task);
    if (news !== undefined) news.isLost = true;
  }

  /** The state directory is gone: numbers are known from the refs alone. */
  forget(kept: ReadonlyMap<TaskId, number>): void {
    this.#tasks.clear();
    this.#untold.clear();
    this.#run = noRun;
    this.#notBeforeMs = 0;
    this.#days.clear();
    for (const [task, number] of kept) this.#of(task).lastAttempt = number;
  }

  /** An event is in the journal. */
  write(event: LoopEvent, nowMs: number, before: LoopState): void {
    switch (event.type) {
      case "run-started":
        this.#run = this.#openRun({ ...noRunLimits, ...event.limits }, nowMs);
        return;
      case "attempt-started":
        return this.#start(event, nowMs, before);
      case "give-up-started":
        if (before.stopping !== null) broken("nothing starts while stopping", `giving up ${event.task}`);
        return;
      case "agent-stopped":
        return this.#charge(event, nowMs);
      case "attempt-interrupted":
      case "command-failed":
        // It was cut off, and nobody heard what it used.
        if (this.#of(event.task).isWorking) this.#count(this.#of(event.task), keys);
        this.#of(event.task).isWorking = false;
        return;
      case "attempt-rejected":
        return this.#reject(event, nowMs);
      case "task-landed":
      case "review-opened":
        return this.#land(event);
      case "task-blocked":
        return this.#giveUp(event);
      case "state-recovered":
        for (const { task } of event.landed) this.#settle(task);
        return;
      case "run-ended":
        for (const [task, { commit, isLost }] of this.#untold)
          if (!isLost) broken("what landed is in the journal", `${task} landed as ${commit}`);
        this.#untold.clear();
        this.#run = noRun;
        return;
      default:
    }
  }

  /** What follows from the event. */
  check(state: LoopState, commands: readonly Command[]): void {
    this.#checkPlaces(state);
    for (const command of commands) {
      if (agentWorks.has(command.type) && "task" in command) this.#of(command.task).isWorking = true;
      if (command.type === "return-evidence") this.#returnEvidence(command, state);
      else if (command.type === "hand-over" && (this.#of(command.task).handOffs += 1) > handOffsMax)
        broken("limits hold", `${command.task} is handed over ${handOffsMax + 1} times`);
      else if (command.type === "start-agent" && state.stopping !== null)
        broken("nothing starts while stopping", `an agent at ${command.task}`);
    }
  }

  #checkPlaces({ attempts }: LoopState): void {
    let landing = 0;
    let composing = 0;
    let judging = 0;
    for (const { phase } of attempts.values()) {
      if (phase === "landing") landing += 1;
      if (phase === "composing") composing += 1;
      if (phase === "judging") judging += 1;
    }
    if (landing > 1) broken("one lands at a time", `${landing} are landing`);
    if (composing > 1) broken("one is composed at a time", `${composing} are composed`);
    if (judging > this.#settings.judgingMax) broken("limits hold", `${judging} are judged at once`);
    if (attempts.size > this.#settings.concurrency)
      broken("limits hold", `${attempts.size} attempts are open`);
  }

  #returnEvidence({ task }: AttemptCommand, { stopping }: LoopState): void {
    const books = this.#of(task);
    books.rounds += 1;
    if (books.rounds > this.#settings.roundsMax)
      broken("limits hold", `${task} goes into round ${books.rounds}`);
    if (stopping?.how === "now") broken("nothing starts while stopping", `a round of ${task}`);
    if (this.#isSpent(books.day)) broken("limits hold", `a round of ${task} starts, and all is spent`);
  }

  #start(event: EventOf<"attempt-started">, nowMs: number, before: LoopState): void {
    const { task, attempt, text } = event;
    const books = this.#of(task);
    if (attempt <= books.lastAttempt) broken("no attempt has the number of another", `${task}/${attempt}`);
    if (before.stopping !== null) broken("nothing starts while stopping", `${task}/${attempt}`);
    if (nowMs < this.#notBeforeMs) broken("a wait is over at its date", `${task}/${attempt} starts early`);
    this.#asks = task;
    this.#isOver = true;
    // Given up and then edited: it is open again.
    this.#run.done.delete(task);
    books.lastAttempt = attempt;
    books.rounds = 0;
    books.handOffs = 0;
    if (books.text !== text) Object.assign(books, { text, rejections: 0, notBeforeMs: 0 });
    // Further away than any delay: the clock was set back meanwhile.
    if (nowMs < books.notBeforeMs && books.notBeforeMs - nowMs <= retryMsMax)
      broken("a wait is over at its date", `${task}/${attempt} is tried again early`);
    if (books.rejections >= this.#settings.attemptsMax)
      broken("limits hold", `${task}/${attempt} is one too many`);
    this.#checkRun(task, nowMs);
    this.#reserve(books, event);
  }

  #reserve(
    books: TaskBooks,
    { task, limits, reserved = amountOf(limits), day = "" }: EventOf<"attempt-started">,
  ): void {
    if (this.#isSpent(day)) broken("limits hold", `${task} starts, and all is spent`);
    const { limits: ofRun, spent } = this.#run;
    const today = this.#ofDay(day);
    const [runMax, dayMax] = [amountOf(ofRun), amountOf(ofRun.day)];
    for (const key of keys) {
      const left = Math.min(runMax[key] - spent[key], dayMax[key] - today[key], amountOf(limits)[key]);
      if (reserved[key] > left + rest || reserved[key] <= 0)
        broken("limits hold", `${task} reserves ${reserved[key]} ${key}, and ${left} is left`);
    }
    Object.assign(books, { day, reserved, used: nothing(), counted: nothing() });
  }

  #checkRun(task: TaskId, nowMs: number): void {
    const { limits, done, failuresInARow } = this.#run;
    if (this.#run === noRun) broken("nothing starts outside a run", task);
    if (limits.wallMsMax !== null && nowMs >= this.#run.startedMs + limits.wallMsMax)
      broken("limits hold", `${task} starts after limits.run.wall`);
    if (limits.untilMs !== null && nowMs >= limits.untilMs)
      broken("limits hold", `${task} starts after limits.run.until`);
    if (limits.tasksMax !== null && done.size >= limits.tasksMax)
      broken("limits hold", `${task} starts after limits.run.tasks`);
    if (failuresInARow >= limits.failuresInARowMax)
      broken("limits hold", `${task} starts after ${failuresInARow} failures`);
  }

  #openRun(limits: RunLimits, startedMs: number): RunBooks {
    return { limits, spent: nothing(), startedMs, done: new Set(), landed: new Set(), failuresInARow: 0 };
  }

  #ofDay(day: string): Spent {
    const known = this.#days.get(day) ?? nothing();
    this.#days.set(day, known);
    return known;
  }

  #isSpent(day: string): boolean {
    const { limits, spent } = this.#run;
    const today = this.#ofDay(day);
    const [ofRun, ofDay] = [amountOf(limits), amountOf(limits.day)];
    return keys.some((key) => spent[key] >= ofRun[key] || today[key] >= ofDay[key]);
  }

  #charge({ task, stop, usage }: EventOf<"agent-stopped">, nowMs: number): void {
    const books = this.#of(task);
    books.isWorking = false;
    books.used.usd += usage.usd ?? 0;
    books.used.tokens += usage.inputTokens + usage.outputTokens;
    books.used.turns += usage.turns;
    const isTold = usage.usd !== null || usage.turns > 0;
    const hasAnswered = !["not-started", "limited", "unreachable", "refused"].includes(stop.kind);
    this.#count(books, usage.usd === null && (isTold || hasAnswered) ? (isTold ? ["usd"] : keys) : []);
    const isUnanswered = unanswered.has(stop.kind);
    if (this.#asks === task && !isUnanswered) this.#notBeforeMs = 0;
    if (isUnanswered) this.#asks = null;
    if (stop.kind === "limited" || stop.kind === "unreachable") this.#wait(waitOf(stop, nowMs));
  }

  /** A new wait takes the place of one that was over. */
  #wait(untilMs: number): void {
    this.#notBeforeMs = Math.max(this.#isOver ? 0 : this.#notBeforeMs, untilMs);
    this.#isOver = false;
  }

  /** `unknown`: what nobody can know counts as the whole reservation. */
  #count({ day, reserved, used, counted }: TaskBooks, unknown: readonly (keyof Amount)[]): void {
    for (const key of keys) {
      const all = Math.max(counted[key], used[key], unknown.includes(key) ? reserved[key] : 0);
      this.#run.spent[key] += all - counted[key];
      this.#ofDay(day)[key] += all - counted[key];
      counted[key] = all;
    }
  }

  #reject({ task, failure }: EventOf<"attempt-rejected">, nowMs: number): void {
    const books = this.#of(task);
    books.rejections += 1;
    books.lastFailure = failure.kind;
    const isBrokenDown = failure.kind === "crashed" || failure.kind === "stalled";
    books.notBeforeMs = isBrokenDown ? nowMs + 2_000 : 0;
  }

  #land({ task, commit }: EventOf<"task-landed" | "review-opened">): void {
    if (this.#untold.get(task)?.commit !== commit)
      broken("what the journal says has landed has landed", `${task} as ${commit}`);
    this.#settle(task);
    this.#run.done.add(task);
    this.#run.failuresInARow = 0;
    this.#run.landed.add(task);
    if (this.#run.limits.tasksMax !== null && this.#run.landed.size > this.#run.limits.tasksMax)
      broken("limits hold", `${task} lands beyond limits.run.tasks`);
  }

  #giveUp({ task, commit }: EventOf<"task-blocked">): void {
    if (commit !== null && this.#untold.get(task)?.commit !== commit)
      broken("what the journal says has landed has landed", `the record of ${task} as ${commit}`);
    this.#untold.delete(task);
    const books = this.#of(task);
    // Whether it is tried again in another run is up to the status in the file.
    books.rejections = 0;
    this.#run.done.add(task);
    if (books.lastFailure !== "question") this.#run.failuresInARow += 1;
  }

  #settle(task: TaskId): void {
    this.#untold.delete(task);
    const books = this.#of(task);
    books.rejections = 0;
    // Done for good: whoever wants it again asks for a new one.
    if (this.#settings.mode === "target") this.#tasks.delete(task);
  }

  #of(task: TaskId): TaskBooks {
    const known = this.#tasks.get(task);
    if (known !== undefined) return known;
    const books = {
      text: "",
      lastAttempt: 0,
      rejections: 0,
      lastFailure: "",
      notBeforeMs: 0,
      rounds: 0,
      handOffs: 0,
      isWorking: false,
      day: "",
      reserved: nothing(),
      used: nothing(),
      counted: nothing(),
    };
    this.#tasks.set(task, books);
    return books;
  }
}

const unanswered: ReadonlySet<string> = new Set([
  "limited",
  "unreachable",
  "refused",
  "not-started",
  "stopped",
]);

/** A date in a schedule; one years away is a mistake. How long one without a date is waited for is not told here. */
function waitOf(stop: AgentStop, nowMs: number): number {
  return stop.kind === "limited" ? Math.min(stop.resetsAtMs ?? 0, nowMs + weekMs) : 0;
}
