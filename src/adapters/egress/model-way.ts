/** How the configured agent reaches its model from inside a sandbox: through the gateway, or as an allowed host. */
import type { AgentConfig } from "../../core/config.ts";
import { RalphError } from "../../errors.ts";
import { defaultModel } from "../../formats/models.ts";
import type { GatewayOptions } from "./gateway.ts";

type Environment = Readonly<Record<string, string | undefined>>;

export interface ModelWay {
  /** Null: the agent has a key of its own, or none. */
  readonly gateway: Pick<GatewayOptions, "baseUrl" | "key"> | null;
  /** Entries for the list of hosts. */
  readonly hosts: readonly string[];
}

const anthropicUrl = "https://api.anthropic.com";
export const noWay: ModelWay = { gateway: null, hosts: [] };

/** @throws RalphError `config-invalid` for an address that is none. */
export function modelWay(agent: AgentConfig, environment: Environment): ModelWay {
  switch (agent.kind) {
    case "builtin":
      return agent.provider === "anthropic" ? builtinWay(agent, environment) : noWay;
    case "claude": {
      const baseUrl = valueOf(environment, "ANTHROPIC_BASE_URL");
      if (baseUrl === null) return { gateway: null, hosts: ["api.anthropic.com"] };
      return { gateway: { baseUrl: requireUrl(baseUrl), key: null }, hosts: [] };
    }
    case "command":
    case "replay":
      return noWay;
  }
}

/** Without a key and without an endpoint of one's own the agent says itself what is missing. */
function builtinWay({ baseUrl, keyHeader, model }: AgentConfig, environment: Environment): ModelWay {
  const own = baseUrl ?? valueOf(environment, "ANTHROPIC_BASE_URL");
  const key = valueOf(environment, "ANTHROPIC_API_KEY") ?? valueOf(environment, "ANTHROPIC_AUTH_TOKEN");
  if (key === null && own === null) return noWay;
  const value = key ?? "none";
  return {
    gateway: {
      baseUrl: requireUrl(own ?? anthropicUrl),
      key: { header: keyHeader, value, model: model ?? defaultModel },
    },
    hosts: [],
  };
}

function requireUrl(text: string): string {
  if (/^https?:$/.test(URL.parse(text)?.protocol ?? "")) return text;
  // The address itself may hold a password.
  throw new RalphError("config-invalid", "the address of the model's server is no http or https address", {
    hint: "Mend agent.base_url in ralph.config.yaml, or ANTHROPIC_BASE_URL.",
  });
}

/** Empty is unset. */
function valueOf(environment: Environment, name: string): string | null {
  const value = environment[name] ?? "";
  return value === "" ? null : value;
}
