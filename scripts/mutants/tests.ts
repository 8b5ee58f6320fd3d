/** Mutants of what is asked of tests: reports, comparison with the base, the base's own tests, tests that are moody. */
import type { Mutant } from "./mutant.ts";

const judge = "src/supervisor/judge.ts";
const gating = "src/supervisor/gating.ts";
const verdict = "src/core/verdict.ts";
const baseTests = "src/supervisor/base-tests.ts";
const verdictTest = "test/core/verdict.test.ts";
const cheatingTest = "test/supervisor/cheating.test.ts";
const flakingTest = "test/supervisor/flaking.test.ts";

export const testMutants: readonly Mutant[] = [
  {
    name: "red-until-green",
    removes: "A gate that is red twice is tried again and again, and one green run is enough.",
    edits: [
      {
        file: gating,
        find: `if (again.kind === "red") return first;`,
        replace: `if (again.kind === "red")
      return order.purpose.length > 60 ? first : runGates(ports, { ...order, purpose: \`\${order.purpose}-again\` });`,
      },
    ],
    killedBy: { file: flakingTest, title: "repeats it only once: what is red twice is red" },
  },
  {
    name: "report-shuts-out-tests",
    removes: "Old tests are asked of gates with a report alone, whatever these are.",
    edits: [
      {
        file: baseTests,
        find: "gate.report !== null || weak.has(gate)",
        replace: "gate.report !== null || weak.size === gates.length",
      },
    ],
    killedBy: {
      file: "test/supervisor/base-tests.test.ts",
      title: "asks the gate that runs the tests, though another one has the report",
    },
  },
  {
    name: "new-test-files-trusted",
    removes: "Old tests are not run again where a change only adds test files.",
    edits: [
      {
        file: baseTests,
        find: "(isReported || !isNew || !isTestFile(path))",
        replace: "(!isNew || !isTestFile(path))",
      },
    ],
    killedBy: {
      file: "test/supervisor/base-tests.test.ts",
      title: "is not blinded by a new test file alone",
    },
  },
  {
    name: "new-test-helpers-trusted",
    removes: "Old tests are not run again where a change only adds helpers or fixtures.",
    edits: [{ file: baseTests, find: "(isReported || !isNew || !isTestFile(path))", replace: "!isNew" }],
    killedBy: {
      file: "test/supervisor/base-tests.test.ts",
      title: "runs the old tests without a helper that the change added",
    },
  },
  {
    name: "new-flaky-tests",
    removes: "A change may bring tests that fail in one of two runs on the same code.",
    edits: [{ file: judge, find: " ?? newFlakes(gate, before, gating)", replace: "" }],
    killedBy: { file: flakingTest, title: "refuses a new test that fails in one of two runs" },
  },
  {
    name: "good-report-for-a-red-exit",
    removes: "A gate is green by its report, whatever its command exited with.",
    edits: [
      {
        file: verdict,
        find: "(exitReason(exit) ?? reported)",
        replace: "(report === null ? exitReason(exit) : reported)",
      },
    ],
    killedBy: { file: verdictTest, title: "is red for its exit code before anything the report says" },
  },
  {
    name: "missing-report-is-green",
    removes: "A report gate that wrote no report is judged by its exit code.",
    edits: [
      {
        file: verdict,
        find: `if (report.kind === "missing") return`,
        replace: `if (report.kind === "missing") return null;\n  if (report.kind === null) return`,
      },
    ],
    killedBy: {
      file: verdictTest,
      title: "is red, although the command exits with 0, when the report is missing",
    },
  },
  {
    name: "no-test-is-green",
    removes: "A report in which no test ran is green.",
    edits: [{ file: verdict, find: `return "ran no test";`, replace: "return null;" }],
    killedBy: {
      file: verdictTest,
      title: "is red, although the command exits with 0, when the report holds skipped tests only",
    },
  },
  {
    name: "vanished-tests",
    removes: "Tests of the base may be gone from the report.",
    edits: [{ file: verdict, find: "if (vanished.length > 0)", replace: "if (vanished.length < 0)" }],
    killedBy: { file: verdictTest, title: "a test that is gone was lost, whatever its outcome was" },
  },
  {
    name: "skipped-tests",
    removes: "Tests that ran on the base may be skipped.",
    edits: [{ file: verdict, find: "if (skipped.length > 0)", replace: "if (skipped.length < 0)" }],
    killedBy: { file: verdictTest, title: "a passing test that is skipped now was lost" },
  },
  {
    name: "no-comparison-with-the-base",
    removes: "A candidate's tests are not compared with those of its base.",
    edits: [
      {
        file: judge,
        find: "  if (lost !== null) return rejected(red(lost), gating.results, gates);\n",
        replace: "",
      },
    ],
    killedBy: {
      file: cheatingTest,
      title: "says which tests vanished, which were skipped and which file is protected",
    },
  },
  {
    name: "known-failures-excuse-new-ones",
    removes: "Where failures of the base are put up with, any other failure is, too.",
    edits: [
      {
        file: judge,
        find: "return new Set(failedNames(ports.passes.recall(passKey(ports, baseTree, gate)) ?? []));",
        replace: `return baseTree === "" ? new Set(failedNames(ports.passes.recall(passKey(ports, baseTree, gate)) ?? [])) : "any";`,
      },
    ],
    killedBy: {
      file: flakingTest,
      title: "compares failure by failure where people say so: old ones excuse no new ones",
    },
  },
  {
    name: "no-base-tests",
    removes: "The base's own tests do not run on the new code.",
    edits: [
      {
        file: baseTests,
        find: "if (touched.length === 0) return",
        replace: "if (touched.length >= 0) return",
      },
    ],
    killedBy: { file: cheatingTest, title: "lands nothing of an agent that rewrites-a-test" },
  },
  {
    name: "base-tests-put-back-in-part",
    removes: "Only changed tests are as they were: what the change adds among the tests still works on them.",
    edits: [
      {
        file: baseTests,
        find: "ports.target.restore(candidate.commit, base, isOld);",
        replace: "ports.target.restore(candidate.commit, base, (path) => touched.includes(path));",
      },
    ],
    killedBy: {
      file: "test/supervisor/base-tests.test.ts",
      title: "takes away what the change added among the tests, too",
    },
  },
  {
    name: "base-tests-may-vanish",
    removes: "It is enough that nothing fails of the base's own tests, be they run or not.",
    edits: [
      {
        file: baseTests,
        find: `const reason = gating.kind === "red" ? gating.reason : await lostOf(scope, task, { base, gates, gating });`,
        replace: `const reason = gating.kind === "red" ? gating.reason : null;`,
      },
    ],
    killedBy: {
      file: "test/supervisor/base-tests.test.ts",
      title: "notices an old test that no longer runs, whatever runs in its name",
    },
  },
];
