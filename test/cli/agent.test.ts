/** `ralphwright agent`: the built-in agent by hand, as a person and as a program would use it. */
import { spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { formatVerdictMessage } from "../../src/formats/agent-stream.ts";
import { mainProgram } from "../support/program.ts";
import { call, done, say } from "../support/builtin-agent.ts";
import { type Script, startModelServer } from "../support/model-server.ts";
import { makeFolder, runGit } from "../support/repository.ts";

interface Order {
  readonly script: Script;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** What is told on standard input after a claim. */
  readonly answer?: string;
}

async function runByHand({ script, args, cwd = makeFolder("hand"), env, answer }: Order) {
  await using server = await startModelServer(script);
  const state = makeFolder("hand-state");
  const child = spawn(process.execPath, [mainProgram, "agent", "--base-url", server.url, ...args], {
    cwd,
    env: {
      PATH: process.env["PATH"],
      HOME: state,
      XDG_STATE_HOME: state,
      ANTHROPIC_API_KEY: "sk-canary-0123456789abcdef",
      ...env,
    },
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    if (answer !== undefined && text.includes('"type":"claim"')) child.stdin.end(answer);
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  if (answer === undefined) child.stdin.end();
  const status = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { status, stdout, stderr, requests: [...server.requests], cwd, state };
}

describe("ralphwright agent", () => {
  it("works in any directory and tells what it does, what it cost and where the record is", async () => {
    const usage = { input_tokens: 1_000, output_tokens: 100 };
    const { status, stdout, cwd, requests } = await runByHand({
      script: [
        { ...call("bash", { command: "echo hello > a.txt" }), usage },
        { ...done(), usage },
      ],
      args: ["say", "hello"],
    });
    expect(status).toBe(0);
    expect(readFileSync(join(cwd, "a.txt"), "utf8")).toBe("hello\n");
    expect(stdout).toContain("bash echo hello > a.txt → exit 0");
    expect(stdout).toContain("complete: Did it.");
    expect(requests[0]?.text).toContain("say hello");
    expect(stdout).toContain("2 turns, 0.0060 USD");
    const [, record = ""] = /^Record: (.*)$/m.exec(stdout) ?? [];
    expect(existsSync(record)).toBe(true);
  });

  it("takes the task from a file, and conventions from the top of the repository down to here", async () => {
    const top = makeFolder("hand-repository");
    runGit(top, ["init", "-q"]);
    mkdirSync(join(top, "inner"));
    writeFileSync(join(top, "AGENTS.md"), "Top rule.");
    writeFileSync(join(top, "inner", "AGENTS.md"), "Inner rule.");
    writeFileSync(join(top, "inner", "CLAUDE.md"), "x".repeat(40_000));
    writeFileSync(join(top, "inner", "task.md"), "Count the words.");
    const { status, requests } = await runByHand({
      script: [done()],
      args: ["--task", "task.md"],
      cwd: join(top, "inner"),
    });
    expect(status).toBe(0);
    const text = JSON.stringify(requests[0]?.body.messages);
    expect(text).toMatch(
      /Top rule\..*Inner rule\..*\(long: read the file\).*Where you are.*Count the words\./,
    );
  });

  it("names instructions that cannot be read, and works all the same", async () => {
    const cwd = makeFolder("hand-unreadable");
    mkdirSync(join(cwd, "AGENTS.md"));
    writeFileSync(join(cwd, "CLAUDE.md"), "secret");
    chmodSync(join(cwd, "CLAUDE.md"), 0o000);
    const { status, requests } = await runByHand({ script: [done()], args: ["go"], cwd });
    expect([status, requests.length]).toEqual([0, 1]);
    expect(JSON.stringify(requests[0]?.body.messages)).toContain("(cannot be read:");
  });

  it("speaks the protocol with --json, and hears the verdict on standard input", async () => {
    const red = formatVerdictMessage({ accepted: false, round: 1, evidence: "tests are red" });
    const { status, stdout, requests } = await runByHand({
      script: [done(), say("Hm."), say("No.")],
      args: ["--json", "go"],
      answer: red,
    });
    const types = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line).type as unknown);
    expect(types).toEqual(expect.arrayContaining(["started", "turn", "usage", "claim", "end"]));
    expect(requests[1]?.text).toContain("tests are red");
    expect(status).toBe(15);
  });

  it("asks its question, with status 11", async () => {
    const script = [done({ status: "blocked", question: "Which one?" })];
    const { status, stdout } = await runByHand({ script, args: ["go"] });
    expect(stdout).toContain("Which one?");
    expect(status).toBe(11);
  });

  it("says what is wrong in a line: nothing to do, no such file, a wrong key, a limit", async () => {
    const nothing = await runByHand({ script: [], args: [] });
    expect([nothing.status, nothing.stderr]).toEqual([2, expect.stringContaining("there is nothing to do")]);
    const missing = await runByHand({ script: [], args: ["--task", "none.md"] });
    expect([missing.status, missing.stderr]).toEqual([2, expect.stringContaining("none.md")]);
    const refused = await runByHand({ script: [{ fault: "status", status: 401 }], args: ["go"] });
    expect([refused.status, refused.stdout]).toEqual([
      20,
      expect.stringContaining("the key was refused: 401"),
    ]);
    const alias = await runByHand({ script: [], args: ["--model", "opus", "go"] });
    expect([alias.status, alias.stderr]).toEqual([2, expect.stringContaining("claude-opus-5-5")]);
    const spent = await runByHand({ script: [done()], args: ["--max-usd", "0.0001", "go"] });
    expect([spent.status, spent.stdout]).toEqual([
      13,
      expect.stringContaining("limit: the next call could cost more"),
    ]);
  });
});
