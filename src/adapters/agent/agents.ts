/** Opens the configured agent for an attempt. */
import { closeSync, existsSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import type { AgentConfig } from "../../core/config.ts";
import { formatAgentSettings, trajectoryName } from "../../formats/agent-settings.ts";
import { defaultModel } from "../../formats/models.ts";
import type { AgentOrder, Agents, AgentSession } from "../../ports.ts";
import { entryOf } from "../../program-files.ts";
import { noSandbox, type Sandbox } from "../sandbox/containment.ts";
import { commandRoots, ownRoots } from "../sandbox/program-roots.ts";
import { openClaudeSession } from "./agent-claude.ts";
import { openPlainSession } from "./agent-plain.ts";
import type { AgentProgram } from "./agent-program.ts";
import { openProtocolSession } from "./agent-protocol.ts";

export interface AgentsOptions {
  readonly agent: AgentConfig;
  /** Takes over while the main one waits. */
  readonly second?: AgentConfig | null;
  /** Folder of recordings, for `kind: replay`. */
  readonly recordings: string;
  readonly sandbox: Sandbox;
}

export function createAgents(options: AgentsOptions): Agents {
  return {
    open(order) {
      const { agent, second = null } = options;
      // A task that names a model is never given to the second agent.
      const chosen =
        order.agent === "second" && second !== null
          ? second
          : { ...agent, model: order.task.model ?? agent.model };
      return openSession(order, chosen, options);
    },
  };
}

function openSession(order: AgentOrder, agent: AgentConfig, options: AgentsOptions): AgentSession {
  const { command, model, effort } = agent;
  const program: AgentProgram = {
    command: command ?? [],
    agent,
    label: labelOf(agent),
    model,
    effort,
    names: agent.env,
    sandbox: options.sandbox,
    writable: [],
    readable: commandRoots(command ?? []),
  };
  switch (agent.kind) {
    case "command":
      return agent.protocol === "plain"
        ? openPlainSession(order, program)
        : openProtocolSession(order, program);
    case "claude":
      return openClaudeSession(order, {
        ...program,
        command: command ?? ["claude"],
        names: [...claudeNames, ...agent.env],
      });
    case "builtin":
    case "replay":
      return openProtocolSession(order, {
        ...program,
        ...ownFiles(options, order),
        ...builtinProgram(agent, {
          folder: order.logFolder,
          gateway: agent.kind === "builtin" ? options.sandbox.gatewayFor(agent) : null,
          recording:
            agent.kind === "builtin"
              ? null
              : join(options.recordings, order.task.id, `${order.attempt}.jsonl`),
        }),
      });
  }
}

/** Made beforehand and given one by one: in the folder around them lies the log that the supervisor writes. */
function ownFiles(
  { sandbox, agent, recordings }: AgentsOptions,
  { logFolder }: AgentOrder,
): Pick<AgentProgram, "writable" | "readable"> {
  const files = { trajectory: join(logFolder, trajectoryName), output: join(logFolder, "output") };
  if (sandbox.level.name !== noSandbox.level.name) {
    mkdirSync(files.output, { recursive: true, mode: 0o700 });
    closeSync(openSync(files.trajectory, "a", 0o600));
  }
  return {
    writable: [files.trajectory, files.output],
    readable: [...ownRoots(), ...(agent.kind === "replay" && existsSync(recordings) ? [recordings] : [])],
  };
}

const agentProgram = entryOf("agent/main");

interface BuiltinPlace {
  readonly folder: string;
  readonly recording: string | null;
  /** Socket of the gateway, as the agent sees it; null: the agent has the key and asks the model itself. */
  readonly gateway: string | null;
}

/** A replay is the built-in agent with recorded answers in the model's place: all else of it is real. */
export function builtinProgram(
  agent: AgentConfig,
  { folder, recording, gateway }: BuiltinPlace,
): Pick<AgentProgram, "names"> & { readonly command: readonly string[] } {
  const isReplay = recording !== null;
  const needed = isReplay ? [] : keyNames[agent.provider].filter((name) => !agent.env.includes(name));
  const keys = gateway === null ? needed : [];
  const settings = formatAgentSettings({
    model: agent.model ?? defaultModel,
    effort: agent.effort,
    provider: isReplay ? "anthropic" : agent.provider,
    base_url: gateway === null ? agent.baseUrl : ownEndpoint(agent),
    key_header: agent.keyHeader,
    models: agent.models,
    keys,
    folder,
    recording,
    gateway,
  });
  return { command: [process.execPath, agentProgram, settings], names: [...agent.env, ...keys] };
}

/** That there is one is all that the agent has to know behind a gateway: the rest of the address may be a secret. */
function ownEndpoint({ baseUrl }: AgentConfig): string | null {
  const url = baseUrl ?? process.env["ANTHROPIC_BASE_URL"] ?? "";
  return url === "" ? null : (URL.parse(url)?.origin ?? null);
}

/** What each provider's client looks for: let through to the agent, and kept from the commands it runs. */
export const keyNames: Readonly<Record<AgentConfig["provider"], readonly string[]>> = {
  anthropic: ["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL"],
  bedrock: [
    "AWS_REGION",
    "AWS_PROFILE",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_BEARER_TOKEN_BEDROCK",
    "ANTHROPIC_BEDROCK_BASE_URL",
  ],
  vertex: ["CLOUD_ML_REGION", "ANTHROPIC_VERTEX_PROJECT_ID", "GOOGLE_APPLICATION_CREDENTIALS"],
  foundry: ["ANTHROPIC_FOUNDRY_API_KEY", "ANTHROPIC_FOUNDRY_RESOURCE", "ANTHROPIC_FOUNDRY_BASE_URL"],
};

/** Where Claude Code finds its login, beside its own folder in the home directory. */
const claudeNames = [
  "ANTHROPIC_API_KEY",
  "ANTHROPIC_AUTH_TOKEN",
  "ANTHROPIC_BASE_URL",
  "CLAUDE_CODE_OAUTH_TOKEN",
  "CLAUDE_CONFIG_DIR",
];

const interpreters = new Set(["node", "bash", "sh", "python", "python3", "npx", "env", "bun", "deno"]);
const programCharsMax = 40;
const assignment = /\b\w+=(?:"[^"]*"|'[^']*'|\S*)/g;

/** For the trailer: `builtin claude-sonnet-5-5`, `command my-agent`. */
function labelOf({ kind, command, model }: AgentConfig): string {
  const program = kind === "command" ? programName(command ?? []) : "";
  // A recording asks no model.
  return [kind, program, kind === "replay" ? null : model]
    .filter((word) => word !== null && word !== "")
    .join(" ");
}

function programName(command: string | readonly string[]): string {
  const words =
    typeof command === "string" ? command.replaceAll(assignment, " ").trim().split(/\s+/) : command;
  // An interpreter says nothing: the script it runs is the agent.
  const bare = words.map((word) => word.replaceAll(/["']/g, "").trim());
  const named = bare.find((word) => !interpreters.has(firstName(word)) && !/^-|^\w+=|^$/.test(word));
  return firstName(named ?? bare[0] ?? "");
}

/** A word may be a whole script with secrets in it, and the label is published: its first name alone is told. */
function firstName(word: string): string {
  const [path = ""] = word.split(/[\s;&|<>(){}$=`\\]/);
  return (path.split("/").at(-1) ?? path).slice(0, programCharsMax);
}
