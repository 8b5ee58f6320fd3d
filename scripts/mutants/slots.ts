/** Mutants of what makes a directory that is used again as good as a fresh one, and of kept dependencies. */
import type { Mutant } from "./mutant.ts";

const slots = "src/adapters/git/slots.ts";
const dependencies = "src/adapters/process/dependencies.ts";
const slotsTest = "test/adapters/git/slots.test.ts";
const keptTest = "test/adapters/process/kept.test.ts";

export const slotMutants: readonly Mutant[] = [
  {
    name: "agents-directory-becomes-a-checkout",
    removes: "Gates may run where an agent was.",
    edits: [
      {
        file: "src/adapters/git/git-workspaces.ts",
        find: "const checkouts = createSlotPool(git, folder);",
        replace: "const checkouts = workspaces;",
      },
    ],
    killedBy: {
      file: slotsTest,
      title: "never makes a gate checkout of a directory in which an agent was",
    },
  },
  {
    name: "left-over-files",
    removes: "What the last one left in a directory stays for the next.",
    edits: [{ file: slots, find: `[...found.foreign, ".git"]`, replace: `[".git"]` }],
    killedBy: {
      file: slotsTest,
      title: "files and folders left over, the next directory is as a fresh one",
    },
  },
  {
    name: "rewritten-files",
    removes: "A file that was rewritten in its old length and with its old time is taken for untouched.",
    edits: [
      {
        file: "src/adapters/manifest.ts",
        find: "entry.ctimeMs === stats.ctimeMs && entry.mtimeMs",
        replace: "entry.mtimeMs",
      },
    ],
    killedBy: {
      file: slotsTest,
      title: "a file rewritten in the same length with its old time, the next directory is as a fresh one",
    },
  },
  {
    name: "old-git-directory",
    removes: "The `.git` that the last one left is the next one's.",
    edits: [{ file: slots, find: `[...found.foreign, ".git"]`, replace: "found.foreign" }],
    killedBy: { file: slotsTest, title: "a .git that was written to, the next directory is as a fresh one" },
  },
  {
    name: "directory-still-in-use",
    removes: "A directory is used again while a process is at home in it.",
    edits: [{ file: slots, find: "if (!isFolderInUse(used.home)) {", replace: `if (used.home !== "") {` }],
    killedBy: { file: slotsTest, title: "does not use a directory again while a process is at home in it" },
  },
  {
    name: "open-files-ignored",
    removes: "A directory is used again while a process has a file of it open.",
    edits: [
      {
        file: "src/adapters/process/open-folders.ts",
        find: "return readdirSync(`/proc/${pid}/fd`);",
        replace: "return readdirSync(`/proc/${pid}/fd`).slice(0, 0);",
      },
    ],
    killedBy: {
      file: slotsTest,
      title: "does not use a directory again while a process has a file of it open",
    },
  },
  {
    name: "poisoned-dependencies",
    removes: "Kept dependencies are not verified before each use.",
    edits: [
      {
        file: dependencies,
        find: "const how = await mendKept(kept, directory, { stored, isMendable });",
        replace: `const how = kept.roots.length > 0 ? "clean" : await mendKept(kept, directory, { stored, isMendable });`,
      },
    ],
    killedBy: {
      file: keptTest,
      title: "a file rewritten in the same length with its old time, the next use is as the first",
    },
  },
  {
    name: "poisoned-store",
    removes: "What somebody wrote to the store of dependencies is believed.",
    edits: [
      {
        file: dependencies,
        find: "if (found !== null && found.foreign.length === 0 && found.lost.length === 0) return true;",
        replace: "if (found !== undefined) return true;",
      },
    ],
    killedBy: { file: keptTest, title: "makes dependencies anew when somebody wrote to the store" },
  },
];
