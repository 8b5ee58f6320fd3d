/** Decisions of the core, each of which a short run of the simulator has to miss. */
import type { Mutant } from "./mutant.ts";

const killedBy = {
  file: "test/simulator/simulator.test.ts",
  title:
    "holds every invariant in thousands of simulated histories with kills, pushes and a clock that is set",
};

/** One place in the core. */
const mutantOf = (name: string, removes: string, edit: Mutant["edits"][number]): Mutant => ({
  name,
  removes,
  edits: [{ ...edit, file: `src/core/${edit.file}` }],
  killedBy,
});

export const simulatedMutants: readonly Mutant[] = [
  mutantOf("simulated-two-landings", "An attempt may land while another one is landing.", {
    file: "line.ts",
    find: "if (landingAttempt(state) !== null) return step;",
    replace: "",
  }),
  mutantOf("simulated-orphans", "Who is composed on a candidate that left the line waits for it for ever.", {
    file: "line.ts",
    find: "if (orphan === undefined) return step;",
    replace: "if (orphan?.task !== null) return step;",
  }),
  mutantOf("simulated-rounds", "A red verdict goes back to the agent without end.", {
    file: "judging-step.ts",
    find: "round < limits.roundsMax && ",
    replace: "",
  }),
  mutantOf("simulated-limits", "Nothing stops a run that has used up what it may.", {
    file: "next.ts",
    find: "if (spent !== null) return",
    replace: "if (spent === undefined) return",
  }),
  mutantOf("simulated-stopping", "Attempts start after the run was asked to stop.", {
    file: "next.ts",
    find: 'if (stopping !== null) return { kind: "wait", untilMs: null };',
    replace: "",
  }),
  mutantOf("simulated-retry-wait", "A task whose agent broke down is tried again at once.", {
    file: "next.ts",
    find: "record?.text === task.text ? retryDateMs(record.notBeforeMs, nowMs) : 0",
    replace: "0",
  }),
  mutantOf("simulated-exhausted", "A task is tried for ever.", {
    file: "next.ts",
    find: "failures.length >= limits.attemptsMax || ",
    replace: "",
  }),
  mutantOf("simulated-usage-limit", "A usage limit is not waited for.", {
    file: "attempt-step.ts",
    find: "const at = { ...before, state: noteWait(before, stop) };",
    replace: "const at = before;",
  }),
  mutantOf("simulated-kept-numbers", "Attempts that only refs know have their numbers used again.", {
    file: "transition.ts",
    find: "return [rememberAttempts(state, event.found), []];",
    replace: "return [state, []];",
  }),
  mutantOf(
    "simulated-open-at-crash",
    "An attempt that was at work when the supervisor was killed stays open.",
    {
      file: "recovery.ts",
      find: "for (const event of closingEvents(attempt, facts)) {",
      replace: 'for (const event of attempt.phase === "working" ? [] : closingEvents(attempt, facts)) {',
    },
  ),
];
