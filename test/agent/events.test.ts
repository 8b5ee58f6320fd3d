/** Every event of the loop, seen from outside: the real program, the real client and tools, a scripted server. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type BuiltinResult, call, calls, done, runBuiltin, say } from "../support/builtin-agent.ts";
import type { Answer } from "../support/model-server.ts";

const touch = call("bash", { command: "touch ran" });
const hasRun = ({ workspace }: BuiltinResult): boolean => existsSync(join(workspace, "ran"));
const messageOf = (result: BuiltinResult, type: string) =>
  result.messages.find((message) => message.type === type);
const endOf = (result: BuiltinResult) => result.records.find((record) => record.type === "end");
const lastTold = (result: BuiltinResult): string =>
  JSON.stringify(result.requests.at(-1)?.body.messages.at(-1));
const retries = (result: BuiltinResult) => result.records.filter((record) => record.type === "retry");
/** A fault that asks for no patience, so that the tests need none. */
const status = (code: number, message = "no", headers: Record<string, string> = {}): Answer => ({
  fault: "status",
  status: code,
  message,
  headers: { "retry-after-ms": "5", ...headers },
});

describe("A turn", () => {
  it("runs the tools it asks for and goes on with their results, in order and in one message", async () => {
    const result = await runBuiltin({
      script: [
        calls([
          { name: "write", input: { path: "a.txt", content: "one\n" } },
          { name: "read", input: { path: "a.txt" } },
          { name: "bash", input: { command: "cat a.txt" } },
          { name: "read", input: { path: "none.txt" } },
        ]),
        done(),
      ],
    });
    expect(result.exit).toBe(0);
    expect(result.results.map((text) => text.split("\n")[0])).toEqual([
      expect.stringContaining("a.txt"),
      expect.stringContaining("one"),
      expect.stringMatching(/^exit 0/),
      expect.stringContaining("none.txt"),
    ]);
    expect(result.requests[1]?.body.messages).toHaveLength(3);
    expect(messageOf(result, "claim")).toMatchObject({ status: "complete", summary: "Did it." });
  });

  it("without a call is asked once for `done`, then the gates decide", async () => {
    const result = await runBuiltin({ script: [say("All good."), say("As I said.")] });
    expect(lastTold(result)).toContain("call `done`");
    expect(messageOf(result, "end")).toEqual({ type: "end", status: "unclaimed", reason: "As I said." });
    expect([result.exit, result.requests.length]).toEqual([15, 2]);
  });

  it("that is cut off runs nothing of what it asked for", async () => {
    const cut = {
      content: [
        { type: "tool_use" as const, name: "bash", input: { command: "touch ran" } },
        { type: "tool_use" as const, name: "bash", partial_json: '{"command":"rm -rf /tm' },
      ],
      stop_reason: "max_tokens",
    };
    const result = await runBuiltin({ script: [cut, done()] });
    expect(hasRun(result)).toBe(false);
    expect(result.results).toHaveLength(2);
    expect(result.results[0]).toContain("nothing of it was run");
    expect(result.exit).toBe(0);
  });

  it("that is cut off three times in a row is the end", async () => {
    const cut = { content: [{ type: "text" as const, text: "I think" }], stop_reason: "max_tokens" };
    const result = await runBuiltin({ script: [cut, cut, cut] });
    expect(messageOf(result, "end")).toMatchObject({
      status: "stuck",
      reason: expect.stringContaining("cut off"),
    });
    expect(result.exit).toBe(12);
  });

  it("with a malformed or unknown call says which field is wrong, and nothing is done", async () => {
    const result = await runBuiltin({
      script: [
        calls([
          { name: "bash", input: { command: 7, cwd: "/" } },
          { name: "grep", input: { pattern: "x" } },
          { name: "bash", input: { command: "touch ran" } },
        ]),
        done(),
      ],
    });
    expect(result.results[0]).toMatch(/bash does not fit its schema.*command/);
    expect(result.results[1]).toContain(
      "There is no tool grep. The tools are bash, job, read, edit, write, done.",
    );
    expect(hasRun(result)).toBe(true);
  });

  it("with malformed calls alone, three times in a row, is the end", async () => {
    const bad = call("bash", { cmd: "ls" });
    const result = await runBuiltin({ script: [bad, bad, bad] });
    expect([result.exit, endOf(result)?.reason]).toEqual([12, "the agent made 3 malformed calls in a row"]);
  });

  it("with a malformed claim is told so; the claim is not heard", async () => {
    const result = await runBuiltin({ script: [call("done", { status: "finished" }), done()] });
    expect(result.results[0]).toMatch(/done does not fit its schema.*status/);
    expect(result.messages.filter((message) => message.type === "claim")).toHaveLength(1);
  });

  it("that was only paused goes back as it is", async () => {
    const pause = { content: [{ type: "text" as const, text: "Half" }], stop_reason: "pause_turn" };
    const result = await runBuiltin({ script: [pause, done()] });
    expect(result.requests[1]?.body.messages.at(-1)).toMatchObject({ role: "assistant" });
    expect(result.exit).toBe(0);
  });

  it("that the model declines is the end, with the category, and is not asked again", async () => {
    const refusal = {
      content: [],
      stop_reason: "refusal",
      stop_details: { type: "refusal", category: "cyber" },
    };
    const result = await runBuiltin({ script: [refusal] });
    expect(messageOf(result, "end")).toEqual({
      type: "end",
      status: "declined",
      reason: "the model declined the work (cyber)",
    });
    expect([result.exit, result.requests.length]).toEqual([24, 1]);
  });

  it("that repeats itself is warned of at the third time and is the end at the fifth", async () => {
    const result = await runBuiltin({ script: () => call("bash", { command: "echo same" }) });
    expect(result.results.map((text) => text.includes("third time in a row"))).toEqual([
      false,
      false,
      true,
      false,
    ]);
    expect([result.exit, result.requests.length]).toEqual([12, 5]);
  });

  it("by turns with another is the end after three rounds", async () => {
    const result = await runBuiltin({
      script: (_, i) => call("bash", { command: i % 2 === 0 ? "echo a" : "echo b" }),
    });
    expect([result.exit, result.requests.length]).toEqual([12, 6]);
  });
});

