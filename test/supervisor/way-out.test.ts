/** Whole runs whose agents and gates have no way out but the one that the configuration opens. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it } from "vitest";
import { call, done } from "../support/builtin-agent.ts";
import { startModelServer } from "../support/model-server.ts";
import { createWorld, testsGate } from "../support/world.ts";

const key = "sk-canary-0123456789abcdef";

it("lets an agent and gates reach the hosts on the list and no others, and keeps the key outside", async () => {
  const paths: string[] = [];
  const server = createServer((request, response) => {
    paths.push(request.url ?? "");
    response.end("reached\n");
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a server that listens on a port has one
  const { port } = server.address() as AddressInfo;
  const reach = (path: string): string => `curl -sS --noproxy '' http://127.0.0.1:${port}/${path}`;
  await using model = await startModelServer([
    call("bash", { command: `${reach("agent")}; curl -sS http://evil.example/; env` }),
    call("write", { path: "src/one.mjs", content: "export const one = 1;\n" }),
    done({ summary: "Made one." }),
  ]);
  await using world = await createWorld({
    tasks: ["one"],
    config: {
      agent: { kind: "builtin", base_url: model.url },
      sandbox: { egress: [`127.0.0.1:${port}`] },
      gates: [testsGate, { name: "fetches", run: `${reach("gate")} && ! curl -sSf http://evil.example/` }],
    },
  });
  const run = await world.run({ env: { ANTHROPIC_API_KEY: key } });
  server.close();
  expect(run.status).toBe(0);
  expect(world.landed()).toHaveLength(1);
  expect([...new Set(paths)].toSorted()).toEqual(["/agent", "/gate"]);
  expect(run.lines).toContain("refused egress to evil.example:80 (one)");
  expect(model.requests.map(({ headers }) => headers.authorization)).toEqual(Array(3).fill(`Bearer ${key}`));
  const told = model.requests.at(-1)?.text ?? "";
  expect(told).toContain("This sandbox may not reach evil.example:80");
  expect(told).toContain("PATH=");
  expect(told).not.toContain("ANTHROPIC_API_KEY");
  expect(world.leftovers()).toEqual([]);
});
