/** The user's own checkouts at a landing: brought up to date, never over anybody's changes. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { createCheckoutList, listCheckouts, listDirty } from "../../../src/adapters/git/git-checkout.ts";
import { createGitTarget } from "../../../src/adapters/git/git-target.ts";
import type { Git } from "../../../src/adapters/git/git.ts";
import { commitSha, taskId } from "../../../src/core/ids.ts";
import type { LandResult } from "../../../src/ports.ts";
import {
  createRepository,
  type GitParts,
  landOrder,
  makeFolder,
  openParts,
  runGit,
  type TestRepository,
} from "../../support/repository.ts";

const parts = (repository: { readonly path: string }) => openParts(join(repository.path, ".git"));
const read = (repository: TestRepository, file: string): string =>
  readFileSync(join(repository.path, file), "utf8");

/** Lands files on the tip; `seen` is the task's file as the queue read it. */
async function land(
  open: GitParts,
  files: Readonly<Record<string, string>>,
  seen?: { readonly file: string; readonly text: string },
): Promise<LandResult> {
  return open.target.land(landOrder(await open.candidate(await open.target.tip(), files), seen));
}

async function expectRefused(
  open: GitParts,
  files: Readonly<Record<string, string>>,
  why: string,
): Promise<void> {
  const tip = await open.target.tip();
  const result = await land(open, files);
  expect(result).toMatchObject({ kind: "refused", reason: expect.stringContaining(why) });
  expect(result).toMatchObject({ reason: expect.stringContaining("commit or stash them and run again") });
  expect(await open.target.tip()).toBe(tip);
}

it("fast-forwards a clean checkout: contents, modes, links, removals", async () => {
  using repository = createRepository({ a: "1\n", gone: "1\n", "dir/x": "1\n" });
  using open = parts(repository);
  const base = repository.git("rev-parse", "HEAD");
  repository.git("checkout", "-q", "-b", "side");
  repository.write("a", "2\n");
  chmodSync(join(repository.path, "a"), 0o755);
  rmSync(join(repository.path, "gone"));
  rmSync(join(repository.path, "dir"), { recursive: true });
  symlinkSync("a", join(repository.path, "dir"));
  const commit = commitSha(repository.commit("Change"));
  repository.git("checkout", "-q", "main");
  const candidate = { commit, tree: await open.target.treeOf(commit), base: commitSha(base) };
  expect(await open.target.land(landOrder(candidate))).toEqual({ kind: "landed" });
  expect(repository.git("status", "--porcelain")).toBe("");
  expect(read(repository, "a")).toBe("2\n");
  expect(statSync(join(repository.path, "a")).mode & 0o111).toBe(0o111);
  expect(read(repository, "dir")).toBe("2\n");
  expect(existsSync(join(repository.path, "gone"))).toBe(false);
});

it("lands beside uncommitted and untracked changes that it does not touch, and keeps them", async () => {
  using repository = createRepository({ a: "1\n", b: "1\n" });
  using open = parts(repository);
  repository.write("b", "mine\n");
  repository.write("staged", "mine\n");
  repository.git("add", "staged");
  repository.write("note", "mine\n");
  expect(await land(open, { a: "2\n" })).toEqual({ kind: "landed" });
  expect(repository.git("status", "--porcelain")).toBe(" M b\nA  staged\n?? note");
  expect([read(repository, "a"), read(repository, "b")]).toEqual(["2\n", "mine\n"]);
});

it("refuses to land over an uncommitted change, and says what to do", async () => {
  using repository = createRepository({ a: "1\n" });
  using open = parts(repository);
  repository.write("a", "mine\n");
  await expectRefused(open, { a: "2\n" }, `${repository.path} has changes that landing would overwrite`);
  expect(read(repository, "a")).toBe("mine\n");
  repository.git("add", "a");
  await expectRefused(open, { a: "2\n" }, "would overwrite");
  expect(repository.git("diff", "--cached", "--name-only")).toBe("a");
});

