/** A recorded answer of a model, and the server-sent events in which the Messages API would stream it. */
import { z } from "zod";

const block = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("text"), text: z.string() }),
  z.strictObject({ type: z.literal("thinking"), thinking: z.string(), signature: z.string().default("") }),
  // oxlint-disable-next-line eslint/id-denylist -- the API's own word
  z.strictObject({ type: z.literal("redacted_thinking"), data: z.string() }),
  z.strictObject({
    type: z.literal("tool_use"),
    /** Made from the message's id when it is left out. */
    id: z.string().optional(),
    name: z.string(),
    input: z.record(z.string(), z.unknown()).default({}),
    /** In place of `input`: the JSON as far as it came before the answer was cut off. */
    partial_json: z.string().optional(),
  }),
]);
type Block = z.output<typeof block>;

const tokens = z.int().nonnegative().default(0);
const usage = z.looseObject({
  input_tokens: tokens,
  output_tokens: tokens,
  cache_creation_input_tokens: tokens,
  cache_read_input_tokens: tokens,
});

/** An answer as people write it down: what is left out follows from the rest. */
export const recordedAnswer = z
  .strictObject({
    content: z.array(block).readonly(),
    stop_reason: z.string().optional(),
    stop_details: z.record(z.string(), z.unknown()).nullable().default(null),
    usage: usage.prefault({}),
    /** The model that answered; left out: the one that was asked. */
    model: z.string().optional(),
  })
  .transform((answer) => ({ ...answer, stop_reason: answer.stop_reason ?? stopReasonFor(answer.content) }));

export type RecordedAnswer = z.output<typeof recordedAnswer>;

export interface MessageIdentity {
  readonly id: string;
  /** The model that was asked. */
  readonly model: string;
}

function stopReasonFor(content: readonly Block[]): string {
  const calls = content.filter((each) => each.type === "tool_use");
  if (calls.some((call) => call.partial_json !== undefined)) return "max_tokens";
  return calls.length === 0 ? "end_turn" : "tool_use";
}

/** The whole message, as a request without streaming gets it. */
export function buildMessage(answer: RecordedAnswer, identity: MessageIdentity): object {
  const { stop_reason, stop_details, usage: used } = answer;
  const content = answer.content.map((each, index) => wholeBlock(each, identity, index));
  return { ...emptyMessage(answer, identity), content, stop_reason, stop_details, usage: used };
}

/** Each text is one complete server-sent event. */
export function formatMessageEvents(answer: RecordedAnswer, identity: MessageIdentity): readonly string[] {
  const { stop_reason, stop_details, usage: used } = answer;
  const soFar = { ...used, output_tokens: 0 };
  const delta = { stop_reason, stop_details, stop_sequence: null };
  return [
    formatEvent("message_start", { message: { ...emptyMessage(answer, identity), usage: soFar } }),
    ...answer.content.flatMap((each, index) => {
      const [start, ...deltas] = streamBlock(each, identity, index);
      return [
        formatEvent("content_block_start", { index, content_block: start }),
        ...deltas.map((part) => formatEvent("content_block_delta", { index, delta: part })),
        formatEvent("content_block_stop", { index }),
      ];
    }),
    formatEvent("message_delta", { delta, usage: used }),
    formatEvent("message_stop", {}),
  ];
}

/** One event of the stream, also of those that are no part of an answer. */
export function formatEvent(type: string, fields: Readonly<Record<string, unknown>>): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;
}

function emptyMessage(answer: RecordedAnswer, { id, model }: MessageIdentity): object {
  const unstopped = { stop_reason: null, stop_details: null, stop_sequence: null };
  return { id, type: "message", role: "assistant", model: answer.model ?? model, content: [], ...unstopped };
}

function wholeBlock(each: Block, identity: MessageIdentity, index: number): object {
  if (each.type !== "tool_use") return each;
  const { partial_json: _, ...call } = each;
  return { ...call, id: each.id ?? `toolu_${identity.id.replace(/^msg_/, "")}_${index}` };
}

/** The block as it starts, and the deltas that its content comes in. */
function streamBlock(each: Block, identity: MessageIdentity, index: number): readonly [object, ...object[]] {
  switch (each.type) {
    case "text":
      return [{ ...each, text: "" }, ...piecesOf(each.text).map((text) => ({ type: "text_delta", text }))];
    case "thinking": {
      const deltas = piecesOf(each.thinking).map((thinking) => ({ type: "thinking_delta", thinking }));
      const signature = { type: "signature_delta", signature: each.signature };
      return [{ ...each, thinking: "", signature: "" }, ...deltas, signature];
    }
    case "redacted_thinking":
      return [each];
    case "tool_use": {
      const pieces = piecesOf(each.partial_json ?? JSON.stringify(each.input));
      const deltas = pieces.map((piece) => ({ type: "input_json_delta", partial_json: piece }));
      return [{ ...wholeBlock(each, identity, index), input: {} }, ...deltas];
    }
  }
}

/** In three pieces, as it comes from a model: whoever reads only the first one is found out. */
function piecesOf(text: string): readonly string[] {
  const size = Math.max(1, Math.ceil(text.length / 3));
  return text.match(new RegExp(`.{1,${size}}`, "gsu")) ?? [];
}
