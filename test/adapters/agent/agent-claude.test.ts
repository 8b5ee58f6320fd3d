/** Sessions with a program that prints what the real Claude Code has printed (test/clients has the real one). */
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { openClaudeSession } from "../../../src/adapters/agent/agent-claude.ts";
import type { AgentProgram } from "../../../src/adapters/agent/agent-program.ts";
import { noUsage } from "../../../src/core/message.ts";
import type { AgentOrder, AgentSession } from "../../../src/ports.ts";
import { agentOrder, uncontained } from "../../support/agent-order.ts";
import { makeFolder } from "../../support/repository.ts";

const folder = makeFolder("claude");
const fixtures = join(import.meta.dirname, "..", "..", "fixtures", "claude");
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(() => rmSync(join(folder, "claim.json"), { force: true }));

/** Notes what it is told, then plays; `fixture` prints a recording. */
const asTold = `
cd ${folder}
printf '%s\\n' "$@" > arguments-$RALPH_ROUND
cat > input-$RALPH_ROUND
fixture() { cat ${fixtures}/$1.jsonl; }
`;

function open(
  script: string,
  { limits = {}, ...program }: Partial<AgentProgram> & { limits?: Partial<AgentOrder["limits"]> } = {},
): AgentSession {
  return openClaudeSession(agentOrder(folder, limits), {
    ...uncontained,
    label: "claude",
    command: ["bash", "--norc", "-c", `${asTold}${script}`, "claude"],
    model: null,
    effort: null,
    names: [],
    ...program,
  });
}

const fileText = (name: string): string => readFileSync(join(folder, name), "utf8");
const argumentsOf = (round: number): readonly string[] =>
  fileText(`arguments-${round}`).trimEnd().split("\n");
const optionOf = (round: number, name: string): string | undefined => {
  const words = argumentsOf(round);
  return words.includes(name) ? words[words.indexOf(name) + 1] : undefined;
};

describe("the program", () => {
  it("gets the brief, and in the next round the evidence in the same conversation", async () => {
    const session = open("fixture edits", {
      model: "claude-sonnet-5-5",
      effort: "high",
      limits: { usdMax: 1 },
    });
    await session.start();
    expect(argumentsOf(0)).toEqual([
      ..."-p --output-format stream-json --verbose --include-partial-messages".split(" "),
      ..."--dangerously-skip-permissions --disallowedTools".split(" "),
      "ScheduleWakeup,CronCreate,Monitor,EnterWorktree",
      ..."--max-budget-usd 1.0000 --model claude-sonnet-5-5 --effort high".split(" "),
    ]);
    expect([fileText("input-0"), fileText("brief.md")]).toEqual(["Do one.", "Do one."]);
    await session.returnEvidence(1, "Two tests are red.");
    expect(optionOf(1, "--resume")).toBe("00000000-0000-4000-8000-000000000000");
    expect(optionOf(1, "--max-budget-usd")).toBe("0.9880");
    expect(fileText("input-1")).toBe("Two tests are red.");
    await session.close(true);
  });

  it("begins anew where there is no conversation to go on with", async () => {
    const session = open("");
    await session.start();
    expect(argumentsOf(0)).not.toContain("--model");
    await session.returnEvidence(1, "Two tests are red.");
    expect(argumentsOf(1)).not.toContain("--resume");
    expect(fileText("input-1")).toBe("Do one.\n\nTwo tests are red.");
  });

  it("begins anew when the work is handed over", async () => {
    const session = open("fixture edits");
    await session.start();
    await session.handOver(1, "Half is done.");
    expect(argumentsOf(1)).not.toContain("--resume");
    expect(fileText("input-1")).toBe("Do one.\n\nHalf is done.");
  });

  it("may be a text with arguments of its own", async () => {
    writeFileSync(join(folder, "my-claude"), `#!/bin/bash\n${asTold}fixture edits\n`, { mode: 0o755 });
    const session = open("", { command: `${join(folder, "my-claude")} --bare` });
    expect((await session.start()).stop.kind).toBe("claimed");
    expect(argumentsOf(0).slice(0, 2)).toEqual(["--bare", "-p"]);
  });

  it("runs unattended, unless the configuration says otherwise", async () => {
    process.env["CLAUDE_CODE_MAX_RETRIES"] = "3";
    await open("env > environment").start();
    expect(fileText("environment")).toMatch(/^CLAUDE_CODE_MAX_RETRIES=8$/m);
    expect(fileText("environment")).toMatch(/^CLAUDE_CODE_DISABLE_BACKGROUND_TASKS=1$/m);
    expect(fileText("environment")).toMatch(/^RALPH_CLAIM=.*claim.json$/m);
    await open("env > environment", { names: ["CLAUDE_CODE_MAX_RETRIES"] }).start();
    expect(fileText("environment")).toMatch(/^CLAUDE_CODE_MAX_RETRIES=3$/m);
    delete process.env["CLAUDE_CODE_MAX_RETRIES"];
  });
});

