/**
 * What may be asked of a model with the supervisor's key: what the built-in agent asks, and nothing else. Fields that it does
 * not send are dearer (another speed, another model) or let the model's server reach what the sandbox may not (its tools,
 * addresses of pictures).
 */
import { z } from "zod";
import { estimateTokens } from "./token-estimate.ts";

/** Lets a server drop thinking blocks that it does not accept. */
export const thinkingBeta = "thinking-binding-controls-2026-08-01";

const anything = z.unknown().optional();

const requestShape = z.strictObject({
  model: z.string(),
  max_tokens: z.int().positive(),
  stream: z.literal(true),
  messages: z.array(z.looseObject({ content: z.unknown() })),
  system: z.unknown().optional(),
  tools: z.array(z.looseObject({ name: z.string(), type: z.literal("custom").optional() })).optional(),
  output_config: anything,
  thinking: anything,
  cache_control: anything,
});

export interface ModelRequest {
  /** By estimate. */
  readonly inputTokens: number;
  readonly outputTokensMax: number;
}

/** A text says why it is refused. `model`: the only one that may be asked. */
export function readModelRequest(text: string, model: string): ModelRequest | string {
  const parsed = requestShape.safeParse(parse(text));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const names = issue?.code === "unrecognized_keys" ? issue.keys : (issue?.path.map(String) ?? []);
    return `not as the built-in agent asks (${names.join(".").slice(0, 80) || "no JSON"})`;
  }
  const { data: request } = parsed;
  if (request.model !== model) return `not for the model ${request.model.slice(0, 80)}, for ${model} alone`;
  const odd = [request.system, ...request.messages.map(({ content }) => content)]
    .map((content) => oddBlock(content))
    .find((each) => each !== null);
  if (odd !== undefined) return `not with ${odd}`;
  return { inputTokens: estimateTokens(request), outputTokensMax: request.max_tokens };
}

const blockShape = z.object({
  type: z.string(),
  source: z.object({ type: z.string() }).optional().catch(undefined),
  content: z.unknown().optional(),
});
const plainBlocks = new Set(["text", "tool_use", "thinking", "redacted_thinking"]);

/** What the model's server would fetch or run by itself. */
function oddBlock(content: unknown): string | null {
  if (content === undefined || content === null || typeof content === "string") return null;
  if (!Array.isArray(content)) return "content that is no list";
  const blocks: readonly unknown[] = content;
  return blocks.map((block) => oddPart(block)).find((odd) => odd !== null) ?? null;
}

function oddPart(block: unknown): string | null {
  const { type, source, content } = blockShape.safeParse(block).data ?? { type: "unknown" };
  if (plainBlocks.has(type) || (type === "image" && source?.type === "base64")) return null;
  return type === "tool_result" ? oddBlock(content) : `a block of the type ${type.slice(0, 40)}`;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
