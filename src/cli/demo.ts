/** `ralphwright demo`: a real night on a small real project, played by recorded agents; no key, no model. */
import { cp, mkdtemp } from "node:fs/promises";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { askGit } from "../adapters/git/git.ts";
import { RalphError } from "../errors.ts";
import { installationFolder, programFolder } from "../program-files.ts";
import { showLog } from "./log.ts";
import { openProject, type Overrides } from "./compose.ts";
import { openProjectSandbox } from "./open-sandbox.ts";
import { hang, print, style } from "./print.ts";
import { run } from "./run.ts";
import type { LogFormat } from "./tell.ts";

const assets = join(programFolder, "demo");

/** For any Node, where it is there; the program itself where it is not. */
const starter = join(installationFolder, "bin", "ralphwright.mjs");
const program = existsSync(starter) ? starter : (process.argv[1] ?? "");

export interface DemoOptions {
  readonly log: LogFormat;
  /** The built-in agent and a model in the place of the recordings. */
  readonly live: boolean;
  readonly model: string | null;
}

/** Returns the exit status: 0 when the night went as recorded; of a live one, that of its run. */
export async function demo(options: DemoOptions): Promise<number> {
  if (options.live && !hasModel(process.env)) {
    process.stderr.write("ralphwright: no key: set ANTHROPIC_API_KEY for a live demo\n");
    return 6;
  }
  const folder = await mkdtemp(join(tmpdir(), "ralphwright-demo-"));
  const project = join(folder, "tally");
  process.env["RALPH_STATE_DIR"] = join(folder, "state");
  process.env["PATH"] = demoPath();
  await layOutProject(project);
  print(introduction(project, options.live));
  const overrides = options.live ? liveOverrides(options.model) : await recordedOverrides(project);
  const status = await run({ cwd: project, overrides, log: options.log, drillPercentMin: null });
  print();
  await showLog({ cwd: project, run: null, all: false, json: false });
  if (options.live) {
    print(`\n  cd ${quote(project)}\n  rm -r ${quote(folder)}    when you are done`);
    return status;
  }
  print(whereToLook(project, folder));
  // One task ends with a question for a person: 1 is how this night is meant to end.
  return status === 1 ? 0 : status || 1;
}

const hasModel = (environment: Readonly<Record<string, string | undefined>>): boolean =>
  ["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL"].some(
    (name) => (environment[name] ?? "") !== "",
  );

function sandboxOverride(): Overrides {
  const mode = process.env["RALPH_SANDBOX"] ?? "";
  return mode === "" ? {} : { sandbox: { mode } };
}

/** A recording does what it did when it was recorded: where there is no sandbox, it may go on without one. */
async function recordedOverrides(project: string): Promise<Overrides> {
  try {
    await using sandbox = await openProjectSandbox(await openProject(project, sandboxOverride()));
    void sandbox;
    return sandboxOverride();
  } catch (error) {
    if (!(error instanceof RalphError) || error.code !== "sandbox-unavailable") throw error;
    print(`${style("red", "NO SANDBOX:")} ${hang(error.message, 12)}.`);
    print("The agents of this demo are recordings, so it goes on without. A run of\nyours would not.\n");
    return { sandbox: { mode: "off" } };
  }
}

/** A model thinks longer than a recording; what it may spend stays small. */
const liveOverrides = (model: string | null): Overrides => ({
  agent: { kind: "builtin", ...(model === null ? {} : { model }) },
  limits: { attempt: { wall: "20m", idle: "10m" } },
  ...sandboxOverride(),
});

/** Node itself first, then the tools that the demo's gates call. */
function demoPath(): string {
  const tools = findTools();
  return [dirname(process.execPath), tools, process.env["PATH"] ?? ""].join(delimiter);
}

/** The type checker and the linter come with the sources; an installed package does without them. */
function findTools(): string {
  for (let folder = assets; folder !== dirname(folder); folder = dirname(folder)) {
    const bin = join(folder, "node_modules", ".bin");
    if (existsSync(join(bin, "tsc")) && existsSync(join(bin, "oxlint"))) return bin;
  }
  throw new RalphError(
    "usage",
    "the demo's gates need tsc and oxlint, and they are not installed beside ralphwright",
    {
      hint: "npm install --no-save typescript oxlint, in the folder where ralphwright is installed; then again.",
    },
  );
}

async function layOutProject(project: string): Promise<void> {
  await cp(join(assets, "project"), project, { recursive: true });
  await cp(join(assets, "recordings"), join(project, "recordings"), { recursive: true });
  const commands = [
    ["init", "-q", "-b", "main"],
    ["config", "user.name", "Demo"],
    ["config", "user.email", "demo@example.com"],
    ["config", "commit.gpgsign", "false"],
    ["add", "-A"],
    ["commit", "-q", "-m", "A small work log"],
  ];
  for (const command of commands) {
    const { code, stderr } = await askGit(command, project);
    if (code !== 0) throw new RalphError("git-failed", `git ${command[0] ?? ""} failed: ${stderr.trim()}`);
  }
}

function introduction(project: string, live: boolean): string {
  if (live)
    return `${style("bold", "A live night.")} The built-in agent asks the model, for at most 5 USD (1 USD an
attempt). Types, lint and tests decide what lands; task 0005 needs a person.

  ${project}
`;
  return `${style("bold", "A recorded night.")} The agents are recordings: no model is asked, nothing is
spent. All else is real: their edits and commands, git, the gates (types, lint,
tests) and the verdicts.

  ${project}
`;
}

/** Last lines: what can be copied into a shell as it stands. */
export function whereToLook(project: string, folder: string): string {
  return `
${style("bold", "Look around")}
  cd ${quote(project)}
  git log --stat                          one commit a task, with trailers
  cat PROGRESS.md                         what each task taught
  git diff HEAD refs/ralph/attempts/0003-largest-first/1
                                          the lie that was rejected
  RALPH_STATE_DIR=${quote(join(folder, "state"))} \\
    node ${quote(program)} show 0003-largest-first

The prices above are part of the recordings. When you are done:
  rm -r ${quote(folder)}`;
}

/** For a shell, whatever is in it. */
const quote = (path: string): string => `'${path.replaceAll("'", String.raw`'\''`)}'`;
