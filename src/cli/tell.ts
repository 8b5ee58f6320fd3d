/** Tells what happens, event by event: plain lines with a live block on a terminal, JSON lines elsewhere. */
import { styleText } from "node:util";
import { createPinoLog } from "../adapters/pino-log.ts";
import { shortSha } from "../core/ids.ts";
import type { LoopEvent } from "../core/message.ts";
import type { Queue } from "../core/queue.ts";
import { viewStatus } from "../core/report.ts";
import type { LoopState } from "../core/state.ts";
import type { JournalRecord, Log } from "../ports.ts";
import { LiveBlock } from "./live-block.ts";
import { waitText } from "./wait-text.ts";

export interface Teller extends Disposable {
  readonly log: Log;
  observe(record: JournalRecord, state: LoopState, queue: Queue): void;
  /** A line for people, on standard error. */
  say(line: string): void;
}

export type LogFormat = "auto" | "plain" | "json";

/** `isPriceUnknown`: the agent never says what it costs. */
export function createTeller(format: LogFormat, isPriceUnknown: boolean): Teller {
  const isPlain = format === "plain" || (format === "auto" && process.stderr.isTTY);
  return isPlain ? createPlainTeller(isPriceUnknown) : createJsonTeller();
}

/** JSON lines carry task, attempt and phase, so that a program can follow a run. */
function createJsonTeller(): Teller {
  const log = createPinoLog();
  const newProblems = createProblemFilter();
  return {
    log,
    say: (line) => log.write("info", line),
    observe({ event, seq }, state, queue) {
      for (const problem of newProblems(viewStatus(state, queue).problems)) {
        log.write("warn", "task needs a person", { problem });
      }
      const wait = describeWait(event, state);
      if (wait !== null) log.write("info", wait);
      const { type, ...fields } = event;
      const phase = "task" in event ? state.attempts.get(event.task)?.phase : undefined;
      log.write(levelOf(event), type.replaceAll("-", " "), {
        seq,
        ...fields,
        ...(phase === undefined ? {} : { phase }),
      });
    },
    [Symbol.dispose]: () => {},
  };
}

/** Each problem of the queue is told once in a run. */
function createProblemFilter(): (problems: readonly string[]) => readonly string[] {
  const told = new Set<string>();
  return (problems) => {
    const fresh = problems.filter((problem) => !told.has(problem));
    for (const problem of fresh) told.add(problem);
    return fresh;
  };
}

const warnings: ReadonlySet<LoopEvent["type"]> = new Set([
  "attempt-rejected",
  "task-blocked",
  "run-paused",
  "config-refused",
]);

function levelOf(event: LoopEvent): "info" | "warn" | "error" {
  if (event.type === "command-failed" || event.type === "landing-refused") return "error";
  return warnings.has(event.type) ? "warn" : "info";
}

function createPlainTeller(isPriceUnknown: boolean): Teller {
  const block = new LiveBlock(process.stderr, isPriceUnknown);
  const newProblems = createProblemFilter();
  const log: Log = {
    write(level, message, fields) {
      if (level === "debug") return;
      const reason = typeof fields?.["reason"] === "string" ? `: ${fields["reason"]}` : "";
      block.print(`${level === "info" ? " " : "!"} ${message}${reason}`);
    },
  };
  return {
    log,
    say: (line) => block.print(line),
    observe({ event, atMs }, state, queue) {
      const view = viewStatus(state, queue);
      for (const problem of newProblems(view.problems)) {
        block.print(`${styleText("yellow", "!")} ${problem}`);
      }
      const line = describeEvent(event);
      for (const told of [line, describeWait(event, state)])
        if (told !== null) block.print(`${styleText("dim", timeOf(atMs))} ${told}`);
      block.show(state.run === null ? null : view);
    },
    [Symbol.dispose]: () => block.close(),
  };
}

const timeOf = (ms: number): string => new Date(ms).toTimeString().slice(0, 8);

