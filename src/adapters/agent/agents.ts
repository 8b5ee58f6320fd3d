/** Opens the configured agent for an attempt. */
import type { AgentConfig } from "../../core/config.ts";
import type { Agents } from "../../ports.ts";
import { openPlainSession } from "./agent-plain.ts";
import { openProtocolSession } from "./agent-protocol.ts";

export interface AgentsOptions {
  readonly agent: AgentConfig;
  /** Command line of the replay agent, for `kind: replay`. */
  readonly replayCommand: readonly string[];
}

export function createAgents(options: AgentsOptions): Agents {
  return {
    open(order) {
      const { agent } = options;
      const command = agent.kind === "replay" ? options.replayCommand : (agent.command ?? []);
      const label = labelOf({ ...agent, model: order.task.model ?? agent.model }, command);
      const isPlain = agent.kind === "command" && agent.protocol === "plain";
      const program = { label, command, model: order.task.model ?? agent.model, names: agent.env };
      return isPlain ? openPlainSession(order, program) : openProtocolSession(order, program);
    },
  };
}

const interpreters = new Set(["node", "bash", "sh", "python", "python3", "npx", "env", "bun", "deno"]);
const programCharsMax = 40;
const assignment = /\b\w+=(?:"[^"]*"|'[^']*'|\S*)/g;

function labelOf(agent: AgentConfig, command: string | readonly string[]): string {
  const words =
    typeof command === "string" ? command.replaceAll(assignment, " ").trim().split(/\s+/) : command;
  // An interpreter says nothing: the script it runs is the agent.
  const bare = words.map((word) => word.replaceAll(/["']/g, "").trim());
  const named = bare.find((word) => !interpreters.has(programOf(word)) && !/^-|^\w+=|^$/.test(word));
  const program = agent.kind === "replay" ? "" : programOf(named ?? bare[0] ?? "");
  return [agent.kind, program, agent.model].filter((word) => word !== null && word !== "").join(" ");
}

/** A word may be a whole script with secrets in it, and the label is published: its first name alone is told. */
function programOf(word: string): string {
  const [path = ""] = word.split(/[\s;&|<>(){}$=`\\]/);
  return (path.split("/").at(-1) ?? path).slice(0, programCharsMax);
}
