/** What must be true before a supervisor may begin: everything that can be known before anything is touched. */
import { keyNames } from "../adapters/agent/agents.ts";
import type { AgentConfig, Config } from "../core/config.ts";
import { RalphError } from "../errors.ts";
import {
  listTargetCheckouts,
  type Project,
  requireCommitter,
  requireRemote,
  requireTarget,
} from "./compose.ts";

export async function requireRunnable(project: Project): Promise<void> {
  const { config } = project;
  await requireTarget(project);
  await requireRemote(project);
  requireAgent(config);
  await requireCommitter(project);
}

/** @throws RalphError `agent-missing`, `key-missing`. */
export function requireAgent(config: Config): void {
  if (config.agent.kind === "command" && config.agent.command === null) {
    throw new RalphError("agent-missing", "no agent is configured: agent.command is not set", {
      hint: "Set it in ralph.config.yaml, or pass --agent-command. `ralphwright demo` shows a run without one.",
    });
  }
  for (const agent of [config.agent, config.agent.second]) if (agent !== null) requireKey(agent);
}

/** Without one the first agent would end at once, and an attempt would have been begun for nothing. */
function requireKey(agent: AgentConfig): void {
  if (agent.kind !== "builtin" || agent.provider !== "anthropic" || agent.baseUrl !== null) return;
  if (keyNames.anthropic.some((name) => (process.env[name] ?? "") !== "")) return;
  throw new RalphError("key-missing", "no key for the built-in agent: set ANTHROPIC_API_KEY", {
    hint: "Or set agent.base_url to a server that asks for none, or agent.kind: claude, which has a key of its own.",
  });
}

/** After recovery: a crash may have left a checkout one landing behind, which looks like changes and is none. */
export async function requireCleanCheckouts(project: Project): Promise<void> {
  for (const { path, dirty } of await listTargetCheckouts(project)) {
    if (dirty.length > 0) throw checkoutDirty(path, project.config.target, dirty);
  }
}

const pathsShownMax = 5;

function checkoutDirty(checkout: string, target: string, dirty: readonly string[]): RalphError {
  const shown = dirty.slice(0, pathsShownMax).join(", ");
  const more = dirty.length > pathsShownMax ? ` and ${dirty.length - pathsShownMax} more` : "";
  const message = `${target} is checked out in ${checkout} with uncommitted changes: ${shown}${more}`;
  return new RalphError("checkout-dirty", message, {
    hint: "Commit or stash them, or check out another branch there: landings would have to overwrite them.",
  });
}
