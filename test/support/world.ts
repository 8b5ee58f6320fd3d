/** Whole runs in the words of the domain: a green project, a queue, an agent, the command line as a child process. */
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { readJournal } from "../../src/adapters/state/journal-file.ts";
import type { JournalRecord } from "../../src/ports.ts";
import { createRepository, gitEnvironment, makeFolder, type TestRepository } from "./repository.ts";
import { compileCache, mainProgram } from "./program.ts";
import { tellEvents } from "./tell-events.ts";

const agents = join(import.meta.dirname, "agents");

/** The project is green: three tests in JUnit, and a style gate that is judged by its exit code. */
const greenProject = {
  "README.md": "# Words\n\nas the first commit says\n",
  "AGENTS.md": "Tests first.\n",
  "package.json": '{ "name": "words", "type": "module", "scripts": { "style": "sh style.sh" } }\n',
  "style.sh": "if grep -rn TODO src; then exit 1; fi\n",
  "src/words.mjs": 'export const words = (text) => text.split(" ").filter(Boolean);\n',
  "test/words.test.mjs": `import assert from "node:assert";
import { it } from "node:test";
import { words } from "../src/words.mjs";

it("splits a text into words", () => assert.deepEqual(words("a bc"), ["a", "bc"]));
it("finds no word in an empty text", () => assert.deepEqual(words(""), []));
`,
};

/** Two reporters: the report for the supervisor, the log for people and agents. */
const testCommand = [
  "node --test --test-isolation=none --test-reporter=spec --test-reporter-destination=stdout",
  '--test-reporter=junit --test-reporter-destination="$RALPH_REPORT" "test/*.test.mjs"',
].join(" ");

export const testsGate = { name: "tests", run: testCommand, report: "junit" };
export const styleGate = { name: "style", run: "sh style.sh" };

export interface WorldOptions {
  /** A program of test/support/agents, or one for each task (`*`: all others), or several for its attempts. */
  readonly agent?: string | Readonly<Record<string, string>>;
  readonly protocol?: "plain" | "ralph-agent/1";
  /** Front matter of each task, YAML lines; a list of names stands for tasks without any. */
  readonly tasks?: readonly string[] | Readonly<Record<string, string>>;
  /** Names of environment variables that the agent gets. */
  readonly agentEnv?: readonly string[];
  /** Laid over the configuration, key by key at the top. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Laid over the green project. */
  readonly files?: Readonly<Record<string, string>>;
}

export interface RunOptions {
  /** Default: the top of the repository. */
  readonly cwd?: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Options of node itself. */
  readonly node?: readonly string[];
  /** Default: run, with the log as JSON lines. */
  readonly command?: "daemon" | "stop" | "pause" | "resume" | "status" | "task";
  /** A folder that whoever starts the run has open, and does not close. */
  readonly open?: string;
}

export interface FinishedRun {
  /** Null when a signal ended it. */
  readonly status: number | null;
  readonly signal: string | null;
  /** Messages of the JSON log lines, and lines that are not JSON as they are; paths are placeholders. */
  readonly lines: readonly string[];
  readonly stderr: string;
  readonly stdout: string;
}

export interface RunningRun {
  readonly pid: number;
  readonly done: Promise<FinishedRun>;
  kill(signal: NodeJS.Signals): void;
  /** Resolves when the log has told this so often, however early. Rejects when the run ends without it. */
  told(message: string, times?: number): Promise<void>;
  /** All that was told so far. */
  heard(): string;
}

/** An agent that waits to be told what to do. */
export interface MetAgent {
  readonly task: string;
  behaveAs(agent: string): void;
}

export interface World extends AsyncDisposable {
  readonly repository: TestRepository;
  readonly state: string;
  run(options?: RunOptions): Promise<FinishedRun>;
  start(options?: RunOptions): RunningRun;
  records(): readonly JournalRecord[];
  /** What happened to a task, one line for each event that says something. */
  events(task: string): string;
  /** Subjects on the target since the project was set up, oldest first. */
  landed(): readonly string[];
  /** A file as it is on the target. */
  onTarget(file: string): string;
  /** A file of an attempt, below its folder in the state directory. */
  attemptFile(task: string, attempt: number, file: string): string;
  /** The next `meets-the-test` agent that starts. */
  meetAgent(): Promise<MetAgent>;
  /** Commits on the target (since the project was set up) whose tree the tests do not pass on. */
  redCommits(): readonly string[];
  /** Names of kept attempts: `<task>/<n>`. */
  kept(): readonly string[];
  /** All that a finished run may not leave behind. */
  leftovers(): readonly string[];
  /** Replaces paths, object names and other accidents by placeholders. */
  plain(text: string): string;
}

