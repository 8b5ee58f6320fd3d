/** Loose objects become a pack when git itself would pack them, and nobody misses one. */
import { chmodSync, existsSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { createGit, type Git } from "../../../src/adapters/git/git.ts";
import { packLooseObjects } from "../../../src/adapters/git/pack-objects.ts";
import { addLooseObjects, looseObjectsOf } from "../../support/loose-objects.ts";
import { createRepository, makeFolder, type TestRepository } from "../../support/repository.ts";

const signal = new AbortController().signal;
const openGit = ({ path }: TestRepository): Git & Disposable =>
  createGit(join(path, ".git"), makeFolder("scratch"));

/** As if it had been written so many days ago. */
function age(file: string, days: number): void {
  const date = new Date(Date.now() - days * 24 * 3_600_000);
  utimesSync(file, date, date);
}

it("packs what is loose once there is as much as git bears, and all of it can be read", async () => {
  using repository = createRepository({ a: "1\n" });
  using git = openGit(repository);
  const packObjects = (ending: AbortSignal): Promise<void> => packLooseObjects(git, ending);
  const names = addLooseObjects(repository, 27);
  const before = looseObjectsOf(repository);
  await packObjects(signal);
  expect(looseObjectsOf(repository)).toBe(before);
  // A reader that knows the repository as it was.
  expect((await git.objects.read(names[0] ?? ""))?.content.toString()).toMatch(/^text \d/);
  const all = [...names, ...addLooseObjects(repository, 28)];
  await packObjects(signal);
  expect(looseObjectsOf(repository)).toBe(0);
  for (const name of all) expect((await git.objects.read(name))?.content.toString()).toMatch(/^text \d/);
  expect(repository.git("fsck", "--strict", "--no-dangling")).toBe("");
  expect(repository.git("log", "-1", "--format=%s")).toBe("First commit");
});

it("keeps what no ref reaches for half a day, whatever a person tidies meanwhile", async () => {
  using repository = createRepository({ a: "1\n" });
  using git = openGit(repository);
  const names = addLooseObjects(repository, 30);
  await packLooseObjects(git, signal);
  expect(looseObjectsOf(repository)).toBe(0);
  // They may be work that is being judged.
  repository.git("repack", "-q", "-a", "-d");
  repository.git("gc", "-q", "--prune=now");
  for (const name of names) expect(repository.git("cat-file", "-t", name)).toBe("blob");
  const packs = join(repository.path, ".git/objects/pack");
  const kept = (): readonly string[] => readdirSync(packs).filter((name) => name.endsWith(".keep"));
  const [mark = ""] = kept();
  writeFileSync(join(packs, "pack-of-a-person.keep"), "mine\n");
  for (const name of kept()) age(join(packs, name), 0.6);
  await packLooseObjects(git, signal);
  expect([mark === "", kept()]).toEqual([false, ["pack-of-a-person.keep"]]);
});

it("waits for a person's own tidying, but not for one that was forgotten", async () => {
  using repository = createRepository({ a: "1\n" });
  using git = openGit(repository);
  const packObjects = (ending: AbortSignal): Promise<void> => packLooseObjects(git, ending);
  addLooseObjects(repository, 30);
  const lock = join(repository.path, ".git", "gc.pid");
  writeFileSync(lock, "1 here");
  await packObjects(signal);
  expect(looseObjectsOf(repository)).toBeGreaterThan(30);
  age(lock, 1);
  await packObjects(signal);
  expect(looseObjectsOf(repository)).toBe(0);
  rmSync(lock);
});

it("takes away packs that were begun and never finished, and none that may still be written", async () => {
  using repository = createRepository({ a: "1\n" });
  using git = openGit(repository);
  const [old = "", young = ""] = ["tmp_pack_old", "tmp_pack_young"].map((name) =>
    join(repository.path, ".git/objects/pack", name),
  );
  for (const file of [old, young]) writeFileSync(file, "half");
  age(old, 2);
  await packLooseObjects(git, signal);
  expect([existsSync(old), existsSync(young)]).toEqual([false, true]);
});

it("heeds what a person says of git's own tidying", async () => {
  using repository = createRepository({ a: "1\n" });
  using git = openGit(repository);
  const packObjects = (ending: AbortSignal): Promise<void> => packLooseObjects(git, ending);
  addLooseObjects(repository, 30);
  for (const [said, packs] of [
    ["0", false],
    ["10k", false],
    ["7000", true],
  ] as const) {
    repository.git("config", "gc.auto", said);
    await packObjects(signal);
    expect([said, looseObjectsOf(repository) === 0]).toEqual([said, packs]);
  }
});

it("removes nothing where it could not pack, or was ended", async () => {
  using repository = createRepository({ a: "1\n" });
  using git = openGit(repository);
  const packObjects = (ending: AbortSignal): Promise<void> => packLooseObjects(git, ending);
  const names = addLooseObjects(repository, 30);
  const before = looseObjectsOf(repository);
  await expect(packObjects(AbortSignal.abort())).rejects.toMatchObject({ code: "git-failed" });
  const broken = join(repository.path, ".git/objects/17", names[3]?.slice(2) ?? "");
  chmodSync(broken, 0o644);
  writeFileSync(broken, "torn");
  await expect(packObjects(signal)).rejects.toThrow(/could not be packed: (?:error|fatal): /);
  expect(looseObjectsOf(repository)).toBe(before);
});
