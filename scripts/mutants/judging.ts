/** Mutants of what makes a verdict: which tree is judged, by which gates, and whether the task was done. */
import type { Mutant } from "./mutant.ts";

const judge = "src/supervisor/judge.ts";
const gating = "src/supervisor/gating.ts";
const cheatingTest = "test/supervisor/cheating.test.ts";

export const judgingMutants: readonly Mutant[] = [
  {
    name: "claims-believed",
    removes: "Work that its agent calls complete is accepted without a gate.",
    edits: [
      {
        file: "src/supervisor/attempt.ts",
        find: "  // A record says that the task was not done: there is nothing to prove.\n",
        replace: `  if (!isRecord && attempt.claim?.status === "complete")
    return { type: "verdict-reached", verdict: { kind: "accept", candidate: command.candidate, gates: [] } };
`,
      },
    ],
    killedBy: { file: cheatingTest, title: "lands nothing of an agent that breaks-a-test" },
  },
  {
    name: "judges-the-agents-own-tree",
    removes: "The gates run on what the agent left, and not on what it becomes on the newest tip.",
    edits: [
      {
        file: judge,
        find: "  const { candidate } = composed;\n",
        replace:
          "  const { candidate } = composed;\n  Object.assign(scope.judging, { own: landing.change });\n",
      },
      {
        file: judge,
        find: "const order = { commit: candidate.commit, gates,",
        replace: `const order = { commit: Reflect.get(scope.judging, "own") ?? candidate.commit, gates,`,
      },
    ],
    killedBy: {
      file: "test/supervisor/target.test.ts",
      title: "does not land a change that is green alone and red with a person's commit",
    },
  },
  {
    name: "red-is-accepted",
    removes: "A red gate does not end the judging.",
    edits: [
      {
        file: judge,
        find: `    return rejected(failure, gating.results, gates);\n`,
        replace: `    Object.assign(gating, { kind: "green", flakes: [], failure });\n`,
      },
    ],
    killedBy: { file: cheatingTest, title: "lands nothing of an agent that breaks-a-test" },
  },
  {
    name: "passes-of-other-gates",
    removes: "A pass is remembered by the gate's name, whatever the gate ran.",
    edits: [
      {
        file: gating,
        find: "JSON.stringify([name, run, report, reportFile, timeoutMs, redBaseline]),",
        replace: "name,",
      },
    ],
    killedBy: {
      file: "test/supervisor/remembering.test.ts",
      title: "runs a gate again when it is defined otherwise",
    },
  },
  {
    name: "passes-of-other-trees",
    removes: "A pass is remembered whatever tree it was reached on.",
    edits: [{ file: gating, find: `    "gate",\n    tree,\n`, replace: `    "gate",\n` }],
    killedBy: {
      file: "test/supervisor/target.test.ts",
      title: "stops when a person's commit makes the target red",
    },
  },
  {
    name: "passes-of-other-environments",
    removes: "A pass is remembered whatever the environment and the tools were.",
    edits: [{ file: gating, find: "    ports.gates.environmentDigest(gate),\n", replace: "" }],
    killedBy: {
      file: "test/supervisor/remembering.test.ts",
      title:
        "runs a gate again when a variable that it names has another value, or its dependencies are made otherwise",
    },
  },
  {
    name: "export-ignore-obeyed",
    removes: "Checkouts are laid out by `git archive`, from which a change can leave out files.",
    edits: [
      {
        file: "src/adapters/git/slots.ts",
        find: `await git.run(["read-tree", "--reset", "-u", commit], { workTree: tree, index: file });`,
        replace: `await git.run(["archive", "-o", \`\${tree}.tar\`, commit]);
        process.getBuiltinModule("node:child_process").execFileSync("tar", ["-xf", \`\${tree}.tar\`, "-C", tree]);
        await git.run(["read-tree", commit], { index: file });`,
      },
    ],
    killedBy: {
      file: "test/adapters/git/git-workspaces.test.ts",
      title:
        "leaves out ignored files, takes tracked ones that are ignored, and drops nothing at export-ignore",
    },
  },
  {
    name: "changed-checkout-counts",
    removes: "A result counts although the gates changed the files that they judged.",
    edits: [{ file: gating, find: "(isVoid ? changedReason(changed) : null)", replace: "null" }],
    killedBy: {
      file: "test/supervisor/stopping.test.ts",
      title: "is told of a gate that cannot work here, at once and before an agent starts",
    },
  },
  {
    name: "void-is-repeated",
    removes: "Where one gate changed the checkout and another was red, only the red one is asked again.",
    edits: [{ file: gating, find: "  if (red.isVoid === true) return false;\n", replace: "" }],
    killedBy: {
      file: "test/supervisor/flaking.test.ts",
      title: "repeats nothing where a gate changed the checkout: what the others said is void, too",
    },
  },
  {
    name: "failed-setup-is-green",
    removes: "A change whose dependencies cannot be made is judged by no gate, and green.",
    edits: [
      {
        file: gating,
        find: `return { kind: "red", reason: laidOut.reason, results: [setupResult(laidOut)] };`,
        replace: `return { kind: "green", results: [], flakes: [] };`,
      },
    ],
    killedBy: {
      file: "test/supervisor/setup.test.ts",
      title: "rejects a change that breaks the setup of its own dependencies",
    },
  },
  {
    name: "proof-not-run",
    removes: "A task lands without its proof.",
    edits: [
      {
        file: judge,
        find: `if (proof.kind === "fails") return`,
        replace: `if (proof.kind === "fails" && proof.gates.length === 0) return`,
      },
    ],
    killedBy: {
      file: "test/supervisor/proving.test.ts",
      title: "rejects green work that does not do the task, and tells what the proof printed",
    },
  },
  {
    name: "red-baseline-ignored",
    removes: "An agent starts although the gates are red before any change.",
    edits: [
      {
        file: "src/core/attempt-step.ts",
        find: `reason);\n      return stopAndInterrupt(at, { kind: "breaker", reason: baseline.reason }, base);`,
        replace: `reason);\n      return enter(at, "working", { type: "start-agent", base: base ?? Object(0) });`,
      },
    ],
    killedBy: { file: "test/core/loop.test.ts", title: "gets an agent only on a green baseline" },
  },
  {
    name: "edited-task-lands",
    removes: "Work for an old text of a task lands as the new text's.",
    edits: [
      {
        file: judge,
        find: "  if (edited !== null) return judged(",
        replace: '  if (edited === "") return judged(',
      },
    ],
    killedBy: {
      file: "test/supervisor/target.test.ts",
      title: "notices a task that is edited while an agent works on it",
    },
  },
  {
    name: "records-not-judged",
    removes: "The record of a task that is given up lands without a gate.",
    edits: [
      {
        file: "src/supervisor/attempt.ts",
        find: "  // A record says that the task was not done: there is nothing to prove.\n",
        replace: `  if (isRecord) return { type: "verdict-reached", verdict: { kind: "accept", candidate: command.candidate, gates: [] } };\n`,
      },
    ],
    killedBy: {
      file: "test/supervisor/attempts.test.ts",
      title: "lands no record of a task that its gates refuse, and says so",
    },
  },
  {
    name: "new-tip-not-checked",
    removes: "A change is judged on a tip that somebody else made red, and blamed for it.",
    edits: [
      {
        file: judge,
        find: "if (place.onto === null && onto !== place.base) {",
        replace: `if (place.onto === null && onto === "") {`,
      },
    ],
    killedBy: {
      file: "test/supervisor/target.test.ts",
      title: "stops when a person's commit makes the target red",
    },
  },
];
