/** The built-in agent against a scripted server: its own time, its memory, and how much it sends. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { formatBriefMessage, formatVerdictMessage, parseAgentLine } from "../src/formats/agent-stream.ts";
import { formatAgentSettings } from "../src/formats/agent-settings.ts";
import { defaultModel } from "../src/formats/models.ts";
import { parseTrajectory } from "../src/formats/trajectory.ts";
import { type Script, startModelServer } from "../test/support/model-server.ts";
import { type Figure, median, spread } from "./figure.ts";
import { agentProgram, compileCache } from "./published.ts";

const turns = 200;
/** More than one result may have, so that each is as large as it can be. */
const command = "seq -w 1 6000";

export async function measureAgent(repeats: number): Promise<readonly Figure[]> {
  const starts: number[] = [];
  let sizes = { whole: 0, frame: 0, tools: 0, system: 0 };
  for (let i = 0; i < repeats; i += 1) {
    const { msToRequest, text } = await timeFirstRequest();
    starts.push(msToRequest);
    sizes = sizesOf(text);
  }
  const long = await workLong();
  return [
    {
      title: "process start to first request",
      value: median(starts),
      unit: "ms",
      limit: 250,
      note: spread(starts),
    },
    {
      title: `own time a turn, ${long.ownMs.length} turns with full-size outputs`,
      value: median(long.ownMs),
      unit: "ms",
      limit: 5,
      note: spread(long.ownMs),
    },
    {
      title: `memory after ${long.ownMs.length} turns (largest)`,
      value: long.megabytes,
      unit: "MB",
      limit: 200,
    },
    {
      title: "first request without the brief",
      value: sizes.frame,
      unit: "characters",
      limit: 7_000,
      note: `system ${sizes.system}, tools ${sizes.tools}`,
    },
    { title: "first request, whole, for a task of three words", value: sizes.whole, unit: "characters" },
  ];
}

const size = (value: unknown): number => JSON.stringify(value).length;

function sizesOf(text: string): { whole: number; frame: number; tools: number; system: number } {
  const { messages: _, ...frame } = Object(JSON.parse(text));
  return {
    whole: text.length,
    frame: size(frame),
    tools: size(frame["tools"]),
    system: size(frame["system"]),
  };
}

interface Place extends Disposable {
  readonly folder: string;
  readonly child: ChildProcess;
}

function startAgent(url: string): Place {
  const folder = join(tmpdir(), `ralph-bench-agent-${process.hrtime.bigint()}`);
  mkdirSync(join(folder, "workspace"), { recursive: true });
  const settings = formatAgentSettings({
    model: defaultModel,
    effort: null,
    provider: "anthropic",
    base_url: url,
    key_header: "bearer",
    models: {},
    keys: [],
    folder,
    recording: null,
    gateway: null,
  });
  const child = spawn(process.execPath, [agentProgram, settings], {
    cwd: join(folder, "workspace"),
    env: { PATH: process.env["PATH"] ?? "", ...compileCache },
    stdio: ["pipe", "pipe", "inherit"],
  });
  child.stdin.write(
    formatBriefMessage({ text: "# Task\n\nCount.", limits: { turns: turns + 2, usd: 1_000 } }),
  );
  return { folder, child, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}

const done = {
  content: [
    {
      type: "tool_use" as const,
      name: "done",
      input: { status: "complete", summary: "Counted.", learnings: [], verification: [] },
    },
  ],
};

function finished({ child }: Place): Promise<void> {
  let rest = "";
  child.stdout?.setEncoding("utf8").on("data", (chunk: string) => {
    const lines = `${rest}${chunk}`.split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if (parseAgentLine(line).type === "claim")
        child.stdin?.write(formatVerdictMessage({ accepted: true, round: 0, evidence: "" }));
    }
  });
  return new Promise((resolve) => child.once("close", () => resolve()));
}

async function timeFirstRequest(): Promise<{ msToRequest: number; text: string }> {
  let arrivedMs = 0;
  await using server = await startModelServer(() => {
    arrivedMs = performance.now();
    return done;
  });
  const startMs = performance.now();
  using place = startAgent(server.url);
  await finished(place);
  return { msToRequest: arrivedMs - startMs, text: server.requests[0]?.text ?? "" };
}

