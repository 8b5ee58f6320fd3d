/** Composing and landing against real repositories: one transaction, or nothing. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { retryLocked } from "../../../src/adapters/git/git-checkout.ts";
import { createGitTarget } from "../../../src/adapters/git/git-target.ts";
import { commitSha, taskId, treeSha } from "../../../src/core/ids.ts";
import { createRepository, landOrder, makeFolder, openParts, runGit } from "../../support/repository.ts";

const parts = (repository: { readonly path: string }) => openParts(join(repository.path, ".git"));

/** Everything that git says of a checkout: refs, index, files. */
const snapshot = (path: string): string =>
  [["for-each-ref"], ["ls-files", "-s"], ["status", "--porcelain", "-uall"]]
    .map((args) => runGit(path, args))
    .join("\n--\n");

it("moves the target and creates the landed ref together, and drops the attempt's ref", async () => {
  using repository = createRepository({ a: "1\n" });
  using open = parts(repository);
  const candidate = await open.candidate(repository.git("rev-parse", "HEAD"), { a: "2\n" });
  await open.target.keep(taskId("t"), 1, candidate.commit);
  expect(await open.target.land(landOrder(candidate))).toEqual({ kind: "landed" });
  expect(repository.git("for-each-ref", "--format=%(refname) %(objectname)")).toBe(
    `refs/heads/main ${candidate.commit}\nrefs/ralph/landed/t ${candidate.commit}`,
  );
  expect(repository.git("reflog", "-1", "--format=%gs", "main")).toBe("ralphwright: land t");
  expect(open.warnings).toEqual([]);
});

it("says that the target moved, and changes nothing, when somebody else was first", async () => {
  using repository = createRepository({ a: "1\n" });
  using open = parts(repository);
  const candidate = await open.candidate(repository.git("rev-parse", "HEAD"), { a: "2\n" });
  repository.commit("A person's", { a: "3\n" });
  // The task's file lies uncommitted, as the queue read it: it must not be staged by a landing that did not happen.
  repository.write("tasks/t.md", "# T\n");
  const before = snapshot(repository.path);
  const order = landOrder(candidate, { file: "tasks/t.md", text: "# T\n" });
  expect(await open.target.land(order)).toEqual({ kind: "moved" });
  expect(snapshot(repository.path)).toBe(before);
});

it("leaves checkout and index alone when the compare-and-swap is lost after the dry run", async () => {
  using repository = createRepository({ a: "1\n" });
  using open = parts(repository);
  const base = repository.git("rev-parse", "HEAD");
  const first = await open.candidate(base, { b: "1\n" });
  const candidate = await open.candidate(base, { a: "2\n", "tasks/t.md": "# T\nlanded\n" });
  repository.write("tasks/t.md", "# T\n");
  const before = runGit(repository.path, ["ls-files", "-s"]);
  const target = createGitTarget(
    {
      ...open.git,
      // A rival lands just before our transaction.
      async ask(args, options) {
        if (args[0] === "update-ref") repository.git("update-ref", "refs/heads/main", first.commit);
        return open.git.ask(args, options);
      },
    },
    { branch: "main", sign: false, warn: () => {} },
  );
  const result = await target.land(landOrder(candidate, { file: "tasks/t.md", text: "# T\n" }));
  expect(result).toEqual({ kind: "moved" });
  expect(runGit(repository.path, ["ls-files", "-s"])).toBe(before);
  expect(repository.git("for-each-ref", "refs/ralph")).toBe("");
});

it("refuses to land a task twice", async () => {
  using repository = createRepository({ a: "1\n" });
  using open = parts(repository);
  const first = await open.candidate(repository.git("rev-parse", "HEAD"), { a: "2\n" });
  await open.target.land(landOrder(first));
  const second = await open.candidate(first.commit, { a: "3\n" });
  const before = snapshot(repository.path);
  const result = await open.target.land(landOrder(second));
  expect(result).toMatchObject({ kind: "refused", reason: expect.stringContaining("refs/ralph/landed/t") });
  expect(snapshot(repository.path)).toBe(before);
});

