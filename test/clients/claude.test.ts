/**
 * The real Claude Code in a session of ours, in a real workspace, with the scripted server in the model's place.
 * With `RALPH_TEST_RECORD=1` what it prints becomes the fixtures that the tests of the session itself read.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, inject, it } from "vitest";
import { openClaudeSession } from "../../src/adapters/agent/agent-claude.ts";
import type { AgentOrder, AgentSession } from "../../src/ports.ts";
import { agentOrder, uncontained } from "../support/agent-order.ts";
import {
  type ModelServer,
  type Script,
  type ScriptedAnswer,
  startModelServer,
} from "../support/model-server.ts";
import { createRepository, hasMemory, makeFolder } from "../support/repository.ts";

const usage = { input_tokens: 1000, output_tokens: 100, cache_read_input_tokens: 10_000 };
/** By the table of prices, for claude-sonnet-5-5. */
const callUsd = 0.004;
const text = (words: string): ScriptedAnswer => ({ content: [{ type: "text", text: words }], usage });
const call = (name: string, input: Record<string, unknown>): ScriptedAnswer => ({
  content: [{ type: "tool_use", name, input }],
  usage,
});
const bash = (command: string): ScriptedAnswer => call("Bash", { command });

const config = makeFolder("claude-config");
const fixtures = join(import.meta.dirname, "..", "fixtures", "claude");
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});
afterAll(() => rmSync(config, { recursive: true, force: true }));

/** On a machine that is full the program takes its time. */
const patienceMs = 110_000;

interface Staging {
  readonly script: Script;
  /** Name of what is recorded. */
  readonly fixture?: string;
  readonly limits?: Partial<AgentOrder["limits"]>;
  readonly model?: string;
  /** In place of the API key. */
  readonly variables?: Readonly<Record<string, string>>;
  readonly settings?: object;
}

interface Staged {
  readonly session: AgentSession;
  readonly server: ModelServer;
  readonly workspace: string;
  readonly file: () => string;
}

async function stage(staging: Staging): Promise<Staged> {
  const { script, fixture, limits, model = "claude-sonnet-5-5", variables, settings = {} } = staging;
  const server = await startModelServer(script);
  const repository = createRepository({
    "a.txt": "one\n",
    ".claude/settings.json": JSON.stringify(settings),
  });
  const workspace = repository.path;
  const environment = {
    ANTHROPIC_BASE_URL: server.url,
    CLAUDE_CONFIG_DIR: config,
    ...(variables ?? { ANTHROPIC_API_KEY: "key" }),
  };
  const command = ["env", ...Object.entries(environment).map((pair) => pair.join("=")), inject("claude")];
  const order = {
    ...agentOrder(workspace, { wallMsMax: patienceMs, idleMsMax: patienceMs, ...limits }),
    logFolder: makeFolder("claude-log"),
  };
  const program = { ...uncontained, label: "claude", command, model, effort: "low" as const, names: [] };
  const session = openClaudeSession(order, program);
  cleanups.push(
    () => server.close(),
    () => fixture !== undefined && process.env["RALPH_TEST_RECORD"] === "1" && record(fixture, order),
    () => repository[Symbol.dispose](),
    () => rmSync(order.logFolder, { recursive: true, force: true }),
  );
  return { session, server, workspace, file: () => readFileSync(join(workspace, "a.txt"), "utf8") };
}

/** One file for each process; what belongs to the machine or changes from run to run is replaced. */
function record(fixture: string, order: AgentOrder): void {
  const log = readFileSync(join(order.logFolder, "agent.log"), "utf8");
  const clean = log
    .replaceAll(order.workspace.path, "/workspace")
    .replaceAll(order.workspace.path.replaceAll(/\W/g, "-"), "-workspace")
    .replaceAll(config, "/config")
    .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "00000000-0000-4000-8000-000000000000")
    .replaceAll(/\/[\w/-]+\/\d+\.sock/g, "/config/1.sock")
    .replaceAll(/\/[\w/-]+\/claude-\d+\//g, "/config/")
    .replaceAll(/127\.0\.0\.1:\d+/g, "127.0.0.1:1");
  const lines = clean.split("\n").filter((line) => line.startsWith("{"));
  const processes = lines
    .join("\n")
    .split(/\n(?=.*"subtype":"init")/)
    .filter((part) => part.includes('"init"'));
  mkdirSync(fixtures, { recursive: true });
  for (const [index, process] of processes.entries())
    writeFileSync(join(fixtures, `${fixture}${index === 0 ? "" : `-${index + 1}`}.jsonl`), `${process}\n`);
}

