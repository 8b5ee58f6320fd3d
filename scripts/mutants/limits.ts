/** Mutants of what keeps attempts, runs and days within their limits. */
import type { Mutant } from "./mutant.ts";

const ledger = "src/core/ledger.ts";
const overBudget = "src/core/over-budget.ts";
const ledgerTest = "test/core/ledger.test.ts";
const waiting = "src/core/waiting.ts";
const waitingTest = "test/core/waiting.test.ts";

export const limitMutants: readonly Mutant[] = [
  {
    name: "unlimited-money",
    removes: "Attempts start although nothing is left of the run or the day.",
    edits: [
      { file: ledger, find: "if (roundDown(left - tooLittle) > 0) return null;", replace: "return null;" },
      {
        file: ledger,
        find: "!isSome(map((key) => free[key] - tooLittleOf(state)[key]));",
        replace: `day === "" && free.usd === 0;`,
      },
    ],
    killedBy: { file: ledgerTest, title: "no attempt starts without something reserved of everything" },
  },
  {
    name: "nothing-reserved",
    removes: "Open attempts reserve nothing: several of them may spend the same money.",
    edits: [{ file: ledger, find: "if (isOver || isLastRound) return", replace: "return" }],
    killedBy: { file: ledgerTest, title: "what is left of the run, less what open attempts hold" },
  },
  {
    name: "unknown-price-free",
    removes: "An attempt whose price nobody knows costs nothing.",
    edits: [{ file: ledger, find: "unknown.includes(key) ? account.reserved[key] : 0", replace: "0" }],
    killedBy: { file: ledgerTest, title: "as its whole reservation where it told no price" },
  },
  {
    name: "killed-work-free",
    removes: "What an agent used before its supervisor was killed costs nothing.",
    edits: [
      {
        file: "src/core/attempt-step.ts",
        find: `at.attempt.phase === "working" ? chargeAll(at) : settleOwed`,
        replace: "settleOwed",
      },
    ],
    killedBy: { file: "test/supervisor/limits.test.ts", title: "counts the whole reservation of an attempt" },
  },
  {
    name: "rests-blamed",
    removes: "A task fails for what others had left of the run.",
    edits: [{ file: overBudget, find: "if (rests.length > 0) {", replace: "if (rests.length > 9) {" }],
    killedBy: {
      file: "test/supervisor/limits.test.ts",
      title: "blames no task for what was left of the run",
    },
  },
  {
    name: "rests-tried-for-ever",
    removes: "An attempt that a rest is too little for is started with it again and again.",
    edits: [
      {
        file: overBudget,
        find: "noteTooLittle(at.state, reserved, rests)",
        replace: "noteTooLittle(at.state, reserved, [])",
      },
    ],
    killedBy: {
      file: "test/core/over-budget.test.ts",
      title: "starts nothing more in this run",
    },
  },
  {
    name: "days-without-sum",
    removes: "Each run begins its day anew, whatever others of it have spent.",
    edits: [
      { file: ledger, find: "days.get(day) ?? noAmount", replace: "(days.has(day) ? noAmount : noAmount)" },
    ],
    killedBy: { file: "test/supervisor/limits.test.ts", title: "starts nothing once all runs of a day" },
  },
  {
    name: "waits-forgotten",
    removes: "A usage limit that was met is not waited for.",
    edits: [{ file: waiting, find: "if (nowMs < wait.untilMs) return wait.untilMs;", replace: "" }],
    killedBy: { file: waitingTest, title: "no attempt starts before a wait of its agent has ended" },
  },
  {
    name: "all-ask-at-once",
    removes: "After a wait all attempts start together, before the model has answered one.",
    edits: [{ file: waiting, find: "isProbing(state, wait) ? Infinity : 0", replace: "0" }],
    killedBy: { file: waitingTest, title: "one attempt goes first" },
  },
  {
    name: "past-dates-believed",
    removes: "A limit whose date is past or missing is asked again at once, and again.",
    edits: [{ file: waiting, find: "isTrusted ? 0 :", replace: "isTrusted || tries > 0 ? 0 :" }],
    killedBy: { file: waitingTest, title: "whose date is" },
  },
  {
    name: "outages-end-never",
    removes: "A model that cannot be reached for a day is waited for all the same.",
    edits: [{ file: waiting, find: "nowMs - sinceMs >= outageEndsRunMs", replace: "nowMs < sinceMs" }],
    killedBy: { file: waitingTest, title: "of a day ends the run" },
  },
  {
    name: "refusal-drains",
    removes: "After a refused login the other agents go on being refused.",
    edits: [
      {
        file: "src/core/move.ts",
        find: `requestStop(at.state, "now", outcome)`,
        replace: `requestStop(at.state, "drain", outcome)`,
      },
    ],
    killedBy: { file: waitingTest, title: "stops everything at once" },
  },
  {
    name: "windows-ignored",
    removes: "Attempts start outside of `limits.window`.",
    edits: [
      {
        file: "src/core/next.ts",
        find: "if (opensAtMs === null) return null;",
        replace: "if (opensAtMs !== 0) return null;",
      },
    ],
    killedBy: { file: waitingTest, title: "no attempt starts outside a window" },
  },
  {
    name: "standstill-goes-on",
    removes: "A task whose attempts bring nothing new uses up all its attempts.",
    edits: [
      {
        file: "src/core/give-up.ts",
        find: "last.length === strikesMax &&",
        replace: "last.length > strikesMax &&",
      },
    ],
    killedBy: { file: "test/core/give-up.test.ts", title: "after two attempts in a row" },
  },
  {
    name: "output-unlimited",
    removes: "An agent may print without end.",
    edits: [
      {
        file: "src/adapters/process/process-group.ts",
        find: "bytesPrinted > outputBytesMax",
        replace: "bytesPrinted < 0",
      },
    ],
    killedBy: {
      file: "test/supervisor/waiting.test.ts",
      title: "ends an agent that prints more than it may",
    },
  },
];
