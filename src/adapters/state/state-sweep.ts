/** Half-made files that a killed supervisor left in the state directory: nothing refers to any of them. */
import { readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { partialSuffix } from "../durable-file.ts";
import type { StateFolder } from "./state-folder.ts";

/** Only who holds the lease may. Returns how many there were. */
export function sweepState(state: StateFolder): number {
  const left = [
    ...pathsIn(state.path).filter((path) => isPartial(path) || isOldDraft(path)),
    ...pathsIn(state.passes).filter(isPartial),
    ...pathsIn(join(state.scratch, "reports")),
  ];
  for (const path of left) rmSync(path, { recursive: true, force: true });
  return left.length;
}

const isPartial = (path: string): boolean => path.endsWith(partialSuffix);

/** Of a lease or a drill. Whoever is about to try for the lease has a new one. */
function isOldDraft(path: string): boolean {
  if (!/\.json(?:\.after-[0-9a-f]{12})?\.[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(path))
    return false;
  return Date.now() - statSync(path).mtimeMs > 60_000;
}

function pathsIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).map((name) => join(folder, name));
  } catch {
    return [];
  }
}
