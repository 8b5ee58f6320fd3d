/** What is known of the agents of others: how each is started, and the keys, hosts and logins with which it asks its model. */
import { basename } from "node:path";
import type { AgentConfig } from "../core/config.ts";
import { findRule, parseEgressEntry } from "../formats/egress-host.ts";

interface Key {
  readonly variable: string;
  /** The host that takes it. */
  readonly host: string;
}

export interface KnownAgent {
  /** Of its program. */
  readonly name: string;
  /** Runs without asking, reads the brief and keeps talking; null: it has a kind of its own. */
  readonly command: string | null;
  /** Where it looks for a key, the usual one first. */
  readonly keys: readonly [Key, ...Key[]];
  /** What people should know of the usual key; or empty. */
  readonly keyNote: string;
  /** What a login leaves in the home, and the hosts that it is for, the model's first. */
  readonly login: { readonly paths: readonly [string, ...string[]]; readonly hosts: readonly string[] };
}

const anthropic = "api.anthropic.com";
const openai = "api.openai.com";
const google = "generativelanguage.googleapis.com";

/** In the order in which `init` prefers them. */
export const knownAgents: readonly KnownAgent[] = [
  {
    name: "claude",
    command: null,
    keys: [
      { variable: "CLAUDE_CODE_OAUTH_TOKEN", host: anthropic },
      { variable: "ANTHROPIC_API_KEY", host: anthropic },
      { variable: "ANTHROPIC_AUTH_TOKEN", host: anthropic },
    ],
    keyNote: "`claude setup-token` prints one",
    login: { paths: ["~/.claude", "~/.claude.json"], hosts: [anthropic] },
  },
  {
    name: "codex",
    command: "codex exec --skip-git-repo-check -s danger-full-access -",
    keys: [{ variable: "CODEX_API_KEY", host: openai }],
    keyNote: "`codex exec` does not read OPENAI_API_KEY",
    login: { paths: ["~/.codex"], hosts: ["chatgpt.com", "auth.openai.com"] },
  },
  {
    name: "gemini",
    command: 'gemini -p "" -y --skip-trust',
    keys: [{ variable: "GEMINI_API_KEY", host: google }],
    keyNote: "",
    login: { paths: ["~/.gemini"], hosts: ["cloudcode-pa.googleapis.com", "oauth2.googleapis.com"] },
  },
  {
    name: "opencode",
    command: 'opencode run --auto "$(cat "$RALPH_BRIEF")"',
    keys: [
      { variable: "OPENCODE_API_KEY", host: "opencode.ai" },
      { variable: "ANTHROPIC_API_KEY", host: anthropic },
      { variable: "OPENAI_API_KEY", host: openai },
      { variable: "GOOGLE_GENERATIVE_AI_API_KEY", host: google },
      { variable: "OPENROUTER_API_KEY", host: "openrouter.ai" },
    ],
    keyNote: "",
    login: { paths: ["~/.local/share/opencode"], hosts: [] },
  },
];

/** The variables of its keys, for people. */
export function keysText({ keys, keyNote }: KnownAgent): string {
  const [first, ...others] = keys.map(({ variable }) => variable);
  const words = [`${first ?? ""}${keyNote === "" ? "" : ` (${keyNote})`}`, ...others];
  return words.join(", ").replace(/, (?=[^,]*$)/, " or ");
}

export const knownAgent = (program: string): KnownAgent | null =>
  knownAgents.find(({ name }) => name === basename(program)) ?? null;

/** Null: agent.command is to be set first. */
export function programOf({ kind, command }: AgentConfig): string | null {
  if (command === null) return kind === "claude" ? "claude" : null;
  const words = typeof command === "string" ? command.trim().split(/\s+/) : command;
  return words.find((word) => !/^\w+=/.test(word)) ?? "";
}

/** What is to be known before the night of the way from a command to its model; null: nothing. */
export function egressGap(agent: AgentConfig, egress: readonly string[]): string | null {
  const program = agent.kind === "command" ? programOf(agent) : null;
  if (program === null) return null;
  const known = knownAgent(program);
  if (known === null) {
    if (egress.length > 0) return null;
    return `sandbox.egress is empty, so the agent (${program}) reaches no host: name that of its model there, unless it needs none`;
  }
  const hosts = [...new Set([...known.keys.map(({ host }) => host), ...known.login.hosts.slice(0, 1)])];
  const rules = egress.map(parseEgressEntry).filter((rule) => typeof rule !== "string");
  if (hosts.some((host) => findRule(rules, { host, port: 443 }) !== null)) return null;
  return `${known.name} asks its model at ${hosts.join(" or ")} as a rule, and sandbox.egress names ${hosts.length === 1 ? "it not" : "none of them"}: add the host that it asks`;
}
