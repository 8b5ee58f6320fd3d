/**
 * The program as a few files in place of 600, with all packages but the SDK of the model, which is only loaded by who
 * asks the model: a command starts in half the time. The code is as it was, and none of it is shortened.
 */
import { cp, mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { build, type OutputChunk } from "rolldown";
import { listLicences } from "./licences.ts";

const top = join(import.meta.dirname, "..");
const source = (file: string): string => join(top, "src", file);

/** Started by themselves, or imported by name; the rest is at the top of the folder, where `program-files.ts` has to be. */
const entries = {
  "cli/main": source("cli/main.ts"),
  "agent/main": source("agent/main.ts"),
  index: source("index.ts"),
};

/** Fills `folder`, which is `dist` of a package: what has been there is removed. */
export async function bundleProgram(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const { output } = await build({
    cwd: top,
    input: entries,
    platform: "node",
    output: { dir: folder, format: "esm", entryFileNames: "[name].js", chunkFileNames: "[name]-[hash].js" },
    logLevel: "warn",
  });
  const chunks = output.filter((each) => each.type === "chunk");
  assertAtTop(chunks, source("program-files.ts"));
  for (const part of ["project", "recordings"])
    await cp(source(`demo/${part}`), join(folder, "demo", part), { recursive: true });
  await writeFile(join(folder, "licences.txt"), await listLicences(chunks.flatMap((each) => each.moduleIds)));
}

/** The program as a package has it, with the packages of this checkout. Returns the file that is run. */
export async function layOutPackage(folder: string): Promise<string> {
  await rm(folder, { recursive: true, force: true });
  await bundleProgram(join(folder, "dist"));
  for (const part of ["package.json", "bin"])
    await cp(join(top, part), join(folder, part), { recursive: true });
  await symlink(join(top, "node_modules"), join(folder, "node_modules"));
  return join(folder, "dist", "cli", "main.js");
}

/** What asks where the program lies would be told a wrong place by a file further down. */
function assertAtTop(chunks: readonly OutputChunk[], module: string): void {
  const files = chunks.filter(({ moduleIds }) => moduleIds.includes(module)).map(({ fileName }) => fileName);
  if (files.length !== 1 || files[0]?.includes("/") !== false)
    throw new Error(
      `program-files.ts is to be in one file at the top of the bundle, not in: ${files.join(", ")}`,
    );
}