it("waits for a ref lock that another git holds", async () => {
  using repository = createRepository({ a: "1\n" });
  using open = parts(repository);
  const candidate = await open.candidate(repository.git("rev-parse", "HEAD"), { a: "2\n" });
  const lock = join(repository.path, ".git/refs/heads/main.lock");
  writeFileSync(lock, "");
  let tries = 0;
  const target = createGitTarget(
    {
      ...open.git,
      async ask(args, options) {
        const result = await open.git.ask(args, options);
        if (args[0] === "update-ref" && (tries += 1) === 1) rmSync(lock);
        return result;
      },
    },
    { branch: "main", sign: false, warn: () => {} },
  );
  expect(await target.land(landOrder(candidate))).toEqual({ kind: "landed" });
  expect(tries).toBe(2);
});

it("tries again only what a lock hindered", async () => {
  let tries = 0;
  const result = { code: 128, stdout: "", stderr: "fatal: bad object\n" };
  expect(await retryLocked(() => ((tries += 1), Promise.resolve(result)))).toBe(result);
  expect(tries).toBe(1);
});

it("stops loudly when the target does not hold the judged tree", async () => {
  using repository = createRepository({ a: "1\n" });
  using open = parts(repository);
  const candidate = await open.candidate(repository.git("rev-parse", "HEAD"), { a: "2\n" });
  const other = treeSha(repository.git("rev-parse", "HEAD^{tree}"));
  await expect(open.target.land(landOrder({ ...candidate, tree: other }))).rejects.toMatchObject({
    code: "target-not-judged",
    exitStatus: 70,
  });
});

it("lets one of twenty rivals on the same base win, and tells the others that the target moved", async () => {
  using repository = createRepository({ a: "1\n" });
  using open = parts(repository);
  repository.git("checkout", "-q", "--detach");
  const base = repository.git("rev-parse", "HEAD");
  const candidates = await Promise.all(
    Array.from({ length: 20 }, (_, i) => open.candidate(base, { a: `rival ${i}\n` })),
  );
  const results = await Promise.all(
    candidates.map((candidate, i) => open.target.land({ ...landOrder(candidate), task: taskId(`t${i}`) })),
  );
  const winners = candidates.filter((_, i) => results[i]?.kind === "landed");
  expect(results.filter((result) => result.kind === "moved")).toHaveLength(19);
  expect(winners.map((winner) => winner.commit)).toEqual([repository.git("rev-parse", "main")]);
  expect(repository.git("for-each-ref", "--format=x", "refs/ralph/landed")).toBe("x");
});

it("lands where nothing is checked out: bare, detached, another branch, first commit only", async () => {
  using repository = createRepository({ a: "1\n" });
  const bare = makeFolder("bare");
  runGit(bare, ["clone", "-q", "--bare", repository.path, "."]);
  using inBare = openParts(bare);
  const first = await inBare.candidate(runGit(bare, ["rev-parse", "main"]), { a: "2\n" });
  expect(await inBare.target.land(landOrder(first))).toEqual({ kind: "landed" });
  expect(runGit(bare, ["show", "main:a"])).toBe("2");

  using open = parts(repository);
  for (const checkout of [["--detach"], ["-b", "other"]]) {
    repository.git("checkout", "-q", ...checkout);
    const tip = repository.git("rev-parse", "main");
    const candidate = await open.candidate(tip, { a: `${checkout.join()}\n` });
    const order = { ...landOrder(candidate), task: taskId(`t${checkout.length}`) };
    expect(await open.target.land(order)).toEqual({ kind: "landed" });
    expect(repository.git("show", "HEAD:a")).toBe("1");
    expect(repository.git("status", "--porcelain")).toBe("");
  }
  rmSync(bare, { recursive: true });
});

