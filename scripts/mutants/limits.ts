/** Mutants of what keeps attempts, runs and days within their limits. */
import type { Mutant } from "./mutant.ts";

const ledger = "src/core/ledger.ts";
const ledgerTest = "test/core/ledger.test.ts";

export const limitMutants: readonly Mutant[] = [
  {
    name: "unlimited-money",
    removes: "Attempts start although nothing is left of the run or the day.",
    edits: [
      { file: ledger, find: "if (roundDown(max - spent[key]) > 0) return null;", replace: "return null;" },
      { file: ledger, find: "!isSome(freeOf(state, day));", replace: `day === "" && state.run === null;` },
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
    name: "days-without-sum",
    removes: "Each run begins its day anew, whatever others of it have spent.",
    edits: [
      { file: ledger, find: "days.get(day) ?? noAmount", replace: "(days.has(day) ? noAmount : noAmount)" },
    ],
    killedBy: { file: "test/supervisor/limits.test.ts", title: "starts nothing once all runs of a day" },
  },
];
