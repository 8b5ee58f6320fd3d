/** Workspaces and gate checkouts of odd repositories: what is laid out, what is sealed, what is noticed. */
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { openCommitLog } from "../../../src/adapters/git/commit-log.ts";
import { createGitTarget } from "../../../src/adapters/git/git-target.ts";
import { createIndexShelf } from "../../../src/adapters/git/index-shelf.ts";
import { commitSha } from "../../../src/core/ids.ts";
import type { GateCheckout, Workspace } from "../../../src/ports.ts";
import {
  createRepository,
  type GitParts,
  makeFolder,
  openParts,
  prepareWorkspace,
  runGit,
  sealChange,
  type TestRepository,
} from "../../support/repository.ts";

const parts = (repository: { readonly path: string }) => openParts(join(repository.path, ".git"));

async function prepare(open: GitParts, repository: TestRepository): Promise<Workspace> {
  return prepareWorkspace(open, repository.git("rev-parse", "HEAD"));
}

async function layOut(open: GitParts, commit: string): Promise<GateCheckout> {
  const laidOut = await open.workspaces.layOut(commitSha(commit), true);
  if (laidOut.kind !== "ready") throw new Error(laidOut.reason);
  return laidOut.checkout;
}

const write = (folder: string, file: string, text: string): void => {
  mkdirSync(join(folder, file, ".."), { recursive: true });
  writeFileSync(join(folder, file), text);
};

/** What a change did: status letter and path of each line. */
const namesOf = (repository: TestRepository, commit: string | null): readonly string[] =>
  commit === null
    ? []
    : repository
        .git("diff-tree", "-r", "-z", "--no-renames", "--name-status", `${commit}^`, commit)
        .replace(/\0$/, "")
        .split("\0");

const oddNames = [
  "with space",
  `quote"'\``,
  "line\nfeed",
  "tab\there",
  "-dash",
  "--option",
  ":(top)magic",
  "glob*[a]?",
  "back\\slash",
  "#hash",
  "!bang",
  "caf\u00e9", // NFC
  "cafe\u0301", // NFD
  "日本/語",
  " leading and trailing ",
  "n".repeat(255),
  `${"deep/".repeat(40)}file`,
];

it("lays out, seals and checks files whatever they are called", async () => {
  using repository = createRepository(Object.fromEntries(oddNames.map((name) => [name, "1\n"])));
  using open = parts(repository);
  const workspace = await prepare(open, repository);
  expect(await sealChange(workspace)).toBeNull();
  for (const name of oddNames) {
    expect(readFileSync(join(workspace.path, name), "utf8")).toBe("1\n");
    writeFileSync(join(workspace.path, name), "22\n");
    write(workspace.path, `new/${name}`, "new\n");
  }
  const commit = await sealChange(workspace);
  expect(namesOf(repository, commit)).toHaveLength(2 * 2 * oddNames.length);
  await using checkout = await layOut(open, commit ?? "");
  for (const name of oddNames) expect(readFileSync(join(checkout.path, "new", name), "utf8")).toBe("new\n");
  expect(await checkout.changedPaths()).toEqual([]);
  for (const name of oddNames) rmSync(join(checkout.path, name));
  expect([...(await checkout.changedPaths())].toSorted()).toEqual(oddNames.toSorted());
  await workspace.release();
});

const isOurs = (path: string): boolean => path.startsWith("P.md") || path.startsWith("tasks");

