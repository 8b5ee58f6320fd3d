/** Finds Claude Code before the tests of clients: on PATH, in the folder `RALPH_TEST_CLAUDE` names, else from npm. */
import { execFileSync } from "node:child_process";
import { accessSync, constants, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    readonly claude: string;
  }
}

export function setup(project: TestProject): () => void {
  const folders = [process.env["RALPH_TEST_CLAUDE"] ?? "", ...(process.env["PATH"] ?? "").split(delimiter)];
  const found = folders.map((folder) => join(folder, "claude")).find(isProgram);
  if (found !== undefined) {
    project.provide("claude", found);
    return () => {};
  }
  const folder = mkdtempSync(join(tmpdir(), "ralph-claude-"));
  execFileSync("npm", ["install", "--prefix", folder, "@anthropic-ai/claude-code"], { stdio: "inherit" });
  project.provide("claude", join(folder, "node_modules", ".bin", "claude"));
  return () => rmSync(folder, { recursive: true, force: true });
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
