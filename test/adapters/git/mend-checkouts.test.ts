/** What a killed git leaves of a landing is finished: its locks, refs and files, and nobody else's. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { createGitTarget } from "../../../src/adapters/git/git-target.ts";
import type { Git, GitResult } from "../../../src/adapters/git/git.ts";
import { commitSha } from "../../../src/core/ids.ts";
import type { Target } from "../../../src/ports.ts";
import {
  createRepository,
  type GitParts,
  landOrder,
  makeFolder,
  openParts,
} from "../../support/repository.ts";

const parts = (repository: { readonly path: string }) => openParts(join(repository.path, ".git"));
const lock = (repository: { readonly path: string }, name: string): string => {
  const file = join(repository.path, ".git", `${name}.lock`);
  writeFileSync(file, "");
  return file;
};

const wordless: GitResult = { code: 128, stdout: "", stderr: "" };

/** The first git of that name gets as far as `before` says, and is killed. */
function killing(open: GitParts, isIt: (args: readonly string[]) => boolean, before: () => unknown): Target {
  let isKilled = false;
  const git: Git = {
    ...open.git,
    async ask(args, options) {
      if (isKilled || !isIt(args)) return open.git.ask(args, options);
      isKilled = true;
      await before();
      return wordless;
    },
  };
  return createGitTarget(git, { branch: "main", sign: false, warn: (message) => expect(message).toBe("") });
}

it("finishes a checkout that a killed git left between two commits, with the user's own changes kept", async () => {
  using repository = createRepository({ a: "1\n", b: "1\n", gone: "1\n", last: "1\n" });
  using open = parts(repository);
  repository.git("checkout", "-q", "-b", "side");
  for (const file of ["a", "new/file", "last"]) repository.write(file, "2\n");
  rmSync(join(repository.path, "gone"));
  repository.git("add", "-A");
  repository.git("commit", "-q", "-m", "Land");
  const landing = commitSha(repository.git("rev-parse", "HEAD"));
  repository.git("checkout", "-q", "main");
  repository.write("b", "mine\n");
  repository.git("update-ref", "refs/heads/main", landing);
  repository.write("a", "2\n");
  repository.write("new/file", "2\n");
  rmSync(join(repository.path, "gone"));
  const index = lock(repository, "index");
  expect(await open.target.repairCheckouts([])).toEqual([]);
  expect(existsSync(index)).toBe(true);
  expect(await open.target.repairCheckouts([landing])).toEqual([repository.path]);
  expect(repository.git("status", "--porcelain")).toBe(" M b");
});

it("leaves a checkout alone where a file is neither as before nor as after the landing", async () => {
  using repository = createRepository({ a: "1\n", b: "1\n" });
  using open = parts(repository);
  const candidate = await open.candidate(repository.git("rev-parse", "HEAD"), { a: "2\n", b: "2\n" });
  repository.git("update-ref", "refs/heads/main", candidate.commit);
  repository.write("a", "2\n");
  repository.write("b", "mine\n");
  expect(await open.target.repairCheckouts([candidate.commit])).toEqual([]);
  const texts = ["a", "b"].map((file) => readFileSync(join(repository.path, file), "utf8"));
  expect(texts).toEqual(["2\n", "mine\n"]);
});

it("leaves what it cannot finish as it is, and writes through no link", async () => {
  using repository = createRepository({ a: "1\n", b: "1\n" });
  using open = parts(repository);
  const files = { a: "1\n2\n", b: "2\n", "new/half": "new and more\n" };
  const candidate = await open.candidate(repository.git("rev-parse", "HEAD"), files);
  repository.git("update-ref", "refs/heads/main", candidate.commit);
  const elsewhere = makeFolder("elsewhere");
  writeFileSync(join(elsewhere, "half"), "new");
  symlinkSync(elsewhere, join(repository.path, "new"));
  repository.write("b", "mine\n");
  expect(await open.target.repairCheckouts([candidate.commit])).toEqual([]);
  const texts = ["a", "b", "new/half"].map((file) => readFileSync(join(repository.path, file), "utf8"));
  expect(texts).toEqual(["1\n", "mine\n", "new"]);
  rmSync(elsewhere, { recursive: true });
});

