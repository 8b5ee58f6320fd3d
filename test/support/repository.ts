/** Real git repositories in temporary folders, for tests that need one. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

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

export function makeFolder(name: string): string {
  return realpathSync(mkdtempSync(join(tmpdir(), `ralph-${name}-`)));
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
