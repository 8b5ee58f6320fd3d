/** A session over `ralph-agent/1`: JSON lines both ways; the agent stays for the verdict and may try again. */
import type { AgentStop, Usage } from "../../core/message.ts";
import {
  type AgentMessage,
  formatBriefMessage,
  formatVerdictMessage,
  parseAgentLine,
} from "../../formats/agent-stream.ts";
import type { AgentOrder, AgentReport, AgentSession } from "../../ports.ts";
import { type AgentProgram, groupOrder, noUsage, stopFor, writeBriefFile } from "./agent-program.ts";
import { type ProcessGroup, startGroup } from "../process/process-group.ts";

/** What one process has told so far, and who waits for its next stop. */
interface Conversation {
  group: ProcessGroup;
  usage: Usage;
  turns: number;
  usd: number;
  /** Why the supervisor is ending the agent, if it is. */
  cause: AgentStop | null;
  settle: ((stop: AgentStop) => void) | null;
}

/** After a verdict that ends the session: time to close by itself. */
const closeMsMax = 2_000;

export function openProtocolSession(order: AgentOrder, program: AgentProgram): AgentSession {
  let conversation: Conversation | null = null;
  return {
    label: program.label,
    async start() {
      await writeBriefFile(order.workspace.briefFile, order.brief);
      conversation = begin(order, program);
      return nextReport(conversation, formatBriefMessage(order.brief));
    },
    async returnEvidence(round, evidence) {
      // An agent that did not wait for the verdict gets a new process, with the evidence in its brief.
      if (conversation === null || (await hasExited(conversation.group))) {
        conversation = begin(order, program, round);
        return nextReport(conversation, formatBriefMessage(`${order.brief}\n\n${evidence}`));
      }
      return nextReport(conversation, formatVerdictMessage({ accepted: false, round, evidence }));
    },
    async close(accepted) {
      if (conversation === null) return;
      const { group } = conversation;
      if (accepted) group.write(formatVerdictMessage({ accepted: true, round: 0, evidence: "" }));
      group.endInput();
      const timer = setTimeout(() => group.end("stopped"), accepted ? closeMsMax : 0);
      await group.exit;
      clearTimeout(timer);
    },
  };
}

function begin(order: AgentOrder, program: AgentProgram, round = 0): Conversation {
  const start = groupOrder(order, program, round);
  const conversation: Conversation = {
    group: startGroup({ ...start, input: null, onLine: (line) => hear(line) }),
    usage: noUsage,
    turns: 0,
    usd: 0,
    cause: null,
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
  settle(conversation, conversation.cause ?? stop);
}

function receive(conversation: Conversation, message: AgentMessage, order: AgentOrder): void {
  switch (message.type) {
    case "usage":
      return charge(conversation, message, order);
    case "turn":
      conversation.turns += 1;
      conversation.usage = { ...conversation.usage, turns: conversation.usage.turns + 1 };
      if (conversation.turns > order.limits.turnsMax)
        overBudget(conversation, "turns (limits.attempt.turns)");
      return;
    case "claim":
      // Words that were under way when the agent was ended count no more.
      if (conversation.cause === null) settle(conversation, { kind: "claimed", claim: message });
      return;
    case "limit":
      return endFor(conversation, {
        kind: "limited",
        resetsAtMs: Date.parse(message.resets_at),
        reason: message.reason ?? "the agent reached a usage limit",
      });
    case "refused":
      return endFor(conversation, { kind: "refused", reason: message.reason });
    case "started":
    case "tool":
    case "note":
    case "end":
  }
}

type UsageMessage = Extract<AgentMessage, { type: "usage" }>;

function charge(conversation: Conversation, message: UsageMessage, order: AgentOrder): void {
  const { usage } = conversation;
  const usd = message.usd === null || usage.usd === null ? null : usage.usd + message.usd;
  conversation.usage = {
    ...usage,
    usd,
    inputTokens: usage.inputTokens + message.input_tokens,
    outputTokens: usage.outputTokens + message.output_tokens,
  };
  conversation.usd += message.usd ?? 0;
  if (conversation.usd > order.limits.usdMax) overBudget(conversation, "money (limits.attempt.usd)");
}

function overBudget(conversation: Conversation, what: string): void {
  endFor(conversation, { kind: "over-budget", reason: `the agent used up its ${what}` });
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

async function nextReport(conversation: Conversation, input: string): Promise<AgentReport> {
  const stop = await new Promise<AgentStop>((resolve) => {
    conversation.settle = resolve;
    conversation.group.resumeClocks();
    conversation.group.write(input);
  });
  // Gates may take longer than an agent may be silent.
  conversation.group.holdClocks();
  const { usage } = conversation;
  conversation.usage = { ...noUsage, usd: usage.usd === null ? null : 0 };
  return { stop, usage };
}

async function hasExited(group: ProcessGroup): Promise<boolean> {
  const pending = Symbol("pending");
  return (await Promise.race([group.exit, Promise.resolve(pending)])) !== pending;
}