it("refuses to land over an untracked file, ignored or not, in the way of a file or of a folder", async () => {
  using repository = createRepository({ ".gitignore": "secret*\n", "known/x": "1\n" });
  using open = parts(repository);
  for (const mine of ["plain", "secret", "secret.d", "known/secret"]) repository.write(mine, "mine\n");
  await expectRefused(open, { plain: "2\n" }, "plain is not in git and would be overwritten");
  await expectRefused(open, { secret: "2\n" }, "secret is not in git and would be overwritten");
  await expectRefused(open, { "secret.d/inner": "2\n" }, "secret.d is not in git");
  await expectRefused(open, { known: "now a file\n" }, "known/secret is not in git");
  for (const mine of ["plain", "secret", "secret.d", "known/secret"])
    expect(read(repository, mine)).toBe("mine\n");
});

it("adopts the task's file that lies uncommitted as the queue read it", async () => {
  using repository = createRepository({ a: "1\n", ".gitignore": "hidden/\n" });
  using open = parts(repository);
  for (const [i, file] of ["tasks/new task.md", "tasks/-dash,comma.md", "hidden/t.md"].entries()) {
    repository.write(file, "# T\n");
    const candidate = await open.candidate(await open.target.tip(), { [file]: "# T\nlanded\n" });
    const order = { ...landOrder(candidate, { file, text: "# T\n" }), task: taskId(`t${i}`) };
    expect(await open.target.land(order)).toEqual({ kind: "landed" });
    expect(read(repository, file)).toBe("# T\nlanded\n");
    expect(repository.git("status", "--porcelain")).toBe("");
  }
});

it("adopts an edit of a task's file that is committed in an older state", async () => {
  using repository = createRepository({ "tasks/t.md": "# Old\n" });
  using open = parts(repository);
  repository.write("tasks/t.md", "# New\n");
  const landed = await land(
    open,
    { "tasks/t.md": "# New\nlanded\n" },
    { file: "tasks/t.md", text: "# New\n" },
  );
  expect(landed).toEqual({ kind: "landed" });
  expect(read(repository, "tasks/t.md")).toBe("# New\nlanded\n");
  expect(repository.git("status", "--porcelain")).toBe("");
});

it("refuses to land over a task's file that was edited after the queue read it", async () => {
  using repository = createRepository({ a: "1\n" });
  using open = parts(repository);
  repository.write("tasks/t.md", "# Edited since\n");
  const landed = await land(open, { "tasks/t.md": "# T\nlanded\n" }, { file: "tasks/t.md", text: "# T\n" });
  expect(landed).toMatchObject({ kind: "refused", reason: expect.stringContaining("tasks/t.md") });
  expect(read(repository, "tasks/t.md")).toBe("# Edited since\n");
  expect(repository.git("status", "--porcelain", "-uall")).toBe("?? tasks/t.md");
});

it("adopts the task's file that was made ready again after it had landed", async () => {
  const landed = { "tasks/t.md": "# T\nlanded\n" };
  using repository = createRepository(landed);
  using open = parts(repository);
  repository.write("tasks/t.md", "# T\nready\n");
  repository.write("README.md", "mine\n");
  const seen = { file: "tasks/t.md", text: "# T\nready\n" };
  expect(await land(open, { ...landed, a: "2\n" }, seen)).toEqual({ kind: "landed" });
  expect(repository.git("status", "--porcelain")).toBe("?? README.md");
  expect(read(repository, "tasks/t.md")).toBe(landed["tasks/t.md"]);
});