describe("A claim", () => {
  it("that is rejected comes back with the evidence, in the same context", async () => {
    const result = await runBuiltin({
      script: [done(), touch, done()],
      verdicts: ["gate tests is red: 1 of 7"],
    });
    expect(result.results[0]).toContain("gate tests is red: 1 of 7");
    expect(result.exit).toBe(0);
    expect(result.records.filter((record) => record.type === "gate").map(({ accepted }) => accepted)).toEqual(
      [false, true],
    );
  });

  it("that nobody answers any more ends the work as rejected", async () => {
    const result = await runBuiltin({ script: [done()], verdicts: ["hang up"] });
    expect([result.exit, endOf(result)?.status]).toEqual([10, "rejected"]);
  });

  it("that asks a question ends the work as blocked", async () => {
    const result = await runBuiltin({ script: [done({ status: "blocked", question: "Which one?" })] });
    expect(messageOf(result, "claim")).toMatchObject({ status: "blocked", question: "Which one?" });
    expect(result.exit).toBe(11);
  });
});

describe("A limit", () => {
  it("on turns ends the work, after the model was told of its last turn", async () => {
    const result = await runBuiltin({
      script: (_, i) => call("bash", { command: `echo ${i}` }),
      limits: { turns: 3 },
    });
    expect(lastTold(result)).toContain("This is your last turn");
    expect(messageOf(result, "end")).toEqual({
      type: "end",
      status: "limit",
      reason: "its 3 turns are used up",
    });
    expect([result.exit, result.requests.length]).toEqual([13, 3]);
  });

  it("on tokens holds where no price is known, and the price is told as unknown", async () => {
    const usage = { input_tokens: 4_000, output_tokens: 10 };
    const result = await runBuiltin({
      script: (_, i) => ({ ...call("bash", { command: `echo ${i}` }), usage }),
      limits: { tokens: 8_000 },
      settings: { model: "local-model-7b" },
    });
    expect(messageOf(result, "usage")).toMatchObject({ usd: null, input_tokens: 4_000 });
    expect([result.exit, result.requests.length]).toEqual([13, 2]);
  });

  it("on money is kept before the call: none is made that could cost more than is left", async () => {
    const result = await runBuiltin({ script: [done()], limits: { usd: 0.001 } });
    expect(result.requests).toHaveLength(0);
    expect(endOf(result)?.reason).toContain("could cost more than is left of 0.001 USD");
  });

  it("on money makes the answers shorter before it ends the work", async () => {
    const result = await runBuiltin({ script: [done()], limits: { usd: 0.1 } });
    const [, tokens] = /"max_tokens":(\d+)/.exec(result.requests[0]?.text ?? "") ?? [];
    expect(Number(tokens)).toBeLessThan(10_000);
    expect(result.exit).toBe(0);
  });
});

