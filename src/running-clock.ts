/**
 * Time in which this process ran: it stands still while the process is stopped or the machine sleeps.
 *
 * Whatever is allowed to another process is counted by it. A supervisor that goes on after ten minutes finds its timers
 * over before it has read what was printed meanwhile; by this clock they are not over.
 */
import { uptime } from "node:os";

/** The machine's clocks, each from a beginning of its own. */
export interface Clocks {
  /** Never set by anybody. On Linux it stands still while the machine sleeps, elsewhere it may go on. */
  readonly monotonicMs: () => number;
  /** Goes on while the machine sleeps. */
  readonly bootMs: () => number;
  /** People and time servers set it, forwards and backwards. */
  readonly wallMs: () => number;
}

export interface RunningClock {
  readonly nowMs: () => number;
  /** Compares the clocks; called at every beat. */
  readonly beat: () => void;
  /** Hears of each gap, and of each time that the wall clock is set, in words for people. */
  readonly listen: (hear: (notice: string) => void) => void;
}

const beatMs = 1_000;
/** A beat that is later than this did not wait for a busy machine. */
const gapMsMin = 5_000;
/** Less is a time server's daily work. */
const setMsMin = 30_000;

export function createRunningClock({ monotonicMs, bootMs, wallMs }: Clocks): RunningClock {
  const read = () => ({ monotonicMs: monotonicMs(), bootMs: bootMs(), wallMs: wallMs() });
  let last = read();
  let lostMs = 0;
  let hear: ((notice: string) => void) | null = null;
  const beat = (): void => {
    const now = read();
    const passedMs = now.monotonicMs - last.monotonicMs;
    const lateMs = passedMs - beatMs;
    const stoppedMs = lateMs >= gapMsMin ? lateMs : 0;
    const sleptMs = Math.max(0, now.bootMs - last.bootMs - passedMs);
    const setMs = now.wallMs - last.wallMs - passedMs - sleptMs;
    last = now;
    lostMs += stoppedMs;
    const gapMs = stoppedMs + sleptMs;
    if (gapMs >= gapMsMin)
      hear?.(`noticed a gap of ${spanText(gapMs)}: the machine slept, or the supervisor was stopped`);
    if (Math.abs(setMs) >= setMsMin)
      hear?.(
        `noticed that the clock was set ${setMs > 0 ? "forward" : "back"} by ${spanText(Math.abs(setMs))}`,
      );
  };
  return {
    nowMs() {
      // A deadline may be looked at before the beat that is late, too.
      if (monotonicMs() - last.monotonicMs >= beatMs + gapMsMin) beat();
      return monotonicMs() - lostMs;
    },
    beat,
    listen: (listener) => void (hear = listener),
  };
}

function spanText(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  if (ms < 60_000) return `${Math.round(ms / 1_000)} s`;
  if (minutes < 60) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h${minutes % 60 === 0 ? "" : ` ${minutes % 60} min`}`;
}

export const runningClock: RunningClock = createRunningClock({
  monotonicMs: () => performance.now(),
  bootMs: () => uptime() * 1_000,
  wallMs: Date.now,
});
setInterval(runningClock.beat, beatMs).unref();

/** Longer ones would fire at once. */
const timerMsMax = 2 ** 31 - 1;

/** Acts once so much running time has passed, unless it is cleared before. */
export class Deadline {
  readonly #act: () => void;
  #dueMs = Infinity;
  #timer: NodeJS.Timeout | undefined;
  #turn: NodeJS.Immediate | undefined;

  constructor(act: () => void) {
    this.#act = act;
  }

  /** Begins, or begins again; `Infinity` for no deadline at all. */
  start(ms: number): void {
    const dueMs = runningClock.nowMs() + ms;
    // Whoever puts it off with every byte that comes does not need a new timer each time.
    const isPutOff = dueMs >= this.#dueMs && (this.#timer !== undefined || this.#turn !== undefined);
    if (!isPutOff) this.clear();
    this.#dueMs = dueMs;
    if (!isPutOff) this.#wait();
  }

  /** Returns the milliseconds that were left. */
  clear(): number {
    const leftMs = this.#dueMs - runningClock.nowMs();
    clearTimeout(this.#timer);
    clearImmediate(this.#turn);
    this.#timer = undefined;
    this.#turn = undefined;
    this.#dueMs = Infinity;
    return leftMs;
  }

  #wait(): void {
    const leftMs = this.#dueMs - runningClock.nowMs();
    if (leftMs === Infinity) return;
    this.#timer = setTimeout(() => this.#look(), Math.min(Math.max(1, leftMs), timerMsMax));
  }

  /** Timers fire before pipes are read: what came in time is heard first. */
  #look(): void {
    this.#timer = undefined;
    this.#turn = setImmediate(() => {
      this.#turn = undefined;
      if (this.#dueMs > runningClock.nowMs()) return this.#wait();
      this.#dueMs = Infinity;
      this.#act();
    });
  }
}
