/** Directories that are used again: whatever was left in them, the next one is what a fresh one would be. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  closeSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { commitSha } from "../../../src/core/ids.ts";
import type { GateCheckout } from "../../../src/ports.ts";
import { listTree } from "../../support/list-tree.ts";
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

const files = {
  ".gitignore": "*.log\nout/\n",
  "a.txt": "one\n",
  "b.txt": "two\n",
  "run.sh": "#!/bin/sh\n",
  "src/one.ts": "1\n",
  "src/deep/two.ts": "2\n",
  "src/deep/three.ts": "3\n",
  "test/one.test.ts": "t\n",
};

/** Two commits: in the second one, one file is another, one is new, one is gone and one may be run. */
function twoCommits(): { readonly repository: TestRepository; readonly commits: readonly [string, string] } {
  const repository = createRepository(files);
  symlinkSync("a.txt", join(repository.path, "link"));
  const first = repository.commit("With a link");
  rmSync(join(repository.path, "test/one.test.ts"));
  chmodSync(join(repository.path, "run.sh"), 0o755);
  const second = repository.commit("Second", { "b.txt": "three\n", "src/new.ts": "n\n" });
  return { repository, commits: [first, second] };
}

const parts = (repository: { readonly path: string }): GitParts => openParts(join(repository.path, ".git"));

async function layOut(open: GitParts, commit: string, trusted = false): Promise<GateCheckout> {
  const laidOut = await open.workspaces.layOut(commitSha(commit), trusted);
  if (laidOut.kind !== "ready") throw new Error(laidOut.reason);
  return laidOut.checkout;
}

const dispose = (checkout: GateCheckout): PromiseLike<void> => checkout[Symbol.asyncDispose]();

/** What a fresh directory holds, its `.git` included, but for the index: that tells times. */
async function listFresh(repository: TestRepository, commit: string): Promise<readonly string[]> {
  using open = parts(repository);
  return listAll((await layOut(open, commit)).path);
}

function listAll(top: string): readonly string[] {
  const git = listTree(join(top, ".git"), ["index"]).map((line) => `.git: ${line}`);
  const root = (statSync(top).mode & 0o7777).toString(8);
  return [`${root} .`, ...listTree(top), ...git];
}

/** Which file or folder this is, whatever it is called: numbers are used again, but not at the same time. */
function inodeOf(path: string): string {
  const { ino, birthtimeMs } = lstatSync(path);
  return `${ino} ${birthtimeMs}`;
}

it("uses a directory again, and rewrites only what differs", async () => {
  const { repository, commits } = twoCommits();
  using _ = repository;
  using open = parts(repository);
  const first = await layOut(open, commits[0]);
  const [path, inodes] = [first.path, ["", "a.txt", "b.txt"].map((file) => inodeOf(join(first.path, file)))];
  await dispose(first);
  const second = await layOut(open, commits[1]);
  const after = ["", "a.txt", "b.txt"].map((file) => inodeOf(join(second.path, file)));
  expect(after.slice(0, 2)).toEqual(inodes.slice(0, 2));
  expect(after[2]).not.toBe(inodes[2]);
  // Whoever still knows the old place finds nothing there.
  expect(existsSync(path)).toBe(false);
  expect(listAll(second.path)).toEqual(await listFresh(repository, commits[1]));
  expect(runGit(second.path, ["status", "--porcelain", "--branch"])).toBe("## HEAD (no branch)");
  expect(await second.changedPaths()).toEqual([]);
  for (const file of ["a.txt", "b.txt"]) writeFileSync(join(second.path, file), "edited\n");
  writeFileSync(join(second.path, "left"), "1\n");
  await dispose(second);
  const third = await layOut(open, commits[0]);
  expect(inodeOf(third.path)).toBe(inodes[0]);
  expect(listAll(third.path)).toEqual(await listFresh(repository, commits[0]));
});

const memory = "/dev/shm";

