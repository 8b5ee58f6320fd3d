/**
 * How a supervisor is told to stop: by signals, or through its door. Draining first, now when it is told again, and
 * when even that hangs (a disk or a remote that never answers) it leaves at the third signal, as a crash would.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { RunOutcome } from "../core/message.ts";
import { exitStatusOf } from "../core/report.ts";
import { formatDuration } from "../formats/duration.ts";
import type { Loop } from "../supervisor/loop.ts";

/** Whoever asks for the third time waits no longer than this. */
const leaveMsMax = 2_000;

export interface StopOptions {
  /** A drain that takes longer becomes a stop now; null: it may take as long as it takes. */
  readonly graceMs: number | null;
  readonly say: (line: string) => void;
  /** Ends what the supervisor has started, whatever it does itself. */
  readonly endAll: () => Promise<unknown>;
}

export class Stopping implements Disposable {
  readonly #options: StopOptions;
  readonly #now = new AbortController();
  readonly #listeners: readonly (readonly [NodeJS.Signals, () => void])[];
  #loop: Loop | null = null;
  #outcome: RunOutcome | null = null;
  #timer: NodeJS.Timeout | undefined;
  /** Signals, one after the other. */
  #heard = 0;

  constructor(options: StopOptions) {
    this.#options = options;
    const told = (signal: "SIGINT" | "SIGTERM") => (): void => this.#hear(signal);
    this.#listeners = [
      ["SIGINT", told("SIGINT")],
      ["SIGTERM", told("SIGTERM")],
      // The terminal is gone, the work is not lost: what runs is finished. Shell and kernel may tell it both.
      ["SIGHUP", () => this.#outcome === null && this.#hear("SIGTERM")],
    ];
    for (const [signal, listen] of this.#listeners) process.on(signal, listen);
  }

  /** Aborts when everything must stop now. */
  get signal(): AbortSignal {
    return this.#now.signal;
  }

  /** Why it is stopping; null when it is not. */
  get outcome(): RunOutcome | null {
    return this.#outcome;
  }

  /** From here on there is work to finish. */
  attach(loop: Loop): void {
    this.#loop = loop;
    if (this.#outcome !== null) loop.requestStop("now", this.#outcome);
  }

  /** Resolves when the loop knows it. */
  async ask(how: "drain" | "now", outcome: RunOutcome): Promise<void> {
    const isFirst = this.#outcome === null;
    this.#outcome ??= outcome;
    // Nothing is under way yet: there is nothing to finish.
    if (how === "now" || this.#loop === null) this.#now.abort();
    if (isFirst && how === "drain") this.#startGrace();
    await this.#loop?.ask({ type: "stop-requested", how, outcome });
  }

  #hear(signal: "SIGINT" | "SIGTERM"): void {
    this.#heard += 1;
    if (this.#heard > 3) process.exit(exitStatusOf({ kind: "signal", signal }));
    if (this.#heard === 3) return void this.#leave(signal);
    const isFirst = this.#outcome === null;
    if (isFirst)
      this.#options.say(`${signal}: finishing what runs${this.#graceText()}; once more to stop now`);
    void this.ask(isFirst ? "drain" : "now", { kind: "signal", signal });
  }

  async #leave(signal: "SIGINT" | "SIGTERM"): Promise<void> {
    const { say, endAll } = this.#options;
    say(`${signal}: leaving at once, as a crash would; the next start mends what is left`);
    await Promise.race([endAll().catch(() => {}), sleep(leaveMsMax)]);
    process.exit(exitStatusOf({ kind: "signal", signal }));
  }

  #graceText(): string {
    const { graceMs } = this.#options;
    return graceMs === null ? "" : `, for at most ${formatDuration(graceMs)}`;
  }

  #startGrace(): void {
    const { graceMs, say } = this.#options;
    if (graceMs === null) return;
    this.#timer = setTimeout(() => {
      say(`the grace of ${formatDuration(graceMs)} is over`);
      if (this.#outcome !== null) void this.ask("now", this.#outcome);
    }, graceMs);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    for (const [signal, listen] of this.#listeners) process.off(signal, listen);
  }
}
