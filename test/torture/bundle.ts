/**
 * The program in a few files in place of 600: most of what a scenario costs is the start of supervisors, and half of a
 * start is loading. What is bundled is the sources themselves, unchanged.
 */
import { copyFile, mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { build } from "rolldown";

const top = join(import.meta.dirname, "..", "..");

/** Lays it out below `folder` as a package does, for it looks for its manifest; returns the file to be run. */
export async function bundleProgram(folder: string): Promise<string> {
  const to = join(folder, "dist", "cli");
  await mkdir(to, { recursive: true });
  await copyFile(join(top, "package.json"), join(folder, "package.json"));
  await symlink(join(top, "node_modules"), join(folder, "node_modules"));
  await build({
    input: join(top, "src", "cli", "main.ts"),
    platform: "node",
    output: { dir: to, format: "esm" },
    logLevel: "silent",
  });
  return join(to, "main.js");
}
