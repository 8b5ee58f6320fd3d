/** A sample project as a real repository, and the way of one change through it: workspace, seal, verdict. */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { composePorts, openProject, openQueue } from "../../src/cli/compose.ts";
import { openProjectSandbox } from "../../src/cli/open-sandbox.ts";
import { taskId } from "../../src/core/ids.ts";
import type { AttemptCommand, AttemptEvent } from "../../src/core/message.ts";
import { emptyState } from "../../src/core/state.ts";
import type { Task } from "../../src/core/task.ts";
import type { Journal, Ports } from "../../src/ports.ts";
import { carryOut, type OpenAttempt, openAttempt } from "../../src/supervisor/attempt.ts";
import type { AttemptScope } from "../../src/supervisor/scope.ts";
import { gitEnvironment, makeFolder, runGit } from "../support/repository.ts";
import { type Cheat, type Honest, idOf } from "./case.ts";
import type { Sample } from "./corpus.ts";

/** What each sample needs beside node and git, how to ask for it, and what to say when it is missing. */
const toolchains: Readonly<Record<Sample, { readonly ask: string; readonly install: string } | null>> = {
  javascript: null,
  python: {
    ask: "python3 -m pytest --version",
    install: "python3 with pytest (Debian: apt-get install python3-pytest)",
  },
  go: { ask: "go version", install: "go (Debian: apt-get install golang-go)" },
};

const skipVariable = "RALPH_SKIP_LANGUAGES";

/** Whether somebody said that this language need not be tried here. */
export const isLeftOut = (sample: Sample): boolean =>
  (process.env[skipVariable] ?? "").split(/[\s,]+/).includes(sample);

/** @throws when what the sample needs is not there. */
export function requireToolchain(sample: Sample): void {
  const toolchain = toolchains[sample];
  if (toolchain === null || spawnSync("bash", ["--norc", "-c", toolchain.ask]).status === 0) return;
  throw new Error(
    `the ${sample} cases need ${toolchain.install}; ${skipVariable}=${sample} leaves them out knowingly`,
  );
}

export interface Verdict {
  readonly isAccepted: boolean;
  /** Why not; empty when it was accepted. */
  readonly reason: string;
}

export interface SampleProject extends AsyncDisposable {
  /** Lets the patch pass through workspace, seal and judge, as if an agent had made it alone. */
  judge(patch: Cheat | Honest): Promise<Verdict>;
}

const fixtures = join(import.meta.dirname, "..", "fixtures", "cheats");

/** The files of a sample below `top`, with one task for each case. */
export function writeSample(sample: Sample, top: string, cases: readonly (Cheat | Honest)[]): void {
  cpSync(join(fixtures, sample), top, { recursive: true });
  mkdirSync(join(top, "tasks"));
  for (const each of cases) writeFileSync(join(top, "tasks", `${idOf(each)}.md`), taskText(each));
}

const taskText = ({ name, allow = [], allowTests = [], proof = [] }: Cheat | Honest): string =>
  [
    "---",
    `title: ${JSON.stringify(name)}`,
    `allow: ${JSON.stringify(allow)}`,
    `allow_tests: ${JSON.stringify(allowTests)}`,
    `proof: ${JSON.stringify(proof)}`,
    "---\n\nDo it.\n",
  ].join("\n");

