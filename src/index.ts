/** The library: the pure decisions, the formats of our files and the words of both, for programs that read them. */
export { decideNext, type Next, type NextContext } from "./core/next.ts";
export type { Config } from "./core/config.ts";
export type { Command, LoopEvent, RunOutcome } from "./core/message.ts";
export { type Queue, resolveQueue, type Standing } from "./core/queue.ts";
export { describeOutcome, exitStatusOf, type StatusView, viewStatus } from "./core/report.ts";
export { emptyState, type LoopState } from "./core/state.ts";
export type { Task } from "./core/task.ts";
export { type Context, transition } from "./core/transition.ts";
export { type ErrorCode, errorCodes, RalphError } from "./errors.ts";
export { type AgentMessage, type Garbage, parseAgentLine } from "./formats/agent-stream.ts";
export { parseConfig } from "./formats/config.ts";
export { type JournaledEvent, type ParsedJournal, parseJournal } from "./formats/journal-line.ts";
export { parseTrailers } from "./formats/landing-message.ts";
export { parseProgress, type ProgressEntry } from "./formats/progress-file.ts";
export { type ParsedTask, parseTask } from "./formats/task-file.ts";
