/** A bare repository on disk as the remote of a test's repository, and other people's clones of it. */
import { chmodSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeFolder, runGit, type TestRepository } from "./repository.ts";

export interface TestRemote extends Disposable {
  readonly path: string;
  git(...args: readonly string[]): string;
  /** Subjects on main, newest first. */
  subjects(): readonly string[];
  /** Everything that is there: one `ref subject` a line. */
  refs(): string;
  clone(): TestClone;
  /** Commits in a clone of another person's and pushes. Returns the commit. */
  pushAs(message: string, files: Readonly<Record<string, string>>): string;
  hook(name: string, script: string): void;
}

export interface TestClone {
  readonly path: string;
  git(...args: readonly string[]): string;
}

/** Named origin; main is pushed to it. */
export function addRemote(repository: Pick<TestRepository, "git" | "path">): TestRemote {
  const folder = makeFolder("remote");
  const path = join(folder, "bare.git");
  runGit(folder, ["init", "-q", "--bare", "-b", "main", path]);
  repository.git("remote", "add", "origin", path);
  repository.git("push", "-q", "-u", "origin", "main");
  const git = (...args: readonly string[]): string => runGit(path, args);
  let clones = 0;
  const clone = (): TestClone => {
    const to = join(folder, `clone-${(clones += 1)}`);
    runGit(folder, ["clone", "-q", path, to]);
    return { path: to, git: (...args) => runGit(to, args) };
  };
  return {
    path,
    git,
    clone,
    subjects: () => git("log", "--first-parent", "--format=%s", "main").split("\n"),
    refs: () => git("for-each-ref", "--format=%(refname) %(subject)"),
    pushAs(message, files) {
      const person = clone();
      for (const [file, text] of Object.entries(files)) writeFileSync(join(person.path, file), text);
      person.git("add", "-A");
      person.git("commit", "-q", "--allow-empty", "-m", message);
      person.git("push", "-q", "origin", "main");
      return person.git("rev-parse", "HEAD");
    },
    hook(name, script) {
      const file = join(path, "hooks", name);
      writeFileSync(file, `#!/bin/sh\n${script}\n`);
      chmodSync(file, 0o755);
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}
