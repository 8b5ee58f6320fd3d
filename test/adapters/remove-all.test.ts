/** Directories are removed whatever is in the way. */
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { removeDirectory } from "../../src/adapters/remove-all.ts";
import { makeFolder } from "../support/repository.ts";

it("removes a directory although an earlier removal of its name was cut short", async () => {
  const folder = makeFolder("remove");
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, "work");
  for (const each of [path, `${path}.gone`]) {
    mkdirSync(each);
    writeFileSync(join(each, "file"), "");
  }
  await removeDirectory(path);
  expect([path, `${path}.gone`].filter((each) => existsSync(each))).toEqual([]);
});
