/** How long a directory takes that is used again, on a repository of 5,000 files, with and without dependencies. */
import { mkdirSync, rmSync } from "node:fs";
import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { createDependencies } from "../src/adapters/process/dependencies.ts";
import { noSandbox } from "../src/adapters/sandbox/containment.ts";
import { createGit } from "../src/adapters/git/git.ts";
import { createGitWorkspaces } from "../src/adapters/git/git-workspaces.ts";
import type { Config } from "../src/core/config.ts";
import { type CommitSha, commitSha } from "../src/core/ids.ts";
import type { GateCheckout, Workspaces } from "../src/ports.ts";
import { type Figure, median, spread } from "./figure.ts";
import { createProject, type SampleProject, writeAll } from "./sample-project.ts";

const sourceFiles = 5_000;
const dependencyFiles = 13_000;
const filesPerFolder = 50;

const none: Config["workspace"] = { setup: null, setupInputs: [], keep: [] };

/** Small files in many folders, as packages have them. */
const manyFiles = `for (let i = 0; i < ${dependencyFiles}; i += 1) {
  const folder = "node_modules/p" + Math.floor(i / ${filesPerFolder}) + "/lib";
  if (i % ${filesPerFolder} === 0) fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(folder + "/f" + i + ".js", "exports.n = " + i + ";\\n".repeat(200));
}`;
const withDependencies: Config["workspace"] = {
  setup: `node -e '${manyFiles}'`,
  setupInputs: ["README.md"],
  keep: ["node_modules"],
};

export async function measureSlots(repeats: number): Promise<readonly Figure[]> {
  using project = createProject({ tasks: 1 });
  const commits = commitMany(project);
  const rounds = Math.max(2, repeats);
  return [
    ...(await measureOne(project, commits, { rounds, workspace: none })),
    ...(await measureOne(project, commits, { rounds, workspace: withDependencies })),
  ];
}

/** Two commits that differ in a few files, as one landing does. */
function commitMany(project: SampleProject): readonly [CommitSha, CommitSha] {
  const files: Record<string, string> = { ".gitignore": "node_modules/\n" };
  for (let i = 0; i < sourceFiles; i += 1) {
    const folder = `many/d${Math.floor(i / filesPerFolder)}`;
    files[`${folder}/f${i}.ts`] = `export const v = ${i};\n`.repeat(20);
  }
  return [
    commitFiles(project, files),
    commitFiles(project, { "many/d1/f51.ts": "1\n", "many/new.ts": "1\n" }),
  ];
}

function commitFiles({ repository, git }: SampleProject, files: Readonly<Record<string, string>>): CommitSha {
  writeAll(repository, files);
  git("add", "-A");
  git("commit", "-q", "-m", "Files");
  return commitSha(git("rev-parse", "HEAD").trim());
}

interface Rounds {
  readonly rounds: number;
  readonly workspace: Config["workspace"];
}

async function measureOne(
  project: SampleProject,
  commits: readonly [CommitSha, CommitSha],
  { rounds, workspace }: Rounds,
): Promise<readonly Figure[]> {
  const folder = join(project.folder, "slots");
  for (const name of ["work", "scratch"]) mkdirSync(join(folder, name), { recursive: true });
  using git = createGit(join(project.repository, ".git"), join(folder, "scratch"));
  const signal = new AbortController().signal;
  const dependencies = createDependencies({
    workspace,
    folder: join(folder, "dependencies"),
    signal,
    sandbox: noSandbox,
  });
  await using workspaces = createGitWorkspaces(git, {
    folder: join(folder, "work"),
    branch: "main",
    dependencies,
  });
  // The first one runs setup and fills the store.
  await (await layOut(workspaces, commits[0]))[Symbol.asyncDispose]();
  const fresh: number[] = [];
  const same: number[] = [];
  const next: number[] = [];
  for (let i = 0; i < rounds; i += 1) {
    await workspaces[Symbol.asyncDispose]();
    fresh.push(await timeUse(workspaces, commits[0]));
    next.push(await timeUse(workspaces, commits[1]));
    same.push(await timeUse(workspaces, commits[1]));
  }
  rmSync(folder, { recursive: true, force: true });
  const title = `checkout of ${sourceFiles} files${workspace.setup === null ? "" : `, ${dependencyFiles} of dependencies`}`;
  const limit = workspace.setup === null ? { limit: 50 } : {};
  return [
    { title: `${title}, fresh`, value: median(fresh), unit: "ms", note: spread(fresh) },
    {
      title: `${title}, used again, next commit`,
      value: median(next),
      unit: "ms",
      ...limit,
      note: spread(next),
    },
    {
      title: `${title}, used again, same commit`,
      value: median(same),
      unit: "ms",
      ...limit,
      note: spread(same),
    },
  ];
}

/**
 * One tracked file is edited and one is left over in each use. A use takes more than a second, as gates do: git reads
 * every file again that was written in the second of its index.
 */
async function timeUse(workspaces: Workspaces, commit: CommitSha): Promise<number> {
  await setTimeout(1_100);
  const startMs = performance.now();
  const checkout = await layOut(workspaces, commit);
  const tookMs = performance.now() - startMs;
  await appendFile(join(checkout.path, "many/d3/f151.ts"), "edited\n");
  await appendFile(join(checkout.path, "many/d4/left.txt"), "left\n");
  await checkout[Symbol.asyncDispose]();
  return tookMs;
}

async function layOut(workspaces: Workspaces, commit: CommitSha): Promise<GateCheckout> {
  const laidOut = await workspaces.layOut(commit, true);
  if (laidOut.kind !== "ready") throw new Error(laidOut.reason);
  return laidOut.checkout;
}
