/** Many loose refs become one file, and nobody who works beside it loses any. */
import { existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { createGit } from "../../../src/adapters/git/git.ts";
import { createRefPacker, packRefs } from "../../../src/adapters/git/pack-refs.ts";
import { createRepository, makeFolder } from "../../support/repository.ts";

const landedFiles = (path: string): number => {
  const folder = join(path, ".git/refs/ralph/landed");
  return existsSync(folder) ? readdirSync(folder).length : 0;
};

it("packs refs once there are more than it bears, and leaves a person's locked ref and all names as they are", async () => {
  using repository = createRepository({ a: "1\n" });
  using git = createGit(join(repository.path, ".git"), makeFolder("scratch"));
  for (let i = 1; i <= 5; i += 1) repository.git("update-ref", `refs/ralph/landed/t${i}`, "HEAD");
  repository.git("branch", "mine");
  const before = repository.git("for-each-ref");
  expect(await packRefs(git, 5)).toBeNull();
  expect(landedFiles(repository.path)).toBe(5);
  const lock = join(repository.path, ".git/packed-refs.lock");
  writeFileSync(lock, "");
  expect(await packRefs(git, 4)).toContain("packed-refs.lock");
  expect(repository.git("for-each-ref")).toBe(before);
  rmSync(lock);
  expect(await packRefs(git, 4)).toBeNull();
  expect(landedFiles(repository.path)).toBe(0);
  expect(repository.git("for-each-ref")).toBe(before);
  expect(await packRefs(git, 4)).toBeNull();
});

it("has nothing to do where there are no refs", async () => {
  using repository = createRepository({ a: "1\n" });
  using git = createGit(join(repository.path, ".git"), makeFolder("scratch"));
  expect(await packRefs(git, 0)).toBeNull();
});

it("packs once so many have landed in one run, and bears with a lock that somebody holds", async () => {
  using repository = createRepository({ a: "1\n" });
  using git = createGit(join(repository.path, ".git"), makeFolder("scratch"));
  const packNowAndThen = createRefPacker(git, 2);
  const lock = join(repository.path, ".git/packed-refs.lock");
  const left: number[] = [];
  for (let i = 1; i <= 6; i += 1) {
    repository.git("update-ref", `refs/ralph/landed/t${i}`, "HEAD");
    if (i === 3) writeFileSync(lock, "");
    await packNowAndThen();
    rmSync(lock, { force: true });
    left.push(landedFiles(repository.path));
  }
  expect(left).toEqual([1, 2, 3, 4, 5, 0]);
});
