/** Mutants of what keeps a supervisor that runs for weeks as quick and as small as on its first day. */
import type { Mutant } from "./mutant.ts";

const packRefs = "src/adapters/git/pack-refs.ts";
const passFiles = "src/adapters/state/pass-files.ts";
const passTest = "test/adapters/state/pass-files.test.ts";

export const soakMutants: readonly Mutant[] = [
  {
    name: "refs-packed-at-starts-alone",
    removes: "A daemon that is never started again leaves a file for each task that landed.",
    edits: [{ file: packRefs, find: "    await packRefs(git, max).catch(() => null);\n", replace: "" }],
    killedBy: {
      file: "test/adapters/git/pack-refs.test.ts",
      title: "packs once so many have landed in one run, and bears with a lock that somebody holds",
    },
  },
  {
    name: "objects-never-packed",
    removes: "A daemon leaves a dozen files in the repository for each task that landed, for ever.",
    edits: [
      {
        file: "src/supervisor/loop.ts",
        find: "await target.packObjects(this.#stopNow.signal).catch(",
        replace: "await Promise.resolve().catch(",
      },
    ],
    killedBy: {
      file: "test/supervisor/daemon.test.ts",
      title: "packs what its landings left, once git itself would, and goes on landing",
    },
  },
  {
    name: "judged-work-in-a-pack",
    removes: "A person's `git repack -a -d` drops the work that is being judged.",
    edits: [
      {
        file: "src/adapters/git/pack-objects.ts",
        find: "  await writeFile(join(packs, `pack-${packed.stdout.trim()}.keep`), keepText);\n",
        replace: "",
      },
    ],
    killedBy: {
      file: "test/adapters/git/pack-objects.test.ts",
      title: "keeps what no ref reaches for half a day, whatever a person tidies meanwhile",
    },
  },
  {
    name: "tidying-unasked",
    removes: "A person's `gc.auto = 0` is not heeded.",
    edits: [
      {
        file: "src/adapters/git/pack-objects.ts",
        find: "return max > 0 && inOne > perFolder(max);",
        replace: "return inOne > perFolder(max);",
      },
    ],
    killedBy: {
      file: "test/adapters/git/pack-objects.test.ts",
      title: "heeds what a person says of git's own tidying",
    },
  },
  {
    name: "removed-though-not-packed",
    removes: "Where git could not pack, nobody hears of it.",
    edits: [
      {
        file: "src/adapters/git/pack-objects.ts",
        find: '  if (packed.code !== 0) throw failed("packed", packed.stderr);\n',
        replace: "",
      },
    ],
    killedBy: {
      file: "test/adapters/git/pack-objects.test.ts",
      title: "removes nothing where it could not pack, or was ended",
    },
  },
  {
    name: "passes-for-ever",
    removes: "The folder of remembered passes grows with every landing.",
    edits: [
      { file: passFiles, find: "        if (count > max) count = forgetOldest(folder, max);\n", replace: "" },
    ],
    killedBy: {
      file: passTest,
      title: "forgets the passes that nobody asked for the longest, and keeps an old one that is asked for",
    },
  },
  {
    name: "wanted-passes-forgotten",
    removes: "A pass that is asked for at every task is forgotten by its age.",
    edits: [{ file: passFiles, find: "        touch(fileOf(key));\n", replace: "" }],
    killedBy: {
      file: passTest,
      title: "forgets the passes that nobody asked for the longest, and keeps an old one that is asked for",
    },
  },
  {
    name: "queue-of-yesterday",
    removes: "What has landed meanwhile does not change which tasks can start.",
    edits: [{ file: "src/core/queue.ts", find: "last?.landedNow === landedNow && last.", replace: "last?." }],
    killedBy: {
      file: "test/core/queue.test.ts",
      title: "is worked out once for the same tasks, and anew as soon as one has landed or is in review",
    },
  },
  {
    name: "only-the-first-difference",
    removes:
      "Of two changes in one folder only the first is seen: guard and landing know nothing of the others.",
    edits: [
      {
        file: "src/adapters/git/object-tree.ts",
        find: "while (last < most - first && isSame(olds - 1 - last, news - 1 - last)) last += 1;",
        replace: "last = Math.max(0, most - first - 1);",
      },
    ],
    killedBy: {
      file: "test/adapters/git/object-tree.test.ts",
      title: "finds what changed in a long folder, wherever it lies, and whatever the names look like",
    },
  },
];
