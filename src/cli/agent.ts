/** `ralphwright agent "do this"`: the built-in agent by hand, in any directory, without a supervisor and without gates. */
import { mkdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { builtinProgram } from "../adapters/agent/agents.ts";
import { findRepository } from "../adapters/git/repository.ts";
import { buildEnvironment } from "../adapters/process/environment.ts";
import { type ProcessGroup, startGroup } from "../adapters/process/process-group.ts";
import { handFolder } from "../adapters/state/state-folder.ts";
import type { AgentConfig } from "../core/config.ts";
import { messageOf, RalphError, systemCodeOf } from "../errors.ts";
import {
  type AgentMessage,
  formatBriefMessage,
  formatVerdictMessage,
  parseAgentLine,
} from "../formats/agent-stream.ts";
import { parseAgentConfig } from "../formats/config.ts";
import { oneLine } from "../formats/one-line.ts";
import { openProject, type Overrides } from "./compose.ts";
import { columns, fit, makeSafe, print, style, wrap } from "./print.ts";

export interface AgentOptions {
  readonly cwd: string;
  readonly words: string | null;
  readonly file: string | null;
  readonly json: boolean;
  /** In the shape of the configuration's `agent` and of `limits.attempt`. */
  readonly agent: Overrides;
  readonly limits: Readonly<Record<string, number>>;
}

/** Returns the agent's own exit status; docs/commands.md lists them. */
export async function runAgent(options: AgentOptions): Promise<number> {
  const task = await readTask(options);
  const { agent, limits } = await chooseAgent(options);
  const folder = handFolder(process.env, new Date());
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const program = builtinProgram(agent, { folder, recording: null, gateway: null });
  const stop = new AbortController();
  const listen = (): void => stop.abort();
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, listen);
  const teller = options.json ? tellRaw : createTeller();
  const group: ProcessGroup = startGroup({
    command: program.command,
    cwd: options.cwd,
    env: buildEnvironment(program.names),
    // By hand somebody watches, in a directory of his own choice.
    enclose: null,
    input: null,
    logFile: join(folder, "agent.log"),
    wallMsMax: handWallMs,
    idleMsMax: null,
    signal: stop.signal,
    onLine: (line) => {
      if (typeof line !== "string") return;
      teller(line);
      if (!options.json) answerClaim(parseAgentLine(line), group);
    },
  });
  group.write(formatBriefMessage({ ...task, limits: { ...limits, ...options.limits } }));
  if (options.json) passVerdicts(group);
  const exit = await group.exit;
  process.stdin.destroy();
  if (!options.json) print(style("dim", `\nRecord: ${join(folder, "trajectory.jsonl")}`));
  if (exit.kind === "not-started")
    throw new RalphError("agent-missing", `the agent did not start: ${exit.reason}`);
  return exit.kind === "exited" ? exit.code : 143;
}

/** A day: by hand somebody watches, and the agent's own limits hold. */
const handWallMs = 24 * 3_600_000;

async function readTask({ cwd, words, file }: AgentOptions): Promise<{ text: string; context: string }> {
  const parts = [words, file === null ? null : await readTaskFile(resolve(cwd, file))].filter(
    (part) => part !== null,
  );
  if (parts.join("").trim() === "")
    throw new RalphError("usage", "there is nothing to do", {
      hint: 'Say what: ralphwright agent "mend the failing test", or --task <file>.',
    });
  const conventions = await readConventions(cwd);
  const context = conventions === "" ? "" : `# Conventions\n\n${conventions}`;
  const task = `# Your task\n\n${parts.join("\n\n")}\n\nNobody runs gates on your work here: run the project's own checks before you call \`done\`.`;
  return { text: context === "" ? task : `${context}\n\n${task}`, context };
}

async function readTaskFile(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new RalphError("usage", `the task file cannot be read: ${messageOf(error)}`);
  }
}

const conventionNames = ["AGENTS.md", "CLAUDE.md"];
const conventionsCharsMax = 32 * 1024;

