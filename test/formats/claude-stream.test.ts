/** What is read of Claude Code's stream: recorded ones of the real program, and what others might print. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ClaudeRecord, parseClaudeLine } from "../../src/formats/claude-stream.ts";

const folder = join(import.meta.dirname, "..", "fixtures", "claude");
const recorded = (name: string): readonly ClaudeRecord[] =>
  readFileSync(join(folder, name), "utf8").trimEnd().split("\n").map(parseClaudeLine);
const parse = (record: unknown): ClaudeRecord => parseClaudeLine(JSON.stringify(record));

describe("a recorded stream", () => {
  it.each(readdirSync(folder))("begins: %s", (name) => {
    expect(recorded(name)[0]).toMatchObject({
      type: "system",
      subtype: "init",
      session_id: expect.any(String),
    });
  });

  it.each(readdirSync(folder).filter((name) => !/^(api-401|circles|silence)/.test(name)))(
    "ends: %s",
    (name) => {
      expect(recorded(name).at(-1)).toMatchObject({
        type: "result",
        model_usage_since_last_result: expect.anything(),
      });
    },
  );

  it("is read to the last token", () => {
    const known = recorded("edits.jsonl").filter(({ type }) => type !== "other");
    const usage = { input: 1000, output: 0, cacheRead: 10_000, cacheWrite5m: 0, cacheWrite1h: 0 };
    const turn = (id: string) => {
      const message = { id, model: "claude-sonnet-5-5", usage };
      return [
        { type: "stream_event", parent_tool_use_id: null, event: { type: "message_start", message } },
        { type: "assistant", message, parent_tool_use_id: null },
        {
          type: "stream_event",
          parent_tool_use_id: null,
          event: { type: "message_delta", usage: { output_tokens: 100 } },
        },
      ];
    };
    expect(known).toEqual([
      { type: "system", subtype: "init", session_id: "00000000-0000-4000-8000-000000000000" },
      ...["msg_1", "msg_2", "msg_3"].flatMap(turn),
      {
        type: "result",
        subtype: "success",
        is_error: false,
        result: "Done it.",
        errors: [],
        stop_reason: "end_turn",
        api_error_status: null,
        permission_denials: [],
        model_usage_since_last_result: {
          "claude-sonnet-5-5": { inputTokens: 33_000, outputTokens: 300, usd: expect.closeTo(0.012) },
        },
      },
    ]);
  });

  it("tells an error of the API with the result that calls itself a success", () => {
    expect(recorded("api-400-credit.jsonl").slice(-2)).toMatchObject([
      { type: "assistant", error: "billing_error" },
      { type: "result", subtype: "success", is_error: true, api_error_status: 400 },
    ]);
  });

  it("tells what is tried again", () => {
    const retries = recorded("api-401.jsonl").filter(({ type }) => type === "system");
    expect(retries.slice(1)).toEqual(
      [1, 2].map((attempt) => ({
        type: "system",
        subtype: "api_retry",
        attempt,
        error: "authentication_failed",
      })),
    );
  });

  it("tells when a limit ends", () => {
    const limits = recorded("limit.jsonl").filter(({ type }) => type === "rate_limit_event");
    const limit = { status: "rejected", resetsAt: Date.parse("2030-01-01T00:00:00Z") / 1000 };
    expect(limits).toEqual([{ type: "rate_limit_event", rate_limit_info: limit }]);
  });

  it("tells the messages of nested agents apart", () => {
    const messages = recorded("nested.jsonl").filter((record) => record.type === "assistant");
    expect(messages.map((record) => typeof record.parent_tool_use_id)).toEqual([
      "object",
      "string",
      "object",
    ]);
  });
});

describe("a line", () => {
  const result = { type: "result", subtype: "success", is_error: false };

  it("may leave out what is not known yet or any more", () => {
    expect(parse(result)).toEqual({ ...result, errors: [], permission_denials: [] });
    const message = { id: "m", model: "x", usage: { input_tokens: null, output_tokens: -1 } };
    const usage = { input: 0, output: 0, cacheRead: 0, cacheWrite5m: 0, cacheWrite1h: 0 };
    expect(parse({ type: "assistant", message })).toEqual({
      type: "assistant",
      message: { ...message, usage },
    });
  });

  it("tells what was written to the cache", () => {
    const message = { id: "m", model: "x", usage: { cache_creation_input_tokens: 7 } };
    expect(parse({ type: "assistant", message })).toMatchObject({ message: { usage: { cacheWrite5m: 7 } } });
  });

  it("about a limit that is not reached is not for us", () => {
    const limit = { status: "allowed_warning", resetsAt: 1 };
    expect(parse({ type: "rate_limit_event", rate_limit_info: limit })).toEqual({ type: "other" });
  });

  it("has no price where the program guessed one", () => {
    const used = { inputTokens: 1, outputTokens: 2, cacheReadInputTokens: 3, cacheCreationInputTokens: 4 };
    const told = (costBasis?: string) =>
      parse({ ...result, model_usage_since_last_result: { x: { ...used, costUSD: 5, costBasis } } });
    const read = { inputTokens: 8, outputTokens: 2 };
    expect(told("unknown")).toMatchObject({ model_usage_since_last_result: { x: { ...read, usd: null } } });
    expect(told("list")).toMatchObject({ model_usage_since_last_result: { x: { ...read, usd: 5 } } });
    expect(told()).toMatchObject({ model_usage_since_last_result: { x: { ...read, usd: 5 } } });
  });

  it("about the stream of a nested agent is not for us: its messages are counted", () => {
    const event = { type: "message_delta", usage: { output_tokens: 1 } };
    expect(parse({ type: "stream_event", parent_tool_use_id: "toolu_1", event })).toEqual({ type: "other" });
    expect(parse({ type: "stream_event", event })).toMatchObject({ type: "stream_event" });
  });

  it.each(["", "Error: no", "null", "[]", '{"type":"result"}', '{"type":"system","subtype":"status"}'])(
    "may be something else: %s",
    (line) => expect(parseClaudeLine(line)).toEqual({ type: "other" }),
  );

  it("may be anything at all", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (line) => {
        expect(parseClaudeLine(line)).toEqual({ type: "other" });
      }),
    );
  });
});
