/** Histories that bring an attempt into each phase, for the table of docs/loop.md. */
import { commitSha, taskId, treeSha } from "../src/core/ids.ts";
import type { AgentStop, Candidate, Change, LoopEvent, Verdict } from "../src/core/message.ts";
import { noUsage as usage } from "../src/core/message.ts";
import type { Phase } from "../src/core/state.ts";

export const mine = { task: taskId("mine"), attempt: 1 };
export const theirs = { task: taskId("other"), attempt: 1 };
type Named = typeof mine;

export const failure = { kind: "red", reason: "a gate is red", evidence: null } as const;
export const base = commitSha("base");
export const candidateOf = ({ task }: Named): Candidate => ({
  commit: commitSha(`candidate of ${task}`),
  tree: treeSha("tree"),
  base,
});
export const acceptOf = (of: Named): Verdict => ({ kind: "accept", candidate: candidateOf(of), gates: [] });
export const changed = (tree: string): Change => ({
  kind: "changed",
  tree: treeSha(tree),
  commit: commitSha(tree),
});

const limits = { usdMax: null, untilMs: null, tasksMax: null, failuresInARowMax: 9 };
export const runStarted: Extract<LoopEvent, { type: "run-started" }> = {
  type: "run-started",
  run: "run",
  limits,
  judgingMax: 2,
};
export const stopRequested = (how: "drain" | "now"): LoopEvent => ({
  type: "stop-requested",
  how,
  outcome: { kind: "signal", signal: "SIGTERM" },
});

const verdictOf = (of: Named, verdict: Verdict): LoopEvent => ({ type: "verdict-reached", ...of, verdict });
const sealedOf = (of: Named, tree: string): LoopEvent => ({
  type: "change-sealed",
  ...of,
  change: changed(tree),
  restored: [],
});
const stoppedOf = (of: Named, stop: AgentStop): LoopEvent => ({ type: "agent-stopped", ...of, stop, usage });

export function startOf(of: Named, roundsMax: number): readonly LoopEvent[] {
  const spend = { wallMsMax: 1, idleMsMax: 1, turnsMax: 1, usdMax: 1, tokensMax: 1 };
  return [{ type: "attempt-started", ...of, text: "text", limits: { attemptsMax: 1, roundsMax, ...spend } }];
}

export function working(of: Named): readonly LoopEvent[] {
  return [
    { type: "workspace-prepared", ...of, base },
    { type: "baseline-checked", ...of, baseline: { kind: "green" } },
  ];
}

const finishedOf = (of: Named): LoopEvent => stoppedOf(of, { kind: "finished" });
export const composedOf = (of: Named): Extract<LoopEvent, { type: "candidate-composed" }> => ({
  type: "candidate-composed",
  ...of,
  candidate: candidateOf(of),
});

const crashedOf = (of: Named): LoopEvent => stoppedOf(of, { kind: "crashed", reason: "exit 1" });
const rejectedOf = (of: Named): LoopEvent => ({ type: "attempt-rejected", ...of, failure, commit: null });
const refuse: Verdict = { kind: "reject", failure };

/**
 * From `attempt-started` into each phase.
 *
 * @param isFirst Nobody is ahead in line, so that a red round is over: the tree `red` is known to be refused.
 */
export function pathTo(of: Named, isFirst: boolean): Readonly<Record<Phase, readonly LoopEvent[]>> {
  const redRound = [finishedOf(of), sealedOf(of, "red"), composedOf(of), verdictOf(of, refuse)];
  const atWork = [...working(of), ...(isFirst ? redRound : [])];
  const sealed = [...atWork, finishedOf(of), sealedOf(of, "green")];
  const judging = [...sealed, composedOf(of)];
  const accepted = [...judging, verdictOf(of, acceptOf(of))];
  return {
    preparing: [],
    "checking-baseline": working(of).slice(0, 1),
    working: atWork,
    sealing: [...atWork, finishedOf(of)],
    "queued-to-judge": sealed,
    composing: sealed,
    judging,
    held: [...judging, verdictOf(of, refuse)],
    "queued-to-land": accepted,
    landing: accepted,
    ending: [...atWork, crashedOf(of)],
    releasing: [...atWork, crashedOf(of), rejectedOf(of)],
  };
}

export function failedOnce(of: Named, roundsMax: number): readonly LoopEvent[] {
  return [
    ...startOf(of, roundsMax),
    ...working(of),
    crashedOf(of),
    rejectedOf(of),
    { type: "workspace-released", ...of },
    { type: "give-up-started", ...of },
  ];
}

/** From `give-up-started` into each phase; null where no give-up ever is. */
export function giveUpPathTo(of: Named): Readonly<Record<Phase, readonly LoopEvent[] | null>> {
  const accepted = [composedOf(of), verdictOf(of, acceptOf(of))];
  return {
    preparing: null,
    "checking-baseline": null,
    working: null,
    sealing: null,
    "queued-to-judge": [],
    composing: [],
    judging: [composedOf(of)],
    held: [composedOf(of), verdictOf(of, refuse)],
    "queued-to-land": accepted,
    landing: accepted,
    ending: [composedOf(of), verdictOf(of, refuse)],
    releasing: null,
  };
}
