import { expect, it } from "vitest";
import { matchGlobs } from "../../src/formats/glob.ts";

const matching = (glob: string, paths: string[]): string[] => paths.filter(matchGlobs([glob]));

it("matches a glob without a slash at any depth, and all that is in a folder of that name", () => {
  const paths = ["AGENTS.md", "packages/a/AGENTS.md", "AGENTS.md/x", "AGENTS.mdx", "packages/AGENTS"];
  expect(matching("AGENTS.md", paths)).toEqual(["AGENTS.md", "packages/a/AGENTS.md", "AGENTS.md/x"]);
  expect(matching("*.lock", ["a.lock", "x/.b.lock", "lock"])).toEqual(["a.lock", "x/.b.lock"]);
});

it("matches a glob with a slash from the top alone, dotfiles too", () => {
  const paths = [".github/workflows/ci.yml", "sub/.github/x", ".github/.hidden/x"];
  expect(matching(".github/**", paths)).toEqual([".github/workflows/ci.yml", ".github/.hidden/x"]);
  expect(matching("/tsconfig*.json", ["tsconfig.json", "a/tsconfig.json"])).toEqual(["tsconfig.json"]);
  expect(matching("./src/a/", ["src/a/b.ts", "x/src/a/b.ts", "src/ab"])).toEqual(["src/a/b.ts"]);
});

it("takes a leading exclamation mark for a letter, so that it cannot turn the list around", () => {
  expect(matching("!a.ts", ["a.ts", "b.ts", "!a.ts"])).toEqual(["!a.ts"]);
  expect(matching("!src/a.ts", ["src/a.ts", "b.ts", "!src/a.ts"])).toEqual(["!src/a.ts"]);
});

it("matches nothing with no globs, and whatever one of several names", () => {
  expect(matchGlobs([])("a")).toBe(false);
  expect(matchGlobs(["", "/"])("a")).toBe(false);
  expect(["a.ts", "b.md", "c.py"].filter(matchGlobs(["*.ts", "*.md"]))).toEqual(["a.ts", "b.md"]);
});

it("spells a list out once", () => {
  const list = ["*.md"];
  expect(matchGlobs(list)).toBe(matchGlobs(list));
  expect(matchGlobs(["*.md"])).not.toBe(matchGlobs(list));
});
