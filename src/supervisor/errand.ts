/** Something that is done now and then beside the loop, which does not wait for it. */

/** How often a remote is asked by a daemon that has nothing to do. */
const everyMs = 60_000;

export class Errand {
  readonly #done: () => void;
  #isRunning = false;
  #nextMs = 0;

  /** `done` is called after each. */
  constructor(done: () => void) {
    this.#done = done;
  }

  /** Starts it when it is due. `work` must not reject. Returns in how many milliseconds it will be due. */
  run(nowMs: number, work: () => Promise<void>): number {
    if (this.#isRunning) return Infinity;
    if (nowMs < this.#nextMs) return this.#nextMs - nowMs;
    this.#isRunning = true;
    this.#nextMs = nowMs + everyMs;
    void work().then(() => {
      this.#isRunning = false;
      this.#done();
    });
    return Infinity;
  }
}
