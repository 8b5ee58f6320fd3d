/** Programs as they are, in a sandbox that has nothing but the socket: what they reach, and what they do not. */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, symlinkSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type EgressDoor, openEgress } from "../../../src/adapters/egress/egress.ts";
import { parseAgentConfig } from "../../../src/formats/config.ts";
import { type Canary, contain, run, startCanary } from "../../support/egress.ts";
import { makeFolder } from "../../support/repository.ts";

const agent = parseAgentConfig({ kind: "command", command: "true" });

async function openGates(hosts: readonly string[], warned: string[] = []) {
  const warn = (message: string): void => void warned.push(message);
  const egress = await openEgress({ hosts, agents: [agent], environment: {}, warn });
  const door = egress.profile("gates", "0001-one");
  return { door, [Symbol.asyncDispose]: () => egress[Symbol.asyncDispose]() };
}

const runGate = (door: EgressDoor, command: string, env: Readonly<Record<string, string>> = {}) => {
  const variables = Object.entries({ ...door.env, ...env }).map(([name, value]) => `${name}=${value}`);
  return run(contain(door.socket, ["env", ...variables, ...door.wrap(["bash", "--norc", "-c", command])]));
};

const node = JSON.stringify(process.execPath);
/** Everything that might get out without asking, or by asking for what is not allowed; each says its name. */
const ways = (port: number): Readonly<Record<string, string>> => {
  const at = `127.0.0.1:${port}`;
  const send = `s.write("node-net")).on("data", () => s.end()).on("error", () => {})`;
  return {
    curl: `curl -s -m 5 http://${at}/curl`,
    "curl-around": `curl -s -m 5 --noproxy '*' http://${at}/curl-around`,
    "curl-6": `curl -s -m 5 -g --noproxy '*' "http://[::1]:${port}/curl-6"`,
    "curl-proxy": `curl -s -m 5 --noproxy '' http://${at}/curl-proxy`,
    "curl-tunnel": `curl -s -m 5 -p --noproxy '' http://${at}/curl-tunnel`,
    "curl-decimal": `curl -s -m 5 --noproxy '' http://2130706433:${port}/curl-decimal`,
    "curl-name": `curl -s -m 5 --noproxy '' http://localhost:${port}/curl-name`,
    "node-fetch": `${node} -e 'fetch("http://${at}/node-fetch").then((r) => r.text()).catch(() => {})'`,
    "node-proxy": `NO_PROXY= no_proxy= ${node} -e 'fetch("http://${at}/node-proxy").then((r) => r.text()).catch(() => {})'`,
    "node-net": `${node} -e 'const s = require("net").connect(${port}, "127.0.0.1", () => ${send}'`,
    "node-udp": `${node} -e 'const s = require("dgram").createSocket("udp4"); s.send("node-udp", ${port}, "127.0.0.1", () => s.close())'`,
    "node-dns": `${node} -e 'const r = new (require("dns").Resolver)({ timeout: 500, tries: 1 }); r.setServers(["${at}"]); r.resolve4("node-dns.example", () => {})'`,
    git: `timeout 5 git -c http.proxy= ls-remote http://${at}/git`,
    bash: `exec 3<>/dev/tcp/127.0.0.1/${port} && echo bash >&3 && head -c1 <&3`,
    python: `command -v python3 >/dev/null && python3 -c 'import socket; s = socket.create_connection(("127.0.0.1", ${port})); s.send(b"python"); s.recv(1)'`,
  };
};
const commandLine = (port: number): string =>
  [...Object.values(ways(port)).map((way) => `( ${way} ) </dev/null >/dev/null 2>&1`), "echo all tried"].join(
    "\n",
  );

const reached = ({ touched, port }: Canary): readonly string[] =>
  Object.keys(ways(port)).filter((name) => touched.some((said) => new RegExp(`${name}\\b(?!-)`).test(said)));

