/** What passes the gateway is counted as the user will pay for it, whoever asked, and however the answer ended. */
import { type EventEmitter, once } from "node:events";
import { createServer, request as sendRequest, type RequestListener, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text as readText } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import { createCounter } from "../../../src/adapters/egress/counter.ts";
import { createGateway } from "../../../src/adapters/egress/gateway.ts";
import { createMeter, type Metered } from "../../../src/adapters/egress/meter.ts";
import { priceOf, tokensOf } from "../../../src/formats/model-usage.ts";
import { modelFacts } from "../../../src/formats/models.ts";
import { startProxy } from "../../support/egress.ts";
import { type Answer, startModelServer } from "../../support/model-server.ts";

const usage = {
  input_tokens: 10,
  output_tokens: 20,
  cache_read_input_tokens: 300,
  cache_creation_input_tokens: 4000,
};
const answer = {
  content: [{ type: "text" as const, text: "Ein längerer Satz, größer als ein Stück. ".repeat(20) }],
  usage,
};
const model = "claude-sonnet-5-5";
const plain = {
  model,
  max_tokens: 100,
  stream: true,
  messages: [{ role: "user", content: "x".repeat(600) }],
};

/** However it ended. */
const closed = (stream: EventEmitter): Promise<void> =>
  new Promise((resolve) => void stream.once("close", resolve));

async function openGateway(baseUrl: string) {
  const spent: Metered[] = [];
  const key = { header: "bearer", value: "sk-canary", model } as const;
  const onSpent = (each: Metered): void => void spent.push(each);
  const gateway = createGateway({ baseUrl, key, environment: {}, onSpent });
  const proxy = await startProxy([], { gateway });
  const begin = (headers: Readonly<Record<string, string>> = {}) => {
    const heads = { "content-type": "application/json", "anthropic-version": "2026-10-21", ...headers };
    const sent = sendRequest({
      socketPath: proxy.socket,
      path: "/v1/messages",
      method: "POST",
      headers: heads,
    });
    sent.on("error", () => {});
    sent.flushHeaders();
    return sent;
  };
  const ask = (body: object | string = plain, headers: Readonly<Record<string, string>> = {}) =>
    begin(headers).end(typeof body === "string" ? body : JSON.stringify(body));
  return {
    ask,
    begin,
    spent,
    hold: gateway.hold,
    resume: gateway.resume,
    socket: proxy.socket,
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]();
      gateway[Symbol.dispose]();
    },
  };
}

