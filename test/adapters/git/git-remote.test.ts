/** What the remote may do to a push: fail for a moment, let nobody in, never answer; and a person who was faster. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { Git, GitResult } from "../../../src/adapters/git/git.ts";
import { createGitRemote } from "../../../src/adapters/git/git-remote.ts";
import { createGitTarget } from "../../../src/adapters/git/git-target.ts";
import { type CommitSha, commitSha } from "../../../src/core/ids.ts";
import { addRemote } from "../../support/remote.ts";
import {
  createRepository,
  hasMemory,
  landOrder,
  openParts,
  type TestRepository,
} from "../../support/repository.ts";

const parts = (repository: TestRepository) => openParts(join(repository.path, ".git"));

/** Git as it is, but asked first. */
const through = (git: Git, ask: (args: readonly string[]) => Promise<GitResult | null>): Git => ({
  ...git,
  ask: async (args, options) => (await ask(args)) ?? git.ask(args, options),
});

const failsWith = (stderr: string): GitResult => ({ code: 128, stdout: "", stderr });

const remoteOn = (git: Git, waits: number[] = []) =>
  createGitRemote(git, { name: "origin", branch: "main", wait: async (ms) => void waits.push(ms) });

const targetOn = (git: Git, warn: (message: string) => void = () => {}) =>
  createGitTarget(git, { branch: "main", sign: false, remote: remoteOn(git), warn });

it("tries again, ever later, while the network fails, and pushes then", async () => {
  using repository = createRepository({ a: "1\n" });
  using remote = addRemote(repository);
  using open = parts(repository);
  let failures = 2;
  const git = through(open.git, async (args) => {
    if (args[0] !== "push" || (failures -= 1) < 0) return null;
    return failsWith("fatal: unable to access 'https://example.com/': Could not resolve host: example.com\n");
  });
  const waits: number[] = [];
  const commit = commitSha(repository.git("rev-parse", "HEAD"));
  const refs = [{ ref: "refs/ralph/landed/t", commit, expected: null }];
  expect(await remoteOn(git, waits).push(refs)).toBeNull();
  expect(waits).toEqual([1_000, 4_000]);
  expect(remote.refs()).toContain("refs/ralph/landed/t");
});

it.each([
  [
    "fatal: unable to access 'https://me:secret@example.com/': Could not resolve host\n",
    4,
    "cannot be reached",
  ],
  ["fatal: Authentication failed for 'https://me:secret@example.com/'\n", 1, "refused the login"],
  [
    "git@example.com: Permission denied (publickey).\nfatal: Could not read from remote repository.\n",
    1,
    "refused the login",
  ],
  ["fatal: '/gone' does not appear to be a git repository\n", 1, "cannot be reached"],
])("gives up on %j after %i tries, and shows no login", async (stderr, tries, words) => {
  using repository = createRepository();
  using open = parts(repository);
  let asked = 0;
  const git = through(open.git, async () => ((asked += 1), failsWith(stderr)));
  const error: unknown = await remoteOn(git)
    .fetch()
    .catch((caught: unknown) => caught);
  expect(error).toMatchObject({
    code: "remote-failed",
    exitStatus: 5,
    message: expect.stringContaining(words),
  });
  expect(String(error)).not.toContain("secret");
  expect(asked).toBe(tries);
});

it("does not wait for ever for a remote that never answers, and leaves no process behind", async () => {
  using repository = createRepository();
  using open = parts(repository);
  const hangs = join(open.work, "hangs.sh");
  writeFileSync(hangs, `#!/bin/sh\necho $$ > ${open.work}/pid\nexec sleep 1000\n`);
  chmodSync(hangs, 0o755);
  repository.git("remote", "add", "origin", "ssh://nobody@example.invalid/x");
  repository.git("config", "core.sshCommand", hangs);
  const remote = createGitRemote(open.git, { name: "origin", branch: "main", timeoutMs: 2_000 });
  await expect(remote.fetch()).rejects.toMatchObject({
    message: expect.stringContaining("no answer within 2000 ms"),
  });
  // On a machine that is very busy it may not even have begun, and takes its time to die.
  const file = join(open.work, "pid");
  await expect.poll(() => existsSync(file) && hasMemory(Number(readFileSync(file, "utf8")))).toBe(false);
});

it("lands when the answer to a push was lost on its way", async () => {
  using repository = createRepository({ a: "1\n" });
  using remote = addRemote(repository);
  using open = parts(repository);
  let isLost = false;
  const git = through(open.git, async (args) => {
    if (args[0] !== "push" || isLost) return null;
    isLost = true;
    await open.git.ask(args);
    remote.pushAs("A person, at once", { b: "1\n" });
    return failsWith("fatal: the remote end hung up unexpectedly\n");
  });
  const candidate = await open.candidate(repository.git("rev-parse", "HEAD"), { a: "2\n" });
  expect(await targetOn(git).land(landOrder(candidate))).toEqual({ kind: "landed" });
  expect(remote.subjects()).toEqual(["A person, at once", "Change", "First commit"]);
  expect(repository.git("rev-parse", "main")).toBe(remote.git("rev-parse", "main"));
  expect(repository.git("status", "--porcelain")).toBe("");
});