describe("a claim", () => {
  it("is the last thing that was said", async () => {
    const claim = { status: "complete", summary: "Done it.", learnings: [], question: null };
    expect((await open("fixture edits").start()).stop).toEqual({ kind: "claimed", claim });
  });

  it("is what the claim file says, of this round alone", async () => {
    const claim = { status: "blocked", summary: "I ask.", learnings: [], question: "Which one?" };
    writeFileSync(join(folder, "claim.json"), JSON.stringify({ ...claim, summary: "Of old." }));
    const session = open(`[ $RALPH_ROUND = 0 ] && cp asked.json claim.json; fixture edits`);
    writeFileSync(join(folder, "asked.json"), JSON.stringify(claim));
    expect((await session.start()).stop).toEqual({ kind: "claimed", claim });
    expect((await session.returnEvidence(1, "Red.")).stop).toMatchObject({ claim: { summary: "Done it." } });
    expect(existsSync(join(folder, "claim.json"))).toBe(false);
  });

  it("needs a result, whatever the exit code", async () => {
    expect((await open("fixture silence").start()).stop).toEqual({
      kind: "crashed",
      reason: "the agent exited with 0",
    });
    const unknown = `fixture silence; echo "error: unknown option '--verbose'" >&2; exit 1`;
    expect((await open(unknown).start()).stop).toEqual({
      kind: "crashed",
      reason: "the agent exited with 1: error: unknown option '--verbose'",
    });
    expect((await open("", { command: [join(folder, "nothing")] }).start()).stop.kind).toBe("not-started");
  });

  it("needs a program that lives to its end", async () => {
    expect((await open("fixture edits; kill -9 $$").start()).stop.kind).toBe("crashed");
  });

  it("counts when the program exits with an error after it", async () => {
    expect((await open("fixture edits; exit 1").start()).stop.kind).toBe("claimed");
  });
});

