/** Where an installation and the packages that it needs are, as the package managers lay them out. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { rootsOfInstallation } from "../../../src/adapters/sandbox/program-roots.ts";
import { makeFolder } from "../../support/repository.ts";

const folder = makeFolder("installed");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Paths below the folder. */
function rootsOf(top: string, ...others: readonly string[]): readonly string[] {
  for (const path of [`${top}/dist`, ...others]) mkdirSync(join(folder, path), { recursive: true });
  writeFileSync(join(folder, top, "package.json"), "{}");
  const roots = rootsOfInstallation(join(folder, top), join(folder, top, "dist"));
  return roots.map((path) => path.slice(folder.length + 1));
}

it("sees the packages that npm puts beside it, or further up", () => {
  expect(rootsOf("one/node_modules/ralphwright", "one/node_modules/zod")).toEqual(["one/node_modules"]);
  expect(rootsOf("two/node_modules/tool/node_modules/ralphwright")).toEqual(["two/node_modules"]);
});

it("sees the store of pnpm, which links lead to", () => {
  const store = "three/node_modules/.pnpm";
  expect(rootsOf(`${store}/ralphwright@1/node_modules/ralphwright`, `${store}/zod@4`)).toEqual([
    "three/node_modules",
  ]);
});

it("sees of a checkout nothing but the program and its packages", () => {
  expect(rootsOf("checkout", "checkout/node_modules", "checkout/.git")).toEqual([
    "checkout/dist",
    "checkout/package.json",
    "checkout/node_modules",
  ]);
});