describe("Claude Code", () => {
  it("edits, is told what is red, remembers, and edits again", async () => {
    const claim = { status: "partial", summary: "Half of it.", learnings: ["Files end with a line feed."] };
    const { session, server, file } = await stage({
      fixture: "edits",
      script: [
        call("Edit", { file_path: "a.txt", old_string: "one", new_string: "two" }),
        bash("cat a.txt"),
        text("Done it."),
        bash("echo three > a.txt"),
        bash(`printf '%s' '${JSON.stringify(claim)}' > "$RALPH_CLAIM"`),
        text("Done again."),
      ],
    });
    const said = { status: "complete", summary: "Done it.", learnings: [], question: null };
    expect(await session.start()).toEqual({
      stop: { kind: "claimed", claim: said },
      usage: { inputTokens: 33_000, outputTokens: 300, usd: expect.closeTo(3 * callUsd), turns: 3 },
    });
    expect(file()).toBe("two\n");
    expect(await session.returnEvidence(1, "Two tests are red.")).toEqual({
      stop: { kind: "claimed", claim: { ...claim, question: null } },
      usage: { inputTokens: 33_000, outputTokens: 300, usd: expect.closeTo(3 * callUsd), turns: 3 },
    });
    expect(file()).toBe("three\n");
    expect(server.requests[3]?.text).toMatch(/Do one\..*Done it\..*Two tests are red\./s);
    const asked = { model: "claude-sonnet-5-5", output_config: { effort: "low" } };
    expect(server.requests[0]?.body).toMatchObject(asked);
  });

  it("tells of an error of the API as of a success, and is not believed", async () => {
    const { session } = await stage({
      fixture: "api-400",
      script: () => ({ fault: "status", status: 400, message: "messages.1: no" }),
    });
    expect((await session.start()).stop).toEqual({
      kind: "crashed",
      reason: "API Error: 400 messages.1: no",
    });
  });

  it.each([
    ["key", { variables: { ANTHROPIC_API_KEY: "key" }, fixture: "api-401" }],
    ["login", { variables: { CLAUDE_CODE_OAUTH_TOKEN: "token" } }],
  ])("is ended soon when its %s is refused", async (_what, staging) => {
    const script = () => ({ fault: "status" as const, status: 401 });
    const { session, server } = await stage({ ...staging, script });
    expect((await session.start()).stop).toEqual({
      kind: "refused",
      reason: "the login was refused: authentication_failed",
    });
    expect(server.requests.length).toBeLessThanOrEqual(3);
  });

  it("has nothing to log in with", async () => {
    const { session } = await stage({ script: [], variables: {}, fixture: "no-login" });
    expect((await session.start()).stop).toEqual({
      kind: "refused",
      reason: "Not logged in · Please run /login",
    });
  });

  it.each([
    ["the account has no credit", "api-400-credit", 400, "Your credit balance is too low to access the API."],
    ["billing is refused", "api-402", 402, "No."],
    ["a permission is missing", "api-403", 403, "No."],
    ["the model is not to be had", "api-404", 404, "model: claude-sonnet-5-5"],
  ])("is refused when %s", async (_what, fixture, status, message) => {
    const { session } = await stage({ fixture, script: () => ({ fault: "status", status, message }) });
    expect((await session.start()).stop).toMatchObject({ kind: "refused" });
  });

  it("reaches a limit of its plan", async () => {
    const resetsAtMs = Date.parse("2030-01-01T00:00:00Z");
    const headers = {
      "retry-after": "100000",
      "anthropic-ratelimit-unified-status": "rejected",
      "anthropic-ratelimit-unified-reset": String(resetsAtMs / 1000),
      "anthropic-ratelimit-unified-representative-claim": "five_hour",
    };
    const { session } = await stage({
      fixture: "limit",
      variables: { CLAUDE_CODE_OAUTH_TOKEN: "token" },
      script: (_request, index) =>
        index === 0 ? bash("cat a.txt") : { fault: "status", status: 429, headers },
    });
    expect(await session.start()).toMatchObject({
      stop: { kind: "limited", resetsAtMs, reason: expect.stringContaining("limit") },
      usage: { turns: 1, usd: expect.closeTo(callUsd) },
    });
  });

  it("is limited, but not told until when", async () => {
    const headers = { "retry-after": "100000" };
    const { session } = await stage({
      script: () => ({ fault: "status", status: 429, headers }),
      fixture: "api-429",
    });
    expect((await session.start()).stop).toMatchObject({ kind: "unreachable" });
  });

  it("does not reach its model", async () => {
    const { session, server } = await stage({
      fixture: "api-529",
      variables: { ANTHROPIC_API_KEY: "key", CLAUDE_CODE_MAX_RETRIES: "1" },
      script: () => ({ fault: "status", status: 529 }),
    });
    expect((await session.start()).stop).toMatchObject({ kind: "unreachable" });
    expect(server.requests).toHaveLength(2);
  });

  it("outlives a broken stream and an overload", async () => {
    const { session, file } = await stage({
      script: [
        { fault: "drop", after: 3, answer: bash("echo two > a.txt") },
        { fault: "status", status: 529 },
        bash("echo three > a.txt"),
        text("Done."),
      ],
    });
    expect((await session.start()).stop).toMatchObject({ kind: "claimed" });
    expect(file()).toBe("three\n");
  });

  it("works for a model that refuses", async () => {
    const refusal = { type: "refusal", category: "cyber", explanation: null };
    const { session } = await stage({
      fixture: "refusal",
      script: () => ({ content: [], stop_reason: "refusal", stop_details: refusal }),
    });
    expect((await session.start()).stop).toMatchObject({ kind: "declined" });
  });

  it("goes in circles, and is ended by our own limit", async () => {
    const { session, server } = await stage({
      fixture: "circles",
      script: () => bash("cat a.txt"),
      limits: { turnsMax: 5 },
    });
    expect(await session.start()).toMatchObject({
      stop: { kind: "over-budget", reason: "the agent used up its turns", of: "turns" },
      usage: { turns: 6 },
    });
    expect(server.requests.length).toBeLessThan(9);
  });

  it("spends its money, and counts its messages cut off in the middle of a tool call, too", async () => {
    const cut: ScriptedAnswer = {
      content: [{ type: "tool_use", name: "Bash", partial_json: '{"comm' }],
      usage: { input_tokens: 100_000 },
    };
    const { session, server } = await stage({
      fixture: "budget",
      script: () => cut,
      limits: { usdMax: 0.5 },
    });
    const { stop, usage: used } = await session.start();
    expect(stop).toMatchObject({ kind: "over-budget" });
    expect(used.usd).toBeCloseTo(0.6);
    expect(server.requests.length).toBeLessThan(5);
  });

  it("is denied a command by its settings", async () => {
    const { session } = await stage({
      fixture: "denied",
      script: [bash("touch b.txt"), text("I could not.")],
      settings: { permissions: { deny: ["Bash(touch *)"] } },
    });
    expect((await session.start()).stop).toEqual({
      kind: "crashed",
      reason: "the agent was not allowed to use Bash",
    });
  });

  it("ends, though it would rather wait for the night or for a server", async () => {
    const { session } = await stage({
      script: [
        call("ScheduleWakeup", { delaySeconds: 3600, prompt: "Go on.", reason: "To wait." }),
        call("Bash", { command: "tail -f /dev/null", run_in_background: true }),
        bash("tail -f /dev/null > /dev/null 2>&1 & echo started"),
        text("Done."),
      ],
    });
    expect(await session.start()).toMatchObject({
      stop: { kind: "claimed", claim: { summary: "Done." } },
      usage: { turns: 4 },
    });
  });

  it("is ended in the middle of a command, and the command with it", async () => {
    const { session, workspace } = await stage({
      script: [bash("echo $$ > pid; tail -f /dev/null")],
      limits: { idleMsMax: 5_000 },
    });
    expect((await session.start()).stop.kind).toBe("stalled");
    expect(hasMemory(Number(readFileSync(join(workspace, "pid"), "utf8")))).toBe(false);
  });

  it("has an agent of its own, which costs, too", async () => {
    const { session } = await stage({
      fixture: "nested",
      script: (request) => {
        const said = JSON.stringify(request.body.messages);
        if (request.headers["x-claude-code-agent-id"] !== undefined)
          return said.includes("tool_result") ? text("I looked.") : bash("cat a.txt");
        if (said.includes("I looked.")) return text("Done.");
        return call("Agent", { description: "Look", prompt: "Look.", subagent_type: "general-purpose" });
      },
    });
    // The last words of the nested agent are told as the result of a tool, not as a message.
    expect(await session.start()).toMatchObject({
      stop: { kind: "claimed", claim: { summary: "Done." } },
      usage: { turns: 3, inputTokens: 44_000, usd: expect.closeTo(4 * callUsd) },
    });
  });

  it("works for a model whose price nobody knows", async () => {
    const { session } = await stage({ script: [text("Done.")], model: "my-model", fixture: "own-model" });
    expect((await session.start()).usage).toEqual({
      inputTokens: 11_000,
      outputTokens: 100,
      usd: null,
      turns: 1,
    });
  });

  it("hears nothing more from the model, and is ended by our own clock", async () => {
    const { session } = await stage({
      fixture: "silence",
      script: [bash("cat a.txt"), { fault: "silent", after: 3 }],
      limits: { idleMsMax: 5_000 },
    });
    expect(await session.start()).toMatchObject({
      stop: { kind: "stalled" },
      usage: { turns: 1, outputTokens: 100, usd: expect.closeTo(callUsd) },
    });
  });
});