it.skipIf(!existsSync(memory))("uses no directory in memory again, and reads every file there", async () => {
  const { repository, commits } = twoCommits();
  using _ = repository;
  using open = openParts(join(repository.path, ".git"), undefined, memory);
  const first = await layOut(open, commits[0]);
  const inode = inodeOf(join(first.path, "src"));
  // A shared mapping writes without any time that changes: python has one at hand, and node has not.
  const script = "import mmap,os; f=os.open('a.txt',os.O_RDWR); m=mmap.mmap(f,0); m[0]; m[0:3]=b'ONE'";
  execFileSync("python3", ["-c", script], { cwd: first.path });
  expect(await first.changedPaths()).toEqual(["a.txt"]);
  await dispose(first);
  const second = await layOut(open, commits[0]);
  expect(inodeOf(join(second.path, "src"))).not.toBe(inode);
  expect(listAll(second.path)).toEqual(await listFresh(repository, commits[0]));
});

it("notices what a gate changes in a directory that is used again", async () => {
  const { repository, commits } = twoCommits();
  using _ = repository;
  using open = parts(repository);
  await dispose(await layOut(open, commits[0]));
  const checkout = await layOut(open, commits[1]);
  restoreTimes(checkout.path, "a.txt", "ONE\n");
  restoreTimes(checkout.path, "b.txt", "THREE\n");
  writeFileSync(join(checkout.path, "new"), "");
  expect(await checkout.changedPaths()).toEqual(["a.txt", "b.txt", "new"]);
});

it("never makes a gate checkout of a directory in which an agent was", async () => {
  const { repository, commits } = twoCommits();
  using _ = repository;
  using open = parts(repository);
  const workspace = await prepareWorkspace(open, commits[0]);
  const inode = inodeOf(workspace.path);
  await workspace.release();
  expect(inodeOf((await layOut(open, commits[0])).path)).not.toBe(inode);
  expect(inodeOf((await prepareWorkspace(open, commits[0])).path)).toBe(inode);
});

it("keeps as many directories as were used at once, hands none to two, and removes them at the end", async () => {
  const { repository, commits } = twoCommits();
  using _ = repository;
  using open = parts(repository);
  const both = [await layOut(open, commits[0]), await layOut(open, commits[0])];
  for (const checkout of both) await dispose(checkout);
  await dispose(await layOut(open, commits[0]));
  expect(readdirSync(open.work)).toHaveLength(2);
  for (const checkout of both) await dispose(checkout);
  const again = await Promise.all([1, 2, 3].map(() => layOut(open, commits[1])));
  expect(new Set(again.map(({ path }) => inodeOf(path))).size).toBe(3);
  for (const checkout of again.slice(0, 1)) await dispose(checkout);
  await open.workspaces[Symbol.asyncDispose]();
  expect(readdirSync(open.work)).toHaveLength(2);
});

it("trusts nothing that was there before it", async () => {
  const { repository, commits } = twoCommits();
  using _ = repository;
  using open = parts(repository);
  const first = await layOut(open, commits[0]);
  const inode = inodeOf(first.path);
  await dispose(first);
  expect(await open.workspaces.sweep()).toBe(1);
  const second = await layOut(open, commits[0]);
  expect(listAll(second.path)).toEqual(await listFresh(repository, commits[0]));
  expect([inode, existsSync(first.path)]).toEqual([inode, false]);
});

it("gives an agent a workspace as fresh as the first", async () => {
  const { repository, commits } = twoCommits();
  using _ = repository;
  using open = parts(repository);
  const used = await prepareWorkspace(open, commits[0]);
  writeFileSync(used.briefFile, "old brief");
  writeFileSync(used.claimFile, "{}");
  writeFileSync(join(used.path, "a.txt"), "edited\n");
  expect(await sealChange(used)).not.toBeNull();
  runGit(used.path, ["commit", "-q", "-a", "-m", "Own"]);
  await used.release();
  const next = await prepareWorkspace(open, commits[1]);
  expect(readdirSync(join(next.path, ".."))).toEqual(["tree"]);
  expect(runGit(next.path, ["status", "--porcelain", "--branch"])).toBe("## main");
  expect(runGit(next.path, ["rev-parse", "HEAD"])).toBe(commits[1]);
  using fresh = parts(repository);
  expect(listAll(next.path)).toEqual(listAll((await prepareWorkspace(fresh, commits[1])).path));
  expect(await sealChange(next)).toBeNull();
});

