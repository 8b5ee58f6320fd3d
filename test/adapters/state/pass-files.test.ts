/** Remembered passes: what is asked for again stays, and the folder does not grow for ever. */
import { readdirSync, readFileSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { createPassFiles } from "../../../src/adapters/state/pass-files.ts";
import { makeFolder } from "../../support/repository.ts";

/** As if it had been written or asked for `seconds` ago. */
function age(folder: string, key: string, seconds: number): void {
  const file = readdirSync(folder)
    .map((name) => join(folder, name))
    .find((path) => readFileSync(path, "utf8").includes(`"${key}"`));
  const then = Date.now() / 1_000 - seconds;
  utimesSync(file ?? "", then, then);
}

it("forgets the passes that nobody asked for the longest, and keeps an old one that is asked for", () => {
  const folder = makeFolder("passes");
  const passes = createPassFiles(folder, 6);
  for (let i = 1; i <= 6; i += 1) {
    passes.remember(`tree ${i}`, []);
    age(folder, `tree ${i}`, 100 - i);
  }
  expect(passes.recall("tree 1")).toEqual([]);
  expect(readdirSync(folder)).toHaveLength(6);
  passes.remember("tree 7", []);
  expect(readdirSync(folder)).toHaveLength(3);
  expect([1, 2, 5, 6, 7].filter((i) => passes.recall(`tree ${i}`) !== null)).toEqual([1, 6, 7]);
});

it("starts with no more than it keeps, whatever earlier runs left", () => {
  const folder = makeFolder("passes");
  const many = createPassFiles(folder);
  for (let i = 1; i <= 9; i += 1) many.remember(`tree ${i}`, []);
  createPassFiles(folder, 8);
  expect(readdirSync(folder)).toHaveLength(4);
});
