/** The history only grows, the first request is small, and the trajectory is the requests. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openConversation } from "../../src/agent/conversation.ts";
import { firstMessage, lookAround, systemText } from "../../src/agent/prompt.ts";
import { type BuiltinResult, call, calls, done, runBuiltin } from "../support/builtin-agent.ts";
import { makeFolder, runGit } from "../support/repository.ts";
import { requestsOf } from "../support/trajectory-requests.ts";

const usage = {
  input_tokens: 4,
  cache_read_input_tokens: 6_000,
  cache_creation_input_tokens: 2_000,
  output_tokens: 90,
};
const workThrough = () =>
  runBuiltin({
    script: [
      {
        content: [
          { type: "thinking" as const, thinking: "Look first.", signature: "c2lnbmF0dXJl" },
          { type: "text" as const, text: "I look." },
          { type: "tool_use" as const, name: "bash", input: { command: "ls -a; echo µ→\u2028" } },
        ],
        usage,
      },
      calls([
        { name: "write", input: { path: "a.txt", content: "é\n" } },
        { name: "read", input: { path: "a.txt" } },
      ]),
      { ...done(), usage },
      call("bash", { command: "echo again" }),
      done(),
    ],
    limits: { turns: 7 },
    verdicts: ["red"],
  });

/** A request up to the end of its last message. */
const untilLastMessage = (text: string): string =>
  text.slice(
    0,
    text.lastIndexOf("]", text.indexOf('"cache_control":{"type":"ephemeral"}', text.indexOf('"messages"'))),
  );

describe("The history", () => {
  let result: BuiltinResult;

  it("of each request begins with the whole of the request before, byte for byte", async () => {
    result = await workThrough();
    expect(result.exit).toBe(0);
    const texts = result.requests.map(({ text }) => text);
    expect(texts).toHaveLength(5);
    for (const [i, text] of texts.slice(1).entries())
      expect(text.startsWith(untilLastMessage(texts[i] ?? "?"))).toBe(true);
    // The model's own blocks go back as they came.
    expect(texts[1]).toContain('"signature":"c2lnbmF0dXJl"');
  });

  it("is in the trajectory: every request can be made again, byte for byte", () => {
    expect(requestsOf(result.trajectory)).toEqual(result.requests.map(({ text }) => text));
  });

  it("is cached: one marker after tools and system text, one at its end; the hits are recorded", () => {
    for (const { text } of result.requests) expect(text.match(/"cache_control"/g)).toHaveLength(2);
    expect(result.records.find((record) => record.type === "assistant")).toMatchObject({ cacheHit: 0.75 });
  });

  it("says what each turn cost", () => {
    const told = result.messages.find((message) => message.type === "usage");
    // 4 × 2 + 6,000 × 0.1 + 2,000 × 2.5 + 90 × 10, per million
    expect(told).toMatchObject({ input_tokens: 8_004, cache_read_tokens: 6_000, output_tokens: 90 });
    expect(told?.type === "usage" ? told.usd : 0).toBeCloseTo(0.006508, 9);
  });
});

it("Reminders are messages of the system where the endpoint takes them, else marked text", () => {
  const frame = { model: "m", effort: null, thinksAdaptively: true, system: "s", tools: [] };
  const text = { type: "text", text: "result" } as const;
  const own = openConversation({ ...frame, takesSystemMessages: true }, () => {});
  own.addTurn([text], ["Hurry."]);
  expect(own.messages).toEqual([
    { role: "user", content: [text] },
    { role: "system", content: [{ type: "text", text: "Hurry." }] },
  ]);
  const other = openConversation({ ...frame, takesSystemMessages: false }, () => {});
  other.addTurn([text], ["Hurry."]);
  expect(other.messages).toEqual([
    { role: "user", content: [text, { type: "text", text: "[harness] Hurry." }] },
  ]);
});

/** With every field that was sent. */
const bodyOf = (request: BuiltinResult["requests"][number] | undefined): Readonly<Record<string, unknown>> =>
  request?.body ?? {};

