/** ralph.config.yaml → Config, with all problems of the file told at once and each at its place. */
import { isDeepStrictEqual } from "node:util";
import type { AgentConfig, Config, Gate } from "../core/config.ts";
import { defaultProtect } from "../core/guard/default-protect.ts";
import type { SpendLimits } from "../core/message.ts";
import { RalphError } from "../errors.ts";
import { configSchema, type ConfigText } from "./config-schema.ts";
import { aliasTarget, defaultModel } from "./models.ts";
import { checkShape, isRecord, pathText, type ShapeProblem, showValue, valueAt } from "./shape.ts";
import { type Position, readYaml, type YamlText } from "./yaml-text.ts";

type Overrides = Readonly<Record<string, unknown>>;

/**
 * @param file Named in messages.
 * @param overrides Raw values, keys as in the file, from flags and environment; they win over the file's.
 * @throws RalphError `config-invalid`
 */
export function parseConfig(text: string, file: string, overrides: Overrides = {}): Config {
  return toConfig(parseConfigText(text, file, overrides));
}

/** The same with keys as in the file, every default filled in. @throws RalphError `config-invalid` */
export function parseConfigText(text: string, file: string, overrides: Overrides = {}): ConfigText {
  const yaml = readYaml(text);
  if (yaml.errors.length > 0) {
    throw configInvalid(
      yaml.errors.map((error) => `${file}:${error.line}:${error.column}: ${error.message}`),
    );
  }
  const shaped = checkShape(configSchema, mergeDeep(withMapping(yaml.value ?? {}), withMapping(overrides)));
  const problems = shaped.kind === "fits" ? conflictsIn(shaped.value) : shaped.problems.map(explainAgentKind);
  if (shaped.kind === "problems" || problems.length > 0) {
    const placed = problems.map((problem) => ({ ...problem, at: placeOf(problem, yaml, overrides) }));
    const lines = placed.toSorted(byPlace).map(({ at, message }) => `${placeText(at, file)}: ${message}`);
    throw configInvalid(lines, problems.some(isAboutGates) ? gatesHint : undefined);
  }
  return shaped.value;
}

/** Keys as in the file whose values differ, in its order; lists count as one value. */
export function changedKeys(
  before: unknown,
  after: unknown,
  path: readonly string[] = [],
): readonly string[] {
  if (!isMapping(before) || !isMapping(after) || path.length === keysDeepMax)
    return isDeepStrictEqual(before, after) ? [] : [path.join(".")];
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].flatMap((name) => changedKeys(before[name], after[name], [...path, name]));
}

/** `limits.attempt.wall` is as deep as keys go that we name; below it are names that people chose. */
const keysDeepMax = 3;

/** The agent alone, where there is no configuration file. @throws RalphError `config-invalid`. */
export function parseAgentConfig(values: Overrides): AgentConfig {
  const gates = [{ name: "none", run: "true" }];
  return parseConfig("", "", { agent: values, gates }).agent;
}

const gatesHint =
  "Add a gate, such as `gates: [{ name: tests, run: npm test }]`, or let `ralphwright init --force` write the file anew.";

const isAboutGates = ({ path }: ShapeProblem): boolean => path.length === 1 && path[0] === "gates";

const problemsMax = 10;

function configInvalid(problems: readonly string[], hint?: string): RalphError {
  const shown = problems.slice(0, problemsMax);
  const left = problems.length - shown.length;
  const more = left > 0 ? [`and ${left} more`] : [];
  const message =
    problems.length === 1 ? shown.join("") : [`${problems.length} problems:`, ...shown, ...more].join("\n  ");
  return new RalphError("config-invalid", `the configuration is invalid: ${message}`, {
    hint: hint ?? "Mend what is named; docs/configuration.md describes every key.",
  });
}

/** Null: not in the file. */
function placeOf(problem: ShapeProblem, yaml: YamlText, overrides: Overrides): Position | null {
  const isOverride = problem.path.length > 0 && valueAt(overrides, problem.path) !== undefined;
  return isOverride ? null : yaml.positionOf(problem.path, problem.part);
}

const placeText = (at: Position | null, file: string): string =>
  at === null ? "command line or environment" : `${file}:${at.line}:${at.column}`;

