/** Protections of what is kept: journal, snapshot, recovery, disk. */
import type { Mutant } from "./mutant.ts";

const recovery = "src/core/recovery.ts";
const recoveryTest = "test/core/recovery.test.ts";

export const crashMutants: readonly Mutant[] = [
  {
    name: "journal-beats-git",
    removes: "A landing that the journal tells and git does not have stays told.",
    edits: [
      {
        file: recovery,
        find: "(task) => !facts.landed.has(task));",
        replace: "(task) => task === undefined);",
      },
    ],
    killedBy: {
      file: recoveryTest,
      title: "believes git that a task has not landed, although the journal of the open run says so",
    },
  },
  {
    name: "interrupted-in-releasing",
    removes: "An attempt that had ended before the crash is ended once more.",
    edits: [{ file: recovery, find: `if (phase === "releasing") return [released];`, replace: "" }],
    killedBy: {
      file: recoveryTest,
      title: "interrupts no attempt that had ended before",
    },
  },
];