async function serve(listener: RequestListener) {
  const server = createServer(listener);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a server that listens on a port has one
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.dispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Asks once and hears the answer, or so many bytes of it, to its end; then waits until it has been counted. */
async function askOnce(script: readonly Answer[], bytesMax = Infinity) {
  await using server = await startModelServer(script);
  await using gateway = await openGateway(server.url);
  const [response] = await once(gateway.ask(plain, { "accept-encoding": "gzip" }), "response");
  const { statusCode } = response;
  let got = 0;
  response.on("error", () => {});
  response.on("data", (chunk: Buffer) => {
    got += chunk.length;
    if (got >= bytesMax) response.destroy();
  });
  await closed(response);
  await expect.poll(() => gateway.spent.length).toBe(statusCode === 200 ? 1 : 0);
  return { statusCode, spent: gateway.spent };
}

it("counts an answer as its server does", async () => {
  const { statusCode, spent } = await askOnce([answer]);
  expect(statusCode).toBe(200);
  expect(spent).toMatchObject([{ model, usage }]);
});

it("counts what was written of an answer that breaks off, and what its request took", async () => {
  const { spent } = await askOnce([{ fault: "drop", after: 10, answer }]);
  expect(spent[0]?.usage).toMatchObject({ input_tokens: 10, cache_creation_input_tokens: 4000 });
  expect(spent[0]?.usage.output_tokens ?? 0).toBeGreaterThan(5);
});

it("counts the whole answer for somebody who hangs up in the middle", async () => {
  const { spent } = await askOnce([{ fault: "slow", answer, bytes: 200 }], 600);
  expect(spent).toMatchObject([{ model, usage }]);
});

it("counts for somebody who is cut off, or hangs up, before there is an answer", async () => {
  using silent = await serve((request) => request.resume());
  await using gateway = await openGateway(silent.url);
  const sent = gateway.ask();
  await once(sent, "finish");
  await new Promise((resolve) => setTimeout(resolve, 200));
  sent.destroy();
  await closed(sent);
  expect(gateway.spent).toEqual([]);
  gateway.hold();
  const [{ model: answering, usage: spent } = { model: "", usage }] = gateway.spent;
  expect(answering).toBeNull();
  // As if all of it were kept for an hour, and as much were written in that time as can be.
  expect(tokensOf(spent).cacheWrite1h).toBeGreaterThan(200);
  expect(spent.output_tokens).toBeGreaterThanOrEqual(40);
});

it("counts an answer whose connection is torn down as far as it came", async () => {
  for (const tear of [
    (response: ServerResponse) => response.socket?.resetAndDestroy(),
    (response: ServerResponse) => response.socket?.end("no chunk\r\n"),
  ]) {
    using server = await serve((request, response) => {
      request.resume();
      response.writeHead(200, { "content-type": "text/event-stream" });
      const begun = { type: "message_start", message: { model, usage: { input_tokens: 900_000 } } };
      response.write(`data: ${JSON.stringify(begun)}\n\n`);
      setTimeout(() => tear(response), 100);
    });
    await using gateway = await openGateway(server.url);
    const [response] = await once(gateway.ask(), "response");
    response.on("error", () => {}).resume();
    await expect.poll(() => gateway.spent).toMatchObject([{ model, usage: { input_tokens: 900_000 } }]);
  }
});

it("takes thinking that is not shown for as much as can be thought in the time, when it is cut off", async () => {
  using server = await serve((request, response) => {
    request.resume();
    response.writeHead(200, { "content-type": "text/event-stream" });
    const begun = { type: "message_start", message: { model, usage: { input_tokens: 5, output_tokens: 1 } } };
    response.write(`data: ${JSON.stringify(begun)}\n\n`);
  });
  await using gateway = await openGateway(server.url);
  const thinking = { max_tokens: 100_000, thinking: { type: "adaptive" } };
  const sent = gateway.ask({ ...plain, ...thinking });
  const [response] = await once(sent, "response");
  response.on("error", () => {});
  await once(response, "data");
  await new Promise((resolve) => setTimeout(resolve, 500));
  gateway.hold();
  expect(gateway.spent[0]?.usage.output_tokens).toBeGreaterThanOrEqual(100);
});

it("counts what a server leaves out of its count: the request", async () => {
  const { spent } = await askOnce([{ ...answer, usage: { output_tokens: 20 } }]);
  expect(spent[0]?.usage.input_tokens).toBeGreaterThan(200);
});

it("counts nothing for an overload that is told in the stream", async () => {
  using server = await serve((request, response) => {
    request.resume();
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.end('event: error\ndata: {"type":"error","error":{"type":"overloaded_error"}}\n\n');
  });
  await using gateway = await openGateway(server.url);
  const [response] = await once(gateway.ask(), "response");
  response.resume();
  await closed(response);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(gateway.spent).toEqual([]);
});

it("lets nothing out while it is held, also what had begun to come in, and hangs up on who waits", async () => {
  await using server = await startModelServer([answer]);
  await using gateway = await openGateway(server.url);
  const begun = gateway.begin();
  await new Promise((resolve) => setTimeout(resolve, 100));
  gateway.hold();
  begun.end(JSON.stringify(plain));
  const statuses = [begun, gateway.ask()].map(async (sent) => {
    const [response] = await once(sent, "response");
    response.resume();
    return response.statusCode;
  });
  expect([await Promise.all(statuses), server.requests.length]).toEqual([[503, 503], 0]);
  gateway.resume();
  const [response] = await once(gateway.ask(), "response");
  response.resume();
  expect(response.statusCode).toBe(200);

  using silent = await serve((request) => request.resume());
  await using other = await openGateway(silent.url);
  const waiting = other.ask();
  await once(waiting, "finish");
  await new Promise((resolve) => setTimeout(resolve, 100));
  other.hold();
  await closed(waiting);
});

it("counts an answer that it cannot read by its length", async () => {
  using packed = await serve((request, response) => {
    request.resume();
    response.writeHead(200, { "content-type": "text/event-stream", "content-encoding": "gzip" });
    response.end(Buffer.alloc(200));
  });
  await using gateway = await openGateway(packed.url);
  const [response] = await once(gateway.ask(), "response");
  response.resume();
  await expect.poll(() => gateway.spent).toMatchObject([{ model: null, usage: { output_tokens: 50 } }]);
});

it("counts nothing for a refusal, or a server that is not there", async () => {
  expect(await askOnce([{ fault: "status", status: 529, message: "overloaded" }])).toEqual({
    statusCode: 529,
    spent: [],
  });
  await using gateway = await openGateway("http://127.0.0.1:9");
  const [response] = await once(gateway.ask(), "response");
  expect([response.statusCode, gateway.spent]).toEqual([502, []]);
});

it("lets eight ask at once, so that no limit is passed by more than that", async () => {
  const held: ServerResponse[] = [];
  using server = await serve((request, response) => {
    request.resume();
    held.push(response);
  });
  await using gateway = await openGateway(server.url);
  const send = async (): Promise<number> => {
    const [response] = await once(gateway.ask(), "response");
    response.resume();
    return response.statusCode;
  };
  const first = Array.from({ length: 8 }, send);
  await expect.poll(() => held.length).toBe(8);
  // No overload: the agent is not to wait for whoever crowds its way.
  expect(await send()).toBe(400);
  for (const response of held) response.end();
  expect(await Promise.all(first)).toEqual(Array.from({ length: 8 }, () => 200));
  await expect.poll(() => gateway.spent.length).toBe(8);
  const again = send();
  await expect.poll(() => held.length).toBe(9);
  held[8]?.end();
  expect(await again).toBe(200);
});

it("refuses what cannot be sent on, each time anew, and nothing of it ends the supervisor", async () => {
  const counter = createCounter({ model, onSpent: () => {} });
  using server = await serve((request, response) => {
    void counter.answer(request, response, () => {
      throw new TypeError("Invalid character in header content");
    });
  });
  for (let i = 0; i < 9; i += 1) {
    const answered = await fetch(`${server.url}/v1/messages`, {
      method: "POST",
      body: JSON.stringify(plain),
    });
    expect([answered.status, await answered.text()]).toEqual([400, expect.stringContaining("sent on")]);
  }
});

describe("with our key nothing may be asked but what the built-in agent asks:", () => {
  const image = (source: object) => ({ messages: [{ role: "user", content: [{ type: "image", source }] }] });
  const fetching = { type: "url", url: "https://evil.example/?secret" };
  const refused: Readonly<Record<string, object>> = {
    "another model": { model: "claude-opus-5-5" },
    "an answer in one piece": { stream: false },
    "another speed": { speed: "fast" },
    "another tier": { service_tier: "auto" },
    "a tool of the server's": { tools: [{ type: "web_fetch_20260209", name: "web_fetch" }] },
    "servers of tools": { mcp_servers: [{ type: "url", url: "https://evil.example" }] },
    "a picture for the server to fetch": image(fetching),
    "one in a result": {
      messages: [
        {
          role: "user",
          content: [
            { type: "tool_result", tool_use_id: "a", content: [{ type: "image", source: fetching }] },
          ],
        },
      ],
    },
    "a document": { messages: [{ role: "user", content: [{ type: "document", source: fetching }] }] },
    "a name that only some servers read": {
      messages: [{ role: "user", content: "Hi", Content: [{ type: "image", source: fetching }] }],
    },
    "a tool without a name": { tools: [{}] },
    "a list in place of a message": { messages: [[]] },
    "an ending of one's own": { stop_sequences: ["content_block_delta"] },
    "no messages": { messages: "all" },
  };
  it.each(Object.entries(refused))("not %s", async (_what, change) => {
    await using server = await startModelServer([answer]);
    await using gateway = await openGateway(server.url);
    const [response] = await once(gateway.ask({ ...plain, ...change }), "response");
    response.resume();
    expect([response.statusCode, server.requests.length, gateway.spent]).toEqual([403, 0, []]);
  });

  it("not another beta", async () => {
    await using server = await startModelServer([answer]);
    await using gateway = await openGateway(server.url);
    const sent = gateway.ask(plain, { "anthropic-beta": "fast-mode-2026-02-01" });
    const [response] = await once(sent, "response");
    response.resume();
    expect([response.statusCode, server.requests.length, gateway.spent]).toEqual([403, 0, []]);
  });

  it.each([
    ["values without end", "too many values", `"messages":[${"1,".repeat(500_000)}1]`],
    ["messages that are none", "a role of its own", `"messages":[${"{},".repeat(50_000)}{}]`],
    [
      "lists in lists",
      "too many values",
      `"messages":[],"thinking":${"[".repeat(5_000)}${"]".repeat(5_000)}`,
    ],
    [
      "results in results",
      "too many values",
      `"messages":${'[{"type":"tool_result","content":'.repeat(5_000)}[]${"}]".repeat(5_000)}`,
    ],
  ])("not %s, and nine of them take nobody's place", async (_what, why, field) => {
    await using server = await startModelServer([answer]);
    await using gateway = await openGateway(server.url);
    for (let i = 0; i < 9; i += 1) {
      const text = `{"model":"${model}","max_tokens":1,"stream":true,${field}}`;
      const [response] = await once(gateway.ask(text), "response");
      expect([response.statusCode, await readText(response)]).toEqual([403, expect.stringContaining(why)]);
    }
    const [response] = await once(gateway.ask(), "response");
    response.resume();
    expect(response.statusCode).toBe(200);
  });

  it("and what goes out is what was looked at", async () => {
    await using server = await startModelServer([answer]);
    await using gateway = await openGateway(server.url);
    const twice = `{"model":"claude-opus-5-5",${JSON.stringify(plain).slice(1)}`;
    const [response] = await once(gateway.ask(twice), "response");
    response.resume();
    expect(response.statusCode).toBe(200);
    expect(server.requests[0]?.text).not.toContain("opus");
    expect(server.requests[0]?.body).toEqual(plain);
  });

  it("and that it asks in many forms", async () => {
    await using server = await startModelServer([answer]);
    await using gateway = await openGateway(server.url);
    const body = {
      ...plain,
      // oxlint-disable-next-line eslint/id-denylist -- the API's own word
      ...image({ type: "base64", media_type: "image/png", data: "aGk=" }),
      system: [{ type: "text", text: "Work.", cache_control: { type: "ephemeral" } }],
      tools: [{ name: "bash", description: "Runs it.", input_schema: { type: "object" } }],
      thinking: { type: "adaptive" },
      output_config: { effort: "low" },
      cache_control: { type: "ephemeral" },
    };
    const sent = gateway.ask(body, { "anthropic-beta": "thinking-binding-controls-2026-08-01" });
    const [response] = await once(sent, "response");
    response.resume();
    expect(response.statusCode).toBe(200);
  });
});

describe("a meter", () => {
  const line = (event: object): string => `event: x\r\ndata:${JSON.stringify(event)}\r\n\r\n`;
  const start = line({
    type: "message_start",
    message: { model, usage: { input_tokens: 7, output_tokens: 1 } },
  });
  const count = (text: string, bytes: number): Metered | null => {
    const meter = createMeter();
    const all = Buffer.from(text);
    for (let at = 0; at < all.length; at += bytes) meter.hear(all.subarray(at, at + bytes));
    return meter.total();
  };

  it("reads events wherever they are cut, by their type and not by what is written in them", () => {
    const last = {
      type: "message_delta",
      delta: { stop_reason: "stop_sequence", stop_sequence: "content_block_delta" },
      usage: { output_tokens: 100_000 },
    };
    const text = `${start}${line({ type: "content_block_delta", delta: { text: 'ü "message_delta" ü' } })}${line(last)}`;
    for (const bytes of [1, 2, 7, 64, 10_000])
      expect(count(text, bytes)).toMatchObject({
        model,
        usage: { input_tokens: 7, output_tokens: 100_000 },
      });
  });

  it("takes no piece for less than a token, where the end is missing", () => {
    const pieces = Array.from({ length: 50 }, () =>
      line({ type: "content_block_delta", delta: { text: "a" } }),
    );
    expect(count(`${start}${pieces.join("")}`, 500)?.usage.output_tokens).toBe(50);
  });

  it("believes a newer sum over how an older one was made up", () => {
    const made = { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 };
    const begun = line({
      type: "message_start",
      message: { model, usage: { input_tokens: 7, cache_creation_input_tokens: 0, cache_creation: made } },
    });
    const last = line({
      type: "message_delta",
      usage: { cache_creation_input_tokens: 50_000, output_tokens: 1 },
    });
    const metered = count(`${begun}${last}`, 1_000);
    expect(metered === null ? null : tokensOf(metered.usage)).toMatchObject({ cacheWrite5m: 50_000 });
  });

  it("bears a line without an end, and goes on after it", () => {
    const meter = createMeter();
    for (let i = 0; i < 150; i += 1) meter.hear(Buffer.alloc(65_536, "x"));
    meter.hear(Buffer.from(`\n${start}`));
    expect(meter.total()?.usage.input_tokens).toBe(7);
  });
});

it("prices an answer as the agent does", () => {
  const { tiers } = modelFacts("claude-sonnet-5-5", "2026-11-20");
  expect(tokensOf(usage)).toEqual({
    input: 10,
    output: 20,
    cacheRead: 300,
    cacheWrite5m: 4000,
    cacheWrite1h: 0,
  });
  const usd = priceOf(usage, tiers) ?? 0;
  expect(priceOf({ ...usage, inference_geo: "us" }, tiers)).toBeCloseTo(usd * 1.1, 9);
  expect(priceOf(usage, [])).toBeNull();
});
