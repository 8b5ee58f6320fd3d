/** Which agent `init` writes into the configuration: what this machine has, in the order of preference. */
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import { keysText, type KnownAgent, knownAgents } from "./known-agents.ts";

type Environment = Readonly<Record<string, string | undefined>>;

export type AgentChoice =
  | { readonly kind: "builtin"; readonly hasKey: boolean }
  | {
      readonly kind: "known";
      readonly agent: KnownAgent;
      /** The one that is set here, else the usual one. */
      readonly key: KnownAgent["keys"][0];
      readonly hasKey: boolean;
    };

/** The built-in agent where there is a key for it; else a program on PATH; else the built-in agent. */
export function chooseAgent(environment: Environment): AgentChoice {
  const isSet = (name: string): boolean => (environment[name] ?? "") !== "";
  const hasKey = isSet("ANTHROPIC_API_KEY") || isSet("ANTHROPIC_AUTH_TOKEN");
  const folders = (environment["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  const isHere = ({ name }: KnownAgent): boolean => folders.some((folder) => isProgram(join(folder, name)));
  const agent = hasKey ? undefined : knownAgents.find(isHere);
  if (agent === undefined) return { kind: "builtin", hasKey };
  const found = agent.keys.find(({ variable }) => isSet(variable));
  return { kind: "known", agent, key: found ?? agent.keys[0], hasKey: found !== undefined };
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** Hosts of its model that are let through only where the configuration names them. */
export const modelHosts = (choice: AgentChoice): readonly string[] =>
  choice.kind === "known" && choice.agent.command !== null ? [choice.key.host] : [];

/** Lines of the configuration file; `scalar` quotes a text where YAML needs it. */
export function renderAgent(choice: AgentChoice, scalar: (text: string) => string): string {
  if (choice.kind === "builtin") {
    return [
      "agent:",
      "  # The built-in agent asks the model with ANTHROPIC_API_KEY; the key stays out of the commands it runs.",
      "  kind: builtin",
      "  # The exact id; claude-opus-5-5 is dearer and stronger.",
      "  model: claude-sonnet-5-5",
    ].join("\n");
  }
  const { agent, key } = choice;
  const works = `  # ${agent.name} works without asking, in the sandbox:`;
  const login = agent.login.paths.join(", ");
  if (agent.command === null) {
    return [
      "agent:",
      `${works} its login in the home is not there.`,
      `  # Set ${keysText(agent)},`,
      `  # or share the login: sandbox.write: [${login}].`,
      `  kind: ${agent.name}`,
    ].join("\n");
  }
  const { hosts } = agent.login;
  const others = agent.keys.filter((one) => one !== key);
  return [
    "agent:",
    "  kind: command",
    `${works} it reaches what is under sandbox.egress.`,
    `  command: ${scalar(agent.command)}`,
    "  # Its key: beside harmless variables it sees those that are named here, as far as they are set.",
    ...(agent.keyNote === "" ? [] : [`  # ${agent.keyNote}.`]),
    ...others.map(({ variable, host }) => `  # Or ${variable}, with ${host} under sandbox.egress.`),
    `  # A login in the home is not there. To share it: sandbox.write: [${login}]`,
    ...(hosts.length === 0 ? [] : [`  # and ${hosts.join(", ")} under sandbox.egress.`]),
    "  env:",
    `    - ${scalar(key.variable)}`,
  ].join("\n");
}

/** What people are told of the choice. */
export function describeChoice(choice: AgentChoice): {
  readonly found: readonly string[];
  readonly missing: readonly string[];
} {
  if (choice.kind === "builtin") {
    return choice.hasKey
      ? { found: ["A key for the built-in agent."], missing: [] }
      : { found: [], missing: ["No key: the built-in agent needs ANTHROPIC_API_KEY."] };
  }
  const { agent, key, hasKey } = choice;
  const found = [`Agent ${agent.name}: it works without asking, in the sandbox.`];
  if (hasKey) return { found: [...found, `A key for ${agent.name}: ${key.variable}.`], missing: [] };
  const lost = `A login in ${agent.login.paths[0]} is not there in the sandbox.`;
  return { found, missing: [`No key: ${agent.name} needs ${keysText(agent)}. ${lost}`] };
}
