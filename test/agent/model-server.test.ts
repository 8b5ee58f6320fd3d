/** The scripted model server as clients see it: the real SDK where one would use it, plain `fetch` for the wire. */
import Anthropic, {
  APIConnectionError,
  APIError,
  AuthenticationError,
  BadRequestError,
  InternalServerError,
  NotFoundError,
  PermissionDeniedError,
  RateLimitError,
} from "@anthropic-ai/sdk";
import { describe, expect, it } from "vitest";
import {
  type Answer,
  type ModelServer,
  type Script,
  type ScriptedAnswer,
  startModelServer,
} from "../support/model-server.ts";

const text = (words: string): ScriptedAnswer => ({ content: [{ type: "text", text: words }] });
const question = {
  model: "claude-sonnet-5-5",
  max_tokens: 100,
  messages: [{ role: "user" as const, content: "?" }],
};
const headers = {
  authorization: "Bearer key",
  "anthropic-version": "2026-10-21",
  "content-type": "application/json",
};

function client(server: ModelServer, prefix = ""): Anthropic {
  return new Anthropic({ apiKey: "key", baseURL: `${server.url}${prefix}`, maxRetries: 0 });
}

async function ask(server: ModelServer, body: object = { ...question, stream: true }): Promise<Response> {
  return fetch(`${server.url}/v1/messages`, { method: "POST", headers, body: JSON.stringify(body) });
}

/** What came before the connection ended, and whether it ended as it should. */
async function readWhole(response: Response): Promise<{ text: string; isWhole: boolean }> {
  const decoder = new TextDecoder();
  let read = "";
  try {
    for await (const chunk of response.body ?? []) read += decoder.decode(chunk, { stream: true });
    return { text: read, isWhole: true };
  } catch {
    return { text: read, isWhole: false };
  }
}

