/** Copies what the compiler leaves behind: the demo's project and recordings, beside the compiled program. */
import { cpSync } from "node:fs";
import { fileURLToPath } from "node:url";

for (const folder of ["project", "recordings"]) {
  const from = fileURLToPath(new URL(`../src/demo/${folder}`, import.meta.url));
  const to = fileURLToPath(new URL(`../dist/demo/${folder}`, import.meta.url));
  cpSync(from, to, { recursive: true });
}