it("passes over a checkout whose directory is gone", async () => {
  using repository = createRepository({ a: "1\n" });
  using open = parts(repository);
  repository.git("checkout", "-q", "--detach");
  const linked = join(makeFolder("linked"), "tree");
  repository.git("worktree", "add", "-q", linked, "main");
  rmSync(linked, { recursive: true });
  const candidate = await open.candidate(repository.git("rev-parse", "main"), { a: "2\n" });
  expect(await open.target.land(landOrder(candidate))).toEqual({ kind: "landed" });
});

it("composes onto a moved tip by a merge, and names the paths of a conflict whatever they are called", async () => {
  const strange = { "with space": "1\n", "line\nfeed": "1\n", "-dash": "1\n", 'ünï "q"': "1\n", same: "1\n" };
  using repository = createRepository(strange);
  using open = parts(repository);
  const base = repository.git("rev-parse", "HEAD");
  const change = await open.candidate(
    base,
    Object.fromEntries(Object.keys(strange).map((name) => [name, "2\n"])),
  );
  const beside = commitSha(repository.commit("Beside", { new: "1\n" }));
  const merged = await open.target.compose({
    onto: beside,
    change: change.commit,
    files: new Map(),
    message: "M\n",
  });
  expect(merged).toMatchObject({ kind: "composed", candidate: { base: beside } });
  const commit = merged.kind === "composed" ? merged.candidate.commit : "none";
  expect(repository.git("show", `${commit}:line\nfeed`)).toBe("2");
  expect(repository.git("show", `${commit}:new`)).toBe("1");
  expect(repository.git("rev-parse", `${commit}^@`)).toBe(beside);
  const names = Object.keys(strange).filter((name) => name !== "same");
  const onto = commitSha(
    repository.commit("Against", Object.fromEntries(names.map((name) => [name, "3\n"]))),
  );
  const conflict = await open.target.compose({
    onto,
    change: change.commit,
    files: new Map(),
    message: "M\n",
  });
  expect(conflict).toEqual({ kind: "conflict", paths: names.toSorted() });
});

it("stores its own files by the attributes of the repository, as a commit by hand would", async () => {
  using repository = createRepository({ ".gitattributes": "*.md text eol=crlf\n" });
  using open = parts(repository);
  const candidate = await open.candidate(repository.git("rev-parse", "HEAD"), {
    "P.md": "a\r\nb\r\n",
    raw: "a\r\n",
  });
  expect(repository.git("cat-file", "blob", `${candidate.commit}:P.md`)).toBe("a\nb");
  expect(repository.git("cat-file", "blob", `${candidate.commit}:raw`)).toBe("a\r");
});

it("takes the place of a folder or a file with its own file", async () => {
  using repository = createRepository({ "P.md/inner": "1\n", tasks: "a file\n" });
  using open = parts(repository);
  const candidate = await open.candidate(repository.git("rev-parse", "HEAD"), {
    "P.md": "p\n",
    "tasks/t.md": "t\n",
  });
  expect(repository.git("ls-tree", "-r", "--name-only", candidate.commit)).toBe("P.md\ntasks/t.md");
});

it("writes commit messages in UTF-8 whatever the repository's configuration says", async () => {
  using repository = createRepository({ a: "1\n" });
  repository.git("config", "i18n.commitEncoding", "ISO-8859-1");
  using open = parts(repository);
  const base = commitSha(repository.git("rev-parse", "HEAD"));
  const composed = await open.target.compose({
    onto: base,
    change: null,
    files: new Map(),
    message: "Größe ✓\n",
  });
  if (composed.kind !== "composed") throw new Error(composed.kind);
  expect(repository.git("cat-file", "commit", composed.candidate.commit)).toMatch(/\n\nGröße ✓$/);
  expect(repository.git("cat-file", "commit", composed.candidate.commit)).not.toContain("encoding");
});