/** @throws when the toolchain is missing, or the sample is not green. */
export async function openSample(sample: Sample, cases: readonly (Cheat | Honest)[]): Promise<SampleProject> {
  requireToolchain(sample);
  const folder = makeFolder(`cheats-${sample}`);
  const top = join(folder, "project");
  const home = join(folder, "home");
  mkdirSync(top);
  mkdirSync(home);
  const { GIT_CONFIG_GLOBAL: _global, GIT_CONFIG_NOSYSTEM: _system, ...identity } = gitEnvironment;
  Object.assign(process.env, identity, surroundings(home), { RALPH_STATE_DIR: join(folder, "state") });
  writeSample(sample, top, cases);
  runGit(top, ["init", "-q", "-b", "main"]);
  runGit(top, ["add", "-A"]);
  runGit(top, ["commit", "-q", "-m", "First commit"]);
  const cache = surroundings(home)["XDG_CACHE_HOME"];
  const project = await openProject(top, { sandbox: { write: [cache] } });
  const sandbox = await openProjectSandbox(project);
  const queue = openQueue(project);
  const stop = new AbortController();
  const ports = composePorts(project, { journal, queue, log, signal: stop.signal, sandbox });
  const { tasks, problems } = await queue.read();
  if (problems.length > 0) throw new Error(problems.map(({ message }) => message).join("\n"));
  const open = (task: Task): OpenAttempt => {
    const logFolder = (purpose: string): string => ports.files.folder(task.id, 1, purpose);
    const shared = { judging: new Map(), baselines: new Map(), signal: stop.signal };
    const scope: AttemptScope = { ports, config: project.config, run: "corpus", ...shared, logFolder };
    const attempt = { task, number: 1, limits: project.config.limits, past: [], onAnswer: () => {} };
    return openAttempt({ scope, ...attempt });
  };
  const [first] = tasks;
  if (first === undefined) throw new Error("a sample needs a case");
  await requireGreen(open(first));
  return {
    async judge(patch) {
      const task = tasks.find(({ id }) => id === taskId(idOf(patch)));
      if (task === undefined) throw new Error(`no task for ${patch.name}`);
      return judgePatch(open(task), patch);
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      project.git[Symbol.dispose]();
      await queue[Symbol.asyncDispose]();
      await sandbox[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Node as these tests have it, a home without anybody's settings, and a cache for compilers that outlives the test. */
export const surroundings = (home: string): Readonly<Record<string, string>> => ({
  PATH: `${dirname(process.execPath)}:${process.env["PATH"] ?? ""}`,
  HOME: home,
  XDG_CONFIG_HOME: home,
  XDG_CACHE_HOME: join(import.meta.dirname, "..", "..", "node_modules", ".cache", "ralph-cheats"),
});

const journal: Journal = {
  append() {
    throw new Error("a case is no run: nothing is journaled");
  },
};
const log: Ports["log"] = { write() {} };

async function requireGreen(attempt: OpenAttempt): Promise<void> {
  const prepared = await tell(attempt, { type: "prepare-workspace" });
  if (prepared.type !== "workspace-prepared") throw new Error(prepared.type);
  const checked = await tell(attempt, { type: "check-baseline", base: prepared.base });
  await tell(attempt, { type: "release-workspace" });
  const isGreen = checked.type === "baseline-checked" && checked.baseline.kind === "green";
  if (!isGreen) throw new Error(`the sample is not green: ${JSON.stringify(checked)}`);
}

async function judgePatch(attempt: OpenAttempt, patch: Cheat | Honest): Promise<Verdict> {
  await tell(attempt, { type: "prepare-workspace" });
  try {
    for (const apply of patch.edits) apply(attempt.workspace?.path ?? "");
    return await sealAndJudge(attempt);
  } finally {
    await tell(attempt, { type: "release-workspace" });
  }
}

async function sealAndJudge(attempt: OpenAttempt): Promise<Verdict> {
  const sealed = await tell(attempt, { type: "seal-change" });
  if (sealed.type !== "change-sealed") throw new Error(sealed.type);
  const { change } = sealed;
  if (change.kind === "empty") return { isAccepted: false, reason: "the agent changed nothing" };
  if (change.kind === "refused") return { isAccepted: false, reason: change.reason };
  const composed = await tell(attempt, { type: "compose-change", commit: change.commit, onto: null });
  // The guard may have judged it already.
  const isComposed = composed.type === "candidate-composed";
  const judged = isComposed
    ? await tell(attempt, { type: "judge-candidate", candidate: composed.candidate })
    : composed;
  if (judged.type !== "verdict-reached") throw new Error(judged.type);
  const { verdict } = judged;
  if (verdict.kind === "inconclusive") throw new Error(`no verdict: ${verdict.reason}`);
  if (verdict.kind === "accept") return { isAccepted: true, reason: "" };
  return { isAccepted: false, reason: verdict.failure.reason };
}

type Unaddressed<C> = C extends unknown ? Omit<C, "task" | "attempt"> : never;

const tell = (
  attempt: OpenAttempt,
  command: Unaddressed<AttemptCommand>,
): Promise<Unaddressed<AttemptEvent>> =>
  carryOut(attempt, { ...command, task: attempt.task.id, attempt: 1 }, emptyState);
