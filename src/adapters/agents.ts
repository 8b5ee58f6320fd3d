/** Opens the configured agent for an attempt. */
import type { AgentConfig } from "../core/config.ts";
import type { Agents } from "../ports.ts";
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

function labelOf(agent: AgentConfig, command: string | readonly string[]): string {
  const words = typeof command === "string" ? command.split(/\s+/) : command;
  const program = agent.kind === "replay" ? "" : (words[0] ?? "").split("/").at(-1);
  return [agent.kind, program, agent.model].filter((word) => word !== null && word !== "").join(" ");
}
