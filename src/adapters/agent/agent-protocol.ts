/** A session over `ralph-agent/1`: JSON lines both ways; the agent stays for the verdict and may try again. */
import type { AgentStop, Amount } from "../../core/message.ts";
import { promptTokens } from "../../core/price.ts";
import {
  type AgentMessage,
  formatBriefMessage,
  formatVerdictMessage,
  parseAgentLine,
} from "../../formats/agent-stream.ts";
import type { AgentOrder, AgentReport, AgentSession } from "../../ports.ts";
import { defaultModel, modelFacts } from "../../formats/models.ts";
import { priceOf, tokensOf } from "../../formats/model-usage.ts";
import type { Metered } from "../egress/meter.ts";
import { type AgentProgram, groupOrder, stopFor, usedUp, writeBriefFile } from "./agent-program.ts";
import { runningClock } from "../../running-clock.ts";
import { type Charge, createSpending, type Spending } from "./spending.ts";
import { type ProcessGroup, startGroup } from "../process/process-group.ts";

/** What one process has told so far, and who waits for its next stop. */
interface Conversation {
  group: ProcessGroup;
  readonly spending: Spending;
  /** Why the supervisor is ending the agent, if it is. */
  cause: AgentStop | null;
  /** How it ended; kept, because it may end while nobody waits for a stop. */
  ended: { readonly stop: AgentStop; readonly isSilent: boolean } | null;
  /** Whether it has answered what it was told last. */
  hasAnswered: boolean;
  settle: ((stop: AgentStop) => void) | null;
}

/** After a verdict that ends the session: time to close by itself. */
const closeMsMax = 2_000;

export function openProtocolSession(order: AgentOrder, program: AgentProgram): AgentSession {
  const spending = createSpending();
  let conversation: Conversation | null = null;
  let processes = 0;
  const begin = async (round: number, more: string): Promise<AgentReport> => {
    conversation = openConversation({ order, program, round, processes, spending });
    processes += 1;
    return report(conversation, await nextStop(conversation, tellBrief(order, more, spending)));
  };
  return {
    label: program.label,
    async start() {
      await writeBriefFile(order.workspace.briefFile, order.brief.text);
      return begin(0, "");
    },
    async returnEvidence(round, evidence) {
      if (conversation !== null) {
        const verdict = formatVerdictMessage({ accepted: false, round, evidence });
        const stop = await nextStop(conversation, verdict);
        if (!hasLeft(conversation)) return report(conversation, stop);
      }
      // An agent that did not wait for the verdict gets a new process, with the evidence in its brief.
      return begin(round, evidence);
    },
    handOver: (round, note) => begin(round, note),
    async close(accepted) {
      if (conversation === null) return;
      const { group } = conversation;
      if (accepted) group.write(formatVerdictMessage({ accepted: true, round: 0, evidence: "" }));
      group.endInput();
      group.thaw("close");
      const timer = setTimeout(() => group.end("stopped"), accepted ? closeMsMax : 0);
      await group.exit;
      clearTimeout(timer);
    },
  };
}

/** Limits are what is left of them: they hold for the session, however many processes it takes. */
function tellBrief({ brief, limits }: AgentOrder, more: string, spending: Spending): string {
  const { text, context } = brief;
  return formatBriefMessage({
    text: more === "" ? text : `${text}\n\n${more}`,
    context,
    limits: {
      wall_ms: Math.max(0, limits.wallMsMax - spending.wallMs),
      turns: Math.max(0, limits.turnsMax - spending.turns),
      usd: Math.max(0, limits.usdMax - spending.usd()),
      tokens: Math.max(0, limits.tokensMax - spending.tokens()),
    },
  });
}

interface Opening {
  readonly order: AgentOrder;
  readonly program: AgentProgram;
  readonly round: number;
  /** How many processes the session has had before this one. */
  readonly processes: number;
  readonly spending: Spending;
}

function openConversation({ order, program, round, processes, spending }: Opening): Conversation {
  const onSpent = (spent: Metered): void => {
    spending.count(priceOfSpent(spent, program));
    checkBudget(conversation, order);
  };
  const start = groupOrder(order, { ...program, onSpent }, { round, processes });
  const wallMsMax = Math.max(1, order.limits.wallMsMax - spending.wallMs);
  const conversation: Conversation = {
    group: startGroup({ ...start, wallMsMax, input: null, onLine: (line) => hear(line) }),
    spending,
    cause: null,
    ended: null,
    hasAnswered: false,
    settle: null,
  };
  const hear = (line: string | { readonly tooLong: number }): void => {
    const message = typeof line === "string" ? parseAgentLine(line) : { type: "garbage" as const };
    if (message.type !== "garbage") receive(conversation, message, order);
  };
  void watchExit(conversation);
  return conversation;
}

