/** The real Claude Code in a sandbox that has nothing but the socket: its way to the model, and to nothing else. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, inject, it } from "vitest";
import { openEgress } from "../../src/adapters/egress/egress.ts";
import { parseAgentConfig } from "../../src/formats/config.ts";
import { contain, run } from "../support/egress.ts";
import { startModelServer } from "../support/model-server.ts";
import { makeFolder } from "../support/repository.ts";

const key = "sk-canary-0123456789abcdef";

async function runClaude(environment: Readonly<Record<string, string>>) {
  const warned: string[] = [];
  const agent = parseAgentConfig({ kind: "claude" });
  const warn = (message: string): void => void warned.push(message);
  await using egress = await openEgress({ hosts: [], agents: [agent], environment, warn });
  const door = egress.profile(agent, "0001-one");
  const folder = makeFolder("claude-egress");
  const command = [inject("claude"), "-p", "--dangerously-skip-permissions", "Say hello."];
  const env = {
    ...environment,
    ...door?.env,
    HOME: folder,
    TMPDIR: folder,
    CLAUDE_CODE_TMPDIR: folder,
    CLAUDE_CONFIG_DIR: join(folder, "config"),
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    CLAUDE_CODE_MAX_RETRIES: "1",
    DISABLE_AUTOUPDATER: "1",
  };
  const place = { writable: folder, cwd: folder };
  const ran = await run(contain(door?.socket ?? null, door?.wrap(command) ?? [], place), env);
  return { ...ran, warned };
}

it("reaches a model server of one's own through the gateway, with its own key", async () => {
  await using server = await startModelServer(() => ({ content: [{ type: "text", text: "Hello there." }] }));
  const ran = await runClaude({ ANTHROPIC_BASE_URL: server.url, ANTHROPIC_API_KEY: key });
  expect([ran.stdout, ran.stderr, ran.warned]).toEqual(["Hello there.\n", "", []]);
  const { authorization, "x-api-key": own } = server.requests[0]?.headers ?? {};
  expect(own ?? authorization).toContain(key);
});

it("asks for a tunnel to Anthropic where no other server is set, and for no other host that is let through", async () => {
  const asked: string[] = [];
  const proxy = createServer().on("connect", (request, socket) => {
    asked.push(request.url ?? "");
    socket.end("HTTP/1.1 502 Nobody there\r\n\r\n");
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a server that listens on a port has one
  const { port } = proxy.address() as AddressInfo;
  await runClaude({ ANTHROPIC_API_KEY: key, HTTPS_PROXY: `http://127.0.0.1:${port}` });
  proxy.close();
  expect([...new Set(asked)]).toEqual(["api.anthropic.com:443"]);
});
