/** What `doctor` says of the agent: its program, and the key or login with which it asks its model. */
import { homedir } from "node:os";
import { delimiter, isAbsolute, join } from "node:path";
import { keyNames } from "../adapters/agent/agents.ts";
import { isExecutable } from "../adapters/executable.ts";
import { isWithin } from "../adapters/sandbox/mounts.ts";
import type { AgentConfig, Config } from "../core/config.ts";
import { modelFacts } from "../formats/models.ts";
import type { Project } from "./compose.ts";
import { bad, type Finding, good, warning } from "./finding.ts";
import { keysText, type KnownAgent, knownAgent, programOf } from "./known-agents.ts";

export function lookAtAgent({ config }: Project): readonly Finding[] {
  const { agent } = config;
  if (agent.kind === "replay")
    return [good("agent", `recordings in ${agent.recordings ?? ""}; no model is asked`)];
  if (agent.kind === "builtin") return [good("agent", describeBuiltin(agent)), lookAtOwnKey(agent)];
  const program = programOf(agent);
  if (program === null) return [bad("agent", "agent.command is not set in ralph.config.yaml")];
  if (!isOnPath(program))
    return [bad("agent", `${program} is not ${isAbsolute(program) ? "an executable file" : "on PATH"}`)];
  const known = knownAgent(agent.kind === "claude" ? "claude" : program);
  const what = agent.kind === "claude" ? "Claude Code" : agent.protocol;
  return [good("agent", `${program} (${what})`), ...(known === null ? [] : lookAtKey(known, config))];
}

function isOnPath(program: string): boolean {
  if (isAbsolute(program)) return isExecutable(program);
  if (program.includes("/")) return true;
  return (process.env["PATH"] ?? "").split(delimiter).some((folder) => isExecutable(join(folder, program)));
}

const isSet = (name: string): boolean => (process.env[name] ?? "") !== "";

function describeBuiltin({ model, provider, baseUrl }: AgentConfig): string {
  const where = baseUrl ?? process.env["ANTHROPIC_BASE_URL"] ?? provider;
  return `built-in, ${model ?? ""} from ${where}`;
}

/** Without a key a run ends at its first agent. */
function lookAtOwnKey({ provider, baseUrl, models, model }: AgentConfig): Finding {
  const present = keyNames[provider].find((name) => name !== "ANTHROPIC_BASE_URL" && isSet(name));
  if (present !== undefined) {
    const isPriced = modelFacts(model ?? "", new Date().toISOString().slice(0, 10), models).tiers.length > 0;
    if (isPriced) return good("key", `${present} is set`);
    return warning(
      "key",
      `${present} is set, but the price of ${model ?? ""} is not known: only limits.attempt.tokens holds`,
    );
  }
  if (baseUrl !== null || process.env["ANTHROPIC_BASE_URL"] !== undefined)
    return warning("key", "no key is set: fine for a model server that asks for none");
  return bad(
    "key",
    `no key: set ${keyNames[provider].find((name) => name.endsWith("_KEY")) ?? keyNames[provider].join(", ")}`,
  );
}

/** Keys are named, never shown. A command sees those that are let through by name; Claude Code sees its own. */
function lookAtKey(known: KnownAgent, { agent, sandbox }: Config): readonly Finding[] {
  const present = known.keys.map(({ variable }) => variable).filter(isSet);
  const [first] = present;
  if (first === undefined) return [lookAtLogin(known, { agent, sandbox })];
  const seen = agent.kind === "claude" ? first : present.find((name) => agent.env.includes(name));
  if (seen !== undefined) return [good("key", `${seen} is set and let through`)];
  return [warning("key", `${first} is set but the agent will not see it: agent.env: [${first}]`)];
}

/** Nobody can tell whether it is logged in; but its folder in the home is not there in a sandbox. */
function lookAtLogin(known: KnownAgent, { agent, sandbox }: Pick<Config, "agent" | "sandbox">): Finding {
  const { name, keys, login } = known;
  const isShared = [...sandbox.write, ...sandbox.read].some((path) =>
    isWithin(fromHome(login.paths[0]), fromHome(path)),
  );
  if (isShared || sandbox.mode === "off") {
    const variables = keys.map(({ variable }) => variable).join(", ");
    return warning("key", `none of ${variables} is set: ${name} must be logged in`);
  }
  const isNamed = agent.kind === "claude" ? "" : ", name it under agent.env";
  const hosts = agent.kind === "claude" ? [] : login.hosts;
  return warning(
    "login",
    `in the sandbox ${name} does not find a login in ${login.paths[0]}: set ${keysText(known)}${isNamed}; or sandbox: { write: [${login.paths.join(", ")}] }${hosts.length === 0 ? "" : `, with ${hosts.join(" and ")} under sandbox.egress`}`,
  );
}

const fromHome = (path: string): string =>
  path.startsWith("~/") ? join(process.env["HOME"] ?? homedir(), path.slice(2)) : path;
