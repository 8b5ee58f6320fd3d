/** Mutants of what guards the target: its landing, the line in front of it, and what holds after a crash. */
import type { Mutant } from "./mutant.ts";

const composing = "src/adapters/git/compose.ts";
const gitTarget = "src/adapters/git/git-target.ts";
const line = "src/core/line.ts";
const judgingStep = "src/core/judging-step.ts";
const targetTest = "test/adapters/git/git-target.test.ts";
const loopTest = "test/core/loop.test.ts";

export const landingMutants: readonly Mutant[] = [
  {
    name: "no-compare-and-swap",
    removes: "The target moves whatever it holds by then, and not only from the base that was judged.",
    edits: [
      {
        file: gitTarget,
        find: "`update ${branchRef} ${candidate.commit} ${candidate.base}`",
        replace: "`update ${branchRef} ${candidate.commit}`",
      },
    ],
    killedBy: {
      file: targetTest,
      title: "leaves checkout and index alone when the compare-and-swap is lost after the dry run",
    },
  },
  {
    name: "no-landed-ref",
    removes: "A landing creates no ref that would refuse a second landing of the same task.",
    edits: [{ file: gitTarget, find: "`create ${landedRef(task)} ${candidate.commit}`, ", replace: "" }],
    killedBy: { file: targetTest, title: "refuses to land a task twice" },
  },
  {
    name: "no-post-condition",
    removes: "Nobody looks after a landing whether the target holds the judged tree.",
    edits: [{ file: gitTarget, find: "  await checkLanded(git, branchRef, candidate);\n", replace: "" }],
    killedBy: { file: targetTest, title: "stops loudly when the target does not hold the judged tree" },
  },
  {
    name: "no-merge-with-the-tip",
    removes: "A change lands with the tree of its own base, over what landed meanwhile.",
    edits: [
      {
        file: composing,
        find: "if (change === null || parents[0] === onto) return",
        replace: "if (parents.length > 0) return",
      },
    ],
    killedBy: {
      file: targetTest,
      title:
        "composes onto a moved tip by a merge, and names the paths of a conflict whatever they are called",
    },
  },
  {
    name: "no-look-at-a-task-done-again",
    removes: "A task that is done again lands although a person edited its file after it was read.",
    edits: [
      {
        file: "src/adapters/git/fast-forward.ts",
        find: 'return found.kind === "edited" ? `${seen.file} was edited meanwhile` : planMove(git, plain);',
        replace: "return planMove(git, plain);",
      },
    ],
    killedBy: {
      file: "test/adapters/git/git-checkout.test.ts",
      title: "refuses to land again when the task's file was edited after the queue read it",
    },
  },
  {
    name: "no-dry-run-of-checkouts",
    removes: "A landing goes on where it would overwrite what somebody has not committed.",
    edits: [
      {
        file: gitTarget,
        find: `if (typeof plan === "string") {`,
        replace: `if (typeof plan === "string") continue;\n    if (typeof plan === "string") {`,
      },
    ],
    killedBy: {
      file: "test/adapters/git/git-checkout.test.ts",
      title: "refuses to land over an uncommitted change, and says what to do",
    },
  },
  {
    name: "landed-tasks-start-again",
    removes: "A task that has landed by its ref starts again when its file says ready.",
    edits: [
      { file: "src/core/queue.ts", find: "if (commit === undefined) return null;", replace: "return null;" },
    ],
    killedBy: {
      file: "test/supervisor/queue.test.ts",
      title: "does not land a task twice when its file says ready again",
    },
  },
  {
    name: "crash-forgets-a-landing",
    removes: "After a crash the target is not asked whether the landing under way is on it.",
    edits: [
      {
        file: "src/core/recovery.ts",
        find: "  const isOnTarget = onTarget.has(commit);",
        replace: "  const isOnTarget = number < 0;",
      },
    ],
    killedBy: {
      file: "test/supervisor/crash.test.ts",
      title: "comes to the same end when it is killed right after git update-ref number 2",
    },
  },
  {
    name: "verdict-on-what-has-not-landed",
    removes: "A red verdict counts although what it was reached on may turn out red itself.",
    edits: [
      {
        file: judgingStep,
        find: "if (at.attempt.onto === null) return refuse(at, verdict.failure);",
        replace: "if (at.attempt.place >= 0) return refuse(at, verdict.failure);",
      },
    ],
    killedBy: {
      file: loopTest,
      title: "counts a red verdict only on a base that is the target, then or later",
    },
  },
  {
    name: "verdict-after-the-orphaning",
    removes: "A verdict counts although the candidate below has left the line meanwhile.",
    edits: [
      {
        file: judgingStep,
        find: "  if (at.attempt.isStale) return rejoinLine(at);\n  switch (verdict.kind) {",
        replace: "  switch (verdict.kind) {",
      },
    ],
    killedBy: { file: loopTest, title: "is asked for only on the target, or on what has landed since" },
  },
  {
    name: "lands-out-of-order",
    removes: "A candidate may land before the one it was composed on.",
    edits: [
      {
        file: line,
        find: `phase === "queued-to-land" && onto === null`,
        replace: `phase === "queued-to-land" && onto !== undefined`,
      },
    ],
    killedBy: { file: loopTest, title: "is asked for only on the target, or on what has landed since" },
  },
  {
    name: "orphans-stay",
    removes: "What was composed on a candidate that left the line is not composed and judged again.",
    edits: [
      {
        file: line,
        find: "if (orphan === undefined) return step;",
        replace: "if (orphan !== null) return step;",
      },
    ],
    killedBy: { file: loopTest, title: "leaves nobody unjudged while nothing is composed or judged" },
  },
  {
    name: "two-land-at-once",
    removes: "A second attempt gets the right to land while the one below it is landing.",
    edits: [
      {
        file: line,
        find: "  if (landingAttempt(state) !== null) return step;\n  const attempt",
        replace: "  const attempt",
      },
      {
        file: line,
        find: `phase === "queued-to-land" && onto === null`,
        replace: `phase === "queued-to-land" && onto !== undefined`,
      },
    ],
    killedBy: { file: loopTest, title: "is granted to one attempt at a time" },
  },
  {
    name: "second-lease",
    removes: "A second supervisor may start on the same repository.",
    edits: [
      {
        file: "src/adapters/state/lease-file.ts",
        find: "if (holder !== null && isHeld(holder, name)) throw heldBy(holder, name);",
        replace: "",
      },
    ],
    killedBy: {
      file: "test/adapters/state/lease-file.test.ts",
      title: "refuses a second taker, and names the holder and what to do",
    },
  },
  {
    name: "forged-trailers",
    removes: "A line of an agent's summary may stand as a trailer in the landing commit.",
    edits: [
      { file: "src/formats/landing-message.ts", find: "return lines.map(defuse);", replace: "return lines;" },
    ],
    killedBy: {
      file: "test/formats/landing-message.test.ts",
      title: "takes the teeth out of lines of the summary",
    },
  },
  {
    name: "breaker-ignored",
    removes: "The run goes on however many tasks were given up in a row.",
    edits: [
      {
        file: "src/core/budget.ts",
        find: "if (run.failuresInARow >= failuresInARowMax) {",
        replace: "if (failuresInARowMax < 0) {",
      },
    ],
    killedBy: {
      file: "test/supervisor/stopping.test.ts",
      title: "stops after so many tasks given up in a row",
    },
  },
  {
    name: "rejected-work-lost",
    removes: "What an agent left is not kept under a ref.",
    edits: [
      {
        file: "src/supervisor/attempt.ts",
        find: "  await scope.ports.target.keep(task.id, number, change.commit);\n",
        replace: "",
      },
    ],
    killedBy: {
      file: "test/supervisor/attempts.test.ts",
      title: "keeps rejected work under a ref and tells the next attempt what was tried and why",
    },
  },
  {
    name: "secrets-in-commits",
    removes: "A secret in an agent's words stands in the landing commit.",
    edits: [
      {
        file: composing,
        find: "{ input: redactor.text(order.message) }",
        replace: "{ input: order.message }",
      },
    ],
    killedBy: {
      file: "test/supervisor/cheating.test.ts",
      title: "keeps a secret that the agent may know out of commits, journal and logs",
    },
  },
  {
    name: "secrets-in-the-journal",
    removes: "A secret in an agent's words stands in the journal.",
    edits: [
      {
        file: "src/adapters/state/journal-file.ts",
        find: "event: redactor.value(event) };",
        replace: "event };",
      },
    ],
    killedBy: {
      file: "test/supervisor/cheating.test.ts",
      title: "keeps a secret that the agent may know out of commits, journal and logs",
    },
  },
  {
    name: "endless-rounds",
    removes: "Red verdicts go back to the same agent without end.",
    edits: [
      { file: judgingStep, find: "round < limits.roundsMax && ", replace: "limits.roundsMax >= 0 && " },
    ],
    killedBy: { file: loopTest, title: "gets evidence back at most rounds times" },
  },
  {
    name: "keys-line-by-line",
    removes: "A line of a private key stands in a log.",
    edits: [{ file: "src/formats/redact.ts", find: "[value, ...linesOf(value)]", replace: "[value]" }],
    killedBy: {
      file: "test/formats/redact.test.ts",
      title: "finds a secret of several lines as a whole, in JSON, and line by line",
    },
  },
  {
    name: "keys-in-json",
    removes: "A secret with a line feed or a quotation mark stands in the log of an agent that prints JSON.",
    edits: [{ file: "src/formats/redact.ts", find: "JSON.stringify(secret).slice(1, -1),", replace: "" }],
    killedBy: {
      file: "test/formats/redact.test.ts",
      title: "finds a secret of several lines as a whole, in JSON, and line by line",
    },
  },
];
