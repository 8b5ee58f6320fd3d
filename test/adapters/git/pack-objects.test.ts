/** Loose objects become a pack when git itself would pack them, and nobody misses one. */
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { createGit } from "../../../src/adapters/git/git.ts";
import { packLooseObjects } from "../../../src/adapters/git/pack-objects.ts";
import { addLooseObjects, looseObjectsOf } from "../../support/loose-objects.ts";
import { createRepository, makeFolder } from "../../support/repository.ts";

const signal = new AbortController().signal;

it("packs what is loose, reachable or not, once there is as much as git bears, and all of it can be read", async () => {
  using repository = createRepository({ a: "1\n" });
  using git = createGit(join(repository.path, ".git"), makeFolder("scratch"));
  const names = addLooseObjects(repository, 27);
  const before = looseObjectsOf(repository);
  expect(await packLooseObjects(git, signal)).toBe(0);
  expect(looseObjectsOf(repository)).toBe(before);
  // A reader that knows the repository as it was.
  expect((await git.objects.read(names[0] ?? ""))?.content.toString()).toMatch(/^text \d/);
  const all = [...names, ...addLooseObjects(repository, 28)];
  expect(await packLooseObjects(git, signal)).toBe(before + 1);
  expect(looseObjectsOf(repository)).toBe(0);
  for (const name of all) expect((await git.objects.read(name))?.content.toString()).toMatch(/^text \d/);
  expect(repository.git("fsck", "--strict", "--no-dangling")).toBe("");
  expect(repository.git("log", "-1", "--format=%s")).toBe("First commit");
});

it("heeds what a person says of git's own tidying", async () => {
  using repository = createRepository({ a: "1\n" });
  using git = createGit(join(repository.path, ".git"), makeFolder("scratch"));
  addLooseObjects(repository, 30);
  for (const [said, packed] of [
    ["0", false],
    ["10k", false],
    ["7000", true],
  ] as const) {
    repository.git("config", "gc.auto", said);
    expect([said, (await packLooseObjects(git, signal)) > 0]).toEqual([said, packed]);
  }
});

it("removes nothing where it could not pack, or was ended", async () => {
  using repository = createRepository({ a: "1\n" });
  using git = createGit(join(repository.path, ".git"), makeFolder("scratch"));
  const names = addLooseObjects(repository, 30);
  const before = looseObjectsOf(repository);
  await expect(packLooseObjects(git, AbortSignal.abort())).rejects.toMatchObject({ code: "git-failed" });
  const broken = join(repository.path, ".git/objects/17", names[3]?.slice(2) ?? "");
  chmodSync(broken, 0o644);
  writeFileSync(broken, "torn");
  await expect(packLooseObjects(git, signal)).rejects.toThrow(/could not be packed: (?:error|fatal): /);
  expect(looseObjectsOf(repository)).toBe(before);
});