it("tells changed paths with their modes and where links lead", async () => {
  using repository = createRepository({ gone: "1\n", "name\nwith feed": "1\n" });
  using open = parts(repository);
  const from = commitSha(repository.git("rev-parse", "HEAD"));
  spawnSync("sh", ["-c", "ln -s ../out link; echo x > -x; chmod +x -- -x; rm gone"], {
    cwd: repository.path,
  });
  const to = commitSha(repository.commit("Odd", { "name\nwith feed": "2\n" }));
  const name = (revision: string): string => repository.git("rev-parse", revision);
  const changed = await open.target.changedPaths(from, to);
  expect(changed).toEqual([
    { path: "-x", mode: "100755", isNew: true, before: null, after: name(`${to}:-x`) },
    { path: "gone", mode: null, isNew: false, before: name(`${from}:gone`), after: null },
    { path: "link", mode: "120000", isNew: true, before: null, after: null },
    {
      path: "name\nwith feed",
      mode: "100644",
      isNew: false,
      before: name(`${from}:name\nwith feed`),
      after: name(`${to}:name\nwith feed`),
    },
  ]);
});

it("makes a commit in which some paths are as they were, be they changed, new or gone, file or folder", async () => {
  using repository = createRepository({ "t/old": "1\n", "t/gone": "1\n", "t/turned": "1\n", code: "1\n" });
  using open = parts(repository);
  const from = commitSha(repository.git("rev-parse", "HEAD"));
  repository.git("rm", "-q", "t/gone", "t/turned");
  const files = { "t/old": "2\n", "t/turned/inside": "2\n", "t/new": "2\n", code: "2\n" };
  const to = commitSha(repository.commit("Change all", files));
  const restored = await open.target.restore(to, from, (path) => path.startsWith("t/"));
  expect(repository.git("diff", "--name-status", from, restored)).toBe("M\tcode");
  expect(repository.git("diff", "--name-only", restored, to).split("\n")).toEqual([
    "t/gone",
    "t/new",
    "t/old",
    "t/turned",
    "t/turned/inside",
  ]);
});

it("reads contents by their names, but not what is too large, and lists one folder", async () => {
  using repository = createRepository({ small: "1\n", large: "12345\n", "dir/ü": "", "dir/deep/x": "" });
  using open = parts(repository);
  const head = commitSha(repository.git("rev-parse", "HEAD"));
  const names = ["large", "small"].map((path) => repository.git("rev-parse", `HEAD:${path}`));
  expect(await open.target.readBlobs(names, 5)).toEqual([
    { bytes: 6, content: null },
    { bytes: 2, content: Buffer.from("1\n") },
  ]);
  await expect(open.target.readBlobs(["0".repeat(40)], 5)).rejects.toMatchObject({ code: "git-failed" });
  expect(await open.target.listFolder(head, "")).toEqual(["dir", "large", "small"]);
  expect(await open.target.listFolder(head, "dir")).toEqual(["deep", "ü"]);
  expect(await open.target.listFolder(head, "none")).toEqual([]);
  expect(await open.target.listFolder(head, "small")).toEqual([]);
});

it("forgets a landed ref that is not part of the target, and refs that are none of its attempts", async () => {
  using repository = createRepository({ a: "1\n" });
  using open = parts(repository);
  const base = repository.git("rev-parse", "HEAD");
  const candidate = await open.candidate(base, { a: "2\n" });
  repository.git("update-ref", "refs/ralph/landed/lost", candidate.commit);
  repository.git("update-ref", "refs/ralph/landed/done", base);
  for (const name of ["t/2", "t/10", "t/latest"])
    repository.git("update-ref", `refs/ralph/attempts/${name}`, base);
  expect([...(await open.target.landedTasks())]).toEqual([["done", base]]);
  const landed = (): string => repository.git("for-each-ref", "--format=%(refname)", "refs/ralph/landed");
  // Whoever just looks changes nothing.
  expect(landed()).toContain("refs/ralph/landed/lost");
  expect([...(await open.target.pruneLanded())]).toEqual([["done", base]]);
  expect(landed()).toBe("refs/ralph/landed/done");
  expect(await open.target.keptAttempts()).toEqual([{ task: "t", attempt: 10 }]);
});

