/** Protections of deadlines against time in which nobody could keep to them, and against clocks that are set. */
import type { Mutant } from "./mutant.ts";

const file = "test/running-clock.test.ts";

export const clockMutants: readonly Mutant[] = [
  {
    name: "gaps-count",
    removes: "Time in which the supervisor was stopped is taken off what an agent and a gate may use.",
    edits: [{ file: "src/running-clock.ts", find: "lostMs += stoppedMs;", replace: "" }],
    killedBy: {
      file,
      title:
        "kills no agent that printed while the supervisor was stopped, and still one that is silent after it",
    },
  },
  {
    name: "timers-before-pipes",
    removes: "An agent is taken for silent before what it printed is read.",
    edits: [
      {
        file: "src/running-clock.ts",
        find: "if (this.#dueMs > runningClock.nowMs()) return this.#wait();",
        replace: "",
      },
    ],
    killedBy: {
      file,
      title: "hears what an agent printed while the supervisor was busy, before it takes it for silent",
    },
  },
  {
    name: "agent-by-wall-clock",
    removes: "The built-in agent's time is over when somebody sets the clock.",
    edits: [
      {
        file: "src/agent/program.ts",
        find: "runningMs: runningClock.nowMs,",
        replace: "runningMs: Date.now ?? runningClock,",
      },
    ],
    killedBy: { file, title: "leaves the built-in agent its time when the clock is set" },
  },
  {
    name: "long-sleep",
    removes: "Who waits for a date sleeps until it by a timer, whatever the wall clock shows meanwhile.",
    edits: [
      {
        file: "src/adapters/system-clock.ts",
        find: "Math.max(0, ms), sleepMsMax",
        replace: "Math.max(0, ms), 2 ** 31 - 1",
      },
    ],
    killedBy: { file, title: "looks at a date again after a while, however far away it is" },
  },
  {
    name: "retry-in-four-years",
    removes: "A task waits for a date that a wrong clock has set.",
    edits: [
      {
        file: "src/core/backoff.ts",
        find: "notBeforeMs - nowMs > delayMsMax ? 0 : notBeforeMs",
        replace: "nowMs < 0 ? 0 : notBeforeMs",
      },
    ],
    killedBy: {
      file: "test/core/backoff.test.ts",
      title: "A date further away than any delay is no date: the clock was set back since",
    },
  },
];