describe("a host that is not on the list", () => {
  it("is not reached by anything that would reach it without a sandbox", async () => {
    await using canary = await startCanary();
    await run(["bash", "--norc", "-c", commandLine(canary.port)]);
    const without = reached(canary);
    expect(without).toEqual(expect.arrayContaining(Object.keys(ways(0)).filter((name) => name !== "python")));
    const before = canary.touched.length;
    const warned: string[] = [];
    await using gates = await openGates(["good.example"], warned);
    if (gates.door === null) throw new Error("there is a host");
    const { stdout } = await runGate(gates.door, commandLine(canary.port));
    expect(stdout).toBe("all tried\n");
    expect(canary.touched.slice(before)).toEqual([]);
    // Once each, however often it was tried.
    expect(warned.toSorted()).toEqual([
      `refused egress to 127.0.0.1:${canary.port} (0001-one)`,
      `refused egress to localhost:${canary.port} (0001-one)`,
    ]);
    expect(gates.door.refused.get(`127.0.0.1:${canary.port}`)).toBeGreaterThan(1);
  });

  it("has no way at all where no host is on the list, and programs start as they are", async () => {
    await using gates = await openGates([]);
    expect(gates.door).toBeNull();
  });

  it("is refused in words that people find in the output", async () => {
    await using gates = await openGates(["good.example"]);
    if (gates.door === null) throw new Error("there is a host");
    const { stdout, stderr, code } = await runGate(
      gates.door,
      "curl -sS http://evil.example/; curl -sS https://evil.example/; exit 7",
    );
    expect(stdout).toContain(
      "This sandbox may not reach evil.example:80. If it should: add it to sandbox.egress",
    );
    expect(stderr).toContain("403");
    expect(code).toBe(7);
  });
});

describe("a host on the list", () => {
  it.each(["socat", "node"])("takes and gives bytes as they are, by %s", async (forwarder) => {
    const sent = Buffer.alloc(3 * 1024 * 1024, "0123456789abcdef-");
    await using server = await echo();
    await using gates = await openGates([`127.0.0.1:${server.port}`]);
    if (gates.door === null) throw new Error("there is a host");
    const folder = makeFolder("path");
    // Without socat on the path, node forwards.
    const programs = ["bash", "sleep", "env", "curl", "sha256sum", "head", "yes", "cut"];
    const PATH = forwarder === "socat" ? (process.env["PATH"] ?? "") : await linkPrograms(folder, programs);
    const command = `yes 0123456789abcdef- | head -c ${sent.length} | curl -sS -p --noproxy '' --data-binary @- http://127.0.0.1:${server.port}/ | sha256sum | cut -c1-64`;
    const { stdout, stderr } = await runGate(gates.door, command, { PATH });
    expect(stderr).toBe("");
    const text = Buffer.from("0123456789abcdef-\n".repeat(sent.length)).subarray(0, sent.length);
    expect(stdout.trim()).toBe(createHash("sha256").update(text).digest("hex"));
  });

  it("is reached by node and git, which read the variables", async () => {
    await using server = await echo();
    await using gates = await openGates([`127.0.0.1:${server.port}`]);
    if (gates.door === null) throw new Error("there is a host");
    const fetching = `${node} -e 'fetch("http://127.0.0.1:${server.port}/node", { method: "POST", body: "by node" }).then(async (r) => console.log(await r.text()))'`;
    const cloning = `git ls-remote http://127.0.0.1:${server.port}/git`;
    const { stdout } = await runGate(gates.door, `${fetching}; ${cloning}`, {
      NO_PROXY: "",
      no_proxy: "",
    });
    expect(stdout).toContain("by node");
    expect(server.paths).toEqual(expect.arrayContaining(["/node", "/git/info/refs?service=git-upload-pack"]));
  });

  it("leaves the program its own children, its status and the end of its output", async () => {
    await using gates = await openGates(["good.example"]);
    if (gates.door === null) throw new Error("there is a host");
    const program = 'read -r children </proc/$$/task/$$/children; echo "<$children> $0 $1"; exit 9';
    const command = gates.door.wrap(["bash", "--norc", "-c", program, "a b", "c'd"]);
    const { code, stdout, stderr } = await run(contain(gates.door.socket, command));
    expect([code, stdout, stderr]).toEqual([9, "<> a b c'd\n", ""]);
  });
});

async function linkPrograms(folder: string, programs: readonly string[]): Promise<string> {
  mkdirSync(folder, { recursive: true });
  for (const name of programs) {
    const { stdout } = await run(["bash", "--norc", "-c", `command -v ${name}`]);
    symlinkSync(stdout.trim(), join(folder, name));
  }
  return folder;
}

/** Answers with what it was sent. */
async function echo() {
  const paths: string[] = [];
  const server = createServer((request, response) => {
    paths.push(request.url ?? "");
    request.pipe(response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a server that listens on a port has one
  const { port } = server.address() as AddressInfo;
  return {
    port,
    paths,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
