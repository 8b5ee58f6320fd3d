/** Dependencies that stay in a directory from one use to the next: whatever was done to them, the next use is clean. */
import {
  appendFileSync,
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { commitSha } from "../../../src/core/ids.ts";
import type { Config } from "../../../src/core/config.ts";
import type { GateCheckout } from "../../../src/ports.ts";
import { listTree } from "../../support/list-tree.ts";
import {
  createRepository,
  type GitParts,
  makeFolder,
  openParts,
  prepareWorkspace,
  type TestRepository,
} from "../../support/repository.ts";

interface Bench extends Disposable {
  readonly repository: TestRepository;
  readonly open: GitParts;
  /** Where dependencies are stored. */
  readonly store: string;
  /** Somewhere else. */
  readonly outside: string;
  readonly first: string;
  readonly runs: () => number;
}

const setupOf = (runs: string): string =>
  [
    `echo run >> ${runs}`,
    "mkdir -p deps/lib/sub deps/bin",
    "cp lock deps/lib/made",
    "echo one > deps/lib/one; echo two > deps/lib/sub/two",
    "echo '#!/bin/sh' > deps/bin/real; chmod +x deps/bin/real",
    "ln -s real deps/bin/tool",
    "chmod 700 deps/lib/sub",
  ].join(" && ");

function makeBench(
  files: Readonly<Record<string, string>> = {},
  change: (runs: string) => Partial<Config["workspace"]> = () => ({}),
): Bench {
  const outside = makeFolder("outside");
  const log = join(outside, "runs");
  writeFileSync(log, "");
  const repository = createRepository({ lock: "1\n", ".gitignore": "deps/\n", "src/a": "1\n", ...files });
  const workspace = { setup: setupOf(log), setupInputs: ["lock"], keep: ["deps"], ...change(log) };
  const open = openParts(join(repository.path, ".git"), workspace);
  return {
    repository,
    open,
    store: join(open.work, "../dependencies"),
    outside,
    first: repository.git("rev-parse", "HEAD"),
    runs: () => readFileSync(log, "utf8").split("\n").length - 1,
    [Symbol.dispose]() {
      open[Symbol.dispose]();
      repository[Symbol.dispose]();
      rmSync(outside, { recursive: true, force: true });
    },
  };
}

async function layOut({ open }: Bench, commit: string, trusted = true): Promise<GateCheckout> {
  const laidOut = await open.workspaces.layOut(commitSha(commit), trusted);
  if (laidOut.kind !== "ready") throw new Error(laidOut.reason);
  return laidOut.checkout;
}

const dispose = (checkout: GateCheckout): PromiseLike<void> => checkout[Symbol.asyncDispose]();

/** The directory was made by setup once, and once filled from the store. */
async function warmUp(bench: Bench): Promise<void> {
  await dispose(await layOut(bench, bench.first));
  await dispose(await layOut(bench, bench.first));
}

const identityOf = (path: string): string => {
  const { ino, birthtimeMs, ctimeMs } = lstatSync(path);
  return `${ino} ${birthtimeMs} ${ctimeMs}`;
};

/** What a directory holds that was never used. */
async function listFresh(bench: Bench, commit: string): Promise<readonly string[]> {
  await bench.open.workspaces[Symbol.asyncDispose]();
  return listTree((await layOut(bench, commit)).path);
}

it("copies nothing again that is as it was", async () => {
  using bench = makeBench();
  await warmUp(bench);
  const before = await layOut(bench, bench.first);
  const identities = ["deps/lib/one", "deps/bin/tool"].map((path) => identityOf(join(before.path, path)));
  await dispose(before);
  const after = await layOut(bench, bench.repository.commit("Second", { "src/a": "2\n" }));
  expect(["deps/lib/one", "deps/bin/tool"].map((path) => identityOf(join(after.path, path)))).toEqual(
    identities,
  );
  expect(await after.changedPaths()).toEqual([]);
  expect(bench.runs()).toBe(1);
});

it("replaces everything when an input of setup changed, and when it changes back", async () => {
  using bench = makeBench();
  await warmUp(bench);
  const second = bench.repository.commit("Second", { lock: "2\n" });
  for (const [commit, made] of [
    [second, "2\n"],
    [second, "2\n"],
    [bench.first, "1\n"],
    [second, "2\n"],
  ] as const) {
    const checkout = await layOut(bench, commit);
    expect(readFileSync(join(checkout.path, "deps/lib/made"), "utf8")).toBe(made);
    writeFileSync(join(checkout.path, "deps/left"), "1\n");
    await dispose(checkout);
  }
  expect(listTree((await layOut(bench, second)).path)).toEqual(await listFresh(bench, second));
  expect(bench.runs()).toBe(2);
});

it("runs setup for a commit under judgement where nothing of other inputs is left", async () => {
  using bench = makeBench();
  await warmUp(bench);
  const used = await layOut(bench, bench.first);
  writeFileSync(join(used.path, "deps/left"), "1\n");
  await dispose(used);
  const second = bench.repository.commit("Second", { lock: "2\n" });
  const next = listTree((await layOut(bench, second, false)).path);
  await bench.open.workspaces[Symbol.asyncDispose]();
  expect(next).toEqual(listTree((await layOut(bench, second, false)).path));
});

/** Rewrites a file in the same length and puts its times back as far as a program can. */
function restoreTimes(path: string, text: string): void {
  const { atime, mtime } = statSync(path);
  writeFileSync(path, text);
  utimesSync(path, atime, mtime);
}

type Poison = (deps: string, outside: string) => void;

const poisons: Readonly<Record<string, Poison>> = {
  "a file rewritten in the same length with its old time": (deps) =>
    restoreTimes(join(deps, "lib/one"), "ONE\n"),
  "a file replaced with its old time": (deps) => {
    const { atime, mtime } = statSync(join(deps, "lib/one"));
    rmSync(join(deps, "lib/one"));
    writeFileSync(join(deps, "lib/one"), "ONE\n");
    utimesSync(join(deps, "lib/one"), atime, mtime);
  },
  "caches and other additions": (deps) => {
    mkdirSync(join(deps, ".cache/x"), { recursive: true });
    writeFileSync(join(deps, ".cache/x/y"), "1\n");
    writeFileSync(join(deps, "lib/sub/three"), "1\n");
  },
  "files and folders that are gone": (deps) => {
    rmSync(join(deps, "lib/sub"), { recursive: true });
    rmSync(join(deps, "bin/tool"));
  },
  "everything gone": (deps) => rmSync(deps, { recursive: true }),
  "changed permissions": (deps) => {
    chmodSync(join(deps, "lib/one"), 0o755);
    chmodSync(join(deps, "lib/sub"), 0o777);
    chmodSync(deps, 0o777);
  },
  "folders that nobody may read": (deps) => {
    chmodSync(join(deps, "lib/sub"), 0o000);
    chmodSync(join(deps, "lib"), 0o500);
  },
  "a link that leads elsewhere": (deps) => {
    rmSync(join(deps, "bin/tool"));
    symlinkSync("../lib/one", join(deps, "bin/tool"));
  },
  "hard links out, written through": (deps, outside) => {
    linkSync(join(deps, "lib/one"), join(outside, "one"));
    appendFileSync(join(outside, "one"), "poison\n");
  },
  "a link in the place of it all": (deps, outside) => {
    renameSync(deps, join(outside, "deps"));
    writeFileSync(join(outside, "deps/lib/one"), "ONE\n");
    symlinkSync(join(outside, "deps"), deps);
  },
  "a file in the place of it all": (deps) => {
    rmSync(deps, { recursive: true });
    writeFileSync(deps, "1\n");
  },
  "a link in the place of a folder": (deps, outside) => {
    renameSync(join(deps, "lib"), join(outside, "lib"));
    symlinkSync(join(outside, "lib"), join(deps, "lib"));
  },
  "names that are no text": (deps) =>
    writeFileSync(Buffer.concat([Buffer.from(`${deps}/caf`), Buffer.from([0xe9])]), "1\n"),
};

describe("after dependencies were left with", () => {
  it.each(Object.entries(poisons))("%s, the next use is as the first", async (_name, poison) => {
    using bench = makeBench();
    await warmUp(bench);
    const fresh = await listFresh(bench, bench.first);
    await bench.open.workspaces[Symbol.asyncDispose]();
    const aside = join(bench.outside, "aside");
    mkdirSync(aside);
    await warmUp(bench);
    const used = await layOut(bench, bench.first);
    poison(join(used.path, "deps"), aside);
    await dispose(used);
    const before = listTree(aside);
    const next = await layOut(bench, bench.first);
    expect(listTree(next.path)).toEqual(fresh);
    expect(listTree(aside)).toEqual(before);
    await dispose(next);
    // What was mended is watched in its turn.
    const again = await layOut(bench, bench.first);
    restoreTimes(join(again.path, "deps/lib/one"), "ONE\n");
    await dispose(again);
    expect(listTree((await layOut(bench, bench.first)).path)).toEqual(fresh);
    expect(bench.runs()).toBe(1);
  });

  it.each(Object.entries(poisons))("%s, the next agent finds them as the first", async (_name, poison) => {
    using bench = makeBench();
    await dispose(await layOut(bench, bench.first));
    const provide = async (): Promise<Awaited<ReturnType<typeof prepareWorkspace>>> => {
      const workspace = await prepareWorkspace(bench.open, bench.first);
      await workspace.provision();
      return workspace;
    };
    const used = await provide();
    const fresh = listTree(used.path);
    const aside = join(bench.outside, "aside");
    mkdirSync(aside);
    poison(join(used.path, "deps"), aside);
    await used.release();
    // Nobody asked for dependencies here: they are still verified the next time.
    await (await prepareWorkspace(bench.open, bench.first)).release();
    expect(listTree((await provide()).path)).toEqual(fresh);
    expect(bench.runs()).toBe(1);
  });
});

it("copies all of it again when much of it was changed", async () => {
  using bench = makeBench({}, (runs) => ({
    setup: `echo run >> ${runs}; mkdir -p deps; for i in $(seq 300); do echo $i > deps/$i; done`,
  }));
  await warmUp(bench);
  const used = await layOut(bench, bench.first);
  for (const name of readdirSync(join(used.path, "deps")))
    restoreTimes(join(used.path, "deps", name), "0".repeat(name.length));
  await dispose(used);
  const next = await layOut(bench, bench.first);
  expect(listTree(next.path)).toEqual(await listFresh(bench, bench.first));
  expect(bench.runs()).toBe(1);
});

it("runs setup only where nothing ever ran, when what it makes may be stored", async () => {
  using bench = makeBench();
  await warmUp(bench);
  const placeOf = ({ path }: GateCheckout): string => {
    const { ino, birthtimeMs } = statSync(path);
    return `${ino} ${birthtimeMs}`;
  };
  const used = await layOut(bench, bench.first);
  const place = placeOf(used);
  await dispose(used);
  expect(placeOf(await layOut(bench, bench.repository.commit("Second", { lock: "2\n" })))).not.toBe(place);
  expect(bench.runs()).toBe(2);
});

it("makes dependencies anew when somebody wrote to the store", async () => {
  using bench = makeBench();
  await warmUp(bench);
  const fresh = await listFresh(bench, bench.first);
  const [entry = ""] = readdirSync(bench.store).filter((name) => /^[0-9a-f]{32}$/.test(name));
  restoreTimes(join(bench.store, entry, "deps/lib/one"), "ONE\n");
  await bench.open.workspaces[Symbol.asyncDispose]();
  expect(listTree((await layOut(bench, bench.first)).path)).toEqual(fresh);
  expect(bench.runs()).toBe(2);
});

it("mends from the store only what nobody wrote to there", async () => {
  using bench = makeBench();
  await warmUp(bench);
  const used = await layOut(bench, bench.first);
  const [entry = ""] = readdirSync(bench.store).filter((name) => /^[0-9a-f]{32}$/.test(name));
  for (const deps of [join(bench.store, entry, "deps"), join(used.path, "deps")])
    restoreTimes(join(deps, "lib/one"), "ONE\n");
  await dispose(used);
  // For a commit on the target, the directory would not even be used again.
  const next = await layOut(bench, bench.first, false);
  expect(readFileSync(join(next.path, "deps/lib/one"), "utf8")).toBe("one\n");
});

describe("where kept paths and the commit come near each other", () => {
  /** What a directory that was used at the first commit holds at this one, and what a fresh one does. */
  const listBoth = async (
    bench: Bench,
    commit: string,
    trusted = true,
  ): Promise<readonly (readonly string[])[]> => {
    await warmUp(bench);
    const next = listTree((await layOut(bench, commit, trusted)).path);
    await bench.open.workspaces[Symbol.asyncDispose]();
    return [next, listTree((await layOut(bench, commit, trusted)).path)];
  };

  it("keeps a path in a folder that is no part of the commit", async () => {
    using bench = makeBench({ ".gitignore": "vendor/\n" }, (runs) => ({
      setup: `echo run >> ${runs}; mkdir -p vendor/deps && echo 1 > vendor/deps/one`,
      keep: ["vendor/deps/"],
    }));
    await warmUp(bench);
    const before = await layOut(bench, bench.first);
    const identity = identityOf(join(before.path, "vendor/deps/one"));
    writeFileSync(join(before.path, "vendor/left"), "1\n");
    await dispose(before);
    const after = await layOut(bench, bench.first);
    expect(identityOf(join(after.path, "vendor/deps/one"))).toBe(identity);
    expect(existsSync(join(after.path, "vendor/left"))).toBe(false);
  });

  it("follows a commit that removes the folder around a kept path", async () => {
    using bench = makeBench({ "packages/a/package.json": "{}\n", ".gitignore": "deps/\n" }, (runs) => ({
      setup: `echo run >> ${runs}; [ ! -d packages/a ] || { mkdir packages/a/deps; cp lock packages/a/deps/one; }`,
      keep: ["packages/a/deps"],
    }));
    rmSync(join(bench.repository.path, "packages"), { recursive: true });
    const second = bench.repository.commit("Second", { lock: "2\n" });
    const [next, fresh] = await listBoth(bench, second, false);
    expect(next).toEqual(fresh);
    expect(bench.runs()).toBe(3);
  });

  it("follows a commit that brings a file inside a kept path", async () => {
    using bench = makeBench({ ".gitignore": "" });
    const second = bench.repository.commit("Second", { "deps/lib/own": "1\n" });
    const [next, fresh] = await listBoth(bench, second);
    expect(next).toEqual(fresh);
  });

  it("does not let git write where what is kept was not verified", async () => {
    using bench = makeBench({ ".gitignore": "" });
    await warmUp(bench);
    const used = await layOut(bench, bench.first);
    const before = statSync(used.path);
    renameSync(join(used.path, "deps/lib"), join(bench.outside, "lib"));
    symlinkSync(join(bench.outside, "lib"), join(used.path, "deps/lib"));
    const outside = listTree(bench.outside);
    await dispose(used);
    const second = bench.repository.commit("Second", { "deps/lib/own": "1\n" });
    const next = await layOut(bench, second);
    const after = statSync(next.path);
    expect([after.ino, after.birthtimeMs]).toEqual([before.ino, before.birthtimeMs]);
    expect(listTree(bench.outside)).toEqual(outside);
    expect(listTree(next.path)).toEqual(await listFresh(bench, second));
  });

  it("copies what is kept anew where the commit has files in it", async () => {
    using bench = makeBench({ ".gitignore": "deps/*\n!deps/own\n", "deps/own": "1\n" });
    await warmUp(bench);
    const used = await layOut(bench, bench.first);
    writeFileSync(join(used.path, "deps/left"), "1\n");
    restoreTimes(join(used.path, "deps/lib/one"), "ONE\n");
    const identity = identityOf(join(used.path, "deps/lib/sub/two"));
    await dispose(used);
    const next = await layOut(bench, bench.first);
    expect(identityOf(join(next.path, "deps/lib/sub/two"))).not.toBe(identity);
    expect(listTree(next.path)).toEqual(await listFresh(bench, bench.first));
  });
});