/** What a run waits for is said when the wait begins and when it is over. */
function describeWait(event: LoopEvent, state: LoopState): string | null {
  if (event.type === "model-answered") return "the model answers again";
  const { waits } = viewStatus(state, { tasks: [], problems: [] });
  const isMet =
    event.type === "agent-stopped" && (event.stop.kind === "limited" || event.stop.kind === "unreachable");
  const agent = isMet ? state.attempts.get(event.task)?.agent : undefined;
  const wait = waits.find((each) =>
    each.kind === "window" ? event.type === "window-closed" : each.agent === agent,
  );
  return wait === undefined ? null : waitText(wait, Date.now());
}

/** One line for what a person wants to see scroll by; null for the steps between. */
function describeEvent(event: LoopEvent): string | null {
  switch (event.type) {
    case "attempt-started":
      return `${event.task}: attempt ${event.attempt} started${event.agent === "second" ? " by the second agent" : ""}`;
    case "verdict-reached":
      return describeVerdict(event);
    case "baseline-checked":
      return event.baseline.kind === "green" ? describeFlaky(event.task, event.baseline.flaky) : null;
    case "change-sealed":
      return event.restored.length === 0 ? null : `${event.task}: put back ${event.restored.join(", ")}`;
    case "task-landed":
      return `${styleText("green", "✔")} ${event.task}: landed as ${shortSha(event.commit)}`;
    case "review-opened":
      return `${styleText("green", "✔")} ${event.task}: in review on ${event.branch}`;
    case "attempt-rejected":
      return describeRejection(event);
    case "task-blocked":
      return `${styleText("yellow", "■")} ${event.task}: given up after attempt ${event.attempt}`;
    case "attempt-interrupted":
      return `${event.task}: attempt ${event.attempt} interrupted, ${event.reason}`;
    case "target-moved":
      return `${event.task}: the target moved meanwhile; judging again`;
    case "command-failed":
      return `${styleText("red", "!")} ${event.task}: ${event.command} failed, ${event.reason}`;
    case "stop-requested":
      return describeStop(event);
    case "run-paused":
    case "run-resumed":
      return describePause(event);
    case "config-reloaded":
    case "config-refused":
      return describeReload(event);
    case "task-reopened":
      return `${event.task}: to be done again`;
    default:
      return null;
  }
}

function describePause(event: Extract<LoopEvent, { type: "run-paused" | "run-resumed" }>): string {
  if (event.type === "run-resumed") return `resumed: ${event.reason}`;
  return `${styleText("yellow", "■")} paused: ${event.cause.reason}; go on with: ralphwright resume`;
}

function describeReload(event: Extract<LoopEvent, { type: "config-reloaded" | "config-refused" }>): string {
  if (event.type === "config-refused")
    return `${styleText("yellow", "!")} the last good configuration holds: ${event.reason}`;
  const { changed, restart } = event;
  const held = changed.filter((key) => !restart.includes(key));
  const now = held.length === 0 ? "" : ` from the next attempt on: ${held.join(", ")}`;
  const later = restart.length === 0 ? "" : `${now === "" ? "" : ";"} after a restart: ${restart.join(", ")}`;
  return now + later === ""
    ? "the configuration holds as it is written"
    : `the configuration changed;${now}${later}`;
}

function describeVerdict({ task, verdict }: Extract<LoopEvent, { type: "verdict-reached" }>): string | null {
  if (verdict.kind === "reject") return `${task}: red, ${verdict.failure.reason}`;
  return verdict.kind === "accept" ? describeFlaky(task, verdict.flaky) : null;
}

const describeFlaky = (task: string, flaky: readonly string[] = []): string | null =>
  flaky.length === 0 ? null : `${task}: flaky, red once and then green: ${flaky.join(", ")}`;

/** The first signal was answered at once, before it became an event. */
function describeStop({ how, outcome }: Extract<LoopEvent, { type: "stop-requested" }>): string | null {
  if (how === "now") return "stopping now";
  return outcome.kind === "signal" ? null : "finishing what runs; nothing new starts";
}

/** The reason of a red verdict stands in the line before. */
function describeRejection({
  task,
  attempt,
  failure,
}: Extract<LoopEvent, { type: "attempt-rejected" }>): string {
  if (failure.kind === "question")
    return `${styleText("yellow", "?")} ${task}: asks a person: ${failure.reason}`;
  const reason = failure.kind === "red" || failure.kind === "refused" ? "" : `, ${failure.reason}`;
  return `${styleText("red", "✘")} ${task}: attempt ${attempt} rejected${reason}`;
}
