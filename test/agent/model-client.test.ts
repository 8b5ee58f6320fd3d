/** The real client against a scripted server: what is sent to whom, and a stream that falls silent. */
import { describe, expect, it } from "vitest";
import { createModelClient } from "../../src/agent/model-client.ts";
import { openProvider } from "../../src/agent/provider.ts";
import { readRecording } from "../../src/agent/replay.ts";
import { defaultSettings, done, runBuiltin, say } from "../support/builtin-agent.ts";
import { startModelServer } from "../support/model-server.ts";
import { makeFolder } from "../support/repository.ts";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

const settings = { ...defaultSettings, folder: "" };
const body = {
  model: "claude-sonnet-5-5",
  max_tokens: 100,
  messages: [{ role: "user" as const, content: "Hi" }],
};
const options = { headers: {}, signal: new AbortController().signal };

describe("A stream", () => {
  it.each([
    ["after some of its events", { fault: "silent", after: 2, answer: say("Hi") } as const],
    ["after its headers", { fault: "silent", answer: say("Hi") } as const],
  ])("that falls silent %s is given up, as trouble that passes", async (_, fault) => {
    await using server = await startModelServer([fault]);
    const provider = await openProvider({ ...settings, base_url: server.url }, {});
    if (provider.kind !== "open") throw new Error(provider.reason);
    const client = createModelClient({ ...provider, fetch: globalThis.fetch, silenceMsMax: 300 });
    await expect(client.send(body, options)).rejects.toMatchObject({
      error: { type: "silence", message: expect.stringContaining("no byte") },
    });
  });

  it("that goes on, however slowly, is waited for", async () => {
    await using server = await startModelServer([
      { fault: "slow", answer: say("Hi ".repeat(200)), bytes: 60 },
    ]);
    const provider = await openProvider({ ...settings, base_url: server.url }, {});
    if (provider.kind !== "open") throw new Error(provider.reason);
    const client = createModelClient({ ...provider, fetch: globalThis.fetch, silenceMsMax: 300 });
    const startMs = performance.now();
    expect((await client.send(body, options)).message.content).toMatchObject([{ type: "text" }]);
    expect(performance.now() - startMs).toBeGreaterThan(0);
  });
});

