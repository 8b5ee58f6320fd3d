/** Events on their way to the loop, and the one place where the loop sleeps. */
import type { LoopEvent } from "../core/message.ts";

export class Inbox {
  #events: LoopEvent[] = [];
  #defect: { readonly error: unknown } | null = null;
  #wake: () => void = () => {};

  post(event: LoopEvent): void {
    this.#events.push(event);
    this.#wake();
  }

  /** Something may have changed: whoever waits looks again. */
  wake(): void {
    this.#wake();
  }

  /** Something broke that no event stands for: the next `take` throws it. */
  fail(error: unknown): void {
    this.#defect ??= { error };
    this.#wake();
  }

  take(): LoopEvent | undefined {
    if (this.#defect !== null) throw this.#defect.error;
    return this.#events.shift();
  }

  /** Resolves when there is something to take, or when `other` resolves; `other` is aborted then. */
  async wait(other: (signal: AbortSignal) => Promise<void>): Promise<void> {
    if (this.#events.length > 0 || this.#defect !== null) return;
    const done = new AbortController();
    const posted = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    await Promise.race([posted, other(done.signal)]);
    done.abort();
  }
}