function byPlace(a: { at: Position | null }, b: { at: Position | null }): number {
  const [left, right] = [a.at ?? notInFile, b.at ?? notInFile];
  return left.line - right.line || left.column - right.column;
}

const notInFile: Position = { line: Number.MAX_SAFE_INTEGER, column: 1 };

const announcedAgents = ["codex", "gemini", "opencode", "pi", "acp"];

function explainAgentKind(problem: ShapeProblem): ShapeProblem {
  if (pathText(problem.path) !== "agent.kind") return problem;
  const kind = announcedAgents.find((name) => problem.message.includes(`found "${name}"`));
  if (kind === undefined) return problem;
  return {
    ...problem,
    message: `agent.kind: "${kind}" is not available in this version; use "builtin", "claude" or "command"`,
  };
}

/** What each key allows alone, but not together. */
function conflictsIn(config: ConfigText): readonly ShapeProblem[] {
  const problems: ShapeProblem[] = [];
  const firstAt = new Map<string, number>();
  for (const [index, { name, report, report_file, red_baseline }] of config.gates.entries()) {
    if (red_baseline === "compare" && report === null && report_file === null) {
      const needs = `gates[${index}].red_baseline: "compare" needs a report, by which failures are compared`;
      problems.push({ path: ["gates", index, "red_baseline"], part: "value", message: needs });
    }
    const first = firstAt.get(name);
    const message = `gates[${index}].name: ${showValue(name)} is already the name of gates[${first}]`;
    if (first === undefined) firstAt.set(name, index);
    else problems.push({ path: ["gates", index, "name"], part: "value", message });
  }
  if (config.progress.file.startsWith(`${config.tasks}/`)) {
    const message = `progress.file: ${showValue(config.progress.file)} is inside the tasks folder and would be a task`;
    problems.push({ path: ["progress", "file"], part: "value", message });
  }
  problems.push(...agentProblems(config.agent, "agent"));
  if (config.agent.second !== null) problems.push(...agentProblems(config.agent.second, "agent.second"));
  return [...problems, ...untilProblems(config.limits)];
}

type AgentText = NonNullable<ConfigText["agent"]["second"]>;

function agentProblems(agent: AgentText, name: string): readonly ShapeProblem[] {
  const path = name.split(".");
  const problems = [...aliasProblems(agent, name)];
  if (agent.kind === "replay" && name !== "agent") {
    const message = `${name}.kind: a recording cannot take over; use "builtin", "claude" or "command"`;
    problems.push({ path: [...path, "kind"], part: "value", message });
  } else if (agent.kind === "replay" && agent.recordings === null) {
    const message = `${name}.recordings is missing: kind "replay" needs the folder of recordings`;
    problems.push({ path: [...path, "kind"], part: "value", message });
  }
  if (agent.kind === "command" && agent.command === null && name !== "agent") {
    const message = `${name}.command is missing: kind "command" needs one`;
    problems.push({ path: [...path, "kind"], part: "value", message });
  }
  return problems;
}

/** Between the end of the last window and then nothing would start: whoever wrote it meant something else. */
function untilProblems({ window, run }: ConfigText["limits"]): readonly ShapeProblem[] {
  if (window === null || run.until === null) return [];
  const [hours = 0, minutes = 0] = run.until.split(":").map(Number);
  const isIn = window.some(
    ({ fromMinute, toMinute }) =>
      minutesAfter(fromMinute, hours * 60 + minutes) <= minutesAfter(fromMinute, toMinute),
  );
  const message = `limits.run.until: ${showValue(run.until)} is in no window of limits.window, and outside of them nothing starts`;
  return isIn ? [] : [{ path: ["limits", "run", "until"], part: "value", message }];
}

const dayMinutes = 24 * 60;

/** From 1 to a whole day: the very minute itself is a day later. */
const minutesAfter = (from: number, minute: number): number =>
  ((minute - from + dayMinutes - 1) % dayMinutes) + 1;