/** Rewrites a file in place, in the same length, and puts its times back as far as a program can. */
function restoreTimes(top: string, file: string, text: string): void {
  const path = join(top, file);
  const { size } = statSync(path);
  expect(Buffer.byteLength(text)).toBe(size);
  execFileSync(
    "sh",
    ["-c", 'touch -r "$0" ../../time; printf %s "$1" > "$0"; touch -r ../../time "$0"', path, text],
    {
      cwd: top,
    },
  );
  rmSync(join(top, "../../time"));
}

interface Place {
  /** The directory. */
  readonly top: string;
  /** A folder elsewhere. */
  readonly outside: string;
}

type Poison = (place: Place) => void | Promise<void>;

const poisons: Readonly<Record<string, Poison>> = {
  "files and folders left over": ({ top }) => {
    writeFileSync(join(top, "left"), "1\n");
    mkdirSync(join(top, "src/empty"));
    mkdirSync(join(top, "node_modules/.cache"), { recursive: true });
    writeFileSync(join(top, "node_modules/.cache/x"), "1\n");
  },
  "ignored files left over": ({ top }) => {
    writeFileSync(join(top, "src/x.log"), "1\n");
    mkdirSync(join(top, "out"));
    writeFileSync(join(top, "out/x"), "1\n");
  },
  "files that a new .gitignore and .git/info/exclude hide": ({ top }) => {
    writeFileSync(join(top, ".gitignore"), "*\n");
    mkdirSync(join(top, ".git/info"), { recursive: true });
    writeFileSync(join(top, ".git/info/exclude"), "*\n");
    writeFileSync(join(top, "src/hidden.ts"), "1\n");
  },
  "a file rewritten in the same length with its old time": ({ top }) => restoreTimes(top, "a.txt", "ONE\n"),
  "a file replaced in the same length with its old time": ({ top }) => {
    const { atime, mtime } = statSync(join(top, "a.txt"));
    writeFileSync(join(top, "new"), "ONE\n");
    renameSync(join(top, "new"), join(top, "a.txt"));
    utimesSync(join(top, "a.txt"), atime, mtime);
  },
  "two files that changed places": ({ top }) => {
    renameSync(join(top, "src/deep/two.ts"), join(top, "src/x"));
    renameSync(join(top, "src/deep/three.ts"), join(top, "src/deep/two.ts"));
    renameSync(join(top, "src/x"), join(top, "src/deep/three.ts"));
  },
  "files and folders that are gone": ({ top }) => {
    rmSync(join(top, "a.txt"));
    rmSync(join(top, "src"), { recursive: true });
  },
  "a changed time alone": ({ top }) => utimesSync(join(top, "a.txt"), 1, 1),
  "changed permissions": ({ top }) => {
    chmodSync(join(top, "a.txt"), 0o666);
    chmodSync(join(top, "b.txt"), 0o4755);
    chmodSync(join(top, "src"), 0o777);
  },
  "folders that nobody may read or write": ({ top }) => {
    writeFileSync(join(top, "src/deep/left"), "1\n");
    chmodSync(join(top, "src/deep"), 0o000);
    mkdirSync(join(top, "locked/in"), { recursive: true });
    writeFileSync(join(top, "locked/in/left"), "1\n");
    chmodSync(join(top, "locked/in"), 0o500);
    chmodSync(join(top, "locked"), 0o000);
  },
  "other permissions of the directory itself": ({ top }) => chmodSync(top, 0o777),
  "files that became folders, and folders that became files": ({ top }) => {
    rmSync(join(top, "a.txt"));
    mkdirSync(join(top, "a.txt"));
    writeFileSync(join(top, "a.txt/b.txt"), "1\n");
    rmSync(join(top, "src/deep"), { recursive: true });
    writeFileSync(join(top, "src/deep"), "1\n");
  },
  "a folder that became a link to one like it": ({ top, outside }) => {
    mkdirSync(join(outside, "src/deep"), { recursive: true });
    for (const file of ["src/one.ts", "src/deep/two.ts", "src/deep/three.ts"])
      writeFileSync(join(outside, file), "outside\n");
    rmSync(join(top, "src"), { recursive: true });
    symlinkSync(join(outside, "src"), join(top, "src"));
  },
  "a link that leads elsewhere, and new ones that lead out": ({ top, outside }) => {
    unlinkSync(join(top, "link"));
    symlinkSync("b.txt", join(top, "link"));
    symlinkSync(outside, join(top, "src/out"));
    symlinkSync("/", join(top, "root"));
  },
  "hard links out, written through later": ({ top, outside }) => {
    linkSync(join(top, "a.txt"), join(outside, "a"));
    linkSync(join(top, "src/one.ts"), join(outside, "one"));
    appendFileSync(join(outside, "one"), "poison\n");
  },
  "a hard link in, to a file of the same content": ({ top, outside }) => {
    writeFileSync(join(outside, "a"), "one\n");
    unlinkSync(join(top, "a.txt"));
    linkSync(join(outside, "a"), join(top, "a.txt"));
  },
  "pipes and sockets": async ({ top }) => {
    execFileSync("mkfifo", [join(top, "src/pipe")]);
    rmSync(join(top, "a.txt"));
    execFileSync("mkfifo", [join(top, "a.txt")]);
    const server = createServer();
    const here = process.cwd();
    process.chdir(top);
    try {
      await new Promise<void>((resolve) => server.listen("src/deep/socket", resolve));
      // Closing would remove it.
      renameSync("src/deep/socket", "src/deep/left");
    } finally {
      process.chdir(here);
    }
    await new Promise((resolve) => server.close(resolve));
  },
  "names with line feeds and names that are no text": ({ top }) => {
    writeFileSync(join(top, "src/line\nfeed"), "1\n");
    writeFileSync(Buffer.concat([Buffer.from(`${top}/src/caf`), Buffer.from([0xe9])]), "1\n");
    mkdirSync(Buffer.concat([Buffer.from(`${top}/d`), Buffer.from([0xff])]));
  },
  "only a name with a line feed": ({ top }) => writeFileSync(join(top, "src/line\nfeed"), "1\n"),
  "folders nested deeper than a path may be long": ({ top }) =>
    void execFileSync(
      "bash",
      [
        "--norc",
        "-c",
        'n=$(printf "n%.0s" {1..200}); for i in {1..40}; do mkdir $n && cd $n || exit 1; done',
      ],
      { cwd: top, stdio: "ignore" },
    ),
  "nested repositories": ({ top }) => {
    for (const folder of ["src", "src/deep", "vendor"]) {
      mkdirSync(join(top, folder), { recursive: true });
      runGit(join(top, folder), ["init", "-q"]);
      runGit(join(top, folder), ["commit", "-q", "--allow-empty", "-m", "x"]);
    }
  },
  "a .git that was written to": ({ top, outside }) => {
    runGit(top, ["config", "core.fsmonitor", `touch ${outside}/ran`]);
    runGit(top, ["config", "core.worktree", "/"]);
    mkdirSync(join(top, ".git/hooks"));
    writeFileSync(join(top, ".git/hooks/post-checkout"), `#!/bin/sh\ntouch ${outside}/ran\n`, {
      mode: 0o755,
    });
    writeFileSync(join(top, ".git/refs/heads/other"), `${"1".repeat(40)}\n`);
    writeFileSync(join(top, ".git/objects/info/alternates"), "/nowhere\n");
  },
  "an index that hides changes": ({ top }) => {
    runGit(top, ["update-index", "--assume-unchanged", "a.txt"]);
    runGit(top, ["update-index", "--skip-worktree", "src/one.ts"]);
    for (const file of ["a.txt", "src/one.ts"]) writeFileSync(join(top, file), "hidden\n");
  },
  "a .git that became a link or went away": ({ top, outside }) => {
    renameSync(join(top, ".git"), join(outside, "git"));
    symlinkSync(join(outside, "git"), join(top, ".git"));
  },
  "files beside the directory": ({ top }) => writeFileSync(join(top, "../beside"), "1\n"),
  "a directory that is another one": ({ top }) => {
    execFileSync("cp", ["-a", top, `${top}-copy`]);
    writeFileSync(join(`${top}-copy`, "a.txt"), "copy\n");
    renameSync(top, `${top}-old`);
    renameSync(`${top}-copy`, top);
  },
  "a directory that is a link": ({ top, outside }) => {
    execFileSync("cp", ["-a", top, join(outside, "tree")]);
    rmSync(top, { recursive: true });
    symlinkSync(join(outside, "tree"), top);
  },
  "a directory that is gone": ({ top }) => rmSync(join(top, ".."), { recursive: true }),
};