it("refuses to land again when the task's file was edited after the queue read it", async () => {
  const landed = { "tasks/t.md": "# T\nlanded\n" };
  using repository = createRepository(landed);
  using open = parts(repository);
  repository.write("tasks/t.md", "# T\nready, and more\n");
  const before = [repository.git("status", "--porcelain"), repository.git("ls-files", "-s")];
  const seen = { file: "tasks/t.md", text: "# T\nready\n" };
  expect(await land(open, { ...landed, a: "2\n" }, seen)).toMatchObject({
    kind: "refused",
    reason: expect.stringContaining("(tasks/t.md was edited meanwhile)"),
  });
  expect(read(repository, "tasks/t.md")).toBe("# T\nready, and more\n");
  expect([repository.git("status", "--porcelain"), repository.git("ls-files", "-s")]).toEqual(before);
});

it("keeps an edit of the task's file that a person makes in the very moment of landing again", async () => {
  const landed = { "tasks/t.md": "# T\nlanded\n" };
  using repository = createRepository(landed);
  using open = parts(repository);
  repository.write("tasks/t.md", "# T\nready\n");
  const candidate = await open.candidate(await open.target.tip(), { ...landed, a: "2\n" });
  const git: Git = {
    ...open.git,
    async ask(args, options) {
      if (args[0] === "update-ref") repository.write("tasks/t.md", "# T\nready, and more\n");
      return open.git.ask(args, options);
    },
  };
  const warnings: string[] = [];
  const warn = (message: string): void => void warnings.push(message);
  const target = createGitTarget(git, { branch: "main", sign: false, warn });
  const order = landOrder(candidate, { file: "tasks/t.md", text: "# T\nready\n" });
  expect(await target.land(order)).toEqual({ kind: "landed" });
  expect(read(repository, "tasks/t.md")).toBe("# T\nready, and more\n");
  expect(warnings).toEqual([expect.stringContaining("Entry 'tasks/t.md' not uptodate. Cannot merge.")]);
});

it("refuses to land over an ignored task's file that was edited after the queue read it", async () => {
  using repository = createRepository({ ".gitignore": "hidden/\n" });
  using open = parts(repository);
  repository.write("hidden/t.md", "# Edited since\n");
  const landed = await land(open, { "hidden/t.md": "# T\nlanded\n" }, { file: "hidden/t.md", text: "# T\n" });
  expect(landed).toMatchObject({
    kind: "refused",
    reason: expect.stringContaining("hidden/t.md is not in git"),
  });
  expect(read(repository, "hidden/t.md")).toBe("# Edited since\n");
});

it("lists the checkouts as they are now, and asks git for it only after something changed", async () => {
  using repository = createRepository({ a: "1\n" });
  using open = parts(repository);
  let asked = 0;
  const git: Git = { ...open.git, run: (...args) => ((asked += 1), open.git.run(...args)) };
  const list = createCheckoutList(git, "refs/heads/main");
  const linked = join(makeFolder("linked"), "tree");
  const steps: readonly (readonly [() => unknown, readonly string[], number])[] = [
    [() => {}, [repository.path], 1],
    [() => repository.commit("Next"), [repository.path], 1],
    [() => repository.git("checkout", "-q", "-b", "other"), [], 2],
    [() => repository.git("worktree", "add", "-q", linked, "main"), [linked], 3],
    [() => renameSync(linked, `${linked}.away`), [], 3],
    [() => renameSync(`${linked}.away`, linked), [linked], 3],
    [() => repository.git("worktree", "move", linked, `${linked}2`), [`${linked}2`], 4],
    [() => runGit(`${linked}2`, ["checkout", "-q", "--detach"]), [], 5],
    [() => repository.git("checkout", "-q", "main"), [repository.path], 6],
    [() => repository.git("worktree", "remove", `${linked}2`), [repository.path], 7],
    [() => repository.git("config", "core.bare", "true"), [], 8],
  ];
  for (const [act, checkouts, asks] of steps) {
    act();
    expect(await list()).toEqual(checkouts);
    expect(await list()).toEqual(await listCheckouts(open.git, "refs/heads/main"));
    expect(asked).toBe(asks);
  }
  rmSync(join(linked, ".."), { recursive: true });
});

