/** Passes that were seen, one small file each, named by the digest of their key. Failures are never remembered. */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestResult } from "../../core/verdict.ts";
import type { Passes } from "../../ports.ts";

export const digest = (text: string): string => createHash("sha256").update(text).digest("hex");

export function createPassFiles(folder: string): Passes {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  // One name for all: a killed supervisor leaves at most this one.
  const partial = join(folder, "pass.partial");
  rmSync(partial, { force: true });
  const fileOf = (key: string): string => join(folder, `${digest(key)}.json`);
  return {
    recall(key) {
      try {
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by remember() alone
        const pass = JSON.parse(readFileSync(fileOf(key), "utf8")) as { key: string; tests: TestResult[] };
        return pass.key === key ? pass.tests : null;
      } catch {
        return null;
      }
    },
    remember(key, tests) {
      try {
        writeFileSync(partial, JSON.stringify({ key, tests }), { mode: 0o600 });
        renameSync(partial, fileOf(key));
      } finally {
        rmSync(partial, { force: true });
      }
    },
  };
}
