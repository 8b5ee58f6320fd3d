/** Tells whether a process still has a folder, or something in it, open. Linux only (`/proc`), like the search for strays. */
import { readdirSync, readlinkSync, realpathSync } from "node:fs";

/** By the working directories and the open descriptors of all processes that may be looked at. */
export function isFolderInUse(folder: string): boolean {
  if (process.platform !== "linux") return false;
  const place = realpathSync(folder);
  const isThere = (link: string): boolean => isWithin(targetOf(link), place);
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return (
    pids.some((pid) => isThere(`/proc/${pid}/cwd`)) ||
    pids.some((pid) => descriptorsOf(pid).some((number) => isThere(`/proc/${pid}/fd/${number}`)))
  );
}

function descriptorsOf(pid: string): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`);
  } catch {
    // Gone meanwhile, or somebody else's.
    return [];
  }
}

function targetOf(link: string): string {
  try {
    return readlinkSync(link);
  } catch {
    return "";
  }
}

const isWithin = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`);