describe("after it was left with", () => {
  const rootless = process.geteuid?.() === 0 ? 65534 : null;

  it.each(Object.entries(poisons))("%s, the next directory is as a fresh one", async (_name, poison) => {
    const { repository, commits } = twoCommits();
    using _ = repository;
    using open = parts(repository);
    const outside = makeFolder("outside");
    const precious = join(outside, "precious");
    writeFileSync(precious, "1\n");
    const fresh = new Map<string, readonly string[]>();
    for (const commit of commits) fresh.set(commit, await listFresh(repository, commit));
    // To the same commit: git has nothing to do; to another one: it has.
    for (const commit of commits) {
      const used = await layOut(open, commits[0]);
      await poison({ top: used.path, outside });
      await dispose(used);
      const before = listTree(outside);
      const next = await layOut(open, commit);
      expect(listAll(next.path)).toEqual(fresh.get(commit));
      expect(readdirSync(join(next.path, ".."))).toEqual(["tree"]);
      expect(await next.changedPaths()).toEqual([]);
      expect(listTree(outside)).toEqual(before);
      rmSync(outside, { recursive: true });
      mkdirSync(outside);
      writeFileSync(precious, "1\n");
      await dispose(next);
      await open.workspaces[Symbol.asyncDispose]();
      expect(readdirSync(open.work)).toEqual([]);
    }
    rmSync(outside, { recursive: true });
  });

  it("folders without permissions, somebody who is not root gets a fresh one, too", async () => {
    const { repository, commits } = twoCommits();
    using _ = repository;
    using open = parts(repository);
    const fresh = await listFresh(repository, commits[1]);
    const owner = rootless ?? process.geteuid?.() ?? 0;
    execFileSync("chown", ["-R", String(owner), join(open.work, ".."), repository.path]);
    if (rootless !== null) process.seteuid?.(rootless);
    try {
      for (const spoil of [
        (top: string) => chmodSync(join(top, "src/deep"), 0o000),
        (top: string) => chmodSync(join(top, "src"), 0o500),
        (top: string) => chmodSync(top, 0o000),
        (top: string) => chmodSync(join(top, ".."), 0o500),
        (top: string) => (mkdirSync(join(top, "x/y"), { recursive: true }), chmodSync(join(top, "x"), 0o000)),
        (top: string) => chmodSync(join(top, ".git/objects"), 0o000),
      ]) {
        const used = await layOut(open, commits[0]);
        spoil(used.path);
        await dispose(used);
        const next = await layOut(open, commits[1]);
        expect(listAll(next.path)).toEqual(fresh);
        await dispose(next);
      }
      await open.workspaces[Symbol.asyncDispose]();
      expect(readdirSync(open.work)).toEqual([]);
    } finally {
      if (rootless !== null) process.seteuid?.(0);
    }
  });
});

