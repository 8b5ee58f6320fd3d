/** What git wrote is held against what a fresh directory would have: whatever differs is told. */
import { chmodSync, lstatSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { RawChange } from "../../../src/adapters/git/raw-diff.ts";
import { noteRewritten, type Rewritten } from "../../../src/adapters/git/rewritten.ts";
import { type Manifest, readManifest } from "../../../src/adapters/manifest.ts";
import { makeFolder } from "../../support/repository.ts";

let home: string;
let tree: string;
let files: Manifest;

beforeEach(async () => {
  home = makeFolder("rewritten");
  tree = join(home, "tree");
  mkdirSync(join(tree, "folder/inner"), { recursive: true });
  mkdirSync(join(tree, "sub"));
  writeFileSync(join(tree, "folder/inner/a"), "1\n");
  writeFileSync(join(tree, "b"), "1\n");
  files = (await readManifest(tree, { from: [""], skip: new Set() })) ?? new Map();
});

afterEach(() => rmSync(home, { recursive: true }));

const change = (path: string, newMode: string): RawChange => ({
  path,
  oldMode: "100644",
  oldSha: "1".repeat(40),
  newMode,
  newSha: "2".repeat(40),
});

const note = (rewritten: Partial<Rewritten>): Promise<boolean> =>
  noteRewritten(tree, files, { lost: [], changes: [], ...rewritten });

it("notes files and folders that were written, and forgets those that are gone", async () => {
  rmSync(join(tree, "folder"), { recursive: true });
  mkdirSync(join(tree, "x"));
  writeFileSync(join(tree, "x/run"), "1\n", { mode: 0o777 });
  writeFileSync(join(tree, "b"), "22\n");
  const changes = [change("folder/inner/a", "000000"), change("x/run", "100755")];
  expect(await note({ lost: ["b"], changes })).toBe(true);
  expect([...files.keys()].toSorted()).toEqual(["b", "sub", "x", "x/run"]);
  expect(files.get("b")?.size).toBe(3);
  expect(files.get("x/run")?.ino).toBe(lstatSync(join(tree, "x/run")).ino);
});

it.each<[string, Partial<Rewritten>, () => void]>([
  ["a missing file was not written", { lost: ["b"] }, () => rmSync(join(tree, "b"))],
  ["a missing file has another mode", { lost: ["b"] }, () => chmodSync(join(tree, "b"), 0o4644)],
  [
    "a changed file has another mode",
    { changes: [change("b", "100644")] },
    () => chmodSync(join(tree, "b"), 0o4644),
  ],
  ["a changed file may not be run", { changes: [change("b", "100755")] }, () => {}],
  ["a changed file is not there", { changes: [change("b", "100644")] }, () => rmSync(join(tree, "b"))],
  ["a changed file is no link", { changes: [change("b", "120000")] }, () => {}],
  [
    "a changed file is a link",
    { changes: [change("b", "100644")] },
    () => (rmSync(join(tree, "b")), symlinkSync("sub", join(tree, "b"))),
  ],
  ["a submodule has no folder", { changes: [change("b", "160000")] }, () => {}],
  ["a removed file is still there", { changes: [change("b", "000000")] }, () => {}],
  [
    "a folder was left without a file",
    { changes: [change("folder/inner/a", "000000")] },
    () => rmSync(join(tree, "folder/inner/a")),
  ],
  [
    "a folder above a changed file has another mode",
    { changes: [change("folder/inner/a", "100644")] },
    () => chmodSync(join(tree, "folder"), 0o1777),
  ],
  [
    "the folder of a submodule is gone",
    { lost: ["sub"] },
    () => rmSync(join(tree, "sub"), { recursive: true }),
  ],
])("tells that %s", async (_what, rewritten, spoil) => {
  spoil();
  expect(await note(rewritten)).toBe(false);
});
