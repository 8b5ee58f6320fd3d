/** Signals to a supervisor: the first drains, the second stops now. */
import type { RunOutcome } from "../core/message.ts";
import type { Loop } from "../supervisor/loop.ts";
import type { Teller } from "./tell.ts";

export async function withSignals(
  loop: Loop,
  teller: Teller,
  work: () => Promise<RunOutcome>,
): Promise<RunOutcome> {
  let count = 0;
  const listen = (signal: "SIGINT" | "SIGTERM"): void => {
    count += 1;
    const outcome = { kind: "signal", signal } as const;
    if (count === 1) teller.say(`${signal}: finishing what runs; once more to stop now`);
    loop.requestStop(count === 1 ? "drain" : "now", outcome);
  };
  process.on("SIGINT", listen);
  process.on("SIGTERM", listen);
  // The terminal is gone, the work is not lost: what runs is finished.
  const hangUp = (): void => listen("SIGTERM");
  process.on("SIGHUP", hangUp);
  try {
    return await work();
  } finally {
    process.off("SIGINT", listen);
    process.off("SIGTERM", listen);
    process.off("SIGHUP", hangUp);
  }
}