it("finishes files that a killed git had begun to write, new ones and others", async () => {
  using repository = createRepository({ a: "1\n", b: "1\n" });
  using open = parts(repository);
  const files = { a: "two\n", b: "two and more\n", "new/empty": "new\n", "new/half": "new and more\n" };
  const candidate = await open.candidate(repository.git("rev-parse", "HEAD"), files);
  repository.git("update-ref", "refs/heads/main", candidate.commit);
  for (const [file, text] of Object.entries({ a: "", b: "two", "new/empty": "", "new/half": "new and" }))
    repository.write(file, text);
  expect(await open.target.repairCheckouts([candidate.commit])).toEqual([repository.path]);
  const texts = Object.keys(files).map((file) => readFileSync(join(repository.path, file), "utf8"));
  expect(texts).toEqual(Object.values(files));
  expect(repository.git("status", "--porcelain")).toBe("");
});

it("removes a killed git's locks on our refs, and on the target only where a landing was under way", async () => {
  using repository = createRepository({ a: "1\n" });
  using open = parts(repository);
  expect(
    await open.target.land(landOrder(await open.candidate(await open.target.tip(), { a: "2\n" }))),
  ).toEqual({
    kind: "landed",
  });
  const ours = lock(repository, "refs/ralph/landed/other");
  const theirs = lock(repository, "refs/heads/main");
  await open.target.repairCheckouts([]);
  expect([existsSync(ours), existsSync(theirs)]).toEqual([false, true]);
  await open.target.repairCheckouts([await open.target.tip()]);
  expect(existsSync(theirs)).toBe(false);
});

it("leaves a lock alone while a git lives that may hold it", async () => {
  using repository = createRepository({ a: "1\n" });
  using open = parts(repository);
  const file = lock(repository, "refs/heads/main");
  // Not our own child: ours are known to hold nothing.
  const script = "git cat-file --batch & echo started; wait";
  const shell = spawn("sh", ["-c", `exec 3<&0; ${script.replace(" &", " <&3 &")}`], { cwd: repository.path });
  await once(shell.stdout, "data");
  await open.target.repairCheckouts([await open.target.tip()]);
  expect(existsSync(file)).toBe(true);
  shell.stdin.end();
  await once(shell, "exit");
});

it("lands although git was killed before, or between, the two refs of a landing", async () => {
  for (const isHalf of [false, true]) {
    using repository = createRepository({ a: "1\n" });
    using open = parts(repository);
    const candidate = await open.candidate(await open.target.tip(), { a: "2\n" });
    const isLanding = (args: readonly string[]): boolean =>
      args[0] === "update-ref" && args.includes("--stdin");
    const target = killing(open, isLanding, () => {
      if (isHalf) repository.git("update-ref", "refs/heads/main", candidate.commit);
      lock(repository, isHalf ? "HEAD" : "refs/heads/main");
    });
    const order = landOrder(candidate);
    expect(await target.land(order)).toEqual({ kind: "landed" });
    expect(repository.git("rev-parse", `refs/ralph/landed/${order.task}`)).toBe(candidate.commit);
    expect(repository.git("status", "--porcelain")).toBe("");
  }
});

it("keeps the landed ref of a task that another supervisor lands while stale ones are looked for", async () => {
  using repository = createRepository({ a: "1\n" });
  using open = parts(repository);
  const tip = await open.target.tip();
  const [landing, lost] = [await open.candidate(tip, { a: "2\n" }), await open.candidate(tip, { a: "3\n" })];
  repository.git("update-ref", "refs/ralph/landed/lost", lost.commit);
  const order = landOrder(landing);
  const landed = Promise.withResolvers<void>();
  const git: Git = {
    ...open.git,
    async run(args, options) {
      if (args[0] !== "for-each-ref") return open.git.run(args, options);
      const isMerged = args.some((arg) => arg.startsWith("--merged="));
      if (!isMerged) await landed.promise;
      const text = await open.git.run(args, options);
      if (isMerged) await open.target.land(order).then(() => landed.resolve());
      return text;
    },
  };
  const target = createGitTarget(git, { branch: "main", sign: false, warn: () => {} });
  await target.pruneLanded();
  const refs = repository.git("for-each-ref", "--format=%(refname)", "refs/ralph/landed");
  expect(refs).toBe(`refs/ralph/landed/${order.task}`);
});

it("brings a checkout up to date although git was killed in the middle of that", async () => {
  using repository = createRepository({ a: "1\n", b: "1\n" });
  using open = parts(repository);
  const candidate = await open.candidate(await open.target.tip(), { a: "2\n", b: "2\n" });
  const isCheckout = (args: readonly string[]): boolean => args[0] === "read-tree" && args[1] === "-m";
  const target = killing(open, isCheckout, () => {
    repository.write("a", "2\n");
    lock(repository, "index");
  });
  expect(await target.land(landOrder(candidate))).toEqual({ kind: "landed" });
  expect(repository.git("status", "--porcelain")).toBe("");
});
