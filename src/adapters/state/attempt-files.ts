/** Files about attempts that people read later, in the state directory: `attempts/<task>/<n>/…`. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { AttemptFiles } from "../../ports.ts";
import { redactor } from "../redact.ts";

export function createAttemptFiles(folder: string): AttemptFiles {
  const folderOf = (task: string, attempt: number): string => join(folder, task, String(attempt));
  return {
    folder(task, attempt, purpose) {
      const path = join(folderOf(task, attempt), purpose);
      mkdirSync(path, { recursive: true, mode: 0o700 });
      return path;
    },
    async write(task, attempt, name, text) {
      const path = join(folderOf(task, attempt), name);
      await mkdir(folderOf(task, attempt), { recursive: true, mode: 0o700 });
      await writeFile(path, redactor.text(text), { mode: 0o600 });
      return path;
    },
    read: (path) => readFile(path, "utf8").catch(() => null),
  };
}
