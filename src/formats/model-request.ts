/**
 * What may be asked of a model with the supervisor's key: what the built-in agent asks, and nothing else. Fields that it does
 * not send are dearer (another speed, another model) or let the model's server reach what the sandbox may not (its tools,
 * addresses of pictures). Whoever asks may mean harm: nothing is built of what is large, and each list is left at its first oddity.
 */
import { z } from "zod";
import { isWithinExtent } from "./json-extent.ts";
import { estimateTokens } from "./token-estimate.ts";

/** Lets a server drop thinking blocks that it does not accept. */
export const thinkingBeta = "thinking-binding-controls-2026-08-01";

const anything = z.unknown().optional();

/** Lists are looked through by hand: zod would tell every oddity of a million. */
const requestShape = z.strictObject({
  model: z.string(),
  max_tokens: z.int().positive(),
  stream: z.literal(true),
  messages: z.unknown(),
  system: anything,
  tools: anything,
  output_config: anything,
  thinking: anything,
  cache_control: anything,
});

export interface ModelRequest {
  /** What was looked at, written anew: a name that is there twice, say, is understood by others in another way. */
  readonly text: string;
  /** By estimate, on the high side. */
  readonly inputTokens: number;
  readonly outputTokensMax: number;
  /** Whether it may think, of which nothing need be seen. */
  readonly thinks: boolean;
}

/** Some 10,000 turns. */
const extentMax = { valuesMax: 200_000, depthMax: 64 };

/** A text says why it is refused. `model`: the only one that may be asked. */
export function readModelRequest(body: Uint8Array, model: string): ModelRequest | string {
  if (!isWithinExtent(body, extentMax)) return "with too many values";
  const parsed = requestShape.safeParse(parse(Buffer.from(body).toString()));
  if (!parsed.success) return `not as the built-in agent asks (${whereOf(parsed.error)})`;
  const { data: request } = parsed;
  if (request.model !== model) return `not for the model ${request.model.slice(0, 80)}, for ${model} alone`;
  const odd = oddityOf(request);
  if (odd !== null) return `not with ${odd}`;
  return {
    text: JSON.stringify(request),
    inputTokens: estimateTokens(request),
    outputTokensMax: request.max_tokens,
    thinks: request.thinking !== undefined,
  };
}

function whereOf({ issues: [issue] }: z.ZodError): string {
  const names = issue?.code === "unrecognized_keys" ? issue.keys : (issue?.path.map(String) ?? []);
  return names.join(".").slice(0, 80) || "no JSON";
}

const oddityOf = ({ system, messages, tools = [] }: z.output<typeof requestShape>): string | null =>
  oddContent(system) ?? oddIn(messages, "messages", oddMessage) ?? oddIn(tools, "tools", oddTool);

type Fields = Readonly<Record<string, unknown>>;
/** Says what is odd of it; null: nothing. */
type Look = (fields: Fields) => string | null;

/** The first oddity in a list of objects. The API's own names are small letters; some server may read others alike. */
function oddIn(list: unknown, name: string, look: Look): string | null {
  if (!Array.isArray(list)) return `${name} that are no list`;
  const all: readonly unknown[] = list;
  for (const each of all) {
    if (!isFields(each)) return `${name} that are no objects`;
    const strange = Object.keys(each).find((key) => !/^[a-z_\d]+$/.test(key));
    const odd = strange === undefined ? look(each) : `a field ${strange.slice(0, 40)}`;
    if (odd !== null) return odd;
  }
  return null;
}

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const oddMessage: Look = ({ role, content }) =>
  role === "user" || role === "assistant" ? oddContent(content) : "a role of its own";

const oddTool: Look = ({ name, type = "custom" }) =>
  typeof name === "string" && type === "custom" ? null : "a tool of the server's";

const oddContent = (content: unknown): string | null =>
  content === undefined || typeof content === "string" ? null : oddIn(content, "content", oddBlock);

const plainBlocks: readonly unknown[] = ["text", "tool_use", "thinking", "redacted_thinking"];

/** What the model's server would fetch or run by itself. */
function oddBlock({ type, source, content }: Fields): string | null {
  if (plainBlocks.includes(type)) return null;
  if (type === "image" && isFields(source)) return oddIn([source], "sources", oddSource);
  if (type === "tool_result") return oddContent(content);
  return `a block of the type ${String(type).slice(0, 40)}`;
}

const oddSource: Look = ({ type }) => (type === "base64" ? null : "a picture that is elsewhere");

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
