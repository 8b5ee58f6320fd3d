/** Mutants of what the torture has found: temporary files after a kill, and trouble of the machine's own. */
import type { Mutant } from "./mutant.ts";

const tortureTest = "test/torture/torture.test.ts";
const mendTest = "test/adapters/git/mend-checkouts.test.ts";

export const tortureMutants: readonly Mutant[] = [
  {
    name: "passing-trouble-blamed",
    removes: "A git that could not be started once while a change was composed counts as the change's fault.",
    edits: [
      {
        file: "src/adapters/git/compose.ts",
        find: "  const again = await withFilesOrWhy(git, tree, files);\n",
        replace: "  const again = first as typeof first | TreeSha;\n",
      },
    ],
    killedBy: {
      file: "test/adapters/git/compose.test.ts",
      title: "lands a change although git could not be started once",
    },
  },
  {
    name: "no-descriptors-no-words",
    removes: "Where no file may be opened any more, a git that cannot be started is no error but a defect.",
    edits: [{ file: "src/adapters/git/git.ts", find: "    if (!hasPipes(child)) return;\n", replace: "" }],
    killedBy: { file: tortureTest, title: "keeps all promises when this goes wrong: EMFILE:2:on" },
  },
  {
    name: "starved-gate-is-red",
    removes: "A gate that the machine has no process left for counts as red, and against the task.",
    edits: [
      {
        file: "src/adapters/process/gate-process.ts",
        find: "!exhausted.has(exit.reason)",
        replace: "exhausted.size > 0",
      },
    ],
    killedBy: {
      file: tortureTest,
      title: "loses nothing where there is no process left for the gate of a change",
    },
  },
  {
    name: "broken-landing-is-closed",
    removes: "A landing that breaks off is closed as failed, and no start looks after its checkout any more.",
    edits: [{ file: "src/supervisor/loop.ts", find: " || isLanding(command)", replace: "" }],
    killedBy: {
      file: tortureTest,
      title: "loses nothing where there is no process left for what brings the checkout up to date",
    },
  },
  {
    name: "torn-removal-in-the-way",
    removes: "A directory whose earlier removal was cut short, and begun anew since, is left alone.",
    edits: [
      {
        file: "src/adapters/remove-all.ts",
        find: "  if (!isRenamed) await removeAll(path);\n",
        replace: "",
      },
    ],
    killedBy: {
      file: "test/adapters/remove-all.test.ts",
      title: "removes a directory although an earlier removal of its name was cut short",
    },
  },
  {
    name: "torn-lease-left",
    removes: "What a supervisor leaves that is killed while it takes the lease stays for ever.",
    edits: [
      {
        file: "src/adapters/state/lease-file.ts",
        find: "  sweepDead(file);\n  return {",
        replace: "  return {",
      },
    ],
    killedBy: {
      file: tortureTest,
      title: "keeps all promises when it is killed right after fs.writeSync of state/lease.json.",
    },
  },
  {
    name: "reports-left",
    removes:
      "The folder of a gate's report stays for ever when the supervisor is killed while the gate runs.",
    edits: [{ file: "src/adapters/git/git.ts", find: ' || name === "reports"', replace: "" }],
    killedBy: {
      file: tortureTest,
      title: "keeps all promises when it is killed right after promises.mkdir of state/scratch/reports/",
    },
  },
  {
    name: "torn-pass-left",
    removes:
      "What a supervisor leaves that is killed while it remembers a pass has a name that nobody knows.",
    edits: [
      {
        file: "src/adapters/state/pass-files.ts",
        find: '"pass.partial"',
        replace: "`${process.pid}.partial`",
      },
    ],
    killedBy: {
      file: tortureTest,
      title: "keeps all promises when it is killed right after fs.writeSync of state/passes/",
    },
  },
  {
    name: "living-lock-removed",
    removes: "A lock that a living git may hold is removed.",
    edits: [
      {
        file: "src/adapters/git/stale-locks.ts",
        find: "held.size === 0 || mayBeAtWork(places)",
        replace: "held.size === 0 || places.length > 99",
      },
      {
        file: "src/adapters/git/stale-locks.ts",
        find: "\nfunction mayBeAtWork",
        replace: "\nexport function mayBeAtWork",
      },
    ],
    killedBy: { file: mendTest, title: "leaves a lock alone while a git lives that may hold it" },
  },
  {
    name: "half-checkout-left",
    removes: "What a killed git has already brought up to date in a checkout counts as somebody's changes.",
    edits: [
      {
        file: "src/adapters/git/mend-checkouts.ts",
        find: "    await noteFinished(git, checkout, step);\n",
        replace: "    if (mended.length > 99) await noteFinished(git, checkout, step);\n",
      },
    ],
    killedBy: { file: mendTest, title: "finishes a checkout that a killed git left between two commits" },
  },
  {
    name: "half-landing-refused",
    removes: "A git that was killed between the two refs of a landing counts as a refusal.",
    edits: [
      {
        file: "src/adapters/git/git-target.ts",
        find: '  if (refused !== "") return refused;\n',
        replace: "  if (refused === null || refused.length < 99) return refused;\n",
      },
    ],
    killedBy: { file: mendTest, title: "lands although git was killed before, or between" },
  },
];