describe("what went wrong", () => {
  it.each([
    ["api-400", "crashed", /^API Error: 400 messages.1: no$/],
    ["api-400-credit", "refused", /^Credit balance is too low$/],
    ["api-402", "refused", /^API Error: 402 No\.$/],
    ["api-403", "refused", /^Failed to authenticate/],
    ["api-404", "refused", /^There's an issue with the selected model/],
    ["no-login", "refused", /^Not logged in/],
    ["api-429", "unreachable", /^API Error: Request rejected \(429\)/],
    ["api-529", "unreachable", /^API Error: 529/],
    ["refusal", "declined", /safeguards flagged this message/],
    ["budget", "over-budget", /^Reached maximum budget/],
    ["denied", "crashed", /^the agent was not allowed to use Bash$/],
  ])("is told by the stream: %s", async (fixture, kind, reason) => {
    const { stop } = await open(`fixture ${fixture}; exit 1`).start();
    const of = kind === "over-budget" ? { of: "unsaid" } : {};
    expect(stop).toEqual({ kind, reason: expect.stringMatching(reason), ...of });
  });

  it("is told by the kind of the result where nothing else tells it", async () => {
    const result = { type: "result", subtype: "error_max_turns", is_error: false };
    expect((await open(`echo '${JSON.stringify(result)}'`).start()).stop.kind).toBe("over-budget");
  });

  it("is no turn", async () => {
    expect((await open("fixture api-400").start()).usage).toEqual({ ...noUsage, turns: 0 });
  });

  const resetsAtMs = Date.parse("2030-01-01T00:00:00Z");

  it("may be a limit with its end", async () => {
    const { stop } = await open("fixture limit; exit 1").start();
    expect(stop).toMatchObject({ kind: "limited", resetsAtMs });
  });

  it("may be a limit as older versions tell it", async () => {
    const text = `Claude AI usage limit reached|${resetsAtMs / 1000}`;
    const result = JSON.stringify({ type: "result", subtype: "success", is_error: true, result: text });
    expect((await open(`echo '${result}'`).start()).stop).toMatchObject({ kind: "limited", resetsAtMs });
  });

  it("is no limit when it came after one that passed", async () => {
    const limit = `grep rate_limit_event ${fixtures}/limit.jsonl`;
    expect((await open(`${limit}; fixture api-400`).start()).stop.kind).toBe("crashed");
    expect((await open(`${limit}; fixture edits`).start()).stop.kind).toBe("claimed");
  });

  it("is a refused login as soon as it is refused twice; the first may be a token to be renewed", async () => {
    expect((await open("fixture api-401; exec sleep 600").start()).stop).toEqual({
      kind: "refused",
      reason: "the login was refused: authentication_failed",
    });
    const renewed = `grep -v '"attempt":2' ${fixtures}/api-401.jsonl; fixture edits`;
    expect((await open(renewed).start()).stop.kind).toBe("claimed");
  });
});

describe("what was used", () => {
  it("is told round by round", async () => {
    const session = open("[ $RALPH_ROUND = 0 ] && fixture edits || fixture edits-2");
    const used = { inputTokens: 33_000, outputTokens: 300, usd: expect.closeTo(0.012), turns: 3 };
    expect((await session.start()).usage).toEqual(used);
    expect((await session.returnEvidence(1, "Red.")).usage).toEqual(used);
  });

  it("is that of all results, and of what came after the last", async () => {
    const turn = `sed -n '/message_start/p;/"type":"assistant"/p;/message_delta/p' ${fixtures}/own-model.jsonl`;
    const later = `${turn} | sed 's/my-model/claude-sonnet-5-5/g; s/msg_1/msg_9/g'`;
    const { usage } = await open(`fixture edits; fixture edits-2; ${later}`).start();
    expect(usage).toEqual({ inputTokens: 77_000, outputTokens: 700, usd: expect.closeTo(0.028), turns: 7 });
  });

  it("counts agents of the agent", async () => {
    const { usage } = await open("fixture nested").start();
    expect(usage).toMatchObject({ inputTokens: 44_000, usd: expect.closeTo(0.016), turns: 3 });
    // Before the result tells it, their messages do; how much they wrote is not known then.
    const { usage: early } = await open(`grep -v '"type":"result"' ${fixtures}/nested.jsonl`).start();
    expect(early).toEqual({ inputTokens: 33_000, outputTokens: 200, usd: expect.closeTo(0.011), turns: 3 });
  });

  it("counts a nested message once, however many blocks it has", async () => {
    const twice = `sed '/"type":"assistant".*"parent_tool_use_id":"toolu/p' ${fixtures}/nested.jsonl`;
    const { usage } = await open(`${twice} | grep -v '"type":"result"'`).start();
    expect(usage).toMatchObject({ inputTokens: 33_000, turns: 3 });
  });

  it("is that of the stream where the result does not tell it", async () => {
    const older = `sed 's/"model_usage_since_last_result"/"model_usage"/' ${fixtures}/edits.jsonl`;
    expect((await open(older).start()).usage).toMatchObject({
      inputTokens: 33_000,
      outputTokens: 300,
      turns: 3,
    });
  });

  it("is known of a program that did not live to tell it", async () => {
    const { stop, usage } = await open("fixture silence; kill -9 $$").start();
    expect(stop).toEqual({ kind: "crashed", reason: "the agent was ended by SIGKILL" });
    expect(usage).toEqual({ inputTokens: 11_000, outputTokens: 100, usd: expect.closeTo(0.004), turns: 1 });
  });

  it("has no price where nobody knows one", async () => {
    expect((await open("fixture own-model").start()).usage.usd).toBeNull();
    const { usage } = await open(`grep -v '"type":"result"' ${fixtures}/own-model.jsonl`).start();
    expect(usage).toEqual({ inputTokens: 11_000, outputTokens: 100, usd: null, turns: 1 });
  });
});

describe("a program that does not stop", () => {
  const runsOn = "fixture circles; exec sleep 600";

  it.each([
    [{ turnsMax: 5 }, "turns", "turns", 6],
    [{ usdMax: 0.015 }, "usd", "money", 4],
    [{ tokensMax: 40_000 }, "tokens", "tokens", 4],
  ])("is ended at its limit: %j", async (limits, of, what, turns) => {
    const { stop, usage } = await open(runsOn, { limits }).start();
    expect(stop).toEqual({ kind: "over-budget", reason: `the agent used up its ${what}`, of });
    expect(usage.turns).toBeGreaterThanOrEqual(turns);
  });

  it("is ended at the limit of all its rounds", async () => {
    const limits = { usdMax: 0.02 };
    const session = open("[ $RALPH_ROUND = 0 ] && fixture edits || fixture edits-2", { limits });
    expect((await session.start()).stop.kind).toBe("claimed");
    expect((await session.returnEvidence(1, "Red.")).stop).toMatchObject({
      kind: "over-budget",
      reason: "the agent used up its money",
    });
  });

  it("is ended when the supervisor stops", async () => {
    const stopping = new AbortController();
    const order = { ...agentOrder(folder), signal: stopping.signal };
    const command = ["bash", "--norc", "-c", "echo started; exec sleep 600"];
    const session = openClaudeSession(order, {
      ...uncontained,
      label: "claude",
      command,
      model: null,
      effort: null,
      names: [],
    });
    const report = session.start();
    stopping.abort();
    expect((await report).stop).toEqual({ kind: "stopped" });
  });
});
