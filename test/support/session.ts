/**
 * Around a session of tests: temporary files of its own that go with it, and the program as people install it, which starts
 * in two thirds of the time that its sources take.
 */
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { layOutPackage } from "../../scripts/bundle.ts";
import { packageVariable } from "./program.ts";
import { onDisk } from "./repository.ts";

const top = join(import.meta.dirname, "..", "..");
const folders: string[] = [];

export async function setup(): Promise<void> {
  // A short name: sockets lie below, and their paths have a limit.
  const temporary = mkdtempSync(join(onDisk(), "rw-"));
  // As every such folder is: some tests are somebody else for a while.
  chmodSync(temporary, 0o1777);
  // Where npm would put it, so that a sandbox shows the packages beside it.
  const published = mkdtempSync(join(top, "node_modules", ".ralphwright-"));
  folders.push(temporary, published);
  await layOutPackage(published);
  Object.assign(process.env, {
    TMPDIR: temporary,
    NODE_COMPILE_CACHE: join(temporary, "compiled"),
    [packageVariable]: published,
  });
}

export function teardown(): void {
  for (const each of folders) rmSync(each, { recursive: true, force: true, maxRetries: 5 });
}