async function watchExit(conversation: Conversation): Promise<void> {
  const exit = await conversation.group.exit;
  // In this protocol a claim says "look now": an exit without one is a break-down, whatever the exit code.
  const isSilent = exit.kind === "exited" && exit.code === 0;
  const stop: AgentStop = isSilent
    ? { kind: "crashed", reason: "the agent exited without a claim" }
    : stopFor(exit, conversation.group.output());
  conversation.ended = { stop: conversation.cause ?? stop, isSilent };
  settle(conversation, conversation.ended.stop);
}

/** It had ended its work with the claim, however long its exit took: it never heard the verdict. */
const hasLeft = ({ ended, cause, hasAnswered }: Conversation): boolean =>
  ended?.isSilent === true && cause === null && !hasAnswered;

function receive(conversation: Conversation, message: AgentMessage, order: AgentOrder): void {
  const { spending } = conversation;
  if (message.type !== "end") conversation.hasAnswered = true;
  if (isAnswer(message, spending)) order.onAnswer();
  switch (message.type) {
    case "usage":
      spending.tell({
        usd: message.usd,
        inputTokens: message.input_tokens,
        outputTokens: message.output_tokens,
      });
      return checkBudget(conversation, order);
    case "turn":
      spending.turns += 1;
      if (spending.turns > order.limits.turnsMax) overBudget(conversation, "turns");
      return;
    case "claim":
      // Words that were under way when the agent was ended count no more.
      if (conversation.cause === null) settle(conversation, { kind: "claimed", claim: message });
      return;
    case "limit":
      return endFor(conversation, {
        kind: "limited",
        resetsAtMs: message.resets_at === undefined ? null : Date.parse(message.resets_at),
        reason: message.reason ?? "the agent reached a usage limit",
      });
    case "refused":
      return endFor(conversation, { kind: "refused", reason: message.reason });
    case "handoff":
      return endFor(conversation, { kind: "handed-over", note: message.note });
    case "end": {
      const stop = stopOfEnd(message);
      if (stop !== null) endFor(conversation, stop);
      return;
    }
    case "started":
    case "tool":
    case "note":
    case "busy":
  }
}

/** A turn is told as it begins: only the next one says that the model has answered. */
const isAnswer = ({ type }: AgentMessage, { turns }: Spending): boolean =>
  ["usage", "tool", "claim", "handoff"].includes(type) || (type === "turn" && turns > 0);

/** Null where another message told it, or nothing did. */
function stopOfEnd({
  status,
  reason = "it gave no reason",
}: Extract<AgentMessage, { type: "end" }>): AgentStop | null {
  switch (status) {
    case undefined:
      return null;
    case "unclaimed":
      return { kind: "finished" };
    case "limit":
      return { kind: "over-budget", reason: `the agent stopped at a limit: ${reason}`, of: "unsaid" };
    case "stuck":
    case "declined":
    case "unreachable":
      return { kind: status, reason };
  }
}

/** What the gateway counted, at the price of the model that answered; where it has none, of the one that was asked. */
function priceOfSpent({ model, usage }: Metered, { agent, model: asked }: AgentProgram): Charge {
  const today = new Date().toISOString().slice(0, 10);
  const tiersOf = (id: string | null) => modelFacts(id ?? defaultModel, today, agent.models).tiers;
  const answered = tiersOf(model ?? asked);
  const tokens = tokensOf(usage);
  return {
    usd: priceOf(usage, answered.length > 0 ? answered : tiersOf(asked)),
    inputTokens: promptTokens(tokens),
    outputTokens: tokens.output,
  };
}

function checkBudget(conversation: Conversation, { limits }: AgentOrder): void {
  const { spending } = conversation;
  if (spending.usd() > limits.usdMax) overBudget(conversation, "usd");
  if (spending.tokens() > limits.tokensMax) overBudget(conversation, "tokens");
}

function overBudget(conversation: Conversation, of: keyof Amount): void {
  endFor(conversation, usedUp(of));
}

/** The report comes when the group is gone, not before: until then it could still write. */
function endFor(conversation: Conversation, cause: AgentStop): void {
  conversation.cause ??= cause;
  conversation.group.end("stopped");
}

function settle(conversation: Conversation, stop: AgentStop): void {
  conversation.settle?.(stop);
  conversation.settle = null;
}

function nextStop(conversation: Conversation, input: string): Promise<AgentStop> {
  conversation.hasAnswered = false;
  if (conversation.ended !== null) return Promise.resolve(conversation.ended.stop);
  const sinceMs = runningClock.nowMs();
  return new Promise((resolve) => {
    conversation.settle = (stop) => {
      conversation.spending.wallMs += runningClock.nowMs() - sinceMs;
      resolve(stop);
    };
    conversation.group.write(input);
    conversation.group.thaw("work");
  });
}

async function report({ group, spending }: Conversation, stop: AgentStop): Promise<AgentReport> {
  // What is sealed and judged from now on must be what was claimed: nothing of the agent runs until the verdict.
  if (stop.kind === "claimed") await group.freeze();
  return { stop, usage: spending.report() };
}
