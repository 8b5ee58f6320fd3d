/** What the gateway passes on to the model's server, and what of it comes back. */
import { once } from "node:events";
import { createServer, request as sendRequest, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { createGateway, type GatewayOptions } from "../../../src/adapters/egress/gateway.ts";
import { say, startProxy, type TestProxy } from "../../support/egress.ts";

const canaryKey = "sk-canary-0123456789abcdef";

/** As the built-in agent asks. */
const body = JSON.stringify({
  model: "claude-sonnet-5-5",
  max_tokens: 9,
  stream: true,
  messages: [{ role: "user", content: "Hi" }],
});

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

async function startGateway(answer: Answer, options: Partial<GatewayOptions> = {}) {
  const seen: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    seen.push(request);
    answer(request, response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a server that listens on a port has one
  const { port } = server.address() as AddressInfo;
  const key = { header: "bearer", value: canaryKey, model: "claude-sonnet-5-5" } as const;
  const gateway = createGateway({
    baseUrl: `http://127.0.0.1:${port}/base/`,
    key,
    environment: {},
    ...options,
  });
  const proxy = await startProxy([], { gateway });
  return {
    proxy,
    seen,
    server,
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]();
      gateway[Symbol.dispose]();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const ask = (
  { socket }: TestProxy,
  line: string,
  heads: readonly string[] = [],
  content = "",
): Promise<string> =>
  say(
    socket,
    `${line} HTTP/1.1\r\n${["Host: x", "Connection: close", ...heads].join("\r\n")}\r\n${content === "" ? "" : `Content-Length: ${content.length}\r\n`}\r\n${content}`,
  );

const ok: Answer = (request, response) => {
  request.resume();
  response.end("ok");
};

describe("the key", () => {
  it.each(["bearer", "x-api-key"] as const)(
    "is added outside as %s, and nothing from inside takes its place",
    async (header) => {
      await using gateway = await startGateway(ok, {
        key: { header, value: canaryKey, model: "claude-sonnet-5-5" },
      });
      const own = [
        "Authorization: Bearer inside",
        "X-Api-Key: inside",
        "Api-Key: inside",
        "Cookie: a=inside",
      ];
      expect(
        await ask(gateway.proxy, "POST /v1/messages", [...own, "anthropic-version: 2026-10-21"], body),
      ).toMatch(/^HTTP\/1\.1 200/);
      const { headers, url } = gateway.seen[0] ?? {};
      expect(url).toBe("/base/v1/messages");
      expect(JSON.stringify(headers)).not.toContain("inside");
      expect(headers).toMatchObject({
        "anthropic-version": "2026-10-21",
        ...(header === "bearer" ? { authorization: `Bearer ${canaryKey}` } : { "x-api-key": canaryKey }),
      });
      expect(Object.keys(headers ?? {})).not.toContain(header === "bearer" ? "x-api-key" : "authorization");
    },
  );

  it("of a program that has its own goes on as it came", async () => {
    await using gateway = await startGateway(ok, { key: null });
    await ask(gateway.proxy, "POST /v1/messages?beta=true", ["Authorization: Bearer its-own"], "{}");
    expect(gateway.seen[0]?.url).toBe("/base/v1/messages?beta=true");
    expect(gateway.seen[0]?.headers.authorization).toBe("Bearer its-own");
  });

  it("is in no answer of ours, whatever goes wrong", async () => {
    const gateway = await startGateway(ok);
    gateway.server.closeAllConnections();
    await new Promise((resolve) => gateway.server.close(resolve));
    const heard = await ask(gateway.proxy, "POST /v1/messages", [], body);
    expect(heard).toMatch(/^HTTP\/1\.1 502 [\s\S]*cannot be reached \(ECONNREFUSED\)/);
    expect(heard).not.toContain("canary");
    await gateway.proxy[Symbol.asyncDispose]();
  });
});

describe("the way to the model", () => {
  it.each([
    "POST /v1/messages?beta=true",
    "POST /v1/messages/count_tokens",
    "GET /v1/models",
    "GET /v1/models/claude-x.1",
  ])("with a key of one's own is open for %s", async (line) => {
    await using gateway = await startGateway(ok, { key: null });
    expect(await ask(gateway.proxy, line)).toMatch(/^HTTP\/1\.1 200/);
  });

  it("takes no header along by which a server on the way chooses where to go, or who pays", async () => {
    await using gateway = await startGateway(ok);
    const heads = [
      "Helicone-Target-URL: https://evil.example",
      "x-portkey-custom-host: https://evil.example",
      "anthropic-workspace-id: another",
      "X-Stainless-Lang: js",
      "User-Agent: agent",
    ];
    expect(await ask(gateway.proxy, "POST /v1/messages", heads, body)).toMatch(/^HTTP\/1\.1 200/);
    expect(Object.keys(gateway.seen[0]?.headers ?? {}).toSorted()).toEqual([
      "accept-encoding",
      "authorization",
      "connection",
      "content-length",
      "host",
      "user-agent",
      "x-stainless-lang",
    ]);
  });

  it.each([
    "POST /v1/messages/count_tokens",
    "GET /v1/models",
    "POST /v1/messages?beta=true",
    "GET /",
    "POST /v1/files",
    "GET /v1/messages/batches",
    "POST /v1/messages/batches",
    "DELETE /v1/models/claude-x",
    "POST /v1/messages/../files",
    "POST /v1/messages/%2e%2e/files",
    "GET /v1/models/..",
    "GET /v1/models/../organizations",
    "POST //v1/messages",
    "POST /v1/messages#/v1/files",
    "POST /base/v1/messages",
  ])("is closed for %s", async (line) => {
    await using gateway = await startGateway(ok);
    expect(await ask(gateway.proxy, line, [], body)).toMatch(
      /^HTTP\/1\.1 403 [\s\S]*"permission_error"[\s\S]*is not open for/,
    );
    expect(gateway.seen).toEqual([]);
  });

  it("carries no second request with the key in the body of the first", async () => {
    await using gateway = await startGateway(ok, { key: null });
    const hidden = `POST /v1/files HTTP/1.1\r\nHost: x\r\n\r\n`;
    const chunks = `${hidden.length.toString(16)}\r\n${hidden}\r\n0\r\n\r\n`;
    await say(
      gateway.proxy.socket,
      `GET /v1/models HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}`,
    );
    await ask(gateway.proxy, "GET /v1/models");
    expect(gateway.seen.map(({ url }) => url)).toEqual(["/base/v1/models", "/base/v1/models"]);
  });
});

describe("an answer", () => {
  it("comes as it is, status, headers and body, and sets no cookie", async () => {
    await using gateway = await startGateway((request, response) => {
      request.resume();
      response.writeHead(529, { "retry-after": "7", "request-id": "req_1", "set-cookie": "a=b" });
      response.end('{"type":"error"}');
    });
    const heard = await ask(gateway.proxy, "POST /v1/messages", [], body);
    expect(heard).toMatch(
      /^HTTP\/1\.1 529 [\s\S]*retry-after: 7[\s\S]*request-id: req_1[\s\S]*\{"type":"error"\}/,
    );
    expect(heard).not.toContain("cookie");
  });

  it("comes piece by piece, and stops being written when nobody listens whose own key it is", async () => {
    const gone = Promise.withResolvers<void>();
    const next = Promise.withResolvers<void>();
    const answer: Answer = (request, response) => {
      request.resume();
      response.write("event: one\n\n");
      void next.promise.then(() => response.write("event: two\n\n"));
      response.on("close", gone.resolve);
    };
    await using gateway = await startGateway(answer, { key: null });
    const sent = sendRequest({ socketPath: gateway.proxy.socket, method: "POST", path: "/v1/messages" });
    sent.on("error", () => {}).end("{}");
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what `response` gives
    const [answered] = (await once(sent, "response")) as [IncomingMessage];
    answered.on("error", () => {});
    const [first] = await once(answered, "data");
    expect(String(first)).toBe("event: one\n\n");
    next.resolve();
    const [second] = await once(answered, "data");
    expect(String(second)).toBe("event: two\n\n");
    sent.destroy();
    await gone.promise;
  });

  it("is not asked for any more when nobody waits for it whose own key it is", async () => {
    const asked = Promise.withResolvers<void>();
    const gone = Promise.withResolvers<void>();
    const answer: Answer = (request, response) => {
      request.resume();
      response.on("close", gone.resolve);
      asked.resolve();
    };
    await using gateway = await startGateway(answer, { key: null });
    const sent = sendRequest({ socketPath: gateway.proxy.socket, method: "POST", path: "/v1/messages" });
    sent.on("error", () => {}).end("{}");
    await asked.promise;
    sent.destroy();
    await gone.promise;
    expect(gateway.seen).toHaveLength(1);
  });

  it("that breaks off does not look complete", async () => {
    await using gateway = await startGateway((request, response) => {
      request.resume();
      response.write("half", () => response.destroy());
    });
    const heard = await ask(gateway.proxy, "POST /v1/messages", [], body);
    expect(heard).toContain("half");
    expect(heard).not.toMatch(/\r\n0\r\n\r\n$/);
  });
});

it("is not there for anything but the agent: a request that names no host is refused", async () => {
  await using proxy = await startProxy(["good.example"]);
  expect(await ask(proxy, "POST /v1/messages", [], "{}")).toMatch(/^HTTP\/1\.1 400/);
});
