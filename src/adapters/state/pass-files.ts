/** Passes that were seen, one small file each, named by the digest of their key. Failures are never remembered. */
import { createHash } from "node:crypto";
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { TestResult } from "../../core/verdict.ts";
import type { Passes } from "../../ports.ts";

export const digest = (text: string): string => createHash("sha256").update(text).digest("hex");

/** Each landing adds some, and only those of recent trees are asked for again. */
const filesMax = 2_000;

export function createPassFiles(folder: string, max = filesMax): Passes {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  let count = forgetOldest(folder, max);
  // One name for all: a killed supervisor leaves at most this one.
  const partial = join(folder, "pass.partial");
  rmSync(partial, { force: true });
  const fileOf = (key: string): string => join(folder, `${digest(key)}.json`);
  return {
    recall(key) {
      try {
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by remember() alone
        const pass = JSON.parse(readFileSync(fileOf(key), "utf8")) as { key: string; tests: TestResult[] };
        if (pass.key !== key) return null;
        touch(fileOf(key));
        return pass.tests;
      } catch {
        return null;
      }
    },
    remember(key, tests) {
      try {
        writeFileSync(partial, JSON.stringify({ key, tests }), { mode: 0o600 });
        renameSync(partial, fileOf(key));
        count += 1;
        if (count > max) count = forgetOldest(folder, max);
      } finally {
        rmSync(partial, { force: true });
      }
    },
  };
}

/** What is asked for is wanted for longer. Where that cannot be noted, it is only forgotten sooner. */
function touch(file: string): void {
  try {
    const now = Date.now() / 1_000;
    utimesSync(file, now, now);
  } catch {
    // Somebody else's folder, or a disk that takes no more writes: what was read is as true.
  }
}

/** Down to the half, so that this is rare; what is forgotten is found out anew. Returns how many stay. */
function forgetOldest(folder: string, max: number): number {
  const files = readdirSync(folder).map((name) => join(folder, name));
  if (files.length <= max) return files.length;
  const byAge = files
    .map((file) => ({ file, usedMs: statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0 }))
    .toSorted((a, b) => b.usedMs - a.usedMs);
  const half = Math.floor(max / 2);
  for (const { file } of byAge.slice(half)) rmSync(file, { force: true });
  return half;
}
