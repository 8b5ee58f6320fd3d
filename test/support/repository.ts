/** Real git repositories in temporary folders, for tests that need one. */
import { execFileSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createDependencies } from "../../src/adapters/process/dependencies.ts";
import { noSandbox } from "../../src/adapters/sandbox/containment.ts";
import { createGit, type Git } from "../../src/adapters/git/git.ts";
import { createGitTarget } from "../../src/adapters/git/git-target.ts";
import { createGitWorkspaces } from "../../src/adapters/git/git-workspaces.ts";
import type { Config } from "../../src/core/config.ts";
import { type CommitSha, commitSha, taskId } from "../../src/core/ids.ts";
import type { Candidate } from "../../src/core/message.ts";
import type { LandOrder, Target, Workspace, Workspaces } from "../../src/ports.ts";

export interface TestRepository extends Disposable {
  readonly path: string;
  /** Runs git in it and returns standard output without the last line feed. */
  git(...args: readonly string[]): string;
  write(file: string, text: string): void;
  /** Writes the files, then commits everything. Returns the commit. */
  commit(message: string, files?: Readonly<Record<string, string>>): string;
}

/** Nothing of the developer's own git configuration reaches a test. */
export const gitEnvironment = {
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_AUTHOR_NAME: "Test",
  GIT_AUTHOR_EMAIL: "test@example.com",
  GIT_COMMITTER_NAME: "Test",
  GIT_COMMITTER_EMAIL: "test@example.com",
};

const tmpfs = 0x01_02_19_94;
/** Where temporary files are, on a disk: a directory in memory is not used again. */
export const onDisk = (): string => (statfsSync(tmpdir()).type === tmpfs ? "/var/tmp" : tmpdir());

export function makeFolder(name: string, below = onDisk()): string {
  return realpathSync(mkdtempSync(join(below, `ralph-${name}-`)));
}

export function runGit(cwd: string, args: readonly string[]): string {
  const env = { ...process.env, ...gitEnvironment };
  return execFileSync("git", args, { cwd, env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).replace(
    /\n$/,
    "",
  );
}

export function createRepository(files: Readonly<Record<string, string>> = {}): TestRepository {
  const path = makeFolder("repo");
  const git = (...args: readonly string[]): string => runGit(path, args);
  const write = (file: string, text: string): void => {
    mkdirSync(dirname(join(path, file)), { recursive: true });
    writeFileSync(join(path, file), text);
  };
  const commit: TestRepository["commit"] = (message, more = {}) => {
    for (const [file, text] of Object.entries(more)) write(file, text);
    git("add", "-A");
    git("commit", "-q", "--allow-empty", "-m", message);
    return git("rev-parse", "HEAD");
  };
  git("init", "-q", "-b", "main");
  commit("First commit", files);
  return { path, git, write, commit, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** The git adapters on a repository, as the supervisor composes them. */
export interface GitParts extends Disposable {
  readonly git: Git;
  readonly target: Target;
  readonly workspaces: Workspaces;
  /** Where workspaces and gate checkouts lie. */
  readonly work: string;
  readonly warnings: readonly string[];
  /** A candidate that changes files on a commit. */
  candidate(onto: string, files: Readonly<Record<string, string>>): Promise<Candidate>;
}

const noSetup: Config["workspace"] = { setup: null, setupInputs: [], keep: [] };

/** `gitDir`: of the repository. `below`: folder for work directories. */
export function openParts(
  gitDir: string,
  workspace: Config["workspace"] = noSetup,
  below?: string,
): GitParts {
  const folder = makeFolder("parts", below);
  const work = join(folder, "work");
  for (const path of [work, join(folder, "scratch"), join(folder, "home")]) mkdirSync(path);
  // The adapters drop `GIT_*` of their caller, so a home without configuration keeps the developer's out.
  const { GIT_CONFIG_GLOBAL: _global, GIT_CONFIG_NOSYSTEM: _system, ...identity } = gitEnvironment;
  Object.assign(process.env, identity, { HOME: join(folder, "home"), XDG_CONFIG_HOME: join(folder, "home") });
  const git = createGit(gitDir, join(folder, "scratch"));
  const warnings: string[] = [];
  const warn = (message: string): void => void warnings.push(message);
  const target = createGitTarget(git, { branch: "main", sign: false, warn });
  const signal = new AbortController().signal;
  const dependencies = createDependencies({
    workspace,
    folder: join(folder, "dependencies"),
    signal,
    sandbox: noSandbox,
  });
  return {
    git,
    target,
    workspaces: createGitWorkspaces(git, { folder: work, branch: "main", dependencies }),
    work,
    warnings,
    async candidate(onto, files) {
      const order = { change: null, files: new Map(Object.entries(files)), message: "Change\n\nRun: r-1\n" };
      const composed = await target.compose({ ...order, onto: commitSha(onto) });
      if (composed.kind !== "composed") throw new Error("a commit without a change is always composed");
      return composed.candidate;
    },
    [Symbol.dispose]() {
      git[Symbol.dispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Lands as task `t`; `seen` is the task's file as the queue read it. */
export const landOrder = (
  candidate: Candidate,
  seen: LandOrder["seen"] = { file: "tasks/t.md", text: "" },
): LandOrder => ({ candidate, task: taskId("t"), attempt: 1, kind: "land", seen });

export const prepareWorkspace = (parts: GitParts, base: string): Promise<Workspace> =>
  parts.workspaces.prepare(taskId("t"), 1, commitSha(base));

/** Seals what an agent left, and returns the commit; null when nothing differs. */
export async function sealChange(
  workspace: Workspace,
  isOurs: (path: string) => boolean = () => false,
): Promise<CommitSha | null> {
  const sealed = await workspace.seal({ message: "Change\n", isOurs });
  if (sealed.kind === "refused") throw new Error(`sealing was refused: ${sealed.reason}`);
  return sealed.change?.commit ?? null;
}

/** Whether a process can still do anything. A killed one loses its memory before the kernel forgets it. */
export function hasMemory(pid: number): boolean {
  try {
    return /^VmSize:/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}
