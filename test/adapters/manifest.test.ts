/** What a manifest proves, and when it proves nothing. */
import { mkdirSync, readdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { compareManifest, type ManifestEntry, readManifest, settle } from "../../src/adapters/manifest.ts";
import { makeFolder } from "../support/repository.ts";

const everything = { from: [""], skip: new Set<string>() };

it("lists what is foreign and what is lost, not what lies below a foreign folder or behind a link", async () => {
  const folder = makeFolder("manifest");
  for (const path of ["a/b", "c"]) mkdirSync(join(folder, path), { recursive: true });
  for (const file of ["a/b/one", "c/two", "three"]) writeFileSync(join(folder, file), "1\n");
  const manifest = (await readManifest(folder, everything)) ?? new Map<string, ManifestEntry>();
  expect([...manifest.keys()].toSorted()).toEqual(["a", "a/b", "a/b/one", "c", "c/two", "three"]);
  expect(await compareManifest(folder, everything, manifest)).toEqual({ foreign: [], lost: [] });
  mkdirSync(join(folder, "new/inner"), { recursive: true });
  rmSync(join(folder, "a"), { recursive: true });
  symlinkSync("c", join(folder, "a"));
  writeFileSync(join(folder, "three"), "3\n");
  utimesSync(join(folder, "three"), 1, 1);
  const found = await compareManifest(folder, everything, manifest);
  expect([found?.foreign.toSorted(), found?.lost.toSorted()]).toEqual([
    ["a", "new", "three"],
    ["a", "a/b", "a/b/one", "three"],
  ]);
  rmSync(folder, { recursive: true });
});

it("goes down folders of more entries than are looked at in one go", async () => {
  const folder = makeFolder("manifest");
  for (let i = 0; i < 11; i += 1) {
    mkdirSync(join(folder, String(i)));
    for (let j = 0; j < 100; j += 1) writeFileSync(join(folder, `${i}/${j}`), "");
  }
  const manifest = (await readManifest(folder, everything)) ?? new Map<string, ManifestEntry>();
  expect(manifest.size).toBe(11 + 11 * 100);
  rmSync(join(folder, "10/99"));
  expect(await compareManifest(folder, everything, manifest)).toEqual({ foreign: [], lost: ["10/99"] });
  rmSync(folder, { recursive: true });
});

it("proves nothing while a change would have a time that it already knows", async () => {
  const folder = makeFolder("manifest");
  writeFileSync(join(folder, "file"), "1\n");
  const manifest = (await readManifest(folder, everything)) ?? new Map<string, ManifestEntry>();
  expect(await settle(folder, manifest)).toBe(true);
  // As on a file system whose clock ticks once in an hour.
  const slow = new Map(
    [...manifest].map(([path, entry]) => [path, { ...entry, ctimeMs: Date.now() + 3_600_000 }]),
  );
  expect(await settle(folder, slow)).toBe(false);
  expect(readdirSync(folder)).toEqual(["file"]);
  rmSync(folder, { recursive: true });
});