/** Whether a directory is used again beside a process that has it open, and tells nothing of who started it. */
async function isUsedBeside(holdOpen: (top: string) => ChildProcess): Promise<boolean> {
  const { repository, commits } = twoCommits();
  using _ = repository;
  using open = parts(repository);
  const used = await layOut(open, commits[0]);
  const inode = inodeOf(used.path);
  const child = holdOpen(used.path);
  try {
    await new Promise((resolve) => child.once("spawn", resolve));
    await dispose(used);
    const next = await layOut(open, commits[0]);
    expect(existsSync(used.path)).toBe(false);
    expect(listAll(next.path)).toEqual(await listFresh(repository, commits[0]));
    return inodeOf(next.path) === inode;
  } finally {
    child.kill("SIGKILL");
  }
}

it("does not use a directory again while a process is at home in it", async () => {
  const holdOpen = (top: string): ChildProcess =>
    spawn("cat", [], { cwd: join(top, "src"), env: {}, stdio: ["pipe", "ignore", "ignore"] });
  expect(await isUsedBeside(holdOpen)).toBe(false);
});

it("does not use a directory again while a process has a file of it open", async () => {
  const holdOpen = (top: string): ChildProcess => {
    const file = openSync(join(top, "a.txt"), "r+");
    try {
      return spawn("cat", [], { cwd: "/", env: {}, stdio: ["pipe", "ignore", file] });
    } finally {
      closeSync(file);
    }
  };
  expect(await isUsedBeside(holdOpen)).toBe(false);
});