describe("The first request", () => {
  it("holds a system text of at most 2,500 characters and tools of at most 4,000: 7,000 with all around them", async () => {
    const { requests } = await runBuiltin({ script: [done()] });
    const { messages: _, tools, ...rest } = bodyOf(requests[0]);
    expect(systemText.length).toBeLessThanOrEqual(2_500);
    expect(JSON.stringify(tools).length).toBeLessThanOrEqual(4_000);
    expect(JSON.stringify({ ...rest, tools }).length).toBeLessThanOrEqual(7_000);
  });

  it("begins with the same bytes for every task on every machine", async () => {
    const [one, other] = await Promise.all([
      runBuiltin({ script: [done()], text: "One." }),
      runBuiltin({
        script: [done()],
        text: "Other.",
        env: { TZ: "Asia/Tokyo", HOME: "/nowhere", LANG: "de_DE" },
      }),
    ]);
    const beginning = ({ requests }: BuiltinResult): string =>
      (requests[0]?.text ?? "").split('"messages"')[0] ?? "";
    expect(beginning(one)).toBe(beginning(other));
    expect(beginning(one)).toContain(systemText.slice(0, 40));
  });

  it("names tools whose schemas hold only what the API's strict mode knows", async () => {
    const { requests } = await runBuiltin({ script: [done()] });
    const { tools } = bodyOf(requests[0]);
    expect(tools).toMatchObject(
      ["bash", "job", "read", "edit", "write", "done"].map((name) => ({ name, strict: true })),
    );
    expect(JSON.stringify(tools)).not.toMatch(/minimum|maximum|minLength|pattern|exclusive|\$schema/i);
  });
});

describe("The first message", () => {
  it("tells conventions and specs, then the place, then the task", async () => {
    const folder = makeFolder("place");
    runGit(folder, ["init", "-q"]);
    writeFileSync(join(folder, "package.json"), "{}");
    writeFileSync(join(folder, "a b.txt"), "");
    const text = firstMessage({ text: "CONTEXT\n\nTASK\n", context: "CONTEXT" }, await lookAround(folder));
    expect(text).toMatch(/^CONTEXT\n\n# Where you are[^]*\n\nTASK\n$/);
    expect(text).toContain(`Directory: ${folder}`);
    expect(text).toMatch(/; node v\d+/);
    expect(text).toContain("?? package.json");
    expect(text).toContain("a b.txt");
  });

  it("lists two levels and at most 200 entries, and survives a directory that is gone", async () => {
    const folder = makeFolder("many");
    for (let i = 0; i < 250; i += 1) writeFileSync(join(folder, `f${i}`), "");
    const brief = { text: "T", context: "" };
    expect(firstMessage(brief, await lookAround(folder))).toContain("… 50 more");
    expect(firstMessage(brief, await lookAround(join(folder, "gone")))).toMatch(/not a repository[^]*T\n$/);
  });
});

describe("A secret", () => {
  const key = "sk-canary-0123456789abcdef";
  const forms = [key, Buffer.from(key).toString("base64").replace(/=+$/, ""), encodeURIComponent(key)];

  it("that a command prints reaches no file, no message and no request, in no form", async () => {
    const env = { ANTHROPIC_API_KEY: key, DEPLOY_TOKEN: "canary/deploy+token" };
    const result = await runBuiltin({
      env,
      verdicts: [`red: ${key}`],
      arrange: (workspace) => writeFileSync(join(workspace, ".env"), `KEY=${key}\n${forms.join("\n")}\n`),
      script: [
        call("bash", { command: "cat .env; echo $DEPLOY_TOKEN; echo key=$ANTHROPIC_API_KEY" }),
        call("read", { path: ".env" }),
        call("bash", { command: `for i in $(seq 3000); do echo "$i $(tail -1 .env)"; done` }),
        call("bash", { command: `echo ${key}` }, `I saw ${key}`),
        done({ summary: `The key is ${key}.`, learnings: [key] }),
        done({ summary: "Done." }),
      ],
    });
    expect(result.exit).toBe(0);
    // The variable itself never reached the command.
    expect(result.results[0]).toContain("key=\n".trim());
    const files = listFiles(result.logs).map((file) => readFileSync(file, "utf8"));
    expect(files.length).toBeGreaterThan(1);
    const sinks = [...files, JSON.stringify(result.messages), result.stderr];
    for (const sink of sinks)
      for (const form of [...forms, "canary/deploy"]) expect(sink).not.toContain(form);
    // What the model itself wrote goes back to it as it was; everything else is clean.
    const told = result.requests.slice(0, 4).map(({ text }) => text);
    for (const form of forms) for (const text of told) expect(text).not.toContain(form);
  });
});

function listFiles(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
