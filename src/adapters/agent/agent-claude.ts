/**
 * A session with Claude Code. Every round is a process of its own, which resumes the conversation of the one
 * before. Neither its exit code nor its own limits are relied upon: the stream is.
 */
import { rm } from "node:fs/promises";
import { type AgentStop, type Amount, noUsage, type Usage } from "../../core/message.ts";
import { costUsd, promptTokens } from "../../core/price.ts";
import { type ClaudeRecord, type ClaudeResult, parseClaudeLine } from "../../formats/claude-stream.ts";
import { modelFacts } from "../../formats/models.ts";
import { cutText, oneLine } from "../../formats/one-line.ts";
import type { AgentOrder, AgentReport, AgentSession } from "../../ports.ts";
import { type ProcessGroup, startGroup } from "../process/process-group.ts";
import { type AgentProgram, groupOrder, stopFor, usedUp, writeBriefFile } from "./agent-program.ts";
import { readClaim } from "./claim-file.ts";

type Message = Extract<ClaudeRecord, { type: "assistant" }>["message"];
type Used = Omit<Usage, "turns">;

interface Conversation {
  readonly order: AgentOrder;
  readonly program: AgentProgram;
  /** To resume it; null before a process has told it. */
  id: string | null;
  /** Messages of all rounds, those of agents of the agent among them: each was a turn. */
  readonly turns: Set<string>;
  /** In rounds that are over. */
  used: Used;
}

/** One process, as far as it has told. */
interface Round {
  readonly conversation: Conversation;
  readonly group: ProcessGroup;
  /** Why the supervisor is ending it, if it is. */
  cause: AgentStop | null;
  /** The message that is being written. */
  message: Message | null;
  /** Used until the last result, which tells it exactly, and since then by the stream. */
  settled: Used;
  streamed: Used;
  /** What the API gave in place of the last message. */
  error: string;
  resetsAtMs: number | null;
  result: ClaudeResult | null;
}

export function openClaudeSession(order: AgentOrder, program: AgentProgram): AgentSession {
  const conversation: Conversation = { order, program, id: null, turns: new Set(), used: noUsage };
  const begin = async (round: number, more: string): Promise<AgentReport> => {
    conversation.id = null;
    await writeBriefFile(order.workspace.briefFile, order.brief.text);
    return runRound(conversation, round, more === "" ? order.brief.text : `${order.brief.text}\n\n${more}`);
  };
  return {
    label: program.label,
    start: () => begin(0, ""),
    returnEvidence: (round, evidence) =>
      conversation.id === null ? begin(round, evidence) : runRound(conversation, round, evidence),
    handOver: begin,
    // A round is over when its processes are.
    close: () => Promise.resolve(),
  };
}

async function runRound(conversation: Conversation, number: number, input: string): Promise<AgentReport> {
  const { order, program, turns } = conversation;
  await rm(order.workspace.claimFile, { recursive: true, force: true });
  const turnsBefore = turns.size;
  const start = groupOrder(order, program, { round: number, processes: number });
  const round: Round = {
    conversation,
    group: startGroup({
      ...start,
      command: commandLine(conversation),
      env: { ...unattended, ...start.env },
      input,
      onLine: (line) => typeof line === "string" && hear(round, parseClaudeLine(line)),
    }),
    cause: null,
    message: null,
    settled: noUsage,
    streamed: noUsage,
    error: "",
    resetsAtMs: null,
    result: null,
  };
  const stop = await stopOf(round);
  const used = add(round.settled, round.streamed);
  conversation.used = add(conversation.used, used);
  return { stop, usage: { ...used, turns: turns.size - turnsBefore } };
}

/** Nobody is there to be asked or told; whoever names one of these in `agent.env` has the last word. */
const unattended = {
  CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
  DISABLE_AUTOUPDATER: "1",
  // A fresh agent knows its brief alone; and what it has to say belongs in a claim.
  CLAUDE_CODE_DISABLE_AUTO_MEMORY: "1",
  // It waits without end for a command that it left in the background.
  CLAUDE_CODE_DISABLE_BACKGROUND_TASKS: "1",
  // About two minutes; longer outages are waited for outside of attempts.
  CLAUDE_CODE_MAX_RETRIES: "8",
  // As root it uses tools unasked only where it is told that this is a sandbox.
  ...(process.getuid?.() === 0 ? { IS_SANDBOX: "1" } : {}),
};

const manner =
  "-p --output-format stream-json --verbose --include-partial-messages --dangerously-skip-permissions " +
  // With these it would sleep for hours inside an attempt, or leave the workspace.
  "--disallowedTools ScheduleWakeup,CronCreate,Monitor,EnterWorktree";

function commandLine({ order, program, id, used }: Conversation): readonly string[] {
  const { command, model, effort } = program;
  const usdLeft = Math.max(0.01, order.limits.usdMax - (used.usd ?? 0)).toFixed(4);
  const options = { "--max-budget-usd": usdLeft, "--model": model, "--effort": effort, "--resume": id };
  return [
    // A text is run by bash, with the rest as its arguments.
    ...(typeof command === "string" ? ["bash", "--norc", "-c", `${command} "$@"`, "bash"] : command),
    ...manner.split(" "),
    ...Object.entries(options).flatMap(([name, value]) => (value === null ? [] : [name, value])),
  ];
}

