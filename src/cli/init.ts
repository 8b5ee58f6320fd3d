/** `ralphwright init`: writes a first configuration, spec and task from what the project's files say. */
import { mkdir, readdir, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { readProject } from "../adapters/project-reader.ts";
import { type ProjectFiles, type Survey, type SurveyGate, surveyProject } from "../survey/survey.ts";
import { RalphError } from "../errors.ts";
import { type AgentChoice, chooseAgent, describeChoice, modelHosts, renderAgent } from "./init-agent.ts";

export interface InitOptions {
  /** Top of the repository. */
  readonly top: string;
  readonly target: string;
  /** Where agents and their keys are looked for. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly write: (text: string) => void;
  /** Replaces an existing configuration. */
  readonly force: boolean;
}

const configFile = "ralph.config.yaml";

/**
 * Writes nothing until everything is decided.
 * @throws RalphError `file-exists` when a file is in the way, `usage` when package.json cannot be understood.
 */
export async function init(options: InitOptions): Promise<void> {
  const { top, target, environment, write, force } = options;
  const project = await readProject(top);
  const survey = surveyProject(project);
  const agent = chooseAgent(environment);
  const files = new Map([[configFile, renderConfig(survey, { target, agent })]]);
  const named = describeProject(project, basename(top));
  if (!(await holdsMarkdown(top, "specs"))) files.set("specs/overview.md", renderSpec(named, survey));
  if (!(await holdsMarkdown(top, "tasks"))) files.set(taskFile, renderTask(project, survey));
  for (const file of files.keys()) await refuseExisting(top, file, force);
  for (const [file, text] of files) {
    await mkdir(dirname(join(top, file)), { recursive: true });
    await writeFile(join(top, file), text, { flag: force ? "w" : "wx" });
  }
  write(renderOutcome(survey, [...files.keys()], agent));
}

async function refuseExisting(top: string, file: string, force: boolean): Promise<void> {
  const found = await stat(join(top, file)).catch(() => null);
  if (found === null || (force && found.isFile())) return;
  const hint = found.isFile() ? "Use `ralphwright init --force` to replace it." : "Move it away first.";
  throw new RalphError("file-exists", `${file} is there already; nothing was written.`, { hint });
}

/** @throws RalphError `file-exists` when a file has the folder's name. */
async function holdsMarkdown(top: string, folder: string): Promise<boolean> {
  const found = await stat(join(top, folder)).catch(() => null);
  if (found === null) return false;
  if (!found.isDirectory()) {
    const hint = "Move it away: ralphwright keeps Markdown files in a folder of that name.";
    throw new RalphError("file-exists", `${folder} is a file, not a folder; nothing was written.`, { hint });
  }
  return (await readdir(join(top, folder), { recursive: true })).some((path) => path.endsWith(".md"));
}

/** The text of ralph.config.yaml. With no gates in the survey it says where they go, and is not yet valid. */
function renderConfig(
  survey: Survey,
  options: { readonly target: string; readonly agent: AgentChoice },
): string {
  const sections = [
    "# How ralphwright works in this repository. Keys that are left out have defaults.\nversion: 1",
    `# Tasks land on this branch, one commit each.\ntarget: ${scalar(options.target)}`,
    "tasks: tasks\nspecs: specs",
    renderAgent(options.agent, scalar),
    renderWorkspace(survey),
    renderGates(survey.gates),
    renderProtect(survey.protect),
    renderSandbox(modelHosts(options.agent), survey.egress),
    limitsSection,
  ];
  return `${sections.filter((section) => section !== "").join("\n\n")}\n`;
}

function renderWorkspace({ setup, setupInputs, keep }: Survey): string {
  if (setup === null) return "";
  return [
    "workspace:",
    "  # Makes the dependencies; done again when one of the inputs changes.",
    `  setup: ${scalar(setup)}`,
    ...(setupInputs.length === 0 ? [] : ["  setup_inputs:", ...listed(setupInputs, "    ")]),
    ...(keep.length === 0 ? [] : ["  # Ignored paths that setup makes; copied into every checkout."]),
    ...(keep.length === 0 ? [] : ["  keep:", ...listed(keep, "    ")]),
  ].join("\n");
}

function renderGates(gates: readonly SurveyGate[]): string {
  if (gates.length === 0) {
    return [
      "# Left to do: commands that must pass before a change lands. Without one, nothing runs.",
      "gates: []",
      "#  - name: tests",
      "#    run: make test",
      "#    timeout: 15m",
    ].join("\n");
  }
  const rendered = gates.map((gate) =>
    [
      ...(gate.report === null && gate.name.startsWith("tests")
        ? [`  # Judged by its exit code alone; to compare test by test: ${gate.advice}.`]
        : []),
      `  - name: ${gate.name}`,
      `    run: ${scalar(gate.run)}`,
      `    timeout: ${gate.timeoutMinutes}m`,
      ...(gate.report === null ? [] : [`    report: ${gate.report}`]),
      ...(gate.reportFile === null ? [] : [`    report_file: ${scalar(gate.reportFile)}`]),
    ].join("\n"),
  );
  const teach = "# Commands that must pass before a change lands; `report` compares test by test.";
  return `${teach}\ngates:\n${rendered.join("\n")}`;
}

function renderProtect(globs: readonly string[]): string {
  if (globs.length === 0) return "";
  const teach = "# What decides about a change may not be part of it, unless its task says `allow: [path]`.";
  return `${teach}\nprotect:\n${listed(globs, "  ").join("\n")}`;
}

function renderSandbox(models: readonly string[], registries: readonly string[]): string {
  const hosts = [...new Set([...models, ...registries])];
  if (hosts.length === 0) return "";
  const packages = "where packages come from";
  const teach =
    models.length === 0
      ? `# What agents, gates and set-up may reach beside the agent's own model: here, ${packages}.`
      : `# All that agents, gates and set-up may reach: the agent's model${registries.length === 0 ? "" : `, and ${packages}`}.`;
  return `${teach}\nsandbox:\n  egress:\n${listed(hosts, "    ").join("\n")}`;
}

const limitsSection = `limits:
  # Fresh attempts at a task, and how often a red gate goes back to the same agent.
  attempts: 3
  rounds: 2
  attempt:
    wall: 45m
    # Silence that counts as a stall.
    idle: 10m
  run:
    # Local time after which nothing new starts.
    # until: "07:00"
    failures_in_a_row: 5`;

const listed = (values: readonly string[], indent: string) =>
  values.map((one) => `${indent}- ${scalar(one)}`);

/** Plain where YAML reads it back as the same text, else quoted: JSON's strings are YAML's. */
function scalar(text: string): string {
  const plain = /^[A-Za-z./_][^\n\t]*$/.test(text) && !/: | #|[:\s]$/.test(text);
  return plain && !/^(true|false|null|yes|no|on|off|\.inf|\.nan)$/i.test(text) ? text : JSON.stringify(text);
}

interface ProjectName {
  readonly name: string;
  readonly description: string | null;
}

function describeProject({ manifest, texts }: ProjectFiles, folder: string): ProjectName {
  if (typeof manifest?.name === "string") return { name: manifest.name, description: manifest.description };
  const toml = texts.get("pyproject.toml") ?? texts.get("Cargo.toml") ?? "";
  const field = (key: string) => new RegExp(`^${key}\\s*=\\s*"([^"\\n]+)"`, "m").exec(toml)?.[1] ?? null;
  const heading = /^# +(.+)$/m.exec(readmeOf(texts)?.text ?? "")?.[1]?.trim();
  return { name: field("name") ?? heading ?? folder, description: field("description") };
}

function readmeOf(texts: ReadonlyMap<string, string>): { file: string; text: string } | null {
  for (const file of ["README.md", "readme.md"]) {
    const text = texts.get(file);
    if (text !== undefined) return { file, text };
  }
  return null;
}

function renderSpec({ name, description }: ProjectName, { gates }: Survey): string {
  const about =
    description === null || description.trim() === "" ? `What ${name} is for.` : description.trim();
  const checked = gates.map((gate) => `- ${gate.name}`).join("\n");
  const always =
    gates.length === 0 ? "" : `\n## Always true\n\nThese gates pass on every commit:\n\n${checked}\n`;
  return `# ${name}

${about}
${always}
## Writing specs

A spec says what should be true, not how to get there: one subject a file, with rules
that a test could check. A task names the specs it needs.
`;
}

const taskFile = "tasks/0001-readme-checks.md";

function renderTask({ texts }: ProjectFiles, survey: Survey): string {
  const readme = readmeOf(texts);
  const what = readme === null ? "Write a README.md that says what this project is" : `Add to ${readme.file}`;
  const how = readme === null ? ", and how to run its checks." : " a short section on how to run the checks.";
  const gates = survey.gates.map(({ name }) => name).join(", ");
  const kinds = gates === "" ? "the checks that this repository has" : `the checks behind the gates ${gates}`;
  return `---
title: Say in the README how to run the checks
status: ready
---

${what}${how}
The gates stand in ralph.config.yaml; a person needs them as plain commands.

## Acceptance

- ${readme?.file ?? "README.md"} has a section "Running the checks".
- It names one command for each of ${kinds}, without RALPH variables.
- Each command was run and does what the section says.
- No other file changes.
`;
}

function renderOutcome(survey: Survey, files: readonly string[], agent: AgentChoice): string {
  const gates = survey.gates.map((gate) => `${gate.name}: ${gate.run}`);
  const { found, missing } = describeChoice(agent);
  const noGate =
    survey.gates.length === 0 ? ["`ralphwright run` refuses to start until there is a gate."] : [];
  const sections = [
    section("Found", [...survey.found, ...found]),
    section("Gates", gates),
    section("Wrote", files),
    section("Missing", [...survey.missing, ...noGate, ...missing]),
    section("Next", nextSteps(files)),
  ];
  return `${sections.filter((text) => text !== "").join("\n\n")}\n`;
}

function nextSteps(files: readonly string[]): readonly string[] {
  return [
    `Read ${configFile}, and mend what is missing.`,
    ...(files.includes(taskFile) ? [`Edit ${taskFile}, or write your own tasks beside it.`] : []),
    "Commit these files, so that clones and CI see them, too.",
    "`ralphwright doctor` tries everything out without an agent.",
    "`ralphwright run` works through the tasks.",
  ];
}

const section = (title: string, lines: readonly string[]): string =>
  lines.length === 0 ? "" : [title, ...lines.map(bullet)].join("\n");

const columnsMax = 80;

/** Wraps at spaces; a word longer than a line stays whole, so that it can be copied. */
function bullet(text: string): string {
  const lines = ["  -"];
  for (const word of text.split(" ")) {
    const last = lines.at(-1) ?? "";
    if (last.length + 1 + word.length <= columnsMax) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(`    ${word}`);
  }
  return lines.join("\n");
}