describe("Trouble that passes", () => {
  it.each([
    ["an overload (529)", status(529)],
    ["a defect on the other side (500)", status(500)],
    ["a limit that ends soon (429)", status(429)],
    ["a connection that is cut before the answer", { fault: "refuse-connection" } as const],
    ["a stream that breaks off in the middle of a call", { fault: "drop", after: 4, answer: touch } as const],
    [
      "an overload told in the stream",
      {
        fault: "in-stream-error",
        after: 4,
        answer: touch,
        error: { type: "overloaded_error", message: "Overloaded" },
      } as const,
    ],
  ])(
    "%s: the same request is sent again, and nothing of the half answer is run",
    async (_, fault: Answer) => {
      const result = await runBuiltin({ script: [fault, done()] });
      expect(result.exit).toBe(0);
      expect(hasRun(result)).toBe(false);
      expect(result.requests[1]?.text).toBe(result.requests[0]?.text);
      expect(retries(result)).toEqual([expect.objectContaining({ failures: 1 })]);
      expect(result.messages.filter((message) => message.type === "note")).toHaveLength(1);
    },
    20_000,
  );

  it("eight times in a row is the end: the model cannot be reached", async () => {
    const result = await runBuiltin({ script: () => status(529, "Overloaded") });
    expect(messageOf(result, "end")).toMatchObject({
      status: "unreachable",
      reason: expect.stringContaining("Overloaded (8 times in a row)"),
    });
    expect([result.exit, result.requests.length]).toEqual([23, 8]);
  });

  it("a stream that comes slowly but comes is no trouble", async () => {
    const result = await runBuiltin({ script: [{ fault: "slow", answer: done(), bytes: 200 }] });
    expect([result.exit, retries(result).length]).toEqual([0, 0]);
  });
});

describe("Trouble that does not pass", () => {
  it("a limit that ends late is told with its date, and nobody waits", async () => {
    const before = Date.now();
    const result = await runBuiltin({
      script: [status(429, "weekly limit", { "retry-after-ms": "3600000" })],
    });
    const limit = messageOf(result, "limit");
    expect(limit).toMatchObject({ reason: expect.stringContaining("weekly limit") });
    const resetsAt = limit?.type === "limit" ? Date.parse(limit.resets_at ?? "") : 0;
    expect(resetsAt - before).toBeGreaterThanOrEqual(3_600_000);
    expect([result.exit, result.requests.length]).toEqual([22, 1]);
  });

  it.each([
    ["a key that is refused (401)", status(401, "invalid key"), 20, "the key was refused: 401"],
    ["a key that may not (403)", status(403, "not allowed"), 20, "the key was refused: 403"],
    ["an account that cannot pay (402)", status(402, "no credit"), 21, "the account cannot pay: 402"],
    ["a model nobody knows (404)", status(404, "model: claude-sonet-5"), 20, "we know claude-sonnet-5"],
  ])("%s is refused at once", async (_, answer, exit, reason) => {
    const result = await runBuiltin({ script: [answer] });
    expect(messageOf(result, "refused")).toEqual({
      type: "refused",
      reason: expect.stringContaining(reason),
    });
    expect([result.exit, result.requests.length]).toEqual([exit, 1]);
  });

  it("a request that the server calls wrong is a failure of ours, with its words", async () => {
    const result = await runBuiltin({ script: [touch, status(400, "tools.0: too many")] });
    expect([result.exit, result.requests.length]).toEqual([30, 2]);
    expect(result.stderr).toContain("tools.0: too many");
    expect(messageOf(result, "note")).toMatchObject({ text: expect.stringContaining("tools.0: too many") });
  });

  it("a first request that is refused stops everything: it is the address or a setting", async () => {
    const result = await runBuiltin({ script: [status(404, "Not found")] });
    expect(messageOf(result, "refused")).toMatchObject({
      reason: expect.stringContaining("the first request: 404"),
    });
    expect(result.exit).toBe(20);
  });

  it("no key is told in one line, before anything is asked", async () => {
    const result = await runBuiltin({
      script: [],
      settings: { base_url: null },
      env: { ANTHROPIC_API_KEY: "" },
    });
    expect(messageOf(result, "refused")).toMatchObject({
      reason: expect.stringContaining("set ANTHROPIC_API_KEY"),
    });
    expect(result.exit).toBe(20);
  });

  it("an alias for a model is refused with the exact id", async () => {
    const result = await runBuiltin({ script: [], settings: { model: "opus" } });
    expect(messageOf(result, "refused")).toMatchObject({
      reason: expect.stringContaining("claude-opus-5-5"),
    });
  });
});

