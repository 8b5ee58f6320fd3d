/** Something that is done now and then beside the loop, which does not wait for it. */

export class Errand {
  readonly #everyMs: number;
  readonly #done: () => void;
  #isRunning = false;
  #nextMs = 0;

  /** `done` is called after each. */
  constructor(everyMs: number, done: () => void) {
    this.#everyMs = everyMs;
    this.#done = done;
  }

  /** It is not done any more. */
  stop(): void {
    this.#nextMs = Infinity;
  }

  /** Starts it when it is due. `work` must not reject. Returns in how many milliseconds it will be due. */
  run(nowMs: number, work: () => Promise<void>): number {
    if (this.#isRunning) return Infinity;
    if (nowMs < this.#nextMs) return this.#nextMs - nowMs;
    this.#isRunning = true;
    this.#nextMs = nowMs + this.#everyMs;
    void work().then(() => {
      this.#isRunning = false;
      this.#done();
    });
    return Infinity;
  }
}
