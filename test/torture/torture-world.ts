/**
 * The standard scenario as a world of its own that is copied, not made: a repository whose target is checked out,
 * three tasks (one lands, one is given up, one lands in line behind), a shell script as the agent, a grep as the gate.
 */
import { execFile, spawn } from "node:child_process";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { layOutPackage } from "../../scripts/bundle.ts";
import { type BoundaryOrder, orderVariable } from "./boundary-order.ts";

const preload = join(import.meta.dirname, "preload.ts");
const call = promisify(execFile);

/** `red` breaks what the gate looks for; `wild` leaves what it can, once. */
const agentScript = `case "$RALPH_TASK$RALPH_ATTEMPT" in
red*) echo broken >src/words.txt ;;
wild1) exec bash --norc wild.sh ;;
*) echo "$RALPH_TASK" >"src/$RALPH_TASK.txt" ;;
esac
`;

const configOf = ({ sandbox = "off" }: WorldPlan): object => ({
  agent: { command: ["sh", "agent.sh"] },
  gates: [{ name: "check", run: "sh gate.sh" }],
  limits: { attempts: 1, rounds: 0 },
  concurrency: 2,
  sandbox,
});

/** Everything that a tree of processes does to survive; the last line says that all of it is there. */
export const wildScript = `trap "" TERM INT HUP
setsid sleep 300 &
(setsid nohup bash --norc -c 'trap "" TERM HUP; sleep 301' >/dev/null 2>&1 &)
(nohup sh -c 'while :; do sleep 1; done' >/dev/null 2>&1 &)
env -i setsid sleep 302 >/dev/null 2>&1 </dev/null &
hop() { setsid bash --norc -c "$hop" >/dev/null 2>&1 </dev/null & }
export hop='sleep 0.05; setsid bash --norc -c "$hop" >/dev/null 2>&1 </dev/null &'
hop
bash --norc -c 'trap "" TERM; while :; do sleep 0.03 & wait; done' &
echo "the tree stands"
while :; do sleep 1; done
`;

/** Two changes that are green alone and red together, where a scenario has both. */
const gateScript = "grep -q split src/words.txt && ! cat src/left.txt src/right.txt >/dev/null 2>&1\n";

export interface WorldPlan {
  /** Without any there is no repository either. */
  readonly tasks: readonly string[];
  /** Whether the target is checked out, as a person's repository has it. */
  readonly isCheckedOut: boolean;
  /** Default: off, which is quicker. */
  readonly sandbox?: "auto" | "off";
}

const standardPlan: WorldPlan = { tasks: ["good", "red", "tail"], isCheckedOut: true };

/** The last word of a supervisor. */
export interface Ending {
  readonly status: number | null;
  readonly signal: string | null;
  readonly said: string;
}

export interface Supervisor {
  readonly pid: number;
  readonly end: Promise<Ending>;
}

export interface StartOptions {
  readonly order?: Omit<BoundaryOrder, "world" | "trace">;
  /** A state directory of its own: a second supervisor that knows nothing of the first. */
  readonly state?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Another program of node's in place of the supervisor, with its arguments. */
  readonly program?: readonly string[];
}

export interface TortureWorld {
  readonly folder: string;
  readonly repository: string;
  readonly state: string;
  readonly plan: WorldPlan;
  /** The first commit, before anything landed. */
  readonly first: string;
  start(options?: StartOptions): Supervisor;
  git(...args: readonly string[]): Promise<string>;
  gitWith(input: string, ...args: readonly string[]): Promise<string>;
  /** Lines of the traces of all supervisors so far. */
  readonly trace: string;
  remove(): Promise<void>;
}

/** Makes worlds of one plan, each a copy of the first. */
export interface WorldSource {
  readonly root: string;
  make(name: string, plan?: WorldPlan): Promise<TortureWorld>;
}

const identity = { NAME: "Test", EMAIL: "test@example.com" };
const gitVariables = {
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_CONFIG_NOSYSTEM: "1",
  ...Object.fromEntries(
    Object.entries(identity).flatMap(([key, value]) => [
      [`GIT_AUTHOR_${key}`, value],
      [`GIT_COMMITTER_${key}`, value],
    ]),
  ),
};

/** `root`: an empty folder on a disk, for in memory no directory is used again. */
export function openWorldSource(root: string): WorldSource {
  const templates = new Map<string, Promise<string>>();
  // As it is published, which starts in half the time: most of what a scenario costs is starts.
  let bundled: Promise<string> | null = null;
  return {
    root,
    async make(name, plan = standardPlan) {
      bundled ??= layOutPackage(join(root, "program"));
      const key = ["template", ...plan.tasks, plan.isCheckedOut ? "out" : "away", plan.sandbox ?? "off"].join(
        "-",
      );
      const template = templates.get(key) ?? makeTemplate(join(root, key), plan);
      templates.set(key, template);
      const first = await template;
      const folder = join(root, name);
      await call("cp", ["-a", join(root, key), folder]);
      return openWorld(folder, { plan, first, mainProgram: await bundled });
    },
  };
}

