/** Flags and `RALPH_*` variables that override the configuration: one table for both, and for the reference page. */
import type { Config } from "../core/config.ts";
import { RalphError } from "../errors.ts";
import { nearestWord } from "../formats/nearest.ts";
import type { Overrides } from "./compose.ts";

export interface Setting {
  readonly flag: string;
  readonly variable: string;
  /** Where it goes in ralph.config.yaml. */
  readonly path: readonly string[];
  readonly isNumber: boolean;
  readonly help: string;
}

const numbers = new Set([
  "concurrency",
  "limits.attempts",
  "limits.rounds",
  "limits.run.usd",
  "limits.run.tasks",
]);

/** Precedence: flag, then variable, then file, then default. */
export const settings: readonly Setting[] = [
  setting("target <branch>", "RALPH_TARGET", "target", "branch on which tasks land"),
  setting(
    "agent-command <command>",
    "RALPH_AGENT_COMMAND",
    "agent.command",
    "run this as the agent, by bash",
  ),
  setting("model <id>", "RALPH_MODEL", "agent.model", "exact model id, for agents that take one"),
  setting("concurrency <n>", "RALPH_CONCURRENCY", "concurrency", "attempts at the same time"),
  setting("attempts <n>", "RALPH_ATTEMPTS", "limits.attempts", "fresh contexts per task"),
  setting("rounds <n>", "RALPH_ROUNDS", "limits.rounds", "times a red gate goes back to the same agent"),
  setting("max-usd <usd>", "RALPH_MAX_USD", "limits.run.usd", "money for the whole run"),
  setting(
    "max-tasks <n>",
    "RALPH_MAX_TASKS",
    "limits.run.tasks",
    "tasks landed or given up before the run ends",
  ),
  setting("until <HH:MM>", "RALPH_UNTIL", "limits.run.until", "local time after which nothing new starts"),
  setting("sandbox <level>", "RALPH_SANDBOX", "sandbox.mode", "auto, required or off"),
];

function setting(flag: string, variable: string, path: string, help: string): Setting {
  return { flag, variable, path: path.split("."), isNumber: numbers.has(path), help };
}

type Flags = Readonly<Record<string, unknown>>;
type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Flags as commander names them (`agentCommand`) and the environment, as a fragment of the configuration. An empty
 * variable is as good as none; an empty flag is not, for it may be a limit that somebody thinks to have set.
 *
 * @throws RalphError `usage`
 */
export function readOverrides(flags: Flags, environment: Environment): Overrides {
  let overrides: Overrides = {};
  for (const { setting: each, text, source } of listGiven(flags, environment)) {
    if (text === "")
      throw new RalphError("usage", `${source} is empty`, {
        hint: "Give it a value, or leave it out. A variable of the shell may not be set.",
      });
    overrides = setAt(overrides, each.path, each.isNumber ? toNumber(text, source) : text);
    // A command given on the command line is meant to be run, whatever kind the file names.
    if (each.variable === "RALPH_AGENT_COMMAND") overrides = setAt(overrides, ["agent", "kind"], "command");
  }
  return overrides;
}

/** Read elsewhere, or set by a supervisor for what it starts: another one may be started from there. */
const otherVariables = [
  "RALPH_STATE_DIR",
  "RALPH_TASK",
  "RALPH_ATTEMPT",
  "RALPH_ROUND",
  "RALPH_PROCESS",
  "RALPH_BRIEF",
  "RALPH_CLAIM",
  "RALPH_REPORT",
  "RALPH_GROUP",
];

/** A sentence for each variable that looks like ours and is none: it may be a limit that somebody counts on. */
export function unknownVariables(
  environment: Environment,
  { agent, gates }: Pick<Config, "agent" | "gates">,
): readonly string[] {
  const known = settings.map(({ variable }) => variable);
  const passed = [agent, ...(agent.second === null ? [] : [agent.second]), ...gates].flatMap(
    ({ env }) => env,
  );
  const expected = new Set([...known, ...otherVariables, ...passed]);
  const found = Object.keys(environment).filter(
    (name) => name.startsWith("RALPH_") && environment[name] !== "",
  );
  return found
    .filter((name) => !expected.has(name))
    .map((name) => {
      const nearest = nearestWord(name, known);
      return `${name} is set, and means nothing here${nearest === null ? "" : `; did you mean ${nearest}?`}`;
    });
}

/** An error about a value that was given here names the flag or the variable, not the key it stands for. */
export function nameSources(error: unknown, flags: Flags, environment: Environment): unknown {
  if (!(error instanceof RalphError) || error.code !== "config-invalid") return error;
  let { message } = error;
  for (const { setting: each, source } of listGiven(flags, environment)) {
    message = message.replaceAll(`command line or environment: ${each.path.join(".")}: `, `${source}: `);
  }
  return new RalphError(error.code, message, {
    ...(error.hint === null ? {} : { hint: error.hint }),
    cause: error,
  });
}

interface Given {
  readonly setting: Setting;
  readonly text: string;
  /** As people know it: `--until`, `RALPH_UNTIL`. */
  readonly source: string;
}

function listGiven(flags: Flags, environment: Environment): readonly Given[] {
  return settings.flatMap((each) => {
    const flag = flags[flagName(each)];
    const variable = environment[each.variable];
    const text = typeof flag === "string" ? flag : variable === "" ? undefined : variable;
    if (text === undefined) return [];
    const source = typeof flag === "string" ? `--${each.flag.split(" ")[0] ?? ""}` : each.variable;
    return [{ setting: each, text, source }];
  });
}

const flagName = ({ flag }: Setting): string =>
  (flag.split(" ")[0] ?? "").replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());

function toNumber(text: string, source: string): number {
  const value = Number(text);
  if (Number.isFinite(value)) return value;
  throw new RalphError("usage", `${source} takes a number, and ${JSON.stringify(text)} is none`);
}

function setAt(target: Overrides, path: readonly string[], value: unknown): Overrides {
  const [key = "", ...rest] = path;
  if (rest.length === 0) return { ...target, [key]: value };
  const inner = target[key];
  const below = typeof inner === "object" && inner !== null ? Object.fromEntries(Object.entries(inner)) : {};
  return { ...target, [key]: setAt(below, rest, value) };
}
