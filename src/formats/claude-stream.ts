/** The lines of Claude Code's `--output-format stream-json`, as far as a supervisor cares for them. */
import { z } from "zod";
import type { RequestTokens } from "../core/price.ts";

/** What is not told counts as nothing. */
const count = z.number().nonnegative().catch(0);

const requestTokens = z
  .object({
    input_tokens: count,
    output_tokens: count,
    cache_read_input_tokens: count,
    cache_creation_input_tokens: count,
  })
  .transform((usage): RequestTokens => ({
    input: usage.input_tokens,
    output: usage.output_tokens,
    cacheRead: usage.cache_read_input_tokens,
    cacheWrite5m: usage.cache_creation_input_tokens,
    cacheWrite1h: 0,
  }));

/** `usd` is null when a price is not known. */
const modelUsage = z
  .object({
    inputTokens: count,
    outputTokens: count,
    cacheReadInputTokens: count,
    cacheCreationInputTokens: count,
    costUSD: z.number().nonnegative(),
    costBasis: z.string().optional(),
  })
  .transform((usage) => ({
    inputTokens: usage.inputTokens + usage.cacheReadInputTokens + usage.cacheCreationInputTokens,
    outputTokens: usage.outputTokens,
    usd: usage.costBasis === "unknown" ? null : usage.costUSD,
  }));

const message = z.object({ id: z.string(), model: z.string(), usage: requestTokens });

const claudeRecord = z.union([
  z.object({ type: z.literal("system"), subtype: z.literal("init"), session_id: z.string() }),
  /** A call to the API failed and is tried again. */
  z.object({
    type: z.literal("system"),
    subtype: z.literal("api_retry"),
    attempt: z.number(),
    error: z.string(),
  }),
  /** One for each block of a message, whose `usage` is not final; `error` is set where the API gave no message. */
  z.object({
    type: z.literal("assistant"),
    message,
    /** Set on messages of an agent of the agent, which no stream events tell of. */
    parent_tool_use_id: z.string().nullish(),
    error: z.string().optional(),
  }),
  z.object({
    type: z.literal("stream_event"),
    parent_tool_use_id: z.null().optional(),
    event: z.discriminatedUnion("type", [
      z.object({ type: z.literal("message_start"), message }),
      z.object({ type: z.literal("message_delta"), usage: z.object({ output_tokens: count }) }),
    ]),
  }),
  z.object({
    type: z.literal("rate_limit_event"),
    rate_limit_info: z.object({ status: z.literal("rejected"), resetsAt: z.number() }),
  }),
  z.object({
    type: z.literal("result"),
    subtype: z.string(),
    is_error: z.boolean(),
    result: z.string().optional(),
    errors: z.array(z.string()).default([]),
    stop_reason: z.string().nullish(),
    api_error_status: z.number().nullish(),
    permission_denials: z.array(z.object({ tool_name: z.string() })).default([]),
    /** By model. `total_cost_usd` would count from the first process of the conversation on. */
    model_usage_since_last_result: z.record(z.string(), modelUsage).optional(),
  }),
]);

export type ClaudeRecord = z.output<typeof claudeRecord> | { readonly type: "other" };
export type ClaudeResult = Extract<ClaudeRecord, { type: "result" }>;

/** Never throws. Most of what the program prints is not for us. */
export function parseClaudeLine(line: string): ClaudeRecord {
  try {
    const parsed = claudeRecord.safeParse(JSON.parse(line));
    return parsed.success ? parsed.data : { type: "other" };
  } catch {
    return { type: "other" };
  }
}
