/** Sockets of sandboxes: who gets one, where it lies, and that none is left. */
import { existsSync, mkdirSync, readdirSync, statSync, utimesSync } from "node:fs";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { openEgress } from "../../../src/adapters/egress/egress.ts";
import { makeSocketFolder } from "../../../src/adapters/egress/socket-folder.ts";
import { parseAgentConfig } from "../../../src/formats/config.ts";
import { defaultModel } from "../../../src/formats/models.ts";
import { say } from "../../support/egress.ts";
import { makeFolder } from "../../support/repository.ts";

const open = (
  agent: Readonly<Record<string, unknown>>,
  environment: Readonly<Record<string, string>>,
  hosts: readonly string[] = [],
) => openEgress({ hosts, agents: [parseAgentConfig(agent)], environment, warn: () => {} });

const claude = { kind: "claude" };
const builtin = { kind: "builtin", model: "claude-sonnet-5-5" };
const command = { kind: "command", command: "true" };

it.each([
  ["the built-in agent, with a key", builtin, { ANTHROPIC_API_KEY: "k" }, "gateway"],
  [
    "the built-in agent, with a server of its own",
    { ...builtin, base_url: "http://127.0.0.1:1" },
    {},
    "gateway",
  ],
  ["the built-in agent, without a key", builtin, {}, "nothing"],
  [
    "the built-in agent at another provider",
    { ...builtin, provider: "vertex" },
    { ANTHROPIC_API_KEY: "k" },
    "nothing",
  ],
  ["claude", claude, {}, "api.anthropic.com"],
  ["claude, with a server of its own", claude, { ANTHROPIC_BASE_URL: "http://127.0.0.1:1" }, "address"],
  ["another agent", command, { ANTHROPIC_API_KEY: "k" }, "nothing"],
])("gives %s its way to the model, and gates none", async (_, agent, environment, way) => {
  await using egress = await open(agent, environment);
  expect(egress.profile("gates", "x")).toBeNull();
  const door = egress.profile(parseAgentConfig(agent), "x");
  const hasGateway = egress.gatewayFor(parseAgentConfig(agent)) !== null;
  const known = door === null ? "nothing" : hasGateway ? "gateway" : undefined;
  const address = door?.env["ANTHROPIC_BASE_URL"] === undefined ? "api.anthropic.com" : "address";
  expect(known ?? address).toBe(way);
  expect(JSON.stringify([egress, door])).not.toContain('"k"');
});

it("gives each agent the way to its own model, whichever it was opened with", async () => {
  const environment = { ANTHROPIC_API_KEY: "k" };
  await using egress = await open(builtin, environment);
  const second = parseAgentConfig(claude);
  expect(egress.gatewayFor(second)).toBeNull();
  expect(egress.profile(second, "x")?.env["HTTPS_PROXY"]).toContain("127.0.0.1");
  const other = createServer((_, response) => void response.end("the other server"));
  other.listen(0, "127.0.0.1");
  await once(other, "listening");
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a server that listens on a port has one
  const { port } = other.address() as AddressInfo;
  const third = parseAgentConfig({ ...builtin, base_url: `http://127.0.0.1:${port}` });
  const door = egress.profile(third, "x");
  const body = JSON.stringify({ model: defaultModel, max_tokens: 1, stream: true, messages: [] });
  const heads = `Host: x\r\nConnection: close\r\nContent-Length: ${body.length}`;
  const asked = `POST /v1/messages HTTP/1.1\r\n${heads}\r\n\r\n${body}`;
  expect(await say(door?.socket ?? "", asked)).toContain("the other server");
  other.close();
});

it("keeps its sockets where nobody else gets in, and takes them away", async () => {
  const egress = await open(command, {}, ["good.example"]);
  const one = egress.profile(parseAgentConfig(command), "x");
  const two = egress.profile("gates", "x");
  const folder = dirname(one?.socket ?? "");
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  expect(one?.socket).not.toBe(two?.socket);
  await one?.[Symbol.asyncDispose]();
  expect(existsSync(one?.socket ?? "")).toBe(false);
  expect(existsSync(two?.socket ?? "")).toBe(true);
  await egress[Symbol.asyncDispose]();
  expect(existsSync(folder)).toBe(false);
});

it("tells of a host once for each purpose, however many processes ask for it", async () => {
  const warned: string[] = [];
  const warn = (message: string): void => void warned.push(message);
  const options = { hosts: ["good.example"], agents: [parseAgentConfig(command)], environment: {}, warn };
  await using egress = await openEgress(options);
  for (const purpose of ["one", "one", "two"]) {
    const door = egress.profile("gates", purpose);
    const heard = await say(door?.socket ?? "", "CONNECT evil.example:443 HTTP/1.1\r\nHost: x\r\n\r\n");
    expect(heard).toMatch(/^HTTP\/1\.1 403/);
    expect([...(door?.refused ?? [])]).toEqual([["evil.example:443", 1]]);
    await door?.[Symbol.asyncDispose]();
  }
  expect(warned).toEqual([
    "refused egress to evil.example:443 (one)",
    "refused egress to evil.example:443 (two)",
  ]);
});

it("refuses nonsense, and tells nothing of an address that may hold a password", async () => {
  await expect(open(command, {}, ["https://good.example"])).rejects.toThrow(
    "sandbox.egress names https://good.example: write the host alone",
  );
  const environment = { ANTHROPIC_API_KEY: "k", ANTHROPIC_BASE_URL: "ftp://me:secret@x" };
  await expect(open(builtin, environment)).rejects.toThrow(/the model's server is no http or https address$/);
});

it("removes what a supervisor that was killed left, and nothing of one that lives", async () => {
  const place = makeFolder("run");
  const program = `const { makeSocketFolder } = await import(process.argv[1]); await makeSocketFolder({ XDG_RUNTIME_DIR: process.argv[2] }); console.log("made"); setInterval(() => {}, 1000)`;
  const module = new URL("../../../src/adapters/egress/socket-folder.ts", import.meta.url).href;
  const dead = spawn(process.execPath, ["--input-type=module", "-e", program, module, place], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(dead.stdout, "data");
  const [left = ""] = readdirSync(place);
  await using alive = await makeSocketFolder({ XDG_RUNTIME_DIR: place });
  expect(existsSync(join(place, left))).toBe(true);
  dead.kill("SIGKILL");
  await once(dead, "exit");
  mkdirSync(join(place, "ralph-egress-young"));
  mkdirSync(join(place, "ralph-egress-old"));
  utimesSync(join(place, "ralph-egress-old"), 0, 0);
  await using next = await makeSocketFolder({ XDG_RUNTIME_DIR: place });
  const kept = [alive.path, next.path, join(place, "ralph-egress-young")];
  expect(
    readdirSync(place)
      .map((name) => join(place, name))
      .toSorted(),
  ).toEqual(kept.toSorted());
});

it("takes another place where the path of a socket would be too long", async () => {
  const place = makeFolder("long".repeat(30));
  await using folder = await makeSocketFolder({ XDG_RUNTIME_DIR: place });
  expect(readdirSync(place)).toEqual([]);
  expect(existsSync(join(folder.path, "owner"))).toBe(true);
});
