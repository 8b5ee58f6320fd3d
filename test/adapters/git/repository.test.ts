/** Where a repository is, what kind it is, and where the supervisor keeps what belongs to it. */
import { rmSync, statSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { basename, join, resolve } from "node:path";
import { expect, it } from "vitest";
import { currentBranch, findRepository } from "../../../src/adapters/git/repository.ts";
import { locateState, makeState } from "../../../src/adapters/state/state-folder.ts";
import { createRepository, makeFolder, runGit } from "../../support/repository.ts";

it("finds the repository from its top, from a folder in it, and from a linked worktree", async () => {
  using repository = createRepository({ "sub/dir/a": "1\n" });
  const gitDir = join(repository.path, ".git");
  const name = basename(repository.path);
  expect(await findRepository(repository.path)).toEqual({ gitDir, top: repository.path, name });
  expect(await findRepository(join(repository.path, "sub/dir"))).toEqual({
    gitDir,
    top: repository.path,
    name,
  });
  const linked = join(makeFolder("linked"), "tree");
  repository.git("worktree", "add", "-q", linked, "-b", "other");
  expect(await findRepository(linked)).toEqual({ gitDir, top: linked, name });
  expect([await currentBranch(repository.path), await currentBranch(linked)]).toEqual(["main", "other"]);
  repository.git("checkout", "-q", "--detach");
  expect(await currentBranch(repository.path)).toBeNull();
  rmSync(join(linked, ".."), { recursive: true });
});

it("finds a bare repository, which has no top", async () => {
  const folder = makeFolder("bare");
  runGit(folder, ["init", "-q", "--bare", "words.git"]);
  const gitDir = join(folder, "words.git");
  expect(await findRepository(gitDir)).toEqual({ gitDir, top: null, name: "words" });
  rmSync(folder, { recursive: true });
});

it("says that a folder is no repository, and how to make it one", async () => {
  const folder = makeFolder("plain");
  await expect(findRepository(folder)).rejects.toMatchObject({
    code: "not-a-repository",
    message: `${folder} is not in a git repository`,
    hint: expect.stringContaining("git init"),
  });
  await expect(findRepository(join(folder, "none"))).rejects.toMatchObject({
    code: "git-failed",
    message: `the directory ${join(folder, "none")} is gone`,
  });
  rmSync(folder, { recursive: true });
});

const repository = { gitDir: "/home/me/words/.git", top: "/home/me/words", name: "words" };

const pathOf = (environment: Readonly<Record<string, string>>): string =>
  locateState(repository, environment).path;

it("keeps state where the environment says; what is empty or relative there says nothing", () => {
  const name = "ralphwright/words-";
  expect(pathOf({ RALPH_STATE_DIR: "/state", XDG_STATE_HOME: "/xdg" })).toBe("/state");
  expect(pathOf({ RALPH_STATE_DIR: "state" })).toBe(resolve("state"));
  expect(pathOf({ XDG_STATE_HOME: "/xdg" })).toMatch(new RegExp(`^/xdg/${name}[0-9a-f]{8}$`));
  const fallback = pathOf({});
  expect(fallback.startsWith(join(homedir(), ".local/state", name))).toBe(true);
  expect(pathOf({ RALPH_STATE_DIR: "", XDG_STATE_HOME: "" })).toBe(fallback);
  expect(pathOf({ XDG_STATE_HOME: "relative" })).toBe(fallback);
});

it("gives two repositories of one name two state directories", () => {
  const other = { ...repository, gitDir: "/elsewhere/words/.git" };
  expect(locateState(other, {}).path).not.toBe(locateState(repository, {}).path);
});

it("makes the state directory for its owner alone, or says why it cannot", () => {
  const folder = makeFolder("state");
  const state = locateState(repository, { RALPH_STATE_DIR: join(folder, "a/b") });
  makeState(state);
  makeState(state);
  expect(statSync(state.work).mode & 0o077).toBe(0);
  writeFileSync(join(folder, "file"), "");
  expect(() => makeState(locateState(repository, { RALPH_STATE_DIR: join(folder, "file/b") }))).toThrow(
    expect.objectContaining({
      code: "state-not-writable",
      hint: "Set RALPH_STATE_DIR to a directory that you may write.",
    }),
  );
  rmSync(folder, { recursive: true });
});