export async function createWorld(options: WorldOptions = {}): Promise<World> {
  const state = makeFolder("state");
  const home = makeFolder("home");
  const place = makeFolder("meeting");
  const socket = join(place, "socket");
  const meeting = await openMeeting(socket);
  const repository = createRepository({
    ...greenProject,
    "ralph.config.yaml": `${JSON.stringify(configOf(options, socket), null, 2)}\n`,
    ...taskFiles(options.tasks ?? ["one"]),
    ...options.files,
  });
  const first = repository.git("rev-parse", "HEAD");
  const running = new Set<RunningRun>();
  const plain = (text: string): string => scrub(text, { state, repository: repository.path, home });
  const start = (runOptions: RunOptions = {}): RunningRun => {
    const run = startRun(runOptions, { cwd: repository.path, state, home, plain });
    running.add(run);
    void run.done.then(() => running.delete(run));
    return run;
  };
  const records = (): readonly JournalRecord[] => readJournal(join(state, "journal.jsonl"));
  return {
    repository,
    state,
    start,
    plain,
    records,
    run: (runOptions) => start(runOptions).done,
    events: (task) => plain(tellEvents(records(), task).join("\n")),
    landed: () =>
      linesOf(repository.git("log", "--first-parent", "--reverse", "--format=%s", `${first}..main`)),
    onTarget: (file) => readOnTarget(repository, file),
    attemptFile: (task, attempt, file) =>
      readFileSync(join(state, "attempts", task, String(attempt), file), "utf8"),
    meetAgent: meeting.next,
    redCommits: () =>
      linesOf(repository.git("rev-list", "--first-parent", `${first}..main`)).filter((commit) =>
        isRed(repository, commit),
      ),
    kept: () =>
      linesOf(repository.git("for-each-ref", "--format=%(refname:lstrip=3)", "refs/ralph/attempts/")),
    leftovers: () => findLeftovers(repository, state),
    async [Symbol.asyncDispose]() {
      for (const run of running) run.kill("SIGKILL");
      await Promise.all([...running].map((run) => run.done));
      for (const pid of markedProcesses(state)) process.kill(pid, "SIGKILL");
      meeting.close();
      repository[Symbol.dispose]();
      for (const folder of [state, home, place])
        rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** For `--agent-command`: an agent of this folder as a line for bash. */
export const agentCommand = (agent: string): string =>
  `'${process.execPath}' '${join(agents, `${agent}.ts`)}'`;

const linesOf = (text: string): readonly string[] => text.split("\n").filter((line) => line !== "");

function configOf(options: WorldOptions, socket: string): object {
  const { agent = "lands-a-change", protocol = "plain", agentEnv = [], config } = options;
  const choices =
    typeof agent === "string" ? [] : Object.entries(agent).map(([task, name]) => `${task}=${name}`);
  const program = join(agents, `${typeof agent === "string" ? agent : "by-task"}.ts`);
  const args = agent === "meets-the-test" ? [socket] : choices;
  return {
    agent: { kind: "command", command: [process.execPath, program, ...args], protocol, env: agentEnv },
    gates: [styleGate, testsGate],
    limits: { attempts: 1, rounds: 0 },
    // The agent's way to the test, and nothing else of the machine.
    sandbox: { read: [dirname(socket)] },
    ...config,
  };
}

function taskFiles(tasks: NonNullable<WorldOptions["tasks"]>): Readonly<Record<string, string>> {
  const named = Array.isArray(tasks) ? tasks.map((id: string) => [id, ""] as const) : Object.entries(tasks);
  return Object.fromEntries(named.map(([id, matter]) => [`tasks/${id}.md`, taskText(id, matter)]));
}

export const taskText = (id: string, frontMatter = ""): string =>
  `---\ntitle: Do ${id}\n${frontMatter === "" ? "" : `${frontMatter}\n`}---\n\nDo it.\n\n## Acceptance\n\n- It is done.\n`;

interface Place {
  readonly cwd: string;
  readonly state: string;
  readonly home: string;
  readonly plain: (text: string) => string;
}

/** Far from those that Node closes by itself. */
const leaving = ["--norc", "-c", 'exec 77<"$1"; shift; exec "$@"', "bash"];

function startRun(options: RunOptions, place: Place): RunningRun {
  const { cwd, args = [], env = {}, node = [], command = "run", open } = options;
  const log = command === "run" || command === "daemon" ? ["--log", "json"] : [];
  const program = [process.execPath, ...node, mainProgram, command, ...log, ...args];
  const [file = "", ...rest] = open === undefined ? program : ["bash", ...leaving, open, ...program];
  const child = spawn(file, rest, {
    cwd: cwd ?? place.cwd,
    env: {
      PATH: pathWithNode(),
      HOME: place.home,
      RALPH_STATE_DIR: place.state,
      ...compileCache,
      ...gitEnvironment,
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stderr = "";
  let stdout = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (stdout += chunk));
  const waiting = new Set<() => void>();
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    stderr += chunk;
    for (const look of waiting) look();
  });
  const done = (async (): Promise<FinishedRun> => {
    const end = await new Promise<Pick<FinishedRun, "status" | "signal">>((resolve) => {
      child.once("close", (status, signal) => resolve({ status, signal }));
    });
    return { ...end, stderr, stdout, lines: linesOf(stderr).map(messageOf).map(place.plain) };
  })();
  return {
    pid: child.pid ?? 0,
    done,
    kill: (signal) => child.kill(signal),
    heard: () => stderr,
    told: (message, times = 1) =>
      new Promise((resolve, reject) => {
        const isTold = (): boolean => stderr.split(message).length > times;
        const look = (): void => void (isTold() && (waiting.delete(look), resolve()));
        waiting.add(look);
        look();
        void done.then(() => reject(new Error(`the run ended without telling ${message}:\n${stderr}`)));
      }),
  };
}

/** A JSON log line is its message; anything else is meant for people as it is. */
function messageOf(line: string): string {
  try {
    const record: unknown = JSON.parse(line);
    return typeof record === "object" && record !== null && "msg" in record ? String(record.msg) : line;
  } catch {
    return line;
  }
}

/** Where agents and the test meet: a socket, so that nobody has to poll or sleep. */
async function openMeeting(path: string): Promise<{ next: () => Promise<MetAgent>; close: () => void }> {
  const arrived: MetAgent[] = [];
  const waiting: ((agent: MetAgent) => void)[] = [];
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", (task: Buffer) => {
      const agent = {
        task: task.toString().trim(),
        behaveAs: (name: string) => void socket.write(`${name}\n`),
      };
      const next = waiting.shift();
      if (next === undefined) arrived.push(agent);
      else next(agent);
    });
  });
  server.listen(path).unref();
  await once(server, "listening");
  return {
    next: () =>
      new Promise((resolve) => {
        const agent = arrived.shift();
        if (agent === undefined) waiting.push(resolve);
        else resolve(agent);
      }),
    close: () => void server.close(),
  };
}