/** Returns the first commit. */
async function makeTemplate(folder: string, plan: WorldPlan): Promise<string> {
  const { tasks, isCheckedOut } = plan;
  const repository = join(folder, "repo");
  for (const path of ["repo/src", "repo/tasks", "home", "tmp", "state"])
    await mkdir(join(folder, path), { recursive: true });
  if (tasks.length === 0) return "";
  const write = (file: string, text: string): Promise<void> => writeFile(join(repository, file), text);
  await write("src/words.txt", "split\n");
  await write("agent.sh", agentScript);
  await write("gate.sh", gateScript);
  if (tasks.includes("wild")) await write("wild.sh", wildScript);
  await write("ralph.config.yaml", `${JSON.stringify(configOf(plan), null, 2)}\n`);
  for (const task of tasks)
    await write(
      `tasks/${task}.md`,
      `---\ntitle: Do ${task}\n---\n\nDo it.\n\n## Acceptance\n\n- It is done.\n`,
    );
  const git = gitIn(repository, join(folder, "home"));
  await git("init", "-q", "-b", "main", "--template=");
  await git("add", "-A");
  await git("commit", "-q", "-m", "First commit");
  if (!isCheckedOut) await git("checkout", "-q", "-b", "desk");
  return git("rev-parse", "HEAD");
}

const gitIn =
  (cwd: string, home: string, input = "") =>
  async (...args: readonly string[]): Promise<string> => {
    const env = { PATH: process.env["PATH"], HOME: home, ...gitVariables };
    const running = call("git", [...args], { cwd, env, maxBuffer: 1 << 26 });
    // What git answers tells whether it was right not to read.
    running.child.stdin?.on("error", () => {}).end(input);
    return (await running).stdout.trimEnd();
  };

interface WorldParts {
  readonly plan: WorldPlan;
  readonly first: string;
  readonly mainProgram: string;
}

async function openWorld(folder: string, { plan, first, mainProgram }: WorldParts): Promise<TortureWorld> {
  const place = (name: string): string => join(folder, name);
  const trace = place("trace");
  const git = gitIn(place("repo"), place("home"));
  // The copies have other times and inodes than the index says.
  if (plan.tasks.length > 0) await git("update-index", "-q", "--refresh");
  return {
    folder,
    repository: place("repo"),
    state: place("state"),
    plan,
    first,
    trace,
    git,
    gitWith: (input, ...args) => gitIn(place("repo"), place("home"), input)(...args),
    start({ order = {}, state = place("state"), env = {}, program } = {}) {
      const whole: BoundaryOrder = { world: folder, trace, ...order };
      return startProgram(program ?? runOf(mainProgram), place("repo"), {
        PATH: `${dirname(process.execPath)}:${process.env["PATH"] ?? ""}`,
        HOME: place("home"),
        TMPDIR: place("tmp"),
        RALPH_STATE_DIR: state,
        NODE_COMPILE_CACHE: join(dirname(folder), "compiled"),
        [orderVariable]: JSON.stringify(whole),
        ...gitVariables,
        ...env,
      });
    },
    remove: () => rm(folder, { recursive: true, force: true, maxRetries: 5 }),
  };
}

/** Longer than any of them takes on a full machine: what hangs is a broken promise, too. */
const runMsMax = 120_000;
/** For its last words, on a busy machine. */
const drainMs = 1_000;

const runOf = (mainProgram: string): readonly string[] => [
  "--import",
  preload,
  mainProgram,
  "run",
  "--log",
  "json",
];

function startProgram(
  program: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>>,
): Supervisor {
  const child = spawn(process.execPath, program, {
    cwd,
    env,
    stdio: ["ignore", "ignore", "pipe"],
    // Ctrl-C is for the torture, which lets what runs come to its end.
    detached: true,
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => (said += chunk));
  const late = setTimeout(() => {
    said += "\nHUNG: it did not end by itself";
    child.kill("SIGKILL");
  }, runMsMax);
  const end = new Promise<Ending>((resolve) => {
    child.once("exit", (status, signal) => {
      clearTimeout(late);
      const tell = (): void => resolve({ status, signal, said });
      if (child.stderr.closed) return tell();
      // What it left may hold the pipe open: that is judged elsewhere.
      const drained = setTimeout(tell, drainMs);
      child.stderr.once("close", () => {
        clearTimeout(drained);
        tell();
      });
    });
  });
  return { pid: child.pid ?? 0, end };
}
