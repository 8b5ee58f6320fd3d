/** Starts the built-in agent as the supervisor does, in a workspace of its own, against a scripted model server. */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  type AgentMessage,
  formatBriefMessage,
  formatVerdictMessage,
  parseAgentLine,
} from "../../src/formats/agent-stream.ts";
import { type AgentSettings, formatAgentSettings } from "../../src/formats/agent-settings.ts";
import { parseTrajectory, type TrajectoryRecord } from "../../src/formats/trajectory.ts";
import { type ModelServer, type Script, startModelServer } from "./model-server.ts";
import { agentProgram } from "./program.ts";
import { makeFolder } from "./repository.ts";

export interface BuiltinOrder {
  readonly script: Script;
  readonly text?: string;
  readonly context?: string;
  readonly limits?: { wall_ms?: number; turns?: number; usd?: number; tokens?: number };
  readonly settings?: Partial<AgentSettings>;
  readonly env?: Readonly<Record<string, string>>;
  /** Evidence of the red verdicts in their order, `hang up` or `never`; after the last the claim is accepted. */
  readonly verdicts?: readonly string[];
  /** Says what runs in place of the program: the settings may be others there. */
  readonly contain?: (place: ContainedPlace) => Promise<readonly string[]>;
  /** Called with the workspace before the agent starts. */
  readonly arrange?: (workspace: string) => void;
  /** The agent gets SIGTERM as soon as this holds. */
  readonly stopWhen?: (workspace: string) => boolean;
}

export interface ContainedPlace {
  readonly folder: string;
  readonly logs: string;
  readonly url: string;
}

export interface BuiltinResult {
  readonly exit: number | string;
  readonly messages: readonly AgentMessage[];
  readonly stderr: string;
  readonly requests: ModelServer["requests"];
  readonly records: readonly TrajectoryRecord[];
  readonly trajectory: string;
  readonly workspace: string;
  readonly logs: string;
  /** The results the model was given, as text, in order. */
  readonly results: readonly string[];
}

export async function runBuiltin(order: BuiltinOrder): Promise<BuiltinResult> {
  await using server = await startModelServer(order.script);
  const folder = makeFolder("builtin");
  const workspace = join(folder, "workspace");
  const logs = join(folder, "logs");
  mkdirSync(workspace);
  order.arrange?.(workspace);
  const settings = formatAgentSettings({
    ...defaultSettings,
    folder: logs,
    base_url: server.url,
    ...order.settings,
  });
  const contained = await order.contain?.({ folder, logs, url: server.url });
  const [start = "", ...args] = contained ?? [process.execPath, agentProgram, settings];
  const child = spawn(start, args, {
    cwd: workspace,
    env: { PATH: process.env["PATH"], ANTHROPIC_API_KEY: "sk-canary-0123456789abcdef", ...order.env },
    stdio: "pipe",
  });
  const messages: AgentMessage[] = [];
  const verdicts = [...(order.verdicts ?? [])];
  child.stdin.on("error", () => {});
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  let rest = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    const lines = `${rest}${chunk}`.split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) hear(line);
  });
  const hear = (line: string): void => {
    const message = parseAgentLine(line);
    if (message.type === "garbage") throw new Error(`not a message: ${line}`);
    messages.push(message);
    if (message.type === "claim") answerClaim(message.status, verdicts.shift(), child.stdin);
  };
  const { text = "# Task\n\nDo it.", context, limits } = order;
  child.stdin.write(
    formatBriefMessage({
      text,
      ...(context === undefined ? {} : { context }),
      ...(limits === undefined ? {} : { limits }),
    }),
  );
  const watch = setInterval(() => {
    if (order.stopWhen?.(workspace) !== true) return;
    clearInterval(watch);
    child.kill("SIGTERM");
  }, 20);
  const exit = await new Promise<number | string>((resolve) => {
    child.once("close", (code, signal) => resolve(code ?? signal ?? "?"));
  });
  clearInterval(watch);
  const file = join(logs, "trajectory.jsonl");
  const trajectory = existsSync(file) ? readFileSync(file, "utf8") : "";
  const records = parseTrajectory(trajectory);
  const requests = [...server.requests];
  return {
    exit,
    messages,
    stderr,
    requests,
    records,
    trajectory,
    workspace,
    logs,
    results: resultsOf(records),
  };
}

/** What the agent is started with, where a test does not say otherwise. */
export const defaultSettings: Omit<AgentSettings, "folder"> = {
  model: "claude-sonnet-5-5",
  effort: null,
  provider: "anthropic",
  base_url: null,
  key_header: "bearer",
  models: {},
  keys: ["ANTHROPIC_API_KEY"],
  recording: null,
  gateway: null,
};

function answerClaim(status: string, verdict: string | undefined, input: NodeJS.WritableStream): void {
  if (verdict === "never") return;
  if (verdict === "hang up" || status === "blocked") return void input.end();
  const evidence = verdict ?? "";
  input.write(formatVerdictMessage({ accepted: verdict === undefined, round: 1, evidence }));
}

function resultsOf(records: readonly TrajectoryRecord[]): readonly string[] {
  return records.flatMap((record) => {
    if (record.type !== "user") return [];
    return record.content.flatMap(({ type, content }) =>
      type === "tool_result" ? [typeof content === "string" ? content : JSON.stringify(content)] : [],
    );
  });
}

type Call = { readonly name: string; readonly input: Readonly<Record<string, unknown>> };

/** An answer that calls tools. */
export const call = (name: string, input: Readonly<Record<string, unknown>>, text?: string) =>
  calls([{ name, input }], text);

export const calls = (list: readonly Call[], text?: string) => ({
  content: [
    ...(text === undefined ? [] : [{ type: "text" as const, text }]),
    ...list.map((each) => ({ type: "tool_use" as const, ...each })),
  ],
});

export const say = (text: string) => ({ content: [{ type: "text" as const, text }] });

/** The answer that ends the work. */
export const done = (edits: Readonly<Record<string, unknown>> = {}) =>
  call("done", { status: "complete", summary: "Did it.", learnings: [], verification: [], ...edits });