/** The tests as a person would run them, in a directory with just this commit. */
function isRed(repository: TestRepository, commit: string): boolean {
  const folder = makeFolder("judge");
  try {
    const script = `git archive ${commit} | tar -x -C "$1" && cd "$1" && node --test --test-isolation=none "test/*.test.mjs"`;
    const env = { ...process.env, PATH: pathWithNode() };
    const result = spawnSync("bash", ["--norc", "-c", script, "bash", folder], { cwd: repository.path, env });
    return result.status !== 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Byte for byte, unlike what `git()` returns. */
function readOnTarget(repository: TestRepository, file: string): string {
  const result = spawnSync("git", ["cat-file", "blob", `main:${file}`], {
    cwd: repository.path,
    encoding: "utf8",
  });
  if (result.status !== 0) throw new Error(result.stderr);
  return result.stdout;
}

function findLeftovers(repository: TestRepository, state: string): readonly string[] {
  const left = ["work", "scratch"].flatMap((folder) => {
    const names = existsSync(join(state, folder)) ? readdirSync(join(state, folder)) : [];
    return names.filter((name) => name !== "reports").map((name) => `${folder}/${name}`);
  });
  const dirty = linesOf(repository.git("status", "--porcelain")).map((line) => `checkout: ${line}`);
  const processes = markedProcesses(state).map((pid) => `process ${pid}: ${commandLineOf(pid)}`);
  const lease = existsSync(join(state, "lease.json")) ? ["lease.json"] : [];
  return [...left, ...dirty, ...processes, ...lease];
}

/** Every process carries the mark of the supervisor that started it, or whose child started it. */
function markedProcesses(state: string): readonly number[] {
  const mark = createHash("sha256").update(state).digest("hex").slice(0, 16);
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => readProcess(pid, "environ").includes(`RALPH_GROUP=${mark}.`));
}

const commandLineOf = (pid: number): string => readProcess(pid, "cmdline").replaceAll("\0", " ");

function readProcess(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "latin1");
  } catch {
    return "";
  }
}

const pathWithNode = (): string => `${dirname(process.execPath)}:${process.env["PATH"] ?? ""}`;

/** Longest paths first: one may lie in the other. */
function scrub(text: string, paths: Readonly<Record<string, string>>): string {
  const named = Object.entries(paths).toSorted(([, a], [, b]) => b.length - a.length);
  return named
    .reduce((scrubbed, [name, path]) => scrubbed.replaceAll(path, `<${name}>`), text)
    .replaceAll(process.execPath, "<node>")
    .replaceAll(/\b[0-9a-f]{8}-[0-9a-f-]{27}\b/g, "<uuid>")
    .replaceAll(/\b(?:[0-9a-f]{40}|[0-9a-f]{10})\b/g, "<commit>")
    .replaceAll(/\b\d{4}-\d\d-\d\dT[\d:.-]+Z/g, "<time>")
    .replaceAll(/pid \d+ on \S+,/g, "pid <pid> on <host>,");
}
