/** Protections of what is kept: journal, snapshot, recovery, disk. */
import type { Mutant } from "./mutant.ts";

const recovery = "src/core/recovery.ts";
const reader = "src/adapters/state/journal-reader.ts";
const snapshot = "src/formats/state-snapshot.ts";
const fullDiskTest = "test/supervisor/full-disk.test.ts";
const readerTest = "test/adapters/state/journal-reader.test.ts";
const snapshotTest = "test/formats/state-snapshot.test.ts";
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
  {
    name: "snapshot-of-anything",
    removes: "A snapshot counts although the journal's beginning is not what it was taken of.",
    edits: [{ file: reader, find: " && crcOf(descriptor, snapshot.bytes) === snapshot.crc", replace: "" }],
    killedBy: {
      file: readerTest,
      title: "gives the state of a beginning of the journal or none, whatever bits of it are flipped",
    },
  },
  {
    name: "snapshot-damaged",
    removes: "A snapshot whose own digest is wrong counts.",
    edits: [
      {
        file: snapshot,
        find: "if (text !== opening(digestOf(body)) + body + ending) return null;",
        replace: "",
      },
    ],
    killedBy: {
      file: snapshotTest,
      title: "is void with any byte changed, cut off or added, and when another version wrote it",
    },
  },
  {
    name: "snapshot-of-another-version",
    removes: "A snapshot that code with another state wrote counts.",
    edits: [{ file: snapshot, find: " || read.stateVersion !== stateVersion", replace: "" }],
    killedBy: { file: snapshotTest, title: "is void when it says" },
  },
  {
    name: "no-ballast",
    removes: "A full disk is not met with the room that was kept for it.",
    edits: [
      {
        file: "src/adapters/state/journal-file.ts",
        find: "if (trouble === full && makeRoom()) trouble = write(line);",
        replace: "if (trouble === full) makeRoom();",
      },
    ],
    killedBy: {
      file: "test/adapters/state/ballast.test.ts",
      title: "makes room for the line that found the disk full, and for the next ones",
    },
  },
  {
    name: "disk-floor",
    removes: "Attempts start however little room there is.",
    edits: [{ file: "src/core/next.ts", find: "  if (full !== null) return full;\n", replace: "" }],
    killedBy: { file: "test/core/disk.test.ts", title: "starts nothing below the floor" },
  },
  {
    name: "disk-watch",
    removes: "Nobody looks at the disk while agents run.",
    edits: [
      {
        file: "src/supervisor/loop.ts",
        find: "attempts.size > 0 ? diskLookMs : Infinity",
        replace: "attempts.size < 0 ? diskLookMs : Infinity",
      },
    ],
    killedBy: {
      file: fullDiskTest,
      title: "stops agents at once below half of the floor, and the attempt says why and does not count",
    },
  },
  {
    name: "repair-throws-away",
    removes: "What the repair of a journal takes away is kept nowhere.",
    edits: [
      {
        file: "src/adapters/state/journal-repair.ts",
        find: "  writeDurably(asideFile, aside);\n",
        replace: "",
      },
    ],
    killedBy: {
      file: "test/adapters/state/journal-repair.test.ts",
      title: "keeps what stands before broken line",
    },
  },
  {
    name: "lease-of-another-machine",
    removes: "A lease that nobody here can check is taken for dead.",
    edits: [
      {
        file: "src/adapters/state/lease-file.ts",
        find: '  if (where === "other-machine") return true;\n',
        replace: "",
      },
    ],
    killedBy: {
      file: "test/adapters/state/lease-file.test.ts",
      title: "refuses a lease of another machine, where nobody can look from here, with what to do",
    },
  },
];