describe("A history that the server finds changed", () => {
  it("is sent once more with leave to drop thinking blocks, and told as a defect", async () => {
    const mismatch = status(400, "thinking block is bound to a different conversation");
    const result = await runBuiltin({ script: [mismatch, done()] });
    expect(result.exit).toBe(0);
    expect(result.requests[1]?.headers["anthropic-beta"]).toContain("thinking-binding-controls-2026-08-01");
    expect(result.requests[1]?.text).toContain('"prefix_mismatch_behavior":"drop_block"');
    expect(messageOf(result, "note")).toMatchObject({ text: expect.stringContaining("defect") });
    const twice = await runBuiltin({ script: () => mismatch });
    expect([twice.exit, twice.requests.length]).toEqual([20, 2]);
  });
});

describe("A context that is used up", () => {
  const full = { usage: { input_tokens: 19_300, output_tokens: 10 } };
  const small = { settings: { model: "small", models: { small: { context_tokens: 32_000 } } } };

  it("is handed over with the model's own note", async () => {
    const result = await runBuiltin({ script: [{ ...touch, ...full }, say("Goal: x. Next: y.")], ...small });
    expect(lastTold(result)).toContain("Your context is used up");
    expect(messageOf(result, "handoff")).toEqual({ type: "handoff", note: "Goal: x. Next: y." });
    expect(result.exit).toBe(14);
  });

  it("by the server's word is handed over without asking, with what was done last", async () => {
    const script: Answer[] = [
      call("bash", { command: "echo tried" }, "First I try."),
      call("write", { path: "a.txt", content: "x" }),
    ];
    for (const answer of [
      status(400, "prompt is too long: 200001 tokens > 200000"),
      status(413, "too large"),
    ]) {
      const result = await runBuiltin({ script: [...script, answer] });
      expect(messageOf(result, "handoff")).toMatchObject({
        note: expect.stringMatching(/a\.txt[^]*echo tried[^]*First I try\./),
      });
      expect([result.exit, result.requests.length]).toEqual([14, 3]);
    }
  });

  it("in the middle of an answer is handed over too", async () => {
    const over = {
      content: [{ type: "text" as const, text: "I" }],
      stop_reason: "model_context_window_exceeded",
    };
    const result = await runBuiltin({ script: [over] });
    expect([result.exit, messageOf(result, "handoff")?.type]).toEqual([14, "handoff"]);
  });

  it("is announced at the soft limit", async () => {
    const usage = { input_tokens: 13_000, output_tokens: 10 };
    const result = await runBuiltin({ script: [{ ...touch, usage }, done()], ...small });
    expect(lastTold(result)).toContain("This context is getting long");
  });
});

describe("A history that every server takes", () => {
  const results = (result: BuiltinResult, request: number) =>
    result.requests[request]?.body.messages.at(-1)?.content;

  it("has no half of a character, wherever a text was cut", async () => {
    const big = "\u{1F680}".repeat(30_000);
    const result = await runBuiltin({
      script: [
        calls([1, 2, 3].map((n) => ({ name: "bash", input: { command: `cat f; echo ${n}` } }))),
        done(),
      ],
      arrange: (workspace) => writeFileSync(join(workspace, "f"), `x${big}`),
      text: "Half: \uD83D",
    });
    expect(result.exit).toBe(0);
    for (const { text } of result.requests) expect(text).not.toMatch(/\\ud[89a-f][0-9a-f]{2}/i);
  });

  it("answers a second `done`, and a call of tools that calls none", async () => {
    const { content: first } = done();
    const twice = await runBuiltin({
      script: [{ content: [...first, ...first] }, done()],
      verdicts: ["red"],
    });
    expect(results(twice, 1)).toMatchObject([
      { content: expect.stringContaining("red") },
      { content: "Not run." },
    ]);
    const none = await runBuiltin({ script: [{ ...say("Hm."), stop_reason: "tool_use" }, done()] });
    expect(results(none, 1)).toMatchObject([{ type: "text" }]);
  });

  it("gives back no blank text and no empty answer", async () => {
    const blank = { content: [{ type: "text" as const, text: "" }] };
    const result = await runBuiltin({ script: [blank, done()] });
    expect(result.requests[1]?.body.messages[1]).toEqual({
      role: "assistant",
      content: [{ type: "text", text: "(no answer)" }],
    });
  });
});

