/** Leaves a git repository with a commit inside the workspace. */
import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { addModule, write } from "./hands.ts";

addModule();
mkdirSync("vendor/library", { recursive: true });
write("vendor/library/index.mjs", "export const one = 1;\n");
const identity = ["-c", "user.email=agent@example.com", "-c", "user.name=Agent"];
for (const args of [
  ["init", "-q"],
  ["add", "-A"],
  [...identity, "commit", "-q", "-m", "x"],
])
  execFileSync("git", args, { cwd: "vendor/library", stdio: "ignore" });
