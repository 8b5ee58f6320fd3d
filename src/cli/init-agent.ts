/** Which agent `init` writes into the configuration: what this machine has, in the order of preference. */
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";

interface AgentCommand {
  readonly name: string;
  readonly command: string;
  /** Names of variables that the agent may need. */
  readonly env: readonly string[];
  /** What people should know, one line each. */
  readonly notes: readonly string[];
}

export type AgentChoice =
  | { readonly kind: "builtin"; readonly hasKey: boolean }
  | { readonly kind: "claude" }
  | ({ readonly kind: "command" } & AgentCommand);

/** Each runs without asking, reads the brief from its input and keeps talking. */
const commands: readonly AgentCommand[] = [
  {
    name: "codex",
    command: "codex exec --skip-git-repo-check -s danger-full-access -",
    env: ["OPENAI_API_KEY"],
    notes: [],
  },
  { name: "gemini", command: 'gemini -p "" -y --skip-trust', env: ["GEMINI_API_KEY"], notes: [] },
  {
    name: "opencode",
    command: 'opencode run --auto "$(cat "$RALPH_BRIEF")"',
    env: [],
    notes: ["A provider's key is passed on only when `env: [NAME]` names it here."],
  },
];

/** The built-in agent where there is a key for it; else a program that may be logged in; else the built-in agent. */
export function chooseAgent(path: string, hasKey: boolean): AgentChoice {
  if (hasKey) return { kind: "builtin", hasKey };
  const folders = path.split(delimiter).filter((folder) => folder !== "");
  const isHere = (name: string): boolean => folders.some((folder) => isProgram(join(folder, name)));
  if (isHere("claude")) return { kind: "claude" };
  const found = commands.find(({ name }) => isHere(name));
  return found === undefined ? { kind: "builtin", hasKey } : { kind: "command", ...found };
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** Lines of the configuration file; `scalar` quotes a text where YAML needs it. */
export function renderAgent(choice: AgentChoice, scalar: (text: string) => string): string {
  switch (choice.kind) {
    case "builtin":
      return [
        "agent:",
        "  # The built-in agent asks the model with ANTHROPIC_API_KEY; the key stays out of the commands it runs.",
        "  kind: builtin",
        "  # The exact id; claude-opus-5-5 is dearer and stronger.",
        "  model: claude-sonnet-5-5",
      ].join("\n");
    case "claude":
      return [
        "agent:",
        "  # Claude Code, with its own login. It works without asking and, today, without a sandbox: use a container.",
        "  kind: claude",
      ].join("\n");
    case "command":
      return [
        "agent:",
        "  kind: command",
        `  # ${choice.name} works without asking and, today, without a sandbox: use a container.`,
        ...choice.notes.map((note) => `  # ${note}`),
        `  command: ${scalar(choice.command)}`,
        ...(choice.env.length === 0
          ? []
          : ["  # Variables it may see beside harmless ones, as far as they are set."]),
        ...(choice.env.length === 0 ? [] : ["  env:", ...choice.env.map((name) => `    - ${scalar(name)}`)]),
      ].join("\n");
  }
}

/** What people are told of the choice. */
export function describeChoice(choice: AgentChoice): {
  readonly found: readonly string[];
  readonly missing: readonly string[];
} {
  switch (choice.kind) {
    case "builtin":
      return choice.hasKey
        ? { found: ["A key for the built-in agent."], missing: [] }
        : { found: [], missing: ["No key: the built-in agent needs ANTHROPIC_API_KEY."] };
    case "claude":
      return { found: ["Agent claude: it works without asking and without a sandbox."], missing: [] };
    case "command":
      return {
        found: [`Agent ${choice.name}: it works without asking and without a sandbox.`],
        missing: [],
      };
  }
}
