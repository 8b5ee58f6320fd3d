/** Finds the user's repository and says what kind it is. */
import { realpath } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { RalphError } from "../../errors.ts";
import { askGit } from "./git.ts";

export interface Repository {
  /** Common git directory, absolute. */
  readonly gitDir: string;
  /** Top of the checkout we stand in; null in a bare repository. */
  readonly top: string | null;
  /** For people and for the name of the state directory. */
  readonly name: string;
}

/** The oldest git with `merge-tree --write-tree`. */
const gitVersionMin = [2, 38] as const;

/** @throws RalphError `git-too-old`, `not-a-repository`. */
export async function findRepository(cwd: string): Promise<Repository> {
  const asked = ["--git-common-dir", "--is-bare-repository", "--is-inside-work-tree"];
  // Three questions at once: each takes as long as starting git takes.
  const [version, answer, top] = await Promise.all([
    gitVersion(cwd),
    askGit(["rev-parse", "--path-format=absolute", ...asked], cwd),
    askGit(["rev-parse", "--show-toplevel"], cwd),
  ]);
  requireGitVersion(version);
  if (answer.code !== 0) throw notARepository(cwd, answer.stderr);
  const [common = "", , isInside] = answer.stdout.trimEnd().split("\n");
  const gitDir = await realpath(common);
  const name = basename(basename(gitDir) === ".git" ? dirname(gitDir) : gitDir).replace(/\.git$/, "");
  return { gitDir, top: isInside === "true" ? await realpath(top.stdout.replace(/\n$/, "")) : null, name };
}

function notARepository(cwd: string, stderr: string): RalphError {
  const isOwner = stderr.includes("dubious ownership");
  return new RalphError(
    "not-a-repository",
    isOwner ? `git does not trust ${cwd}: it belongs to somebody else` : `${cwd} is not in a git repository`,
    {
      hint: isOwner
        ? `If it is yours: git config --global --add safe.directory ${cwd}`
        : "Go to your project, or make it one: git init && git add -A && git commit -m 'First commit'.",
    },
  );
}

function requireGitVersion(version: string): void {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [majorMin, minorMin] = gitVersionMin;
  if (major > majorMin || (major === majorMin && minor >= minorMin)) return;
  throw new RalphError(
    "git-too-old",
    `git ${version} is too old: ralphwright needs ${gitVersionMin.join(".")} or newer`,
    {
      hint: "Install a newer git and see that it comes first on PATH.",
    },
  );
}

export async function gitVersion(cwd: string): Promise<string> {
  const { stdout } = await askGit(["version"], cwd);
  return /\d+(\.\d+)+/.exec(stdout)?.[0] ?? "0";
}

/** Name of the branch that is checked out here, or null (detached, bare). */
export async function currentBranch(cwd: string): Promise<string | null> {
  const { code, stdout } = await askGit(["symbolic-ref", "-q", "--short", "HEAD"], cwd);
  return code === 0 ? stdout.trim() : null;
}

export const configFileName = "ralph.config.yaml";
export const configPath = (top: string): string => join(top, configFileName);