it("moves neither ref when the task has landed on the remote already", async () => {
  using repository = createRepository({ a: "1\n" });
  using remote = addRemote(repository);
  using open = parts(repository);
  const base = repository.git("rev-parse", "HEAD");
  remote.git("update-ref", "refs/ralph/landed/t", base);
  const candidate = await open.candidate(base, { a: "2\n" });
  expect(await targetOn(open.git).land(landOrder(candidate))).toMatchObject({ kind: "refused" });
  expect([remote.git("rev-parse", "main"), repository.git("rev-parse", "main")]).toEqual([base, base]);
  expect(remote.git("rev-parse", "refs/ralph/landed/t")).toBe(base);
});

it("never overwrites what a person pushed just before, however that was pushed", async () => {
  using repository = createRepository({ a: "1\n" });
  using remote = addRemote(repository);
  using open = parts(repository);
  const base = repository.git("rev-parse", "HEAD");
  const candidate = await open.candidate(base, { a: "2\n" });
  let person: string | null = null;
  const git = through(open.git, async (args) => {
    if (args[0] === "push") person ??= remote.pushAs("A person", { a: "3\n" });
    return null;
  });
  expect(await targetOn(git).land(landOrder(candidate))).toEqual({ kind: "moved" });
  expect([remote.git("rev-parse", "main"), repository.git("rev-parse", "main")]).toEqual([person, person]);
  expect(remote.refs()).not.toContain("refs/ralph");
  expect(repository.git("status", "--porcelain")).toBe("");
});

it("has landed when it is on the remote, even where a person commits here in that moment", async () => {
  using repository = createRepository({ a: "1\n" });
  using remote = addRemote(repository);
  using open = parts(repository);
  const candidate = await open.candidate(repository.git("rev-parse", "HEAD"), { a: "2\n" });
  const git = through(open.git, async (args) => {
    if (args[0] === "update-ref") repository.commit("Mine", { b: "1\n" });
    return null;
  });
  const warnings: string[] = [];
  const target = targetOn(git, (message) => void warnings.push(message));
  expect(await target.land(landOrder(candidate))).toEqual({ kind: "landed" });
  expect(warnings).toEqual([
    expect.stringContaining("landed on origin, but refs/heads/main here could not be moved"),
  ]);
  expect(remote.subjects()).toEqual(["Change", "First commit"]);
  expect(repository.git("log", "--format=%s", "main")).toBe("Mine\nFirst commit");
  await expect(target.catchUp()).rejects.toMatchObject({ code: "target-ahead" });
});

it("catches up with a person's push, and not over another person's changes", async () => {
  using repository = createRepository({ a: "1\n", b: "1\n" });
  using remote = addRemote(repository);
  using open = parts(repository);
  const target = targetOn(open.git);
  remote.pushAs("A person", { a: "2\n" });
  repository.write("b", "half a thought\n");
  await target.catchUp();
  expect(repository.git("status", "--porcelain")).toBe(" M b");
  const here: CommitSha = await target.tip();
  remote.pushAs("A person again", { b: "3\n" });
  await expect(target.catchUp()).rejects.toMatchObject({ code: "checkout-dirty" });
  expect(await target.tip()).toBe(here);
  expect(repository.git("status", "--porcelain")).toBe(" M b");
});

it("finishes what a crash left between the ref and the checkout", async () => {
  using repository = createRepository({ a: "1\n" });
  using remote = addRemote(repository);
  using open = parts(repository);
  remote.pushAs("A person", { a: "2\n" });
  remote.pushAs("Again", { a: "3\n" });
  const git = through(open.git, async (args) => {
    if (args[0] === "read-tree" && !args.includes("-n")) throw new Error("killed");
    return null;
  });
  await expect(targetOn(git).catchUp()).rejects.toThrow("killed");
  expect(repository.git("status", "--porcelain")).toBe("M  a");
  expect(await targetOn(open.git).repairCheckouts([])).toEqual([repository.path]);
  expect(repository.git("status", "--porcelain")).toBe("");
  expect(repository.git("for-each-ref", "refs/ralph/catching-up")).toBe("");
});

it("takes away the locks of a git that was killed while it caught up, and catches up then", async () => {
  using repository = createRepository({ a: "1\n" });
  using remote = addRemote(repository);
  using open = parts(repository);
  remote.pushAs("A person", { a: "2\n" });
  repository.git("fetch", "-q", "origin");
  const [from, to] = ["HEAD", "origin/main"].map((name) => repository.git("rev-parse", name));
  const child = spawn("git", ["update-ref", "--stdin"], {
    cwd: repository.path,
    stdio: ["pipe", "pipe", "ignore"],
  });
  const ended = once(child, "exit");
  const moves = [`update refs/heads/main ${to} ${from}`, `update refs/ralph/catching-up ${from}`];
  child.stdin.write(["start", ...moves, "prepare", ""].join("\n"));
  let told = "";
  for await (const chunk of child.stdout) if ((told += String(chunk)).includes("prepare: ok")) break;
  child.kill("SIGKILL");
  await ended;
  const locks = ["HEAD", "refs/heads/main", "refs/ralph/catching-up"].map((name) => `${name}.lock`);
  const left = () => locks.filter((name) => existsSync(join(repository.path, ".git", name)));
  expect(left()).toEqual(locks);
  const target = targetOn(open.git);
  await target.repairCheckouts([]);
  expect(left()).toEqual([]);
  await target.catchUp();
  expect(await target.tip()).toBe(to);
});
