import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  agentMessage,
  agentProtocolJsonSchema,
  formatBriefMessage,
  formatVerdictMessage,
  parseAgentLine,
  parseClaim,
} from "../../src/formats/agent-stream.ts";

const parse = (message: unknown) => parseAgentLine(JSON.stringify(message));

describe("a line of an agent", () => {
  it.each([
    { type: "started", agent: "mine", model: "m-1" },
    { type: "started" },
    { type: "turn" },
    { type: "tool", name: "edit", summary: "src/a.ts" },
    { type: "usage", input_tokens: 10, output_tokens: 0, cache_read_tokens: 4, usd: 0.5 },
    { type: "note", text: "hello" },
    { type: "limit", resets_at: "2026-11-20T22:00:00Z", reason: "five hours" },
    { type: "limit", resets_at: "2026-11-20T22:00:00.5+01:00" },
    { type: "refused", reason: "login" },
    { type: "busy", with: "npm test" },
    { type: "handoff", note: "Go on with the tests." },
    { type: "end" },
    { type: "end", status: "stuck", reason: "the same call again and again" },
  ])("is read: %j", (message) => {
    expect(parse(message)).toEqual(message);
  });

  it("may have fields that nobody knows", () => {
    expect(parse({ type: "turn", id: 7 })).toEqual({ type: "turn" });
  });

  it("that ends for a reason nobody knows is an end all the same", () => {
    expect(parse({ type: "end", status: "bored" })).toEqual({ type: "end" });
  });

  it("about usage without a price has no price, not a price of nothing", () => {
    expect(parse({ type: "usage", input_tokens: 1, output_tokens: 2 })).toMatchObject({ usd: null });
    expect(parse({ type: "usage", input_tokens: 1, output_tokens: 2, usd: null })).toMatchObject({
      usd: null,
    });
  });

  it("that is no message is garbage, with the reason", () => {
    const lines = [
      "plain text",
      "",
      "null",
      "[]",
      "{}",
      '{"type":"dance"}',
      '{"type":"usage","input_tokens":-1,"output_tokens":2}',
      '{"type":"usage","input_tokens":1,"output_tokens":2,"usd":-1}',
      '{"type":"limit","resets_at":"tomorrow"}',
      '{"type":"claim","status":"done","summary":"x"}',
    ];
    expect(lines.map(parseAgentLine)).toMatchInlineSnapshot(`
      [
        {
          "reason": "not JSON",
          "type": "garbage",
        },
        {
          "reason": "not JSON",
          "type": "garbage",
        },
        {
          "reason": "Invalid input: expected object, received null",
          "type": "garbage",
        },
        {
          "reason": "Invalid input: expected object, received array",
          "type": "garbage",
        },
        {
          "reason": "type: Invalid discriminator value. Expected 'started' | 'turn' | 'tool' | 'usage' | 'note' | 'claim' | 'limit' | 'refused' | 'busy' | 'handoff' | 'end'",
          "type": "garbage",
        },
        {
          "reason": "type: Invalid discriminator value. Expected 'started' | 'turn' | 'tool' | 'usage' | 'note' | 'claim' | 'limit' | 'refused' | 'busy' | 'handoff' | 'end'",
          "type": "garbage",
        },
        {
          "reason": "input_tokens: Too small: expected number to be >=0",
          "type": "garbage",
        },
        {
          "reason": "usd: Too small: expected number to be >=0",
          "type": "garbage",
        },
        {
          "resets_at": undefined,
          "type": "limit",
        },
        {
          "reason": "status: Invalid option: expected one of "complete"|"partial"|"blocked"",
          "type": "garbage",
        },
      ]
    `);
  });

  it("never makes the reader throw, whatever it is", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json(), fc.constant("[".repeat(200_000))), (line) => {
        expect(typeof parseAgentLine(line).type).toBe("string");
      }),
    );
  });
});

describe("a claim", () => {
  it("needs only status and summary, with its type or without", () => {
    const claim = { status: "complete", summary: "Did it.", learnings: [], question: null };
    expect(parseClaim('{"type":"claim","status":"complete","summary":"Did it."}')).toEqual(claim);
    expect(parseClaim('\uFEFF{"status":"complete","summary":"Did it.","more":1}\n')).toEqual(claim);
    expect(parse({ type: "claim", status: "complete", summary: "Did it." })).toMatchObject(claim);
  });

  it("that is too long is cut, not refused", () => {
    const learnings = ["  ", ...Array.from({ length: 30 }, (_, n) => `${n}${"y".repeat(500)}`)];
    const claim = parseClaim(
      JSON.stringify({ status: "blocked", summary: "x".repeat(3000), learnings, question: "?" }),
    );
    expect(claim?.summary).toBe(`${"x".repeat(1999)}…`);
    expect(claim?.learnings).toHaveLength(20);
    expect(claim?.learnings[0]).toBe(`0${"y".repeat(398)}…`);
    expect(claim?.question).toBe("?");
  });

  it("that is none is null", () => {
    const texts = [
      "",
      "done",
      "[]",
      "{}",
      '{"type":"note","status":"complete","summary":""}',
      '{"status":"complete"}',
    ];
    expect(texts.map(parseClaim)).toEqual(texts.map(() => null));
  });
});

it("tells the agent its brief and the verdict, one line each", () => {
  expect(formatBriefMessage({ text: "# Task\ntext" })).toBe('{"type":"brief","text":"# Task\\ntext"}\n');
  expect(formatVerdictMessage({ accepted: false, round: 1, evidence: "red" })).toBe(
    '{"type":"verdict","accepted":false,"round":1,"evidence":"red"}\n',
  );
});

it("publishes a schema with every message of both directions", () => {
  const text = JSON.stringify(agentProtocolJsonSchema());
  const types = [...agentMessage.options.map((option) => option.shape.type.value), "brief", "verdict"];
  expect(types).toHaveLength(13);
  for (const type of types) expect(text).toContain(`"const":"${type}"`);
  expect(agentProtocolJsonSchema()).toMatchObject({
    $schema: "https://json-schema.org/draft/2020-12/schema",
  });
});
