/** What a file system says of a file, and who may be blamed for it. */
import { lstat, readFile, symlink } from "node:fs/promises";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { unlessAbsent } from "../src/errors.ts";
import { makeFolder } from "./support/repository.ts";

it("takes a file for absent only when the system says so, and throws any other trouble", async () => {
  const folder = makeFolder("absent");
  writeFileSync(join(folder, "file"), "text");
  await symlink("loop", join(folder, "loop"));
  expect(await unlessAbsent(readFile(join(folder, "file"), "utf8"))).toBe("text");
  expect(await unlessAbsent(lstat(join(folder, "nowhere")))).toBeNull();
  expect(await unlessAbsent(lstat(join(folder, "file", "below")))).toBeNull();
  await expect(unlessAbsent(readFile(join(folder, "loop")))).rejects.toMatchObject({ code: "ELOOP" });
  rmSync(folder, { recursive: true });
});