const eventsIn = (stream: string): readonly (string | undefined)[] =>
  stream
    .split("\n\n")
    .slice(0, -1)
    .map((event) => /^event: (\w+)\ndata: \{/.exec(event)?.[1]);

const everyBlock: Answer = {
  content: [
    { type: "thinking", thinking: "Let me see… 🌲", signature: "signed" },
    // oxlint-disable-next-line eslint/id-denylist -- the API's own word
    { type: "redacted_thinking", data: "secret" },
    { type: "text", text: "I look at it. 🌲🌲" },
    { type: "tool_use", name: "bash", input: { command: "ls", 'a"b': [1, null] } },
    { type: "tool_use", id: "toolu_mine", name: "done" },
  ],
  usage: { input_tokens: 7, output_tokens: 5, cache_read_input_tokens: 1000 },
};
const everyBlockWhole = {
  id: "msg_1",
  model: "claude-sonnet-5-5",
  content: [
    { type: "thinking", thinking: "Let me see… 🌲", signature: "signed" },
    // oxlint-disable-next-line eslint/id-denylist -- the API's own word
    { type: "redacted_thinking", data: "secret" },
    { type: "text", text: "I look at it. 🌲🌲" },
    { type: "tool_use", id: "toolu_1_3", name: "bash", input: { command: "ls", 'a"b': [1, null] } },
    { type: "tool_use", id: "toolu_mine", name: "done", input: {} },
  ],
  stop_reason: "tool_use",
  usage: { input_tokens: 7, output_tokens: 5, cache_read_input_tokens: 1000, cache_creation_input_tokens: 0 },
};

describe("an answer", () => {
  it("reaches the SDK whole, by stream", async () => {
    await using server = await startModelServer([everyBlock]);
    const stream = client(server).messages.stream(question);
    expect(await stream.finalMessage()).toMatchObject(everyBlockWhole);
    expect(stream.request_id).toBe("req_1");
  });

  it("reaches the SDK whole, without a stream", async () => {
    await using server = await startModelServer([everyBlock]);
    expect(await client(server).messages.create(question)).toMatchObject(everyBlockWhole);
  });

  it("streams the JSON of a tool call in pieces", async () => {
    const call: Answer = { content: [{ type: "tool_use", name: "bash", input: { command: "echo hello" } }] };
    await using server = await startModelServer([call]);
    const { text: stream, isWhole } = await readWhole(await ask(server));
    const pieces = [...stream.matchAll(/"partial_json":("(?:[^"\\]|\\.)*")/g)].map(([, json = ""]): unknown =>
      JSON.parse(json),
    );
    expect(isWhole).toBe(true);
    expect(pieces).toHaveLength(3);
    expect(JSON.parse(pieces.join(""))).toEqual({ command: "echo hello" });
    expect(eventsIn(stream)).toEqual([
      "message_start",
      "content_block_start",
      ...pieces.map(() => "content_block_delta"),
      "content_block_stop",
      "message_delta",
      "message_stop",
    ]);
  });

  it("plays a tool call whose JSON is cut off", async () => {
    const cut: Answer = { content: [{ type: "tool_use", name: "bash", partial_json: '{"comm' }] };
    await using server = await startModelServer([cut, cut]);
    const { text: stream } = await readWhole(await ask(server));
    expect(stream).not.toContain("command");
    expect(stream).toContain('"stop_reason":"max_tokens"');
    const message = await client(server).messages.stream(question).finalMessage();
    expect(message.stop_reason).toBe("max_tokens");
    expect(message.content).toMatchObject([{ type: "tool_use", name: "bash", input: {} }]);
  });

  it("stops for the reason that the script gives", async () => {
    const refused: Answer = {
      content: [],
      stop_reason: "refusal",
      stop_details: { type: "refusal", category: "cyber", explanation: null },
      model: "claude-other",
    };
    await using server = await startModelServer([refused]);
    expect(await client(server).messages.stream(question).finalMessage()).toMatchObject({
      ...refused,
      content: [],
    });
  });
});

describe("the script", () => {
  it("may be a function of the request, which is kept as it came", async () => {
    const seen: number[] = [];
    await using server = await startModelServer((request, index) => {
      seen.push(index);
      return text(`${index}: ${String(request.body.messages[0]?.content)} for ${request.body.model}`);
    });
    for (const content of ["one", "two"]) {
      const answer = await client(server).messages.create({
        ...question,
        messages: [{ role: "user", content }],
      });
      expect(answer.content).toMatchObject([
        { text: `${seen.length - 1}: ${content} for claude-sonnet-5-5` },
      ]);
    }
    expect(seen).toEqual([0, 1]);
    expect(server.requests.map(({ method, path }) => `${method} ${path}`)).toEqual(
      Array.from({ length: 2 }, () => "POST /v1/messages"),
    );
    expect(JSON.parse(server.requests[1]?.text ?? "")).toMatchObject({ max_tokens: 100 });
    expect(server.requests[1]?.headers["anthropic-version"]).toBe("2026-10-21");
    expect(server.requests[1]?.headers.authorization).toBe("Bearer key");
    expect(server.others).toEqual([]);
  });

  const bad: readonly (readonly [string, Script, RegExp])[] = [
    ["runs out", [], /The script has 0 answers, and this is request 1/],
    ["throws", () => Promise.reject(new Error("not so")), /The script failed: Error: not so/],
    // @ts-expect-error -- no block of this kind
    ["is wrong", [{ content: [{ type: "txet" }] }], /The script failed: .*content/s],
  ];
  it.each(bad)("says so to the client when it %s", async (_what, script, message) => {
    await using server = await startModelServer(script);
    const refused = client(server).messages.create(question);
    await expect(refused).rejects.toBeInstanceOf(BadRequestError);
    await expect(refused).rejects.toThrow(message);
  });
});

describe("a client", () => {
  it("may send the headers of older ones", async () => {
    await using server = await startModelServer([text("Hello.")]);
    const old = new Anthropic({
      apiKey: null,
      authToken: null,
      baseURL: server.url,
      maxRetries: 0,
      defaultHeaders: { "x-api-key": "key", "anthropic-version": "2023-06-01" },
    });
    expect(await old.messages.create(question)).toMatchObject({ content: [{ text: "Hello." }] });
    expect(server.requests[0]?.headers).toMatchObject({
      "x-api-key": "key",
      "anthropic-version": "2023-06-01",
    });
    expect(server.requests[0]?.headers.authorization).toBeUndefined();
  });

  it("may put a prefix before the path, and a query behind it", async () => {
    await using server = await startModelServer([text("Hello."), text("Hello.")]);
    expect(await client(server, "/gateway/a/").messages.create(question)).toMatchObject({ type: "message" });
    const path = "/b/v1/messages?beta=true";
    const response = await fetch(`${server.url}${path}`, {
      method: "POST",
      headers,
      body: JSON.stringify(question),
    });
    expect(response.status).toBe(200);
    expect(server.requests.map((request) => request.path)).toEqual(["/gateway/a/v1/messages", path]);
  });

  it.each([
    [401, { "anthropic-version": "2026-10-21" }],
    [400, { authorization: "Bearer key" }],
  ])("is refused with %i when it sends only %j", async (status, only) => {
    await using server = await startModelServer([text("Hello.")]);
    const body = JSON.stringify(question);
    const response = await fetch(`${server.url}/v1/messages`, { method: "POST", headers: only, body });
    expect(response.status).toBe(status);
    expect(server.requests).toEqual([]);
  });

  it.each(["not JSON", "{}", '{"model":"m"}'])("is refused when it sends %s", async (body) => {
    await using server = await startModelServer([text("Hello.")]);
    const response = await fetch(`${server.url}/v1/messages`, { method: "POST", headers, body });
    expect(response.status).toBe(400);
    expect(server.others[0]?.text).toBe(body);
  });

  it("may count tokens, look at models and knock", async () => {
    await using server = await startModelServer([]);
    const sdk = client(server);
    const { input_tokens: tokens } = await sdk.messages.countTokens(question);
    expect(tokens).toBeGreaterThan(0);
    expect(await sdk.models.retrieve("claude-opus-5-5")).toMatchObject({ max_input_tokens: 1_000_000 });
    expect((await sdk.models.list()).data.map(({ id }) => id)).toContain("claude-sonnet-5-5");
    expect((await fetch(server.url, { method: "HEAD" })).status).toBe(200);
    await expect(sdk.get("/v1/elsewhere")).rejects.toBeInstanceOf(NotFoundError);
    expect(server.requests).toEqual([]);
    expect(server.others.map(({ method, path }) => `${method} ${path}`)).toEqual([
      "POST /v1/messages/count_tokens",
      "GET /v1/models/claude-opus-5-5",
      "GET /v1/models",
      "HEAD /",
      "GET /v1/elsewhere",
    ]);
  });
});

describe("a fault", () => {
  it.each([
    [400, BadRequestError, "invalid_request_error"],
    [401, AuthenticationError, "authentication_error"],
    [402, APIError, "billing_error"],
    [403, PermissionDeniedError, "permission_error"],
    [404, NotFoundError, "not_found_error"],
    [413, APIError, "request_too_large"],
    [429, RateLimitError, "rate_limit_error"],
    [500, InternalServerError, "api_error"],
    [529, APIError, "overloaded_error"],
  ])("of status %i is told in the API's form", async (status, errorClass, type) => {
    await using server = await startModelServer([{ fault: "status", status, message: "No." }]);
    const error: unknown = await client(server)
      .messages.create(question)
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(errorClass);
    expect(error).toMatchObject({
      status,
      requestID: "req_1",
      error: { type: "error", error: { type, message: "No." }, request_id: "req_1" },
    });
  });

  it("of a status may have headers and a body of its own", async () => {
    await using server = await startModelServer([
      { fault: "status", status: 429, headers: { "retry-after": "7" } },
      {
        fault: "status",
        status: 502,
        headers: { "content-type": "text/html" },
        body: "<h1>Bad gateway</h1>",
      },
      { fault: "status", status: 400, body: { message: "no API's form" } },
    ]);
    expect((await ask(server)).headers.get("retry-after")).toBe("7");
    const gateway = await ask(server);
    expect([gateway.status, gateway.headers.get("content-type")]).toEqual([502, "text/html"]);
    expect(await gateway.text()).toBe("<h1>Bad gateway</h1>");
    expect(await (await ask(server)).json()).toEqual({ message: "no API's form" });
  });

  it.each([0, 2])(
    "of silence after %i events leaves the connection open until the server closes",
    async (after) => {
      const server = await startModelServer([{ fault: "silent", after }, text("Meanwhile.")]);
      const response = await ask(server);
      expect(response.status).toBe(200);
      let hasEnded = false;
      const read = readWhole(response).finally(() => {
        hasEnded = true;
      });
      await client(server).messages.create(question);
      expect(hasEnded).toBe(false);
      await server.close();
      const { text: stream, isWhole } = await read;
      expect(isWhole).toBe(false);
      expect(eventsIn(stream)).toEqual(["message_start", "content_block_start"].slice(0, after));
    },
  );

  it("may cut the connection in the middle of a tool call", async () => {
    const call: Answer = { content: [{ type: "tool_use", name: "bash", input: { command: "rm -r src" } }] };
    const drop: Answer = { fault: "drop", after: 3, answer: call };
    await using server = await startModelServer([drop, drop, text("Hello.")]);
    const { text: stream, isWhole } = await readWhole(await ask(server));
    expect(isWhole).toBe(false);
    expect(eventsIn(stream)).toEqual(["message_start", "content_block_start", "content_block_delta"]);
    const broken = client(server).messages.stream(question).finalMessage();
    await expect(broken).rejects.toThrow(/terminated/);
    await expect(broken).rejects.not.toHaveProperty("status");
    expect((await ask(server)).status).toBe(200);
  });

  it("may be an error within the stream", async () => {
    const error = { type: "overloaded_error", message: "Overloaded" };
    const fault: Answer = { fault: "in-stream-error", after: 3, answer: text("Hello, you there."), error };
    await using server = await startModelServer([fault, fault]);
    const { text: stream, isWhole } = await readWhole(await ask(server));
    expect(isWhole).toBe(true);
    expect(eventsIn(stream)).toEqual([
      "message_start",
      "content_block_start",
      "content_block_delta",
      "error",
    ]);
    const thrown: unknown = await client(server)
      .messages.stream(question)
      .finalMessage()
      .catch((reason: unknown) => reason);
    expect(thrown).toBeInstanceOf(APIError);
    expect(thrown).toMatchObject({ status: undefined, type: "overloaded_error" });
  });

  it("may be slowness: the answer comes whole, a few bytes at a time", async () => {
    const answer = { content: [{ type: "text" as const, text: "Grüße 🌲" }] };
    await using server = await startModelServer([
      { fault: "slow", answer, bytes: 7 },
      { fault: "slow", answer, bytes: 7 },
    ]);
    const message = await client(server).messages.stream(question).finalMessage();
    expect(message.content).toMatchObject(answer.content);
    let chunks = 0;
    for await (const chunk of (await ask(server)).body ?? []) chunks += Math.min(1, chunk.length);
    expect(chunks).toBeGreaterThan(1);
  });

  it("may be a connection cut before the headers", async () => {
    await using server = await startModelServer([
      { fault: "refuse-connection" },
      { fault: "refuse-connection" },
    ]);
    await expect(ask(server)).rejects.toThrow("fetch failed");
    await expect(client(server).messages.create(question)).rejects.toBeInstanceOf(APIConnectionError);
    expect(server.requests).toHaveLength(2);
  });
});