it("leaves a checkout alone that switched branches between the dry run and the fast-forward", async () => {
  using repository = createRepository({ a: "1\n" });
  using open = parts(repository);
  repository.git("branch", "other");
  for (const where of [repository.path, join(makeFolder("linked"), "tree")]) {
    if (where !== repository.path) repository.git("worktree", "add", "-q", where, "main");
    const candidate = await open.candidate(await open.target.tip(), { a: `${where}\n` });
    const git: Git = {
      ...open.git,
      async ask(args, options) {
        if (args[0] === "update-ref") runGit(where, ["checkout", "-q", "--detach", "HEAD"]);
        return open.git.ask(args, options);
      },
    };
    const warnings: string[] = [];
    const warn = (message: string): void => void warnings.push(message);
    const target = createGitTarget(git, { branch: "main", sign: false, warn });
    const order = { ...landOrder(candidate), task: taskId(`t${where.length}`) };
    expect(await target.land(order)).toEqual({ kind: "landed" });
    expect(warnings).toEqual([`${where} could not be brought up to date: it is on another commit now`]);
    expect(runGit(where, ["status", "--porcelain"])).toBe("");
    if (where !== repository.path) rmSync(join(where, ".."), { recursive: true });
  }
});

it("brings a linked worktree up to date, and leaves one on another branch alone", async () => {
  using repository = createRepository({ a: "1\n" });
  using open = parts(repository);
  const linked = makeFolder("linked");
  repository.git("checkout", "-q", "-b", "other");
  repository.git("worktree", "add", "-q", join(linked, "with space"), "main");
  writeFileSync(join(linked, "with space", "mine"), "mine\n");
  expect(await listCheckouts(open.git, "refs/heads/main")).toEqual([join(linked, "with space")]);
  expect(await land(open, { a: "2\n" })).toEqual({ kind: "landed" });
  expect(readFileSync(join(linked, "with space", "a"), "utf8")).toBe("2\n");
  expect(runGit(join(linked, "with space"), ["status", "--porcelain"])).toBe("?? mine");
  expect(read(repository, "a")).toBe("1\n");
  rmSync(linked, { recursive: true });
});

it("respects a sparse checkout of the user's, and lays out whole workspaces beside it", async () => {
  using repository = createRepository({ "in/a": "1\n", "out/b": "1\n" });
  using open = parts(repository);
  repository.git("sparse-checkout", "set", "in");
  expect(await land(open, { "in/a": "2\n", "out/b": "2\n" })).toEqual({ kind: "landed" });
  expect(repository.git("status", "--porcelain")).toBe("");
  expect(read(repository, "in/a")).toBe("2\n");
  expect(existsSync(join(repository.path, "out"))).toBe(false);
  const laidOut = await open.workspaces.layOut(await open.target.tip(), true);
  if (laidOut.kind !== "ready") throw new Error(laidOut.reason);
  expect(existsSync(join(laidOut.checkout.path, "out/b"))).toBe(true);
});

it("finds the checkout of a git directory that lies elsewhere, or says how to tell", async () => {
  const folder = makeFolder("separate");
  const [top, gitDir] = [join(folder, "top"), join(folder, "git")];
  mkdirSync(top);
  runGit(top, ["init", "-q", "-b", "main", "--separate-git-dir", gitDir]);
  writeFileSync(join(top, "a"), "1\n");
  runGit(top, ["add", "-A"]);
  runGit(top, ["commit", "-q", "-m", "First"]);
  using open = openParts(gitDir);
  await expect(listCheckouts(open.git, "refs/heads/main")).rejects.toMatchObject({
    hint: 'Tell it, in that checkout: git config core.worktree "$PWD"',
  });
  runGit(top, ["config", "core.worktree", top]);
  expect(await land(open, { a: "2\n" })).toEqual({ kind: "landed" });
  expect(readFileSync(join(top, "a"), "utf8")).toBe("2\n");
  rmSync(folder, { recursive: true });
});

