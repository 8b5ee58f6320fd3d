/** Puts a symbolic link in the place of its directory. */
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const workspace = process.cwd();
const elsewhere = mkdtempSync(join(tmpdir(), "ralph-elsewhere-"));
writeFileSync(join(elsewhere, "secret.txt"), "not of this repository\n");
rmSync(workspace, { recursive: true, force: true });
symlinkSync(elsewhere, workspace);
process.on("exit", () => rmSync(elsewhere, { recursive: true, force: true }));