it("puts the supervisor's own paths back, whatever the agent made of them", async () => {
  using repository = createRepository({
    "P.md": "p\n",
    "tasks/t.md": "t\n",
    "tasks/line\nfeed.md": "t\n",
    src: "1\n",
  });
  using open = parts(repository);
  for (const spoil of [
    (top: string) => {
      write(top, "tasks/t.md", "edited\n");
      write(top, "tasks/line\nfeed.md", "edited\n");
      write(top, 'tasks/new "one".md', "new\n");
      rmSync(join(top, "P.md"));
    },
    (top: string) => {
      rmSync(join(top, "P.md"));
      write(top, "P.md/inner", "a folder now\n");
      chmodSync(join(top, "tasks/t.md"), 0o755);
    },
    (top: string) => {
      rmSync(join(top, "tasks"), { recursive: true });
      symlinkSync("/", join(top, "tasks"));
    },
    (top: string) => {
      // A repository inside the folder of tasks.
      mkdirSync(join(top, "tasks/nested"));
      runGit(join(top, "tasks/nested"), ["init", "-q"]);
      runGit(join(top, "tasks/nested"), ["commit", "-q", "--allow-empty", "-m", "x"]);
    },
  ]) {
    const workspace = await prepare(open, repository);
    spoil(workspace.path);
    const sealed = await workspace.seal({
      message: "Change\n",
      isOurs,
    });
    expect(sealed).toMatchObject({ kind: "sealed", change: null });
    expect(sealed.kind === "sealed" && sealed.restored.length).toBeGreaterThan(0);
    expect(readFileSync(join(workspace.path, "P.md"), "utf8")).toBe("p\n");
    expect(readFileSync(join(workspace.path, "tasks/t.md"), "utf8")).toBe("t\n");
    expect(readFileSync(join(workspace.path, "tasks/line\nfeed.md"), "utf8")).toBe("t\n");
    expect(readdirSync(join(workspace.path, "tasks")).toSorted()).toEqual(["line\nfeed.md", "t.md"]);
    write(workspace.path, "src", "2\n");
    expect(namesOf(repository, (await sealChange(workspace, isOurs)) ?? "")).toEqual(["M", "src"]);
    await workspace.release();
  }
});

it("finds nothing to seal when only a folder took the place of the supervisor's file", async () => {
  using repository = createRepository({ "P.md": "p\n" });
  using open = parts(repository);
  const workspace = await prepare(open, repository);
  rmSync(join(workspace.path, "P.md"));
  write(workspace.path, "P.md/inner", "1\n");
  expect(await sealChange(workspace, (path) => path === "P.md")).toBeNull();
});

it("keeps what was sealed before as a second parent, and makes no second commit of the same files", async () => {
  using repository = createRepository({ a: "1" });
  using open = parts(repository);
  const base = repository.git("rev-parse", "HEAD");
  const workspace = await prepare(open, repository);
  const sealed: (string | null)[] = [];
  for (const text of ["2", "3", "3", "1", "4"]) {
    write(workspace.path, "a", text);
    sealed.push(await sealChange(workspace));
  }
  const [first, second, same, nothing, last] = sealed;
  expect(repository.git("log", "-1", "--format=%P", first ?? "")).toBe(base);
  expect(repository.git("log", "-1", "--format=%P", second ?? "")).toBe(`${base} ${first}`);
  expect([same, nothing]).toEqual([second, null]);
  expect(repository.git("log", "-1", "--format=%P", last ?? "")).toBe(`${base} ${second}`);
  // For people it is still what differs from the base.
  expect(await openCommitLog(repository.path).patch(last ?? "")).toMatch(/^-1\n(.*\n)?\+4$/m);
});

it("seals modes, links, empty files, and folders that became links", async () => {
  using repository = createRepository({ "dir/x": "1\n", run: "#!/bin/sh\n", plain: "1\n" });
  using open = parts(repository);
  const workspace = await prepare(open, repository);
  const at = (file: string): string => join(workspace.path, file);
  chmodSync(at("run"), 0o755);
  write(workspace.path, "empty", "");
  symlinkSync("nowhere", at("dangling"));
  rmSync(at("dir"), { recursive: true });
  symlinkSync("/etc", at("dir"));
  rmSync(at("plain"));
  write(workspace.path, "plain/inner", "1\n");
  mkdirSync(at("empty folder"));
  const commit = (await sealChange(workspace)) ?? "";
  expect(repository.git("ls-tree", "-r", "--format=%(objectmode) %(path)", commit)).toMatchInlineSnapshot(`
    "120000 dangling
    120000 dir
    100644 empty
    100644 plain/inner
    100755 run"
  `);
  await using checkout = await layOut(open, commit);
  expect(readlinkSync(join(checkout.path, "dir"))).toBe("/etc");
  expect(readlinkSync(join(checkout.path, "dangling"))).toBe("nowhere");
  expect(statSync(join(checkout.path, "run")).mode & 0o111).toBe(0o111);
  expect(await checkout.changedPaths()).toEqual([]);
});

