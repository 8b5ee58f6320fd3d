/** Tells whether a process is still at home in a folder. Linux only (`/proc`), like the search for strays. */
import { readdirSync, readlinkSync, realpathSync } from "node:fs";

/** By the working directories of all processes that may be looked at. */
export function isFolderInUse(folder: string): boolean {
  if (process.platform !== "linux") return false;
  const place = realpathSync(folder);
  return readdirSync("/proc").some((pid) => /^\d+$/.test(pid) && isWithin(directoryOf(pid), place));
}

function directoryOf(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    // Gone meanwhile, or somebody else's.
    return "";
  }
}

const isWithin = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`);