describe("An endpoint", () => {
  it("is sent the key as a bearer and the newest version of the API", async () => {
    const { requests } = await runBuiltin({ script: [done()] });
    expect(requests[0]?.headers).toMatchObject({
      authorization: "Bearer sk-canary-0123456789abcdef",
      "anthropic-version": "2026-10-21",
    });
    expect(requests[0]?.headers).not.toHaveProperty("x-api-key");
  });

  it("of the older kind gets exactly the older headers", async () => {
    const { requests, exit } = await runBuiltin({ script: [done()], settings: { key_header: "x-api-key" } });
    expect(requests[0]?.headers).toMatchObject({
      "x-api-key": "sk-canary-0123456789abcdef",
      "anthropic-version": "2023-06-01",
    });
    expect(requests[0]?.headers).not.toHaveProperty("authorization");
    expect(exit).toBe(0);
  });

  it("may be named by the environment, take a path prefix and ask for no key", async () => {
    await using server = await startModelServer([done()]);
    const env = { ANTHROPIC_BASE_URL: `${server.url}/gateway/`, ANTHROPIC_API_KEY: "" };
    const { exit } = await runBuiltin({ script: [], settings: { base_url: null }, env });
    expect(exit).toBe(0);
    expect(server.requests[0]?.path).toContain("/gateway/v1/messages");
  });

  it("takes a token in the place of a key", async () => {
    const env = { ANTHROPIC_API_KEY: "", ANTHROPIC_AUTH_TOKEN: "token-0123456789" };
    const { requests } = await runBuiltin({ script: [done()], env });
    expect(requests[0]?.headers["authorization"]).toBe("Bearer token-0123456789");
  });

  it.each(["bedrock", "vertex", "foundry"] as const)(
    "by %s needs its own package, and says which",
    async (provider) => {
      expect(await openProvider({ ...settings, provider }, {})).toMatchObject({
        kind: "refused",
        reason: expect.stringContaining(`@anthropic-ai/${provider}-sdk`),
      });
    },
  );

  it("that answers as another model is told so; the price is that of the model that answered", async () => {
    const usage = { input_tokens: 1_000_000, output_tokens: 0 };
    const answers = { script: [{ ...done(), usage, model: "claude-opus-5-5" }] };
    const known = await runBuiltin({ ...answers, limits: { usd: 100 } });
    expect(known.messages.find((message) => message.type === "note")).toMatchObject({
      text: "the model that answers is claude-opus-5-5; claude-sonnet-5-5 was asked",
    });
    expect(known.messages.find((message) => message.type === "usage")).toMatchObject({ usd: 4 });
    // A name that our table does not know must not switch the limit on money off.
    const strange = await runBuiltin({ script: [{ ...done(), usage, model: "claude-sonnet-5-5-20261007" }] });
    expect(strange.messages.find((message) => message.type === "usage")).toMatchObject({ usd: 2 });
  });

  it("is asked with the effort that was set", async () => {
    const { requests } = await runBuiltin({ script: [done()], settings: { effort: "high" } });
    expect(JSON.parse(requests[0]?.text ?? "")).toMatchObject({
      output_config: { effort: "high" },
      max_tokens: 64_000,
      thinking: { type: "adaptive", display: "summarized" },
    });
    const { requests: unknown } = await runBuiltin({ script: [done()], settings: { model: "local" } });
    expect(unknown[0]?.text).not.toContain('"thinking"');
  });
});

describe("A recording", () => {
  const folder = makeFolder("recordings");
  const record = (name: string, lines: readonly object[]): string => {
    const file = join(folder, name);
    writeFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
    return file;
  };
  const assistant = (text: string) => ({ type: "assistant", content: [{ type: "text", text }] });

  it("is played by processes: each `meta` begins the answers of the next", async () => {
    const file = record("two.jsonl", [
      { type: "meta" },
      assistant("a"),
      { type: "tool" },
      { type: "meta" },
      assistant("b"),
    ]);
    expect(await readRecording(file, 1)).toMatchObject({ answers: [{ content: [{ text: "b" }] }] });
    expect(await readRecording(file, 2)).toMatchObject({ reason: expect.stringContaining("2 processes") });
  });

  it("that is wrong is told by its line", async () => {
    const file = record("bad.jsonl", [{ type: "note" }, { type: "assistant", content: [{ type: "sound" }] }]);
    expect(await readRecording(file, 0)).toMatchObject({
      reason: expect.stringContaining("bad.jsonl:2: content.0.type"),
    });
    writeFileSync(file, "{");
    expect(await readRecording(file, 0)).toMatchObject({
      reason: expect.stringContaining("bad.jsonl:1: this is not"),
    });
    expect(await readRecording(join(folder, "none"), 0)).toMatchObject({
      reason: expect.stringContaining("no recording"),
    });
  });

  it("is played through the real client, loop and tools; when it ends too early, that is said", async () => {
    const { trajectory } = await runBuiltin({ script: [say("Hm."), done()] });
    const file = join(folder, "played.jsonl");
    writeFileSync(file, trajectory);
    const again = await runBuiltin({ script: [], settings: { recording: file } });
    expect(again.exit).toBe(0);
    expect(again.requests).toEqual([]);
    writeFileSync(
      file,
      trajectory
        .split("\n")
        .filter((line) => !line.includes('"done"') || line.includes("meta"))
        .join("\n"),
    );
    const short = await runBuiltin({ script: [], settings: { recording: file } });
    expect([short.exit, short.stderr]).toEqual([
      30,
      expect.stringContaining("the recording ends after 1 answers"),
    ]);
  });
});