it("converts line ends as the repository says, and finds its own checkout unchanged", async () => {
  using repository = createRepository({
    ".gitattributes": "*.crlf text eol=crlf\n*.bin -text\n",
    "a.crlf": "1\n",
    b: "1\n",
  });
  using open = parts(repository);
  repository.git("config", "core.autocrlf", "true");
  repository.git("config", "core.safecrlf", "true");
  const workspace = await prepare(open, repository);
  expect(readFileSync(join(workspace.path, "a.crlf"), "utf8")).toBe("1\r\n");
  expect(readFileSync(join(workspace.path, "b"), "utf8")).toBe("1\r\n");
  write(workspace.path, "a.crlf", "1\r\n2\n");
  write(workspace.path, "new", "1\r\n");
  write(workspace.path, "raw.bin", "1\r\n");
  const commit = (await sealChange(workspace)) ?? "";
  const stored = (file: string): string => runGit(repository.path, ["cat-file", "blob", `${commit}:${file}`]);
  expect([stored("a.crlf"), stored("new"), stored("raw.bin")]).toEqual(["1\n2", "1", "1\r"]);
  await using checkout = await layOut(open, commit);
  utimesSync(join(checkout.path, "a.crlf"), 1, 1);
  expect(await checkout.changedPaths()).toEqual([]);
});

it("cleans and smudges by filters of the user's configuration", async () => {
  using repository = createRepository();
  using open = parts(repository);
  repository.git("config", "filter.shout.clean", "tr A-Z a-z");
  repository.git("config", "filter.shout.smudge", "tr a-z A-Z");
  repository.git("config", "filter.shout.required", "true");
  repository.commit("With filter", { ".gitattributes": "*.loud filter=shout\n", "a.loud": "hello\n" });
  const workspace = await prepare(open, repository);
  expect(readFileSync(join(workspace.path, "a.loud"), "utf8")).toBe("HELLO\n");
  expect(await sealChange(workspace)).toBeNull();
  write(workspace.path, "b.loud", "BYE\n");
  const commit = (await sealChange(workspace)) ?? "";
  expect(repository.git("cat-file", "blob", `${commit}:b.loud`)).toBe("bye");
  await using checkout = await layOut(open, commit);
  expect(readFileSync(join(checkout.path, "b.loud"), "utf8")).toBe("BYE\n");
  expect(await checkout.changedPaths()).toEqual([]);
});

it("leaves out ignored files, takes tracked ones that are ignored, and drops nothing at export-ignore", async () => {
  using repository = createRepository();
  using open = parts(repository);
  repository.write("kept.log", "1\n");
  repository.git("add", "-f", "kept.log");
  repository.commit("Ignores", { ".gitignore": "*.log\nnode_modules/\n" });
  const workspace = await prepare(open, repository);
  write(workspace.path, "kept.log", "2\n");
  write(workspace.path, "other.log", "1\n");
  write(workspace.path, "node_modules/x/index.js", "1\n");
  write(workspace.path, ".gitattributes", "test export-ignore\ntest/** export-ignore\n");
  write(workspace.path, "test/a.test", "1\n");
  const commit = (await sealChange(workspace)) ?? "";
  expect(namesOf(repository, commit)).toEqual(["A", ".gitattributes", "M", "kept.log", "A", "test/a.test"]);
  await using checkout = await layOut(open, commit);
  expect(readdirSync(checkout.path).toSorted()).toEqual([
    ".git",
    ".gitattributes",
    ".gitignore",
    "kept.log",
    "test",
  ]);
  expect(existsSync(join(checkout.path, "test/a.test"))).toBe(true);
});

