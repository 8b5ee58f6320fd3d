/** How a run ended, or that it never did: from the journal, and from whether a supervisor lives. */
import type { RunOutcome } from "../core/message.ts";
import { describeOutcome } from "../core/report.ts";
import type { JournalRecord } from "../ports.ts";

export interface RunEnd {
  readonly run: string;
  /** `killed`: the journal has no end of it, and nobody works on it any more. */
  readonly state: "ended" | "running" | "killed";
  /** When it ended, ISO 8601; else when it was last heard of. */
  readonly at: string;
  /** Null unless it ended. */
  readonly outcome: RunOutcome | null;
  /** Level of its sandbox; null from versions that had none. */
  readonly sandbox: string | null;
}

/** `run`: an id, or null for the last one. Null when the journal does not know it. */
export function findRunEnd(
  records: readonly JournalRecord[],
  run: string | null,
  isSupervisorAlive: boolean,
): RunEnd | null {
  const [first, ...rest] = recordsOf(records, run);
  if (first?.event.type !== "run-started") return null;
  const { run: id, sandbox = null } = first.event;
  for (const { event, atMs } of rest) {
    if (event.type === "run-ended")
      return { run: id, state: "ended", at: timeText(atMs), outcome: event.outcome, sandbox };
  }
  const last = rest.at(-1) ?? first;
  const isOpen = isSupervisorAlive && last === records.at(-1);
  return { run: id, state: isOpen ? "running" : "killed", at: timeText(last.atMs), outcome: null, sandbox };
}

const timeText = (ms: number): string => new Date(ms).toISOString();

/** From its start to the start of the next one. */
function recordsOf(records: readonly JournalRecord[], run: string | null): readonly JournalRecord[] {
  const start = records.findLastIndex(
    ({ event }) => event.type === "run-started" && (run === null || event.run === run),
  );
  if (start === -1) return [];
  const next = records.findIndex(({ event }, at) => at > start && event.type === "run-started");
  return records.slice(start, next === -1 ? undefined : next);
}

/** One sentence without a full stop. */
export function describeRunEnd({ state, outcome }: RunEnd): string {
  if (outcome !== null) return describeOutcome(outcome);
  return state === "running" ? "it is still running" : "it was killed; the next run recovers what was open";
}
