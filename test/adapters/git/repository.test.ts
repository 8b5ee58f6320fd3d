/** Where a repository is, and what kind it is. */
import { rmSync } from "node:fs";
import { basename, join } from "node:path";
import { expect, it } from "vitest";
import { currentBranch, findRepository } from "../../../src/adapters/git/repository.ts";
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