function hear(round: Round, record: ClaudeRecord): void {
  switch (record.type) {
    case "system":
      if (record.subtype === "init") round.conversation.id = record.session_id;
      // The first refusal may be that of a token which it then renews by itself.
      else if (record.attempt > 1 && refusals.test(record.error))
        endFor(round, { kind: "refused", reason: `the login was refused: ${record.error}` });
      return;
    case "stream_event":
      if (record.event.type === "message_start") round.message = record.event.message;
      else if (round.message !== null) charge(round, round.message, record.event.usage.output_tokens);
      return;
    case "assistant":
      return hearMessage(round, record);
    case "rate_limit_event":
      round.resetsAtMs = record.rate_limit_info.resetsAt * 1000;
      return;
    case "result": {
      const exact = Object.values(record.model_usage_since_last_result ?? { streamed: round.streamed });
      round.result = record;
      round.settled = exact.reduce(add, round.settled);
      round.streamed = noUsage;
      return;
    }
    case "other":
  }
}

function hearMessage(round: Round, record: Extract<ClaudeRecord, { type: "assistant" }>): void {
  const { turns, order } = round.conversation;
  const { id, usage } = record.message;
  round.error = record.error ?? "";
  if (round.error !== "" || turns.has(id)) return;
  turns.add(id);
  order.onAnswer();
  if (typeof record.parent_tool_use_id === "string") charge(round, record.message, usage.output);
  if (turns.size > order.limits.turnsMax) overBudget(round, "turns");
}

function charge(round: Round, { model, usage }: Message, output: number): void {
  const { order, used } = round.conversation;
  const { tiers } = modelFacts(model, new Date().toISOString().slice(0, 10));
  const usd = costUsd({ ...usage, output }, tiers);
  round.streamed = add(round.streamed, { inputTokens: promptTokens(usage), outputTokens: output, usd });
  const all = add(used, add(round.settled, round.streamed));
  if ((all.usd ?? 0) > order.limits.usdMax) overBudget(round, "usd");
  if (all.inputTokens + all.outputTokens > order.limits.tokensMax) overBudget(round, "tokens");
}

const add = (a: Used, b: Used): Used => ({
  inputTokens: a.inputTokens + b.inputTokens,
  outputTokens: a.outputTokens + b.outputTokens,
  usd: a.usd === null || b.usd === null ? null : a.usd + b.usd,
});

function overBudget(round: Round, of: keyof Amount): void {
  endFor(round, usedUp(of));
}

function endFor(round: Round, cause: AgentStop): void {
  round.cause ??= cause;
  round.group.end("stopped");
}

async function stopOf(round: Round): Promise<AgentStop> {
  const { group, conversation } = round;
  const exit = await group.exit;
  const { cause, result } = round;
  if (cause !== null) return cause;
  // What it says beside its records.
  if (exit.kind !== "exited" || result === null)
    return stopFor(exit, group.output().replaceAll(/^\{.*$/gm, ""));
  if (result.is_error || result.subtype !== "success") return failedStop(round, result);
  const denied = new Set(result.permission_denials.map((denial) => denial.tool_name));
  if (denied.size > 0)
    return { kind: "crashed", reason: `the agent was not allowed to use ${[...denied].join(", ")}` };
  const summary = cutText(result.result ?? "", summaryCharsMax);
  const claim = await readClaim(conversation.order.workspace.claimFile);
  return { kind: "claimed", claim: claim ?? { status: "complete", summary, learnings: [], question: null } };
}

const summaryCharsMax = 2000;
const reasonCharsMax = 200;

/** Login, billing, and a model that it may not use: no other attempt would fare better. */
const refusals = /authentication|oauth|account|verification|credential|billing|model_not_found|\b40[123]\b/;
const causes = [
  [refusals, "refused"],
  [/rate_limit|overloaded|server_error|\b429\b|\b5\d\d\b/, "unreachable"],
  [/error_max_(turns|budget)/, "over-budget"],
  [/ refusal$/, "declined"],
] as const;

function failedStop({ error, resetsAtMs }: Round, result: ClaudeResult): AgentStop {
  const reason = oneLine([result.result ?? "", ...result.errors].join(" "), reasonCharsMax);
  // As older versions tell it.
  const [, seconds] = /usage limit reached\|(\d+)/.exec(reason) ?? [];
  const untilMs = seconds === undefined ? resetsAtMs : Number(seconds) * 1000;
  if (untilMs !== null && (seconds !== undefined || result.api_error_status === 429))
    return { kind: "limited", resetsAtMs: untilMs, reason };
  const told = `${error} ${result.api_error_status} ${result.subtype} ${result.stop_reason}`;
  const kind = causes.find(([pattern]) => pattern.test(told))?.[1] ?? "crashed";
  return kind === "over-budget" ? { kind, reason, of: "unsaid" } : { kind, reason };
}