describe("What cannot be got around", () => {
  it("a malformed `done` three times is the end", async () => {
    const result = await runBuiltin({ script: () => call("done", { status: "finished" }) });
    expect([result.exit, result.requests.length]).toEqual([12, 3]);
  });

  it("to wait for a quiet command is no circle", async () => {
    const wait = call("job", { id: 1, action: "wait", timeout_s: 0.05 });
    const start = call("bash", { command: "sleep 60", background: true });
    const result = await runBuiltin({ script: [start, wait, wait, wait, wait, wait, wait, done()] });
    expect([result.exit, result.requests.length]).toEqual([0, 8]);
  });

  it("a wait that is longer than the time that is left is the supervisor's", async () => {
    const limits = { wall_ms: 5_000 };
    const headers = { "retry-after-ms": "60000" };
    const limited = await runBuiltin({ script: [status(429, "soon", headers)], limits });
    expect([limited.exit, messageOf(limited, "limit")?.type]).toEqual([22, "limit"]);
    const down = await runBuiltin({ script: [status(529, "busy", headers)], limits });
    expect([down.exit, messageOf(down, "end")]).toEqual([
      23,
      expect.objectContaining({ status: "unreachable" }),
    ]);
  });

  it("what a broken answer has used is paid for", async () => {
    const usage = { input_tokens: 100_000, output_tokens: 5 };
    const broken: Answer = { fault: "drop", after: 3, answer: { ...touch, usage } };
    const result = await runBuiltin({ script: [broken, broken, { ...done(), usage }], limits: { usd: 2 } });
    const usd = result.messages.flatMap((message) => (message.type === "usage" ? [message.usd ?? 0] : []));
    expect(usd).toHaveLength(3);
    expect(usd.reduce((sum, each) => sum + each, 0)).toBeGreaterThan(0.6);
  }, 20_000);

  it("a server that counts nothing does not switch the limits off", async () => {
    const fill = "seq -w 1 4000";
    const result = await runBuiltin({
      script: ({ text }, i) =>
        text.includes("context is used up") ? say("Note.") : call("bash", { command: `${fill}; echo ${i}` }),
      settings: { model: "small", models: { small: { context_tokens: 32_000 } } },
    });
    expect([result.exit, messageOf(result, "handoff")]).toEqual([14, { type: "handoff", note: "Note." }]);
  });

  it("answers that are no answers are no outage", async () => {
    const strange: Answer = {
      content: [{ type: "tool_use", name: "bash", partial_json: "{]" }],
      stop_reason: "tool_use",
    };
    const result = await runBuiltin({ script: () => strange });
    expect(result.requests.length).toBeLessThanOrEqual(3);
    expect(result.exit).not.toBe(23);
  }, 20_000);
});

describe("Being stopped", () => {
  it("in the middle of a command ends the command, and is recorded", async () => {
    const result = await runBuiltin({
      script: [call("bash", { command: "echo $$ > pid; sleep 300" })],
      stopWhen: (workspace) =>
        existsSync(join(workspace, "pid")) && readFileSync(join(workspace, "pid"), "utf8") !== "",
    });
    const pid = Number(readFileSync(join(result.workspace, "pid"), "utf8"));
    expect(existsSync(`/proc/${pid}`)).toBe(false);
    expect([result.exit, endOf(result)?.status]).toEqual([143, "stopped"]);
  });

  it("while it waits for a verdict ends it, and is recorded", async () => {
    const result = await runBuiltin({
      script: [call("bash", { command: "touch claimed" }), done()],
      verdicts: ["never"],
      stopWhen: (workspace) => existsSync(join(workspace, "claimed")),
    });
    expect([result.exit, endOf(result)?.status]).toEqual([143, "stopped"]);
  });
});