/** From the top of the repository down to here: what is nearer comes later. A file that cannot be read is named. */
async function readConventions(cwd: string): Promise<string> {
  const sections: string[] = [];
  let charsLeft = conventionsCharsMax;
  for (const folder of await foldersDownTo(cwd)) {
    for (const name of conventionNames) {
      const path = join(folder, name);
      const text = await readFile(path, "utf8").catch((error: unknown) => {
        return systemCodeOf(error) === "ENOENT" ? null : `(cannot be read: ${messageOf(error)})`;
      });
      if (text === null) continue;
      const shown = text.length > charsLeft ? "(long: read the file)" : text.trim();
      charsLeft -= Math.min(charsLeft, shown.length);
      sections.push(`## ${path}\n\n${shown}`);
    }
  }
  return sections.join("\n\n");
}

async function foldersDownTo(cwd: string): Promise<readonly string[]> {
  const top = await findRepository(cwd).then(
    (repository) => repository.top ?? cwd,
    () => cwd,
  );
  const folders = [cwd];
  for (let folder = cwd; folder !== top && dirname(folder) !== folder; folder = dirname(folder))
    folders.unshift(dirname(folder));
  return folders;
}

interface Chosen {
  readonly agent: AgentConfig;
  readonly limits: AgentOptions["limits"];
}

/** The configuration of the project, if there is one; flags win. Whatever kind it names, here it is the built-in agent. */
async function chooseAgent({ cwd, agent }: AgentOptions): Promise<Chosen> {
  try {
    const { config } = await openProject(cwd, { agent: { ...agent, kind: "builtin" } });
    const { usdMax: usd, turnsMax: turns, tokensMax: tokens, wallMsMax: wall_ms } = config.limits;
    return { agent: config.agent, limits: { usd, turns, tokens, wall_ms } };
  } catch (error) {
    const isElsewhere =
      error instanceof RalphError && ["not-a-repository", "config-missing"].includes(error.code);
    if (!isElsewhere) throw error;
    return { agent: parseAgentConfig({ ...agent, kind: "builtin" }), limits: {} };
  }
}

/** Without a supervisor a claim is taken at its word; the agent that hears this ends. */
function answerClaim(message: ReturnType<typeof parseAgentLine>, group: ProcessGroup): void {
  if (message.type !== "claim") return;
  if (message.status !== "blocked")
    group.write(formatVerdictMessage({ accepted: true, round: 0, evidence: "" }));
  group.endInput();
}

/** With --json a program is on the other side: it judges. */
function passVerdicts(group: ProcessGroup): void {
  process.stdin.setEncoding("utf8");
  process.stdin.on("data", (text: string) => group.write(text));
  process.stdin.on("end", () => group.endInput());
}

const tellRaw = (line: string): void => void process.stdout.write(`${line}\n`);

function createTeller(): (line: string) => void {
  let [usd, turns]: [number | null, number] = [0, 0];
  return (line) => {
    const message = parseAgentLine(line);
    if (message.type === "turn") turns += 1;
    if (message.type === "usage") usd = usd === null || message.usd === null ? null : usd + message.usd;
    const told = describe(message);
    if (told !== null) print(told);
    if (message.type === "end")
      print(style("dim", `${turns} turns, ${usd === null ? "price unknown" : `${usd.toFixed(4)} USD`}`));
  };
}

/** The model's own words, each line broken where the terminal ends. */
const wrapLines = (text: string): string =>
  text
    .trim()
    .split("\n")
    .map((line) => wrap(line, columns(), ""))
    .join("\n");

function describe(message: AgentMessage | { readonly type: "garbage" }): string | null {
  switch (message.type) {
    case "started":
      return style("dim", `${message.agent ?? "agent"} ${message.model ?? ""}`.trim());
    case "tool":
      return `  ${fit(oneLine(`${message.name} ${message.summary ?? ""}`, 300), columns() - 2)}`;
    case "note":
      return message.by === "model" ? wrapLines(message.text) : style("yellow", makeSafe(message.text));
    case "claim":
      return `\n${style("bold", message.status)}: ${message.summary}${message.question === null ? "" : `\n${style("yellow", message.question)}`}`;
    case "refused":
      return style("red", message.reason);
    case "limit":
      return style(
        "red",
        `${message.reason ?? "a usage limit"}, until ${message.resets_at ?? "nobody knows when"}`,
      );
    case "handoff":
      return `${style("bold", "Hand-off for a fresh start:")}\n${message.note}`;
    case "end":
      return message.reason === undefined
        ? null
        : style("red", `${message.status ?? "ended"}: ${message.reason}`);
    default:
      return null;
  }
}