it("does not believe the agent's index, commits, branches or objects", async () => {
  using repository = createRepository({ a: "1\n", b: "1\n", c: "1\n" });
  using open = parts(repository);
  const before = repository.git("for-each-ref");
  const workspace = await prepare(open, repository);
  const git = (...args: readonly string[]): string => runGit(workspace.path, args);
  expect(git("status", "--porcelain", "--branch")).toBe("## main");
  expect(git("remote")).toBe("");
  for (const [i, file] of ["a", "b", "c"].entries()) {
    git("update-index", ["--assume-unchanged", "--skip-worktree", "--no-assume-unchanged"][i] ?? "", file);
    write(workspace.path, file, "2\n");
  }
  git("checkout", "-q", "-b", "mine");
  git("commit", "-q", "-a", "-m", "Agent's own");
  git("branch", "-q", "-D", "main");
  git("gc", "-q", "--prune=now");
  git("config", "core.worktree", "/");
  writeFileSync(join(workspace.path, ".git/info/exclude"), "*\n");
  const commit = await sealChange(workspace);
  expect(namesOf(repository, commit)).toEqual(["M", "a", "M", "b", "M", "c"]);
  expect(repository.git("rev-list", "--count", commit ?? "")).toBe("2");
  writeFileSync(join(workspace.path, ".git/objects/info/alternates"), "/nowhere\n");
  rmSync(join(workspace.path, ".git"), { recursive: true });
  expect(namesOf(repository, await sealChange(workspace))).toEqual(["M", "a", "M", "b", "M", "c"]);
  expect(repository.git("for-each-ref")).toBe(before);
  expect(repository.git("fsck", "--no-dangling")).toBe("");
  await workspace.release();
});

it("is not blinded by settings of the repository that make git overlook changes", async () => {
  using repository = createRepository({ a: "1\n", "dir/b": "1\n" });
  using open = parts(repository);
  for (const [key, value] of [
    ["core.ignoreStat", "true"],
    ["core.trustctime", "false"],
    ["core.checkStat", "minimal"],
    ["core.untrackedCache", "true"],
    ["core.splitIndex", "true"],
    ["index.version", "4"],
    ["color.ui", "always"],
    ["log.showSignature", "true"],
    ["diff.noprefix", "true"],
    ["status.branch", "true"],
  ] as const)
    repository.git("config", key, value);
  const workspace = await prepare(open, repository);
  expect(runGit(workspace.path, ["status", "--porcelain"])).toBe("");
  const { atime, mtime } = statSync(join(workspace.path, "a"));
  write(workspace.path, "a", "2\n");
  utimesSync(join(workspace.path, "a"), atime, mtime);
  write(workspace.path, "dir/new", "1\n");
  expect(namesOf(repository, await sealChange(workspace))).toEqual(["M", "a", "A", "dir/new"]);
});

/** The same length and the same times, as far as a program can choose them. */
function rewrite(folder: string, file: string): void {
  execFileSync("sh", ["-c", 'touch -r "$0" ../time; echo 2 > "$0"; touch -r ../time "$0"', file], {
    cwd: folder,
  });
  expect(readFileSync(join(folder, file), "utf8")).toBe("2\n");
}

it("notices a tracked file that was rewritten in the same length with its old time", async () => {
  using repository = createRepository({ a: "1\n" });
  using open = parts(repository);
  // The index is a second younger than the first file: else git would read that again for this reason alone.
  repository.git("config", "filter.slow.smudge", "sleep 1.1; cat");
  repository.git("config", "core.trustctime", "false");
  repository.commit("Slow", { ".gitattributes": "z filter=slow\n", z: "1\n" });
  await using checkout = await layOut(open, repository.git("rev-parse", "HEAD"));
  expect(await checkout.changedPaths()).toEqual([]);
  rewrite(checkout.path, "a");
  expect(await checkout.changedPaths()).toEqual(["a"]);
});