it("works in a repository with SHA-256 names", async () => {
  const path = makeFolder("sha256");
  runGit(path, ["init", "-q", "-b", "main", "--object-format=sha256"]);
  writeFileSync(join(path, "a"), "1\n");
  runGit(path, ["add", "-A"]);
  runGit(path, ["commit", "-q", "-m", "First"]);
  using open = openParts(join(path, ".git"));
  const base = commitSha(runGit(path, ["rev-parse", "HEAD"]));
  const workspace = await open.workspaces.prepare(taskId("t"), 1, base);
  expect(runGit(workspace.path, ["log", "--format=%H"])).toBe(base);
  writeFileSync(join(workspace.path, "a"), "2\n");
  const sealed = await workspace.seal({ message: "Change\n", isOurs: () => false });
  if (sealed.kind === "refused" || sealed.change === null) throw new Error("nothing was sealed");
  const composed = await open.target.compose({
    onto: base,
    change: sealed.change.commit,
    files: new Map([["P.md", "p\n"]]),
    message: "C\n",
  });
  if (composed.kind !== "composed") throw new Error(composed.kind);
  expect(await open.target.land(landOrder(composed.candidate))).toEqual({ kind: "landed" });
  expect(runGit(path, ["status", "--porcelain"])).toBe("");
  expect(readdirSync(path).toSorted()).toEqual([".git", "P.md", "a"]);
  rmSync(path, { recursive: true });
});

it("is not led astray by variables of a git that called it", async () => {
  using repository = createRepository({ a: "1\n" });
  using other = createRepository({ b: "1\n" });
  using open = parts(repository);
  const base = repository.git("rev-parse", "HEAD");
  const calling = {
    GIT_DIR: join(other.path, ".git"),
    GIT_INDEX_FILE: join(other.path, "index"),
    GIT_OBJECT_DIRECTORY: join(other.path, ".git", "objects"),
  };
  Object.assign(process.env, calling);
  try {
    expect(await open.target.tip()).toBe(base);
    const candidate = await open.candidate(base, { a: "2\n" });
    expect(await open.target.land(landOrder(candidate))).toEqual({ kind: "landed" });
  } finally {
    for (const name of Object.keys(calling)) delete process.env[name];
  }
  expect(repository.git("show", "main:a")).toBe("2");
  expect(repository.git("status", "--porcelain")).toBe("");
});

it("finds files below a folder and nothing beside it", async () => {
  using repository = createRepository({
    "tasks/a.md": "1",
    "tasks/sub/ü b.md": "2",
    "tasks.md": "3",
    "tasks2/c.md": "4",
  });
  using open = parts(repository);
  mkdirSync(join(repository.path, "tasks/empty"));
  const tip = await open.target.tip();
  expect(await open.target.listFiles(tip, "tasks")).toEqual(["tasks/a.md", "tasks/sub/ü b.md"]);
  expect(await open.target.readFile(tip, "tasks/sub/ü b.md")).toBe("2");
  expect(await open.target.readFile(tip, "tasks/none.md")).toBeNull();
});

it("reads every symbolic link of a commit, whatever its name", async () => {
  using repository = createRepository({ "src/a": "1\n" });
  using open = parts(repository);
  symlinkSync("a", join(repository.path, "src/to\ta"));
  symlinkSync("../nowhere", join(repository.path, "src/dangling"));
  const commit = commitSha(repository.commit("Links"));
  expect(await open.target.readLinks(commit)).toEqual(
    new Map([
      ["src/dangling", "../nowhere"],
      ["src/to\ta", "a"],
    ]),
  );
});
