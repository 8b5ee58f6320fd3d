/** Wires the parts together: the only file that names concrete adapters beside the commands that need just one. */
import { constants, mkdirSync } from "node:fs";
import { access, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { createAgents } from "../adapters/agent/agents.ts";
import { createAttemptFiles } from "../adapters/state/attempt-files.ts";
import { createDependencies } from "../adapters/process/dependencies.ts";
import { createGateProcesses } from "../adapters/process/gate-process.ts";
import { listCheckouts, listDirty } from "../adapters/git/git-checkout.ts";
import { lookAtDisks } from "../adapters/disk-room.ts";
import { createGit, type Git } from "../adapters/git/git.ts";
import { createGitRemote, type GitRemote } from "../adapters/git/git-remote.ts";
import { readReviews } from "../adapters/git/git-review.ts";
import { createGitTarget } from "../adapters/git/git-target.ts";
import { createGitWorkspaces } from "../adapters/git/git-workspaces.ts";
import type { Sandbox } from "../adapters/sandbox/containment.ts";
import { createSecretScan } from "../adapters/secret-scan.ts";
import { createPassFiles, digest } from "../adapters/state/pass-files.ts";
import { configFileName, configPath, findRepository, type Repository } from "../adapters/git/repository.ts";
import { openSealedChecks } from "../adapters/state/sealed-checks.ts";
import { locateState, makeState, type StateFolder } from "../adapters/state/state-folder.ts";
import { systemClock } from "../adapters/system-clock.ts";
import type { TaskFolder } from "../adapters/queue/task-folder.ts";
import { openTaskPlace } from "../adapters/queue/task-place.ts";
import type { Config } from "../core/config.ts";
import { messageOf, RalphError } from "../errors.ts";
import { parseConfig } from "../formats/config.ts";
import type { InReview } from "../core/queue.ts";
import type { Agents, Journal, Log, Ports, QueueSource, SealedChecks } from "../ports.ts";

/** Values from flags and environment, in the shape of the configuration file. */
export type Overrides = Readonly<Record<string, unknown>>;

export interface Project {
  readonly repository: Repository;
  readonly state: StateFolder;
  readonly git: Git;
  readonly config: Config;
  /** From flags and environment; they hold for what is read later, too. */
  readonly overrides: Overrides;
}

/** Where a supervisor of this repository is found, whatever its configuration says by now. */
export async function findState(cwd: string): Promise<StateFolder> {
  return locateState(await findRepository(cwd), process.env);
}

/** Finds repository, state and configuration. @throws RalphError for each of them that is missing or wrong. */
export async function openProject(cwd: string, overrides: Overrides = {}): Promise<Project> {
  const repository = await findRepository(cwd);
  const state = locateState(repository, process.env);
  makeState(state);
  const git = createGit(repository.gitDir, state.scratch);
  const { text, file } = await readConfigText(repository, git);
  return { repository, state, git, config: parseConfig(text, file, overrides), overrides };
}

/** @throws RalphError `config-missing`. */
export async function readConfigText(
  repository: Repository,
  git: Git,
): Promise<{ text: string; file: string }> {
  const missing = new RalphError("config-missing", `there is no ${configFileName} here`, {
    hint: "Run `ralphwright init`: it looks at the project and writes one.",
  });
  if (repository.top !== null) {
    const path = configPath(repository.top);
    // To read from a pipe would be to wait for whoever writes to it.
    const stats = await stat(path).catch(() => null);
    const text = stats?.isFile() === true ? await readFile(path, "utf8").catch(() => null) : null;
    if (text === null) throw missing;
    return { text, file: configFileName };
  }
  const result = await git.ask(["cat-file", "blob", `HEAD:${configFileName}`]);
  if (result.code !== 0) throw missing;
  return { text: result.stdout, file: `HEAD:${configFileName}` };
}

/** False before the first commit. */
export async function hasTarget({ git, config }: Project): Promise<boolean> {
  const found = await git.ask(["rev-parse", "--verify", "-q", `refs/heads/${config.target}^{commit}`]);
  return found.code === 0;
}

/** @throws RalphError `target-missing`. */
export async function requireTarget(project: Project): Promise<void> {
  if (await hasTarget(project)) return;
  const { git, config } = project;
  const branches = (await git.run(["for-each-ref", "--format=%(refname:short)", "refs/heads/"])).trim();
  const known =
    branches === "" ? "no branch has a commit yet" : `branches here: ${branches.split("\n").join(", ")}`;
  throw new RalphError("target-missing", `the target branch ${config.target} does not exist (${known})`, {
    hint: "Set `target` in ralph.config.yaml, or make the first commit.",
  });
}

/** Landings, and what `gate` judges, are commits. @throws RalphError `git-failed`. */
export async function requireCommitter(project: Project): Promise<void> {
  await requireWritable(project);
  const identity = await project.git.ask(["var", "GIT_COMMITTER_IDENT"]);
  if (identity.code === 0) return;
  throw new RalphError("git-failed", "git does not know who commits here", {
    hint: 'git config user.name "…" and git config user.email "…": landings are commits in that name.',
  });
}

/** @throws RalphError `git-failed`. */
export async function requireWritable({ git }: Project): Promise<void> {
  try {
    for (const folder of ["objects", "refs"]) await access(join(git.gitDir, folder), constants.W_OK);
  } catch (error) {
    throw new RalphError("git-failed", `the repository cannot be written: ${messageOf(error)}`, {
      hint: "Work as the user that it belongs to, or let this one write there: landings are commits in it.",
    });
  }
}

/** Tasks in review, as far as is known here: nothing is fetched. */
export async function listReviews({ git, config }: Project): Promise<InReview> {
  const { mode, push } = config.land;
  if (mode === "target") return new Map();
  const reviews = await readReviews(git, `refs/heads/${config.target}`, push !== null);
  return new Map([...reviews].map(([task, { branch }]) => [task, branch]));
}

/** Null: nothing is pushed. */
export function remoteOf(
  { git, config }: Pick<Project, "git" | "config">,
  signal?: AbortSignal,
): GitRemote | null {
  const { push } = config.land;
  const cut = signal === undefined ? {} : { signal };
  return push === null ? null : createGitRemote(git, { name: push, branch: config.target, ...cut });
}

/** @throws RalphError `remote-missing`. */
export async function requireRemote({ git, config }: Project): Promise<void> {
  const { push } = config.land;
  if (push === null || (await git.ask(["remote", "get-url", push])).code === 0) return;
  const known = (await git.run(["remote"])).trim().split("\n").join(", ");
  throw new RalphError("remote-missing", `land.push names ${push}, and there is no such remote here`, {
    hint: known === "" ? `Add it: git remote add ${push} <address>` : `Remotes here: ${known}.`,
  });
}

export interface TargetCheckout {
  readonly path: string;
  /** Uncommitted changes that a landing would overwrite; task files are expected to be edited at any time. */
  readonly dirty: readonly string[];
}

export async function listTargetCheckouts({ git, config }: Project): Promise<readonly TargetCheckout[]> {
  const checkouts: TargetCheckout[] = [];
  for (const path of await listCheckouts(git, `refs/heads/${config.target}`)) {
    const dirty = await listDirty(git, path);
    checkouts.push({ path, dirty: dirty.filter((file) => !file.startsWith(`${config.tasks}/`)) });
  }
  return checkouts;
}

export const openQueue = ({ git, config }: Project): TaskFolder =>
  openTaskPlace(git, config.target, config.tasks);

/** `signal` aborts when everything must stop now. */
export function composePorts(
  project: Project,
  parts: {
    readonly journal: Journal;
    readonly queue: QueueSource;
    readonly log: Log;
    readonly signal: AbortSignal;
    readonly sandbox: Sandbox;
  },
): Ports {
  const { state, git, config } = project;
  const { journal, queue, log, signal, sandbox } = parts;
  const warn = (message: string): void => log.write("warn", message);
  return {
    clock: systemClock,
    journal,
    disk: { look: () => lookAtDisks([state.path, git.gitDir]) },
    queue,
    log,
    digest,
    target: createGitTarget(git, {
      branch: config.target,
      sign: config.land.sign,
      remote: remoteOf(project, signal),
      mode: config.land.mode,
      warn,
    }),
    ...composeGating(project, signal, sandbox),
    passes: createPassFiles(state.passes),
    checks: sealedChecks(project),
    agents: composeAgents(project, sandbox),
    files: createAttemptFiles(state.attempts),
    secrets: createSecretScan(),
  };
}

export const composeAgents = ({ config: { agent }, repository }: Project, sandbox: Sandbox): Agents =>
  createAgents({
    agent,
    second: agent.second,
    recordings: `${repository.top ?? ""}/${agent.recordings ?? ""}`,
    sandbox,
  });

/** Folders for the logs of one command, in the state directory; each is made when it is asked for. */
export const logFolderOf =
  ({ state }: Project, ...below: readonly string[]) =>
  (purpose: string): string => {
    const folder = join(state.path, ...below, purpose);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return folder;
  };

export const sealedChecks = ({ config, repository }: Project): SealedChecks =>
  openSealedChecks(config.checksDir, repository);

/** What judging one commit needs. */
export function composeGating(
  project: Project,
  signal: AbortSignal,
  sandbox: Sandbox,
): Pick<Ports, "workspaces" | "gates"> {
  const { state, git, config } = project;
  const dependencies = createDependencies({
    workspace: config.workspace,
    folder: state.dependencies,
    signal,
    sandbox,
  });
  return {
    workspaces: createGitWorkspaces(git, { folder: state.work, branch: config.target, dependencies }),
    gates: createGateProcesses({ reports: `${state.scratch}/reports`, config, sandbox }),
  };
}