it("waits for the index lock of another git", async () => {
  using repository = createRepository({ a: "1\n" });
  using open = parts(repository);
  const lock = join(repository.path, ".git/index.lock");
  const candidate = await open.candidate(await open.target.tip(), { a: "2\n" });
  let tries = 0;
  const git: Git = {
    ...open.git,
    // Another git holds the lock at the first try, and is done at the second.
    async ask(args, options) {
      if (args[0] !== "read-tree" || args[1] !== "-m") return open.git.ask(args, options);
      tries += 1;
      if (tries === 1) writeFileSync(lock, "");
      const result = await open.git.ask(args, options);
      rmSync(lock, { force: true });
      return result;
    },
  };
  const warnings: string[] = [];
  const warn = (message: string): void => void warnings.push(message);
  const target = createGitTarget(git, { branch: "main", sign: false, warn });
  expect(await target.land(landOrder(candidate))).toEqual({ kind: "landed" });
  expect(tries).toBe(2);
  expect(warnings).toEqual([]);
  expect(repository.git("status", "--porcelain")).toBe("");
});

it("lands, and warns, when a checkout cannot follow", async () => {
  using repository = createRepository({ a: "1\n" });
  using open = parts(repository);
  const candidate = await open.candidate(await open.target.tip(), { a: "2\n" });
  const git: Git = {
    ...open.git,
    // A person edits the file between the dry run and the fast-forward.
    async ask(args, options) {
      if (args[0] === "update-ref") repository.write("a", "a person's\n");
      return open.git.ask(args, options);
    },
  };
  const warnings: string[] = [];
  const warn = (message: string): void => void warnings.push(message);
  const target = createGitTarget(git, { branch: "main", sign: false, warn });
  expect(await target.land(landOrder(candidate))).toEqual({ kind: "landed" });
  expect(warnings).toEqual([
    `${repository.path} could not be brought up to date: error: Entry 'a' not uptodate. Cannot merge.`,
  ]);
  expect(read(repository, "a")).toBe("a person's\n");
});

it("mends a checkout that a crash left one landing behind, with the user's own changes kept", async () => {
  using repository = createRepository({ a: "1\n", b: "1\n" });
  using open = parts(repository);
  const base = repository.git("rev-parse", "HEAD");
  const candidate = await open.candidate(base, { a: "2\n", "new/file": "1\n" });
  repository.write("b", "mine\n");
  repository.git("update-ref", "refs/heads/main", candidate.commit);
  expect(repository.git("status", "--porcelain")).not.toBe(" M b");
  expect(await open.target.repairCheckouts([])).toEqual([]);
  expect(await open.target.repairCheckouts([candidate.commit])).toEqual([repository.path]);
  expect(repository.git("status", "--porcelain")).toBe(" M b");
  expect(await open.target.repairCheckouts([candidate.commit])).toEqual([]);
});

it("does not take a person's staged work for a landing that was interrupted", async () => {
  using repository = createRepository({ a: "1\n" });
  using open = parts(repository);
  expect(await land(open, { a: "2\n" })).toEqual({ kind: "landed" });
  repository.write("a", "3\n");
  repository.git("add", "a");
  expect(await open.target.repairCheckouts([await open.target.tip()])).toEqual([]);
  expect(repository.git("status", "--porcelain")).toBe("M  a");
});

it("lists changed files by their new names, and no untracked ones", async () => {
  using repository = createRepository({ "old name": "a text that is long enough\n", a: "1\n" });
  using open = parts(repository);
  repository.git("mv", "old name", "new\nname");
  repository.write("a", "2\n");
  repository.write("untracked", "1\n");
  expect(await listDirty(open.git, repository.path)).toEqual(["a", "new\nname"]);
});