/** An alias means another model tomorrow than today: what was measured and paid for must stay what it was. */
function aliasProblems(agent: AgentText, name: string): readonly ShapeProblem[] {
  const { model } = agent;
  const isOurs = ["builtin", "claude"].includes(kindOf(agent));
  const exact = isOurs && model !== null ? aliasTarget(model) : null;
  if (exact === null) return [];
  const message = `${name}.model: ${showValue(model)} is an alias; write the exact id it stands for today, ${exact}`;
  return [{ path: [...name.split("."), "model"], part: "value", message }];
}

/** `sandbox: off` is short for `sandbox: { mode: off }`, and what is no mapping was meant for a mode. */
function withMapping(value: unknown): unknown {
  if (!isMapping(value) || !["string", "boolean", "number"].includes(typeof value["sandbox"])) return value;
  return { ...value, sandbox: { mode: value["sandbox"] } };
}

/** Mappings are merged key by key; anything else, lists too, is replaced. */
function mergeDeep(below: unknown, above: unknown): unknown {
  if (above === undefined) return below;
  if (!isMapping(above)) return above;
  if (!isMapping(below)) return Object.keys(above).length === 0 ? below : above;
  const merged = new Map(Object.entries(below));
  for (const [key, value] of Object.entries(above)) merged.set(key, mergeDeep(merged.get(key), value));
  return Object.fromEntries(merged);
}

const isMapping = (value: unknown): value is Overrides => isRecord(value) && !Array.isArray(value);

export function toConfig(config: ConfigText): Config {
  const { progress, workspace, limits, land } = config;
  return {
    target: config.target,
    tasks: config.tasks,
    specs: config.specs,
    progress: { file: progress.file, briefTokensMax: progress.brief_tokens },
    agent: toAgents(config.agent),
    workspace: { setup: workspace.setup, setupInputs: workspace.setup_inputs, keep: workspace.keep },
    gates: config.gates.map(toGate),
    // Specs say what should be true: a task that is to change one names it under `allow`.
    protect: [...new Set([...defaultProtect, `${config.specs}/**`, ...config.protect])],
    checksDir: config.checks_dir,
    limits: toLimits(limits),
    concurrency: config.concurrency,
    sandbox: config.sandbox,
    land,
  };
}

const kindOf = ({ kind, command }: Pick<AgentText, "kind" | "command">): AgentConfig["kind"] =>
  kind ?? (command === null ? "builtin" : "command");

function toAgents({ second, ...main }: ConfigText["agent"]): Config["agent"] {
  return { ...toAgent(main), second: second === null ? null : toAgent(second) };
}

function toAgent({ base_url, key_header, ...agent }: AgentText): AgentConfig {
  const kind = kindOf(agent);
  const model = agent.model ?? (kind === "builtin" ? defaultModel : null);
  return { ...agent, kind, model, baseUrl: base_url, keyHeader: key_header };
}

function toGate({ timeout, report_file, red_baseline, ...gate }: ConfigText["gates"][number]): Gate {
  const report = gate.report ?? (report_file === null ? null : "junit");
  return { ...gate, report, reportFile: report_file, timeoutMs: timeout, redBaseline: red_baseline };
}

function toLimits({
  attempts,
  rounds,
  attempt,
  window,
  run,
  day,
  disk,
}: ConfigText["limits"]): Config["limits"] {
  return {
    attemptsMax: attempts,
    roundsMax: rounds,
    wallMsMax: attempt.wall,
    idleMsMax: attempt.idle,
    turnsMax: attempt.turns,
    usdMax: attempt.usd,
    tokensMax: attempt.tokens,
    resources: {
      memoryBytes: attempt.memory,
      processesMax: attempt.processes,
      fileBytesMax: attempt.file,
    },
    outputBytesMax: attempt.output,
    windows: window ?? [],
    run: {
      ...toSpendLimits(run),
      wallMsMax: run.wall,
      until: run.until,
      tasksMax: run.tasks,
      failuresInARowMax: run.failures_in_a_row,
    },
    day: toSpendLimits(day),
    disk: { freeBytesMin: disk.free },
  };
}

const toSpendLimits = ({ usd, tokens, turns }: ConfigText["limits"]["day"]): SpendLimits => ({
  usdMax: usd,
  tokensMax: tokens,
  turnsMax: turns,
});
