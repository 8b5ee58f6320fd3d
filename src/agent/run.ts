/** What one process of the agent holds while it works: what is spent, what it counts, and whom it tells. */
import { once } from "node:events";
import { type PriceTier, promptTokens, type RequestTokens } from "../core/price.ts";
import type { ModelFacts } from "../formats/models.ts";
import { thinkingBeta } from "../formats/model-request.ts";
import { priceOf, tokensOf } from "../formats/model-usage.ts";
import { estimateTokens } from "../formats/token-estimate.ts";
import { nearestModels } from "../formats/models.ts";
import type { Redactor } from "../formats/redact.ts";
import { reservePrice } from "./bill.ts";
import type { Conversation, Moment } from "./conversation.ts";
import { affordableTokens, type Limits, nothingSpent, type Spent } from "./limits.ts";
import { type CallParts, callModel, type CallResult } from "./model-call.ts";
import type { Answer, Message } from "./model-client.ts";
import { RepetitionWatch } from "./repetition.ts";
import type { SupervisorLine, VerdictMessage } from "./supervisor-line.ts";
import type { Carried } from "./tool-set.ts";
import type { DoneInput } from "./tools/done.ts";
import type { Tool } from "./tools/tool.ts";
import { asBlocks, type Trajectory } from "./trajectory.ts";

/** Why the agent is not working any more, and what goes with it: a reason, or the note of a hand-off. */
export interface AgentEnd {
  readonly status: keyof typeof exitCodes;
  readonly reason: string | null;
  /** With `limited`: when the limit ends, milliseconds since 1970. */
  readonly resetsAtMs?: number;
}

/** `accepted`: as far as this process heard. Documented in docs/commands.md. */
export const exitCodes = {
  accepted: 0,
  rejected: 10,
  blocked: 11,
  stuck: 12,
  limit: 13,
  "handed-over": 14,
  unclaimed: 15,
  auth: 20,
  billing: 21,
  limited: 22,
  unreachable: 23,
  declined: 24,
  failed: 30,
  stopped: 143,
} as const;

export interface RunParts {
  readonly conversation: Conversation;
  readonly tools: readonly Tool[];
  readonly limits: Limits;
  readonly facts: (model: string) => ModelFacts;
  readonly calls: Omit<CallParts, "onRetry" | "onWasted" | "msLeft">;
  readonly line: SupervisorLine;
  readonly trajectory: Trajectory;
  readonly redactor: Redactor;
  readonly outputTokensMax: number;
}

const tailMsMax = 4.5 * 60_000;

export class AgentRun {
  readonly conversation: Conversation;
  readonly tools: readonly Tool[];
  readonly limits: Limits;
  readonly redactor: Redactor;
  readonly signal: AbortSignal;
  readonly repetition = new RepetitionWatch();
  readonly streaks = { malformed: 0, cutOff: 0 };
  nudged = false;
  spent: Spent = nothingSpent;
  readonly #parts: RunParts;
  readonly #startMs: number;
  #pausedMs = 0;
  #lastAnswerMs: number;
  #dropsThinking = false;
  #tailTtl: Moment["tailTtl"] = "5m";
  #otherModel: string | null = null;
  #promptEstimate = 0;

  constructor(parts: RunParts) {
    this.#parts = parts;
    this.conversation = parts.conversation;
    this.tools = parts.tools;
    this.limits = parts.limits;
    this.redactor = parts.redactor;
    this.signal = parts.calls.signal;
    this.#startMs = parts.calls.runningMs();
    this.#lastAnswerMs = this.#startMs;
  }

  runningMs(): number {
    return this.#parts.calls.runningMs();
  }

  /** What is spent by now; the supervisor's time over a verdict is not the agent's. */
  tick(): Spent {
    const wallMs = this.#parts.calls.runningMs() - this.#startMs - this.#pausedMs;
    this.spent = { ...this.spent, wallMs };
    return this.spent;
  }