/** A server that counts nothing is counted for: then 33 results fill a context, and a fresh process would go on. */
const smallUsage = { input_tokens: 1_000, output_tokens: 100 };

/** Own time is what passes between two requests, without the answer that comes and the tool that runs between them. */
async function workLong(): Promise<{ ownMs: readonly number[]; megabytes: number }> {
  const arrivedMs: number[] = [];
  let pid = 0;
  let megabytes = 0;
  const script: Script = (_, index) => {
    arrivedMs.push(performance.now());
    megabytes = peakMegabytes(pid);
    if (index >= turns) return done;
    const input = { command: `${command}; echo ${index}` };
    return { content: [{ type: "tool_use" as const, name: "bash", input }], usage: smallUsage };
  };
  await using server = await startModelServer(script);
  using place = startAgent(server.url);
  pid = place.child.pid ?? 0;
  await finished(place);
  const records = parseTrajectory(readFileSync(join(place.folder, "trajectory.jsonl"), "utf8"));
  const answerMs = records.flatMap((record) => (record.type === "assistant" ? [record.ms] : []));
  const toolMs = records.flatMap((record) => (record.type === "tool" ? [record.ms] : []));
  const ownMs = arrivedMs
    .slice(1)
    .map((ms, i) => ms - (arrivedMs[i] ?? 0) - (answerMs[i] ?? 0) - (toolMs[i] ?? 0));
  return { ownMs, megabytes };
}

function peakMegabytes(pid: number): number {
  const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kilobytes) / 1024;
}

/** What other programs send first for the same words, where they are on PATH. */
export async function measureClients(): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const client of clients) {
    await using server = await startModelServer(() => ({ content: [{ type: "text", text: "Done." }] }));
    const home = join(tmpdir(), `ralph-bench-client-${process.hrtime.bigint()}`);
    mkdirSync(home, { recursive: true });
    const isThere = await runClient(client, server.url, home);
    rmSync(home, { recursive: true, force: true });
    const sizes = [...server.requests, ...server.others].map(({ text }) => text.length);
    if (isThere) figures.push({ title: client.title, value: Math.max(0, ...sizes), unit: "characters" });
  }
  return figures;
}

function runClient(client: Client, url: string, home: string): Promise<boolean> {
  const child = spawn(client.program, client.args(url), {
    cwd: home,
    env: { PATH: process.env["PATH"], HOME: home, IS_SANDBOX: "1", ...client.prepare(url, home) },
    stdio: "ignore",
    timeout: 30_000,
  });
  return new Promise((resolve) => {
    child.once("error", () => resolve(false));
    child.once("close", () => resolve(true));
  });
}

interface Client {
  readonly title: string;
  readonly program: string;
  readonly args: (url: string) => readonly string[];
  /** Returns its environment. */
  readonly prepare: (url: string, home: string) => Readonly<Record<string, string>>;
}

const words = "Say done.";

const claude = (title: string, ...more: readonly string[]): Client => ({
  title,
  program: "claude",
  args: () => ["-p", ...more, "--model", defaultModel, words],
  prepare: (url) => ({
    ANTHROPIC_BASE_URL: url,
    ANTHROPIC_API_KEY: "none",
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
  }),
});

const clients: readonly Client[] = [
  claude("claude -p --bare, largest request", "--bare"),
  claude("claude -p, largest request"),
  {
    title: "codex exec, largest request",
    program: "codex",
    args: (url) => [
      "exec",
      "--skip-git-repo-check",
      "-c",
      `model_providers.local={name="local",base_url="${url}/v1",wire_api="responses",env_key="LOCAL_KEY"}`,
      "-c",
      'model_provider="local"',
      words,
    ],
    prepare: () => ({ LOCAL_KEY: "none" }),
  },
  {
    title: "pi, largest request",
    program: "pi",
    args: () => ["--mode", "json", "--no-session", "--provider", "local", "--model", defaultModel, words],
    prepare(url, home) {
      const provider = {
        baseUrl: url,
        api: "anthropic-messages",
        apiKey: "none",
        models: [{ id: defaultModel }],
      };
      writeFileSync(join(home, "models.json"), JSON.stringify({ providers: { local: provider } }));
      return { PI_CODING_AGENT_DIR: home, PI_OFFLINE: "1" };
    },
  },
];
