/** The stream of a recorded answer, put together again as a client does; test/agent/model-server has a real one. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { buildMessage, formatMessageEvents, recordedAnswer } from "../../src/formats/message-events.ts";

const identity = { id: "msg_7", model: "claude-sonnet-5-5" };
const event = z.looseObject({
  type: z.string(),
  index: z.int().optional(),
  delta: z.record(z.string(), z.string().nullable()).optional(),
});

/** Name and fields of each event; fails for a text that is not one event. */
const eventsOf = (answer: unknown) =>
  formatMessageEvents(recordedAnswer.parse(answer), identity).map((text) => {
    const [, name, fields = ""] = /^event: (\w+)\ndata: (.*)\n\n$/.exec(text) ?? [];
    const read = event.parse(JSON.parse(fields));
    expect(read.type).toBe(name);
    return read;
  });

const joined = (answer: unknown, field: string): string =>
  eventsOf(answer)
    .map(({ delta }) => delta?.[field] ?? "")
    .join("");

describe("the events of an answer", () => {
  it("hold every text in few pieces, none of them empty", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 40 }), (text) => {
        const answer = { content: [{ type: "text", text }] };
        expect(joined(answer, "text")).toBe(text);
        const deltas = eventsOf(answer).filter(({ type }) => type === "content_block_delta");
        expect(deltas.length).toBeLessThanOrEqual(3);
        const pieces = deltas.map(({ delta }) => delta?.["text"] ?? "");
        expect(pieces).not.toContain("");
        // A client that is strict about Unicode would choke on half a character.
        expect(pieces.every((piece) => piece.isWellFormed())).toBe(true);
      }),
    );
  });

  it("hold the input of a tool, whole or as far as it came", () => {
    const call = { type: "tool_use", name: "bash", input: { command: "ls" } };
    expect(joined({ content: [call] }, "partial_json")).toBe('{"command":"ls"}');
    const started = eventsOf({ content: [call] })[1]?.["content_block"];
    expect(started).toEqual({ ...call, id: "toolu_7_0", input: {} });
    expect(joined({ content: [{ ...call, partial_json: '{"comm' }] }, "partial_json")).toBe('{"comm');
    expect(joined({ content: [{ type: "tool_use", name: "done" }] }, "partial_json")).toBe("{}");
  });

  it("hold the signature of a thought after the thought", () => {
    const answer = { content: [{ type: "thinking", thinking: "abc", signature: "signed" }] };
    const deltas = eventsOf(answer).flatMap(({ delta }) => (delta === undefined ? [] : [delta["type"]]));
    expect(deltas.slice(0, 4)).toEqual([
      "thinking_delta",
      "thinking_delta",
      "thinking_delta",
      "signature_delta",
    ]);
    expect(joined(answer, "signature")).toBe("signed");
  });

  it("count output at the end alone", () => {
    const usage = { input_tokens: 5, output_tokens: 9 };
    const [start, ...rest] = eventsOf({ content: [], usage });
    expect(start).toMatchObject({ message: { id: "msg_7", usage: { input_tokens: 5, output_tokens: 0 } } });
    expect(rest).toMatchObject([
      { type: "message_delta", usage: { ...usage, cache_read_input_tokens: 0 } },
      { type: "message_stop" },
    ]);
  });
});

describe("a recorded answer", () => {
  const text = { type: "text", text: "Hello." };
  const call = { type: "tool_use", name: "bash", input: {} };

  it.each([
    [[text], "end_turn"],
    [[text, call], "tool_use"],
    [[call, { ...call, partial_json: "{" }], "max_tokens"],
  ])("stops as its content says: %j", (content, reason) => {
    expect(recordedAnswer.parse({ content }).stop_reason).toBe(reason);
    expect(recordedAnswer.parse({ content, stop_reason: "pause_turn" }).stop_reason).toBe("pause_turn");
  });

  it("gives its calls ids that are theirs alone", () => {
    const answer = recordedAnswer.parse({ content: [text, call, { ...call, id: "toolu_mine" }, call] });
    expect(buildMessage(answer, identity)).toMatchObject({
      model: "claude-sonnet-5-5",
      content: [
        text,
        { ...call, id: "toolu_7_1" },
        { ...call, id: "toolu_mine" },
        { ...call, id: "toolu_7_3" },
      ],
    });
  });

  it.each([
    [{}],
    [{ content: [{ type: "txet" }] }],
    [{ content: [{ type: "text", text: "a", txet: "b" }] }],
    [{ content: [], stop: "end_turn" }],
    [{ content: [], usage: { input_tokens: -1 } }],
  ])("is refused where it is none: %j", (answer) => {
    expect(recordedAnswer.safeParse(answer).success).toBe(false);
  });
});