  readonly record = {
    tool: ({ call, result, ms }: Carried): void => {
      const { content, isError, facts } = result;
      const chars = typeof content === "string" ? content.length : JSON.stringify(content).length;
      this.#parts.trajectory.write({
        type: "tool",
        id: call.id,
        name: call.name,
        ms,
        isError,
        chars,
        ...facts,
      });
      this.#parts.line.send({
        type: "tool",
        name: call.name,
        // Secrets go before anything is cut: half of one would not be known any more.
        summary:
          `${this.redactor.text(aboutOf(call.input)).slice(0, aboutCharsMax)}${endOf(facts?.exit)}`.trim(),
      });
    },
    note: (text: string): void => {
      this.#parts.trajectory.write({ type: "note", text });
      this.#parts.line.send({ type: "note", text: this.redactor.text(text) });
    },
  };

  /** The claim, and what becomes of it; null when the supervisor has hung up. */
  async hearVerdict(claim: DoneInput): Promise<VerdictMessage | "stopped" | null> {
    const { line, trajectory, calls } = this.#parts;
    const sinceMs = calls.runningMs();
    line.send(this.redactor.value({ type: "claim" as const, ...claim }));
    const stopped = once(this.signal, "abort").then(() => "stopped" as const);
    const verdict = this.signal.aborted ? "stopped" : await Promise.race([line.verdict(), stopped]);
    this.#pausedMs += calls.runningMs() - sinceMs;
    if (verdict !== null && verdict !== "stopped")
      trajectory.write({ type: "gate", accepted: verdict.accepted, evidence: verdict.evidence });
    return verdict;
  }

  /** Once for each process: a defect of ours that the server can forgive. */
  allowDroppedThinking(): boolean {
    if (this.#dropsThinking) return false;
    this.#dropsThinking = true;
    this.record.note("defect: the server found the history changed; it may drop thinking blocks now");
    return true;
  }

  /** What the next request may answer with, and how its end is cached; null when the money left cannot pay for it. */
  nextMoment(): Moment | null {
    const { conversation, outputTokensMax, limits } = this.#parts;
    if (this.#parts.calls.runningMs() - this.#lastAnswerMs > tailMsMax) this.#tailTtl = "1h";
    const prompt = this.spent.contextTokens + conversation.takeNewTokens();
    const usdLeft = this.spent.usd === null ? null : limits.usdMax - this.spent.usd;
    this.#promptEstimate = prompt;
    const price = reservePrice(this.#tiers(), prompt);
    const maxTokens = affordableTokens(outputTokensMax, { usdLeft, promptTokens: prompt, price });
    return maxTokens === null
      ? null
      : { maxTokens, tailTtl: this.#tailTtl, dropsThinking: this.#dropsThinking };
  }

  /** Takes an answer into the books and the record. */
  charge({ message, requestId }: Answer, moment: Moment, sinceMs: number): void {
    const { trajectory, calls } = this.#parts;
    this.#lastAnswerMs = calls.runningMs();
    this.#compareModel(message.model);
    const usd = priceOf(message.usage, this.#tiers());
    const { tokens, prompt } = this.#book(message.usage, usd);
    const cacheHit = prompt === 0 ? 0 : Number((tokens.cacheRead / prompt).toFixed(3));
    // A server that counts nothing must not switch the limits on tokens and context off.
    const counted = prompt + tokens.output;
    const contextTokens = counted > 0 ? counted : this.#promptEstimate + estimateTokens(message.content);
    this.spent = { ...this.spent, turns: this.spent.turns + 1, contextTokens };
    if (counted === 0) this.spent = { ...this.spent, tokens: this.spent.tokens + contextTokens };
    this.tick();
    for (const block of message.content)
      if (block.type === "text" && block.text.trim() !== "")
        this.#parts.line.send({ type: "note", text: this.redactor.text(block.text), by: "model" });
    const { content, stop_reason, model, usage } = message;
    const ms = Math.round(this.#lastAnswerMs - sinceMs);
    trajectory.write({
      type: "assistant",
      content: asBlocks(content),
      stop_reason,
      model,
      usage,
      usd,
      cacheHit,
      requestId,
      ms,
      moment,
    });
  }

  /** Whatever was used counts, also by an answer that broke off. */
  #book(usage: Message["usage"], usd: number | null): { tokens: RequestTokens; prompt: number } {
    const tokens = tokensOf(usage);
    const prompt = promptTokens(tokens);
    this.spent = {
      ...this.spent,
      usd: usd === null || this.spent.usd === null ? null : this.spent.usd + usd,
      tokens: this.spent.tokens + prompt + tokens.output,
    };
    const used = { input_tokens: prompt, output_tokens: tokens.output, cache_read_tokens: tokens.cacheRead };
    this.#parts.line.send({ type: "usage", ...used, usd });
    return { tokens, prompt };
  }

  /** Prices are those of the model that answered; where it has none, of the one that was asked. */
  #tiers(): readonly PriceTier[] {
    const { model } = this.conversation.frame;
    const answered = this.#parts.facts(this.#otherModel ?? model).tiers;
    // A name that only differs must not switch the limit on money off.
    return answered.length > 0 ? answered : this.#parts.facts(model).tiers;
  }

  #compareModel(answered: string): void {
    const { model } = this.conversation.frame;
    if (answered === (this.#otherModel ?? model)) return;
    this.#otherModel = answered;
    this.record.note(`the model that answers is ${answered}; ${model} was asked`);
  }

  async call(moment: Moment): Promise<CallResult> {
    const { conversation, calls, line, trajectory } = this.#parts;
    line.send({ type: "turn" });
    return callModel(conversation.request(moment), betasFor(moment), {
      ...calls,
      msLeft: () => this.limits.wallMsMax - this.tick().wallMs,
      onWasted: (usage) => this.#book(usage, priceOf(usage, this.#tiers())),
      onRetry: (retry) => {
        trajectory.write({ type: "retry", ...retry });
        const seconds = (retry.delayMs / 1000).toFixed(1);
        line.send({ type: "note", text: this.redactor.text(`${retry.reason}; again in ${seconds} s`) });
      },
    });
  }
}

/** One answer, paid for and recorded; its price is reserved before it is asked for. */
export async function ask(
  run: AgentRun,
): Promise<CallResult | { readonly kind: "unaffordable"; readonly reason: string }> {
  const moment = run.nextMoment();
  if (moment === null)
    return {
      kind: "unaffordable",
      reason: `the next call could cost more than is left of ${run.limits.usdMax} USD`,
    };
  const sinceMs = run.runningMs();
  const result = await run.call(moment);
  if (result.kind === "answered") run.charge(result, moment, sinceMs);
  return result;
}

type NoAnswer = Exclude<Awaited<ReturnType<typeof ask>>, { kind: "answered" | "too-long" }>;

/** What a call that gave no answer means for the attempt. */
export function endOfCall(run: AgentRun, result: NoAnswer): AgentEnd {
  switch (result.kind) {
    case "unaffordable":
      return { status: "limit", reason: result.reason };
    case "stopped":
      return { status: "stopped", reason: null };
    case "limited":
      return { status: "limited", reason: result.reason, resetsAtMs: result.resetsAtMs };
    case "down":
      return { status: "unreachable", reason: `the model could not be reached: ${result.reason}` };
    case "auth":
      return { status: "auth", reason: `the key was refused: ${result.reason}` };
    case "billing":
      return { status: "billing", reason: `the account cannot pay: ${result.reason}` };
    case "unknown-model": {
      const { model } = run.conversation.frame;
      const known = nearestModels(model).join(", ");
      return {
        status: "auth",
        reason: `the server does not know the model ${model} (we know ${known}): ${result.reason}`,
      };
    }
    case "prefix-mismatch":
    case "invalid":
      // Nothing was ever answered: it is the address or a setting, and no fresh attempt would fare better.
      if (run.spent.turns === 0)
        return { status: "auth", reason: `the model's server refused the first request: ${result.reason}` };
      return { status: "failed", reason: `the model's server refused the request: ${result.reason}` };
  }
}

const betasFor = ({ dropsThinking }: Moment): Readonly<Record<string, string>> =>
  dropsThinking ? { "anthropic-beta": thinkingBeta } : {};

/** What a call is about, for people: its command or its path. */
function aboutOf(input: unknown): string {
  const [, about] =
    Object.entries(Object(input)).find(([name]) => name === "command" || name === "path") ?? [];
  return typeof about === "string" ? about : "";
}

const aboutCharsMax = 200;

function endOf(exit: number | null | undefined): string {
  if (exit === undefined) return "";
  return exit === null ? " → no exit code" : ` → exit ${exit}`;
}
