/** A small project in a git repository of its own, with a queue of instant tasks, and how the loop is started on it. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { compileCache, mainProgram } from "./published.ts";

/** Writes one file and ends: all the time that is left is the loop's own. */
export const instantAgent = 'echo "$RALPH_TASK" > "src/$RALPH_TASK.txt"';

export interface ProjectOptions {
  readonly tasks: number;
  /** Run by bash; `instantAgent` unless told otherwise. */
  readonly agent?: string;
  /** Files in the repository beside tasks; 40 unless told otherwise. */
  readonly sourceFiles?: number;
  /** Workspaces at once; 1 unless told otherwise. */
  readonly concurrency?: number;
  /** As in the configuration; its default unless told otherwise. */
  readonly sandbox?: "off";
  /** Folder below which everything lies; the system's folder for temporary files unless told otherwise. */
  readonly below?: string;
}

export interface SampleProject extends Disposable {
  /** Holds all the rest. */
  readonly folder: string;
  readonly repository: string;
  readonly state: string;
  readonly env: Readonly<Record<string, string>>;
  readonly git: (...args: readonly string[]) => string;
}

export function createProject(options: ProjectOptions): SampleProject {
  const folder = mkdtempSync(join(options.below ?? tmpdir(), "ralphwright-bench-"));
  const repository = join(folder, "project");
  const state = join(folder, "state");
  const env = environmentOf(folder, state);
  const git = (...args: readonly string[]): string =>
    execFileSync("git", args, { cwd: repository, env, encoding: "utf8" });
  writeAll(folder, { "home/.gitconfig": "[user]\n\tname = Bench\n\temail = bench@example.com\n" });
  writeAll(repository, projectFiles(options));
  git("init", "-q", "-b", "main");
  git("add", "-A");
  git("commit", "-q", "-m", "First commit");
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  return { folder, repository, state, env, git, [Symbol.dispose]: remove };
}

/** `ralphwright run` as a child of this process; standard error tells JSON lines. `wrapper` runs it, a tracer say. */
export function startRun(
  project: SampleProject,
  env: Readonly<Record<string, string>> = {},
  wrapper: readonly string[] = [],
): ChildProcess {
  const [program, ...args] = [...wrapper, process.execPath, mainProgram, "run", "--log", "json"];
  return spawn(program, args, {
    cwd: project.repository,
    env: { ...project.env, ...env },
    stdio: ["ignore", "ignore", "pipe"],
  });
}

/** Resolves when the program has ended with one of `good`; `onText` hears standard error. */
export async function finish(
  child: ChildProcess,
  onText: (text: string) => void = () => {},
  good: readonly number[] = [0],
): Promise<void> {
  let tail = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    tail = (tail + text).slice(-2_000);
    onText(text);
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  if (code === null || !good.includes(code))
    throw new Error(`the program ended with ${String(code)}:\n${tail}`);
}

export const taskName = (number: number): string => `task-${String(number).padStart(5, "0")}`;

export function taskText(number: number): string {
  const acceptance = `## Acceptance\n\n- There is a file \`src/${taskName(number)}.txt\`.\n`;
  return `---\ntitle: Write file number ${number}\npriority: ${number % 3}\n---\n\nOne file, one line.\n\n${acceptance}`;
}

/** Nothing of the caller's own environment reaches git or the agent but the way to the programs. */
function environmentOf(folder: string, state: string): Record<string, string> {
  const home = join(folder, "home");
  return { PATH: process.env["PATH"] ?? "", HOME: home, RALPH_STATE_DIR: state, TZ: "UTC", ...compileCache };
}

function projectFiles({
  tasks,
  agent = instantAgent,
  concurrency = 1,
  sourceFiles = 40,
  sandbox,
}: ProjectOptions): Record<string, string> {
  const config = {
    version: 1,
    agent: { kind: "command", command: agent },
    gates: [{ name: "check", run: "true" }],
    concurrency,
    ...(sandbox === undefined ? {} : { sandbox }),
  };
  const files: Record<string, string> = {
    "README.md": "# Sample\n",
    "AGENTS.md": "Keep it small.\n",
    "specs/files.md": "# Files\n\nEvery task writes one file.\n",
    // JSON is YAML, too.
    "ralph.config.yaml": `${JSON.stringify(config, null, 2)}\n`,
  };
  for (let i = 0; i < sourceFiles; i += 1)
    files[`src/part-${i}.ts`] = `export const part = ${i};\n`.repeat(20);
  for (let i = 1; i <= tasks; i += 1) files[`tasks/${taskName(i)}.md`] = taskText(i);
  return files;
}

export function writeAll(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
}
