/** The journal of one task as a short list of events, for snapshots. */
import type { AgentStop, Failure, LoopEvent, Verdict } from "../../src/core/message.ts";
import type { JournalRecord } from "../../src/ports.ts";

export function tellEvents(records: readonly JournalRecord[], task: string): readonly string[] {
  const events = records.map(({ event }) => event).filter((event) => "task" in event && event.task === task);
  return events.flatMap((event) => tellEvent(event) ?? []);
}

/** Null for steps that say nothing by themselves. */
function tellEvent(event: LoopEvent): string | null {
  switch (event.type) {
    case "attempt-started":
      return `attempt ${event.attempt}`;
    case "baseline-checked":
      return event.baseline.kind === "green"
        ? null
        : `baseline ${event.baseline.kind}: ${event.baseline.reason}`;
    case "agent-stopped":
      return `agent ${tellStop(event.stop)}`;
    case "change-sealed":
      return tellSealed(event);
    case "verdict-reached":
      return tellVerdict(event.verdict);
    case "task-landed":
      return ["landed", ...event.learnings].join(" ");
    case "review-opened":
      return ["in review on", event.branch, ...event.learnings].join(" ");
    case "task-blocked":
      return `blocked${event.commit === null ? " in the journal alone" : ""}: ${event.why}`;
    case "attempt-rejected":
      return `rejected: ${tellFailure(event.failure)}${event.commit === null ? "" : ", kept"}`;
    case "attempt-interrupted":
      return `interrupted: ${event.reason}${event.commit === null ? "" : ", kept"}`;
    case "landing-refused":
      return `landing refused: ${event.reason}`;
    case "command-failed":
      return `${event.command} failed: ${event.reason}`;
    case "target-moved":
      return "the target moved";
    case "give-up-started":
      return "giving up";
    default:
      return null;
  }
}

function tellStop(stop: AgentStop): string {
  if (stop.kind === "claimed") return `claimed ${stop.claim.status}`;
  return "reason" in stop ? `${stop.kind}: ${stop.reason}` : stop.kind;
}

function tellSealed({ change, restored }: Extract<LoopEvent, { type: "change-sealed" }>): string {
  const what = change.kind === "refused" ? `not sealed: ${change.reason}` : `sealed, ${change.kind}`;
  return restored.length === 0 ? what : `${what}, put back ${restored.join(" ")}`;
}

function tellVerdict(verdict: Verdict): string {
  switch (verdict.kind) {
    case "accept":
      return `accepted by ${verdict.gates.join(" ")}`;
    case "reject":
      return tellFailure(verdict.failure);
    case "inconclusive":
      return `inconclusive: ${verdict.reason}`;
  }
}

const tellFailure = ({ kind, reason }: Failure): string => `${kind}: ${reason}`;
