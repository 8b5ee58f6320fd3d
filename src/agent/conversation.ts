/**
 * The history of one process. It only grows: models bind their thinking to everything before it, and every request
 * but the first is read from the cache. Request n+1 is request n with something appended, byte for byte.
 */
import type { AgentSettings } from "../formats/agent-settings.ts";
import { estimateTokens } from "../formats/token-estimate.ts";
import type {
  ContentBlock,
  ContentBlockParam,
  MessageParam,
  RequestBody,
  ToolParam,
} from "./model-client.ts";

export interface ConversationParts {
  readonly model: string;
  readonly effort: AgentSettings["effort"];
  readonly thinksAdaptively: boolean;
  readonly system: string;
  readonly tools: readonly ToolParam[];
  /** Whether the endpoint takes messages of the role `system` amid the others. */
  readonly takesSystemMessages: boolean;
}

/** A request as it is sent at one moment; the rest of it never changes. */
export interface Moment {
  readonly maxTokens: number;
  /** How long the cache should keep the end of the history: work may pause for longer than five minutes. */
  readonly tailTtl: "5m" | "1h";
  /** After the server refused thinking blocks: let it drop those that it does not accept. */
  readonly dropsThinking: boolean;
}

/** The frozen part of every request: whoever has it and the messages can make each request again. */
export type Frame = Pick<RequestBody, "model" | "system" | "tools" | "output_config" | "thinking">;

function frameOf(parts: ConversationParts): Frame {
  return {
    model: parts.model,
    ...(parts.effort === null ? {} : { output_config: { effort: parts.effort } }),
    ...(parts.thinksAdaptively ? { thinking: { type: "adaptive", display: "summarized" } as const } : {}),
    tools: [...parts.tools],
    // One marker covers tools and system text: the same for all fresh processes of a project.
    system: [{ type: "text", text: parts.system, cache_control: { type: "ephemeral", ttl: "1h" } }],
  };
}

/** `messages` stand last but for what may differ from request to request, so that one request is a prefix of the next. */
export function requestBody(frame: Frame, messages: readonly MessageParam[], moment: Moment): RequestBody {
  const { thinking, ...rest } = frame;
  const binding = { block_binding: { prefix_mismatch_behavior: "drop_block" } };
  const sent = moment.dropsThinking ? { type: "adaptive" as const, ...thinking, ...binding } : thinking;
  return {
    ...rest,
    ...(sent === undefined ? {} : { thinking: sent }),
    messages: [...messages],
    cache_control: { type: "ephemeral", ...(moment.tailTtl === "1h" ? { ttl: "1h" as const } : {}) },
    max_tokens: moment.maxTokens,
  };
}

export interface Conversation {
  readonly frame: Frame;
  readonly messages: readonly MessageParam[];
  readonly request: (moment: Moment) => RequestBody;
  /** Tokens, by estimate, of what was told since the last time: no server has counted them yet. */
  readonly takeNewTokens: () => number;
  /** What the model said, verbatim and in order. */
  readonly addAnswer: (content: readonly ContentBlock[]) => void;
  /** What the model is told: results of its calls first, then text, then what the harness itself has to say. */
  readonly addTurn: (blocks: readonly ContentBlockParam[], notes: readonly string[]) => void;
}

/** @param onMessage Told of every message as it is appended. */
export function openConversation(
  parts: ConversationParts,
  onMessage: (message: MessageParam) => void,
): Conversation {
  const frame = frameOf(parts);
  const messages: MessageParam[] = [];
  let newTokens = estimateTokens(frame);
  const add = (message: MessageParam): void => {
    const whole = wellFormed(message);
    messages.push(whole);
    newTokens += estimateTokens(whole);
    onMessage(whole);
  };
  return {
    frame,
    messages,
    request: (moment) => requestBody(frame, messages, moment),
    takeNewTokens() {
      const tokens = newTokens;
      newTokens = 0;
      return tokens;
    },
    addAnswer(content) {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the server sent is what it takes back
      messages.push({ role: "assistant", content: sendable(content) as ContentBlockParam[] });
    },
    addTurn(blocks, notes) {
      const asText = notes.map((text) => ({ type: "text" as const, text }));
      if (parts.takesSystemMessages && blocks.length > 0) {
        add({ role: "user", content: [...blocks] });
        if (asText.length > 0) add({ role: "system", content: asText });
        return;
      }
      const marked = asText.map(({ text, ...block }) => ({ ...block, text: `[harness] ${text}` }));
      add({ role: "user", content: [...blocks, ...marked] });
    },
  };
}

/** An answer as a server takes it back: it sends blank texts, and empty answers, that it does not take. */
export function sendable<Block extends { readonly type: string }>(
  content: readonly Block[],
): readonly (Block | { readonly type: "text"; readonly text: string })[] {
  const kept = content.filter((block) => !("text" in block && String(block.text).trim() === ""));
  return kept.length > 0 ? kept : [{ type: "text", text: "(no answer)" }];
}

/** Half of a surrogate pair, where a text was cut, is refused by every server. */
function wellFormed(message: MessageParam): MessageParam {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the shape stays, only strings change
  return JSON.parse(JSON.stringify(message), (_, value: unknown) =>
    typeof value === "string" ? value.toWellFormed() : value,
  ) as MessageParam;
}