it("notices a tracked file that was rewritten in the second in which it was laid out", async () => {
  using repository = createRepository({ a: "1\n" });
  using open = parts(repository);
  await using checkout = await layOut(open, repository.git("rev-parse", "HEAD"));
  rewrite(checkout.path, "a");
  const second = Math.floor(Date.now() / 1000);
  while (Math.floor(Date.now() / 1000) === second) await new Promise(setImmediate);
  expect(await checkout.changedPaths()).toEqual(["a"]);
});

it("notices changed modes, new files, removed files and files that became links in a gate checkout", async () => {
  using repository = createRepository({ mode: "1\n", gone: "1\n", link: "1\n", ".gitignore": "out/\n" });
  using open = parts(repository);
  await using checkout = await layOut(open, repository.git("rev-parse", "HEAD"));
  const at = (file: string): string => join(checkout.path, file);
  write(checkout.path, "out/report", "ignored\n");
  expect(await checkout.changedPaths()).toEqual([]);
  chmodSync(at("mode"), 0o755);
  rmSync(at("gone"));
  rmSync(at("link"));
  symlinkSync("mode", at("link"));
  write(checkout.path, "new\nfile", "1\n");
  rmSync(at(".git"), { recursive: true });
  expect(await checkout.changedPaths()).toEqual(["gone", "link", "mode", "new\nfile"]);
});

it("tells history to a gate also where the user's clone is shallow", async () => {
  using repository = createRepository({ a: "1\n" });
  repository.commit("Second", { a: "2\n" });
  const shallow = makeFolder("shallow");
  runGit(shallow, ["clone", "-q", "--depth=1", `file://${repository.path}`, "."]);
  using open = openParts(join(shallow, ".git"));
  await using checkout = await layOut(open, runGit(shallow, ["rev-parse", "HEAD"]));
  expect(runGit(checkout.path, ["log", "--format=%s"])).toBe("Second");
  rmSync(shallow, { recursive: true });
});

it("refuses what no tree can be made of, in git's own words", async () => {
  using repository = createRepository({ a: "1\n" });
  using open = parts(repository);
  const nested = await prepare(open, repository);
  mkdirSync(join(nested.path, "empty"));
  runGit(join(nested.path, "empty"), ["init", "-q"]);
  expect(await nested.seal({ message: "M\n", isOurs: () => false })).toMatchObject({
    kind: "refused",
    reason: expect.stringMatching(/^git cannot take the workspace as it is: (error|fatal): /),
  });
  const replaced = await prepare(open, repository);
  rmSync(replaced.path, { recursive: true });
  symlinkSync(repository.path, replaced.path);
  expect(await replaced.seal({ message: "M\n", isOurs: () => false })).toEqual({
    kind: "refused",
    reason: "the workspace was replaced",
  });
  const latin = await prepare(open, repository);
  writeFileSync(Buffer.concat([Buffer.from(`${latin.path}/caf`), Buffer.from([0xe9])]), "1\n");
  expect(await latin.seal({ message: "M\n", isOurs: () => false })).toEqual({
    kind: "refused",
    reason: "the name of caf\uFFFD is not valid UTF-8",
  });
});

it("removes directories that nobody may write or read, without following links out of them", async () => {
  using repository = createRepository({ a: "1\n" });
  using open = parts(repository);
  const outside = makeFolder("outside");
  write(outside, "precious", "1\n");
  const workspace = await prepare(open, repository);
  write(workspace.path, "locked/deep/file", "1\n");
  symlinkSync(outside, join(workspace.path, "locked/out"));
  chmodSync(join(workspace.path, "locked/deep"), 0o000);
  chmodSync(join(workspace.path, "locked"), 0o500);
  // Root may write anywhere, so the removal is done as somebody else.
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) runChown(open.work, join(open.work, ".."));
  if (isRoot) process.seteuid?.(65534);
  try {
    await workspace.release();
    await open.workspaces[Symbol.asyncDispose]();
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
  expect(readdirSync(open.work)).toEqual([]);
  expect(readFileSync(join(outside, "precious"), "utf8")).toBe("1\n");
  rmSync(outside, { recursive: true });
});