describe("from one commit to another", () => {
  const goFromTo = async (
    repository: TestRepository,
    [from, to]: readonly [string, string],
  ): Promise<{ readonly isWarm: boolean }> => {
    using open = parts(repository);
    const first = await layOut(open, from);
    const inode = inodeOf(first.path);
    await dispose(first);
    const second = await layOut(open, to);
    expect(listAll(second.path)).toEqual(await listFresh(repository, to));
    expect(await second.changedPaths()).toEqual([]);
    return { isWarm: inodeOf(second.path) === inode };
  };

  it("writes all files anew when the attributes by which they are written changed", async () => {
    using repository = createRepository({ ...files, ".gitattributes": "*.txt -text\n" });
    const first = repository.git("rev-parse", "HEAD");
    const second = repository.commit("Line ends", { ".gitattributes": "*.txt text eol=crlf\n" });
    expect(await goFromTo(repository, [first, second])).toEqual({ isWarm: false });
  });

  it("turns files into folders, folders into files and links into both, and back", async () => {
    using repository = createRepository({ ...files, "x/y": "1\n", z: "1\n" });
    symlinkSync("z", join(repository.path, "w"));
    const first = repository.commit("First");
    rmSync(join(repository.path, "x"), { recursive: true });
    rmSync(join(repository.path, "z"));
    rmSync(join(repository.path, "w"));
    const second = repository.commit("Second", { x: "1\n", "z/a/b": "1\n", w: "1\n" });
    expect(await goFromTo(repository, [first, second])).toEqual({ isWarm: true });
    expect(await goFromTo(repository, [second, first])).toEqual({ isWarm: true });
  });

  it("brings submodules, and takes them away", async () => {
    using library = createRepository({ "lib.txt": "1\n" });
    using repository = createRepository(files);
    const first = repository.git("rev-parse", "HEAD");
    repository.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", library.path, "vendor/lib");
    const second = repository.commit("With submodule");
    expect(await goFromTo(repository, [first, second])).toEqual({ isWarm: true });
    expect(await goFromTo(repository, [second, first])).toEqual({ isWarm: true });
    expect(await goFromTo(repository, [second, second])).toEqual({ isWarm: true });
    for (const spoil of [
      (path: string) => rmSync(path, { recursive: true }),
      (path: string) => writeFileSync(join(path, "left"), "1\n"),
      (path: string) => runGit(path, ["clone", "-q", library.path, "."]),
      (path: string) => (rmSync(path, { recursive: true }), symlinkSync("/", path)),
    ]) {
      using open = parts(repository);
      const used = await layOut(open, second);
      spoil(join(used.path, "vendor/lib"));
      await dispose(used);
      for (const commit of [second, first]) {
        const next = await layOut(open, commit);
        expect(listAll(next.path)).toEqual(await listFresh(repository, commit));
        await dispose(next);
      }
    }
  });

  it("takes a fresh directory where a name in the commit is no text", async () => {
    using repository = createRepository(files);
    writeFileSync(Buffer.concat([Buffer.from(`${repository.path}/caf`), Buffer.from([0xe9])]), "1\n");
    const first = repository.commit("Latin");
    const second = repository.commit("Second", { "a.txt": "2\n" });
    expect(await goFromTo(repository, [first, second])).toEqual({ isWarm: false });
  });
});

