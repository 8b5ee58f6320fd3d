/** Who serves the model: Anthropic or any endpoint that speaks its API; others by a package of their own, if installed. */
import { createRequire } from "node:module";
import type * as Sdk from "@anthropic-ai/sdk";
import type { AgentSettings } from "../formats/agent-settings.ts";
import type { ClientParts } from "./model-client.ts";

type Environment = Readonly<Record<string, string | undefined>>;
type Open = ClientParts["open"];

export type Opened =
  | { readonly kind: "open"; readonly open: Open }
  | { readonly kind: "refused"; readonly reason: string };

/** Refused when nothing can be asked: a key or a package is missing. */
export async function openProvider(settings: AgentSettings, environment: Environment): Promise<Opened> {
  if (settings.provider !== "anthropic") return openCompanion(settings.provider);
  const baseURL = settings.base_url ?? valueOf(environment, "ANTHROPIC_BASE_URL");
  const credentials = findCredentials(settings, environment, baseURL !== null);
  if (credentials === null)
    return {
      kind: "refused",
      reason: "no key: set ANTHROPIC_API_KEY (or ANTHROPIC_AUTH_TOKEN) for the built-in agent",
    };
  const { Anthropic } = loadSdk();
  return {
    kind: "open",
    open: (options) =>
      new Anthropic({ ...options, ...credentials, ...(baseURL === null ? {} : { baseURL }) }),
  };
}

/** All three are given, so that the client looks nowhere else. Null when there is no key and one is needed. */
function findCredentials(
  { key_header }: AgentSettings,
  environment: Environment,
  isOwnEndpoint: boolean,
): Pick<Sdk.ClientOptions, "apiKey" | "authToken" | "defaultHeaders"> | null {
  const apiKey = valueOf(environment, "ANTHROPIC_API_KEY");
  const authToken = apiKey === null ? valueOf(environment, "ANTHROPIC_AUTH_TOKEN") : null;
  const key = apiKey ?? authToken;
  if (key === null && !isOwnEndpoint) return null;
  // A local model server asks for no key; the client insists on one.
  if (key === null) return { apiKey: "none", authToken: null };
  if (key_header === "bearer") return { apiKey, authToken };
  const defaultHeaders = { "x-api-key": key, "anthropic-version": "2023-06-01" };
  return { apiKey: null, authToken: null, defaultHeaders };
}

/** Empty is unset. */
function valueOf(environment: Environment, name: string): string | null {
  const value = environment[name] ?? "";
  return value === "" ? null : value;
}

/**
 * Loaded when it is needed, so that other things can be waited for meanwhile; and its CommonJS build, which is one
 * third quicker to load than its modules: a tenth of the time to the first request.
 */
function loadSdk(): typeof Sdk {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the same package, by its other entry
  return createRequire(import.meta.url)("@anthropic-ai/sdk") as typeof Sdk;
}

const companions = {
  bedrock: { name: "@anthropic-ai/bedrock-sdk", client: "AnthropicBedrock" },
  vertex: { name: "@anthropic-ai/vertex-sdk", client: "AnthropicVertex" },
  foundry: { name: "@anthropic-ai/foundry-sdk", client: "AnthropicFoundry" },
} as const;

/** Large packages that few need: found beside ralphwright when somebody has installed them. They read their own variables. */
async function openCompanion(provider: keyof typeof companions): Promise<Opened> {
  const { name, client } = companions[provider];
  try {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- each of them exports its client by this name
    const loaded = (await import(name)) as Record<string, new (options: object) => ReturnType<Open>>;
    const Client = loaded[client];
    if (Client === undefined)
      return { kind: "refused", reason: `${name} has no ${client}: is it the right version?` };
    return { kind: "open", open: (options) => new Client(options) };
  } catch (error) {
    const missing = error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND";
    if (!missing) throw error;
    return {
      kind: "refused",
      reason: `agent.provider ${provider} needs the package ${name}: npm install it where ralphwright is installed`,
    };
  }
}