it("sweeps away whatever an earlier supervisor left", async () => {
  using repository = createRepository({ a: "1\n" });
  using open = parts(repository);
  await prepare(open, repository);
  await layOut(open, repository.git("rev-parse", "HEAD"));
  mkdirSync(join(open.work, "half.gone"));
  writeFileSync(join(open.work, "file"), "");
  expect(await open.workspaces.sweep()).toBe(4);
  expect(readdirSync(open.work)).toEqual([]);
  expect(await open.workspaces.sweep()).toBe(0);
});

it("keeps the agent's directory for its owner alone", async () => {
  using repository = createRepository({ a: "1\n" });
  using open = parts(repository);
  const workspace = await prepare(open, repository);
  expect(lstatSync(workspace.path).mode & 0o077).toBe(0);
});

function runChown(...roots: readonly string[]): void {
  for (const root of roots) execFileSync("chown", ["-R", "65534", root]);
}

it("gives every directory the same git directory as the first, whole by git's own measure", async () => {
  using repository = createRepository({ a: "1\n", "dir/b": "1\n" });
  using open = parts(repository);
  const entriesOf = (top: string): readonly string[] =>
    readdirSync(join(top, ".git"), { recursive: true, encoding: "utf8" }).toSorted();
  const first = await prepare(open, repository);
  runGit(first.path, ["config", "core.bare", "true"]);
  const second = await prepare(open, repository);
  expect(entriesOf(second.path)).toEqual(entriesOf(first.path));
  expect(runGit(second.path, ["status", "--porcelain", "--branch"])).toBe("## main");
  expect(runGit(second.path, ["fsck", "--no-dangling"])).toBe("");
  write(second.path, "a", "2\n");
  runGit(second.path, ["commit", "-q", "-a", "-m", "Agent's own"]);
  expect(runGit(second.path, ["rev-list", "--count", "HEAD"])).toBe("2");
  await using checkout = await layOut(open, repository.git("rev-parse", "HEAD"));
  expect(runGit(checkout.path, ["status", "--porcelain", "--branch"])).toBe("## HEAD (no branch)");
});

it("composes onto a sealed change without reading its tree again, to the tree that reading it gives", async () => {
  using repository = createRepository({ ".gitattributes": "*.md text eol=crlf\n", "P.md": "1\n", a: "1\n" });
  using open = parts(repository);
  const onto = commitSha(repository.git("rev-parse", "HEAD"));
  const workspace = await prepare(open, repository);
  write(workspace.path, "a", "2\n");
  const change = await sealChange(workspace);
  const files = new Map([
    ["P.md", "2\r\n"],
    ["tasks/t.md", "t\n"],
  ]);
  const compose = async (indexes: GitParts["git"]["indexes"]): Promise<readonly [string, number]> => {
    let reads = 0;
    const run: GitParts["git"]["run"] = (args, options) => {
      if (args[0] === "read-tree") reads += 1;
      return open.git.run(args, options);
    };
    const git = { ...open.git, indexes, run };
    const target = createGitTarget(git, { branch: "main", sign: false, warn: () => {} });
    const composed = await target.compose({ onto, change, files, message: "M\n" });
    return [composed.kind === "composed" ? composed.candidate.tree : "conflict", reads];
  };
  const [quick, reads] = await compose(open.git.indexes);
  expect(reads).toBe(0);
  expect(await compose(createIndexShelf())).toEqual([quick, 1]);
  expect(repository.git("cat-file", "blob", `${quick}:P.md`)).toBe("2");
});
