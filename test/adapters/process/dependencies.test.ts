/** Dependencies that a setup command makes: made once, from the target's commits alone, copied fresh each time. */
import {
  chmodSync,
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createDependencies } from "../../../src/adapters/process/dependencies.ts";
import { noSandbox } from "../../../src/adapters/sandbox/containment.ts";
import type { Config } from "../../../src/core/config.ts";
import { commitSha } from "../../../src/core/ids.ts";
import type { GateCheckout } from "../../../src/ports.ts";
import {
  createRepository,
  type GitParts,
  makeFolder,
  openParts,
  prepareWorkspace,
} from "../../support/repository.ts";

/** Counts its runs in a file beside everything, and makes `deps` from `lock`. */
const setupOf = (runs: string): string =>
  [
    `echo run >> ${runs}`,
    "mkdir -p deps/bin",
    "cp lock deps/made",
    "echo '#!/bin/sh' > deps/tool; chmod +x deps/tool",
    "ln -sfn ../tool deps/bin/tool",
  ].join(" && ");

interface Bench extends Disposable {
  readonly open: GitParts;
  readonly commit: (files: Readonly<Record<string, string>>) => string;
  readonly runs: () => number;
}

function makeBench(change: (runs: string) => Partial<Config["workspace"]> = () => ({})): Bench {
  const folder = makeFolder("runs");
  const log = join(folder, "runs");
  writeFileSync(log, "");
  const repository = createRepository({ lock: "1\n", ".gitignore": "deps/\n" });
  const workspace = { setup: setupOf(log), setupInputs: ["lock"], keep: ["deps"], ...change(log) };
  const open = openParts(join(repository.path, ".git"), workspace);
  return {
    open,
    commit: (files) => repository.commit("Change", files),
    runs: () => readFileSync(log, "utf8").split("\n").length - 1,
    [Symbol.dispose]() {
      open[Symbol.dispose]();
      repository[Symbol.dispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function layOut(bench: Bench, commit: string, trusted = true): Promise<GateCheckout> {
  const laidOut = await bench.open.workspaces.layOut(commitSha(commit), trusted);
  if (laidOut.kind !== "ready") throw new Error(laidOut.reason);
  return laidOut.checkout;
}

const made = (checkout: { readonly path: string }): string =>
  readFileSync(join(checkout.path, "deps/made"), "utf8");

it("runs setup once for the same inputs, and copies what it made, links and modes and all", async () => {
  using bench = makeBench();
  const first = bench.commit({ a: "1\n" });
  const second = bench.commit({ a: "2\n" });
  // At once: the second waits for the first instead of running the same setup beside it.
  const checkouts = await Promise.all([layOut(bench, first), layOut(bench, second), layOut(bench, second)]);
  const workspace = await prepareWorkspace(bench.open, second);
  await workspace.provision();
  expect(bench.runs()).toBe(1);
  for (const place of [...checkouts, workspace]) {
    expect(made(place)).toBe("1\n");
    expect(lstatSync(join(place.path, "deps/bin/tool")).isSymbolicLink()).toBe(true);
    expect(statSync(join(place.path, "deps/bin/tool")).mode & 0o111).toBe(0o111);
  }
  for (const checkout of checkouts) expect(await checkout.changedPaths()).toEqual([]);
});

it("runs setup again when an input changes, and not when it changes back", async () => {
  using bench = makeBench();
  await layOut(bench, bench.commit({ a: "1\n" }));
  expect(made(await layOut(bench, bench.commit({ lock: "2\n" })))).toBe("2\n");
  expect(bench.runs()).toBe(2);
  expect(made(await layOut(bench, bench.commit({ lock: "1\n" })))).toBe("1\n");
  expect(bench.runs()).toBe(2);
});

it("keeps nothing of a setup that ran for a commit under judgement", async () => {
  using bench = makeBench();
  const commit = bench.commit({ lock: "2\n" });
  await layOut(bench, commit, false);
  await layOut(bench, commit, false);
  expect(bench.runs()).toBe(2);
  await layOut(bench, commit, true);
  await layOut(bench, commit, false);
  expect(bench.runs()).toBe(3);
});

it("gives the next checkout what was made, whatever a gate did to its own copy", async () => {
  using bench = makeBench();
  const commit = bench.commit({ a: "1\n" });
  const [first, beside] = [await layOut(bench, commit), await layOut(bench, commit)];
  writeFileSync(join(first.path, "deps/made"), "poison\n");
  chmodSync(join(first.path, "deps/tool"), 0o600);
  rmSync(join(first.path, "deps/bin"), { recursive: true });
  writeFileSync(join(beside.path, "deps/made"), "poison\n");
  const next = await layOut(bench, commit);
  expect(made(next)).toBe("1\n");
  expect(statSync(join(next.path, "deps/bin/tool")).mode & 0o111).toBe(0o111);
  expect(bench.runs()).toBe(1);
});

it("tells how setup failed and what it printed, keeps nothing, and tries again", async () => {
  using bench = makeBench((runs) => ({
    setup: `echo run >> ${runs}; mkdir deps; echo no network >&2; exit 4`,
  }));
  const commit = commitSha(bench.commit({ a: "1\n" }));
  for (const runs of [1, 2]) {
    expect(await bench.open.workspaces.layOut(commit, true)).toEqual({
      kind: "setup-failed",
      reason: expect.stringMatching(/^workspace\.setup \(echo run .*\) exited with 4$/),
      output: "no network\n",
    });
    expect(bench.runs()).toBe(runs);
  }
  expect(await bench.open.workspaces.sweep()).toBe(0);
});

it("runs setup each time when it does not make all that is to be kept", async () => {
  using bench = makeBench(() => ({ keep: ["deps", "elsewhere"] }));
  const commit = bench.commit({ a: "1\n" });
  await layOut(bench, commit);
  expect(made(await layOut(bench, commit))).toBe("1\n");
  expect(bench.runs()).toBe(2);
});

it("does nothing without a setup", async () => {
  using bench = makeBench(() => ({ setup: null }));
  const checkout = await layOut(bench, bench.commit({ a: "1\n" }));
  expect(existsSync(join(checkout.path, "deps"))).toBe(false);
});

it("starts anew after a copy into the store that was interrupted", async () => {
  const folder = makeFolder("store");
  const directory = join(folder, "directory");
  const signal = new AbortController().signal;
  const workspace = { setup: "mkdir -p deps && echo made > deps/made", setupInputs: [], keep: ["deps"] };
  const dependencies = createDependencies({
    workspace,
    folder: join(folder, "store"),
    signal,
    sandbox: noSandbox,
  });
  using repository = createRepository({ a: "1\n" });
  repository.git("clone", "-q", repository.path, directory);
  expect(await dependencies.provide(directory, true)).toBeNull();
  const names = readdirSync(join(folder, "store")).filter((name) => name !== "setup.log");
  expect(names).toHaveLength(1);
  const [stored = ""] = names.map((name) => join(folder, "store", name));
  // As a crash before the rename would leave it, with half of the files.
  renameSync(stored, `${stored}.partial`);
  writeFileSync(join(`${stored}.partial`, "half"), "");
  rmSync(join(directory, "deps"), { recursive: true });
  expect(await dependencies.provide(directory, true)).toBeNull();
  expect(existsSync(join(stored, "deps/made"))).toBe(true);
  expect(existsSync(join(stored, "half"))).toBe(false);
  rmSync(folder, { recursive: true });
});

it("keeps only the newest few of what setup made for other inputs", async () => {
  const folder = makeFolder("store");
  const signal = new AbortController().signal;
  const workspace = { setup: "mkdir -p deps && cp a deps/made", setupInputs: ["a"], keep: ["deps"] };
  const dependencies = createDependencies({
    workspace,
    folder: join(folder, "store"),
    signal,
    sandbox: noSandbox,
  });
  for (let input = 1; input <= 5; input += 1) {
    const directory = join(folder, `directory-${input}`);
    using repository = createRepository({ a: `${input}\n` });
    repository.git("clone", "-q", repository.path, directory);
    expect(await dependencies.provide(directory, true)).toBeNull();
  }
  const kept = readdirSync(join(folder, "store")).filter((name) => name !== "setup.log");
  const inputs = kept.map((name) => readFileSync(join(folder, "store", name, "deps/made"), "utf8").trim());
  expect(inputs.toSorted()).toEqual(["3", "4", "5"]);
  rmSync(folder, { recursive: true });
});

describe("what setup makes that names the directory it was made in", () => {
  const provideTwice = async (setup: string): Promise<readonly string[]> => {
    const folder = makeFolder("store");
    const signal = new AbortController().signal;
    const workspace = { setup, setupInputs: ["a"], keep: ["deps"] };
    const dependencies = createDependencies({
      workspace,
      folder: join(folder, "store"),
      signal,
      sandbox: noSandbox,
    });
    using repository = createRepository({ a: "1\n" });
    const directories = ["one", "two"].map((name) => join(folder, name));
    for (const directory of directories) {
      repository.git("clone", "-q", repository.path, directory);
      expect(await dependencies.provide(directory, true)).toBeNull();
    }
    const texts = directories.map((directory) => readFileSync(join(directory, "deps/made"), "utf8").trim());
    rmSync(folder, { recursive: true });
    return texts.map((text, i) => text.replace(directories[i] ?? "", "<here>"));
  };

  it("is made again for each checkout: a copy would run the code of another one", async () => {
    expect(await provideTwice('mkdir -p deps && echo "$PWD/src" > deps/made')).toEqual([
      "<here>/src",
      "<here>/src",
    ]);
  });

  it("may name itself, as a virtual environment does", async () => {
    const [, second] = await provideTwice('mkdir -p deps && echo "$PWD/deps/bin/python" > deps/made');
    expect(second).toMatch(/\/one\/deps\/bin\/python$/);
  });
});
