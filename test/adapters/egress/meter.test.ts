/** What passes the gateway is counted as the user will pay for it, whoever asked, and however the answer ended. */
import { type EventEmitter, once } from "node:events";
import { createServer, request as sendRequest, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it } from "vitest";
import { createGateway } from "../../../src/adapters/egress/gateway.ts";
import type { Metered } from "../../../src/adapters/egress/meter.ts";
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

/** However it ended. */
const closed = (stream: EventEmitter): Promise<void> =>
  new Promise((resolve) => void stream.once("close", resolve));

/** Asks through a gateway; `hangUpAfter`: bytes of the answer, 0 for none of it. */
async function ask(
  script: readonly Answer[],
  { isStream = true, hangUpAfter = Infinity, path = "/v1/messages" } = {},
): Promise<{ readonly status: number; readonly spent: readonly Metered[] }> {
  await using server = await startModelServer(script);
  return await askServer(server.url, { isStream, hangUpAfter, path });
}

async function askServer(
  baseUrl: string,
  { isStream = true, hangUpAfter = Infinity, path = "/v1/messages" },
): Promise<{ readonly status: number; readonly spent: readonly Metered[] }> {
  const spent: Metered[] = [];
  using gateway = createGateway({
    baseUrl,
    key: { header: "bearer", value: "sk-canary" },
    environment: {},
    onSpent: (each) => spent.push(each),
  });
  await using proxy = await startProxy([], { gateway });
  const sent = sendRequest({
    socketPath: proxy.socket,
    path,
    method: "POST",
    headers: {
      "content-type": "application/json",
      "anthropic-version": "2026-10-21",
      "accept-encoding": "gzip",
    },
  });
  sent.on("error", () => {});
  sent.end(
    JSON.stringify({
      model: "claude-sonnet-5-5",
      max_tokens: 100,
      stream: isStream,
      messages: [{ role: "user", content: "x".repeat(400) }],
    }),
  );
  let status = 0;
  if (hangUpAfter === 0) {
    await once(sent, "finish");
    setTimeout(() => sent.destroy(), 100);
    await closed(sent);
  } else {
    const [response] = await once(sent, "response");
    status = response.statusCode;
    let got = 0;
    response.on("error", () => {});
    response.on("data", (chunk: Buffer) => {
      got += chunk.length;
      if (got >= hangUpAfter) response.destroy();
    });
    await closed(response);
  }
  await expect.poll(() => spent.length + (status === 200 || status === 0 ? 0 : 1)).toBeGreaterThan(0);
  return { status, spent };
}

it.each([true, false])("counts an answer as its server does (stream: %s)", async (isStream) => {
  const { status, spent } = await ask([answer], { isStream });
  expect(status).toBe(200);
  expect(spent).toHaveLength(1);
  expect(spent[0]?.model).toBe("claude-sonnet-5-5");
  expect(spent[0]?.usage).toMatchObject(usage);
});

it("counts what was written of an answer that breaks off, and what its request took", async () => {
  const { spent } = await ask([{ fault: "drop", after: 10, answer }]);
  expect(spent[0]?.usage).toMatchObject({ input_tokens: 10, cache_creation_input_tokens: 4000 });
  expect(spent[0]?.usage.output_tokens ?? 0).toBeGreaterThan(0);
});

it("counts for somebody who hangs up in the middle, or before there is an answer", async () => {
  const middle = await ask([{ fault: "slow", answer, bytes: 100 }], { hangUpAfter: 1_200 });
  expect(middle.spent[0]?.usage).toMatchObject({ input_tokens: 10 });
  const silent = createServer((request) => request.resume());
  silent.listen(0, "127.0.0.1");
  await once(silent, "listening");
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a server that listens on a port has one
  const { port } = silent.address() as AddressInfo;
  const before = await askServer(`http://127.0.0.1:${port}`, { hangUpAfter: 0 });
  silent.closeAllConnections();
  silent.close();
  expect(before.spent).toMatchObject([{ model: null }]);
  expect(before.spent[0]?.usage.input_tokens ?? 0).toBeGreaterThan(100);
});

it("counts nothing for a refusal", async () => {
  const refused = await ask([{ fault: "status", status: 529, message: "overloaded" }]);
  expect(refused).toEqual({ status: 529, spent: [] });
});

it("lets eight ask at once, so that no limit is passed by more than that", async () => {
  const held: ServerResponse[] = [];
  const server = createServer((request, response) => {
    request.resume();
    held.push(response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a server that listens on a port has one
  const { port } = server.address() as AddressInfo;
  const key = { header: "bearer", value: "sk-canary" } as const;
  using gateway = createGateway({ baseUrl: `http://127.0.0.1:${port}`, key, environment: {} });
  await using proxy = await startProxy([], { gateway });
  const send = async (): Promise<number> => {
    const sent = sendRequest({ socketPath: proxy.socket, path: "/v1/messages", method: "POST" });
    sent.end("{}");
    const [response] = await once(sent, "response");
    response.resume();
    return response.statusCode;
  };
  const first = Array.from({ length: 8 }, send);
  await expect.poll(() => held.length).toBe(8);
  expect(await send()).toBe(429);
  for (const response of held) response.end("{}");
  expect(await Promise.all(first)).toEqual(Array.from({ length: 8 }, () => 200));
  const again = send();
  await expect.poll(() => held.length).toBe(9);
  held[8]?.end("{}");
  expect(await again).toBe(200);
  server.close();
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