describe("after random edits", () => {
  const names = [
    "a.txt",
    "b.txt",
    "src",
    "src/one.ts",
    "src/deep",
    "src/deep/two.ts",
    "link",
    "new",
    "src/new",
    ".git",
  ];
  const name = fc.constantFrom(...names);
  const edit = fc.oneof(
    fc.record({ kind: fc.constant("write" as const), at: name, text: fc.constantFrom("1\n", "one\n", "") }),
    fc.record({ kind: fc.constant("remove" as const), at: name }),
    fc.record({ kind: fc.constant("folder" as const), at: name }),
    fc.record({ kind: fc.constant("link" as const), at: name, to: name }),
    fc.record({ kind: fc.constant("hard" as const), at: name, to: name }),
    fc.record({ kind: fc.constant("move" as const), at: name, to: name }),
    fc.record({
      kind: fc.constant("mode" as const),
      at: name,
      mode: fc.constantFrom(0, 0o444, 0o644, 0o755, 0o777),
    }),
    fc.record({ kind: fc.constant("time" as const), at: name, time: fc.constantFrom(1, 2_000_000_000) }),
  );
  type Edit = typeof edit extends fc.Arbitrary<infer E> ? E : never;

  /** Edits that make no sense where they are tried do nothing. */
  function apply(top: string, step: Edit): void {
    const at = join(top, step.at);
    try {
      switch (step.kind) {
        case "write":
          return writeFileSync(at, step.text);
        case "remove":
          return rmSync(at, { recursive: true });
        case "folder":
          return void mkdirSync(join(at, "inner"), { recursive: true });
        case "link":
          return symlinkSync(step.to, at);
        case "hard":
          return linkSync(join(top, step.to), at);
        case "move":
          return renameSync(join(top, step.to), at);
        case "mode":
          return chmodSync(at, step.mode);
        case "time":
          return utimesSync(at, step.time, step.time);
      }
    } catch (error) {
      if (!(error instanceof Error && "code" in error)) throw error;
    }
  }

  it("the next directory is as a fresh one", async () => {
    const { repository, commits } = twoCommits();
    using _ = repository;
    using open = parts(repository);
    const fresh = new Map<string, readonly string[]>();
    for (const commit of commits) fresh.set(commit, await listFresh(repository, commit));
    let used: GateCheckout = await layOut(open, commits[0]);
    const steps = fc.array(edit, { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(steps, fc.constantFrom(...commits), async (edits, commit) => {
        for (const step of edits) apply(used.path, step);
        await dispose(used);
        used = await layOut(open, commit);
        expect(listAll(used.path)).toEqual(fresh.get(commit));
      }),
      { numRuns: 60 },
    );
  }, 60_000);
});

/** A git on PATH that is killed as often as the file says, right after it has added all there is. */
function putMortalGit(folder: string): { killNext(times: number): void } & Disposable {
  const [lives, real] = [
    join(folder, "lives"),
    execFileSync("sh", ["-c", "command -v git"]).toString().trim(),
  ];
  const script = `#!/bin/sh
"${real}" "$@"
status=$?
case " $* " in *" add -A "*) ;; *) exit $status ;; esac
read left <"${lives}"
test "$left" = 0 && exit $status
echo $((left - 1)) >"${lives}"
kill -9 $$
`;
  const path = process.env["PATH"] ?? "";
  writeFileSync(join(folder, "git"), script, { mode: 0o755 });
  process.env["PATH"] = `${folder}:${path}`;
  return {
    killNext: (times) => writeFileSync(lives, `${times}\n`),
    [Symbol.dispose]: () => void (process.env["PATH"] = path),
  };
}

it("asks once more when something kills the git that looks for changes, and once more only", async () => {
  const { repository, commits } = twoCommits();
  using _ = repository;
  using open = parts(repository);
  using git = putMortalGit(makeFolder("mortal"));
  const checkout = await layOut(open, commits[0]);
  git.killNext(1);
  expect(await checkout.changedPaths()).toEqual([]);
  writeFileSync(join(checkout.path, "new"), "");
  git.killNext(1);
  expect(await checkout.changedPaths()).toEqual(["new"]);
  git.killNext(2);
  await expect(checkout.changedPaths()).rejects.toThrow(
    "something kills every git add: it ends without a word",
  );
});
