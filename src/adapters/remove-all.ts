/** Removes what an agent or a gate left, whatever they did to make that hard. Links are never followed. */
import { execFile } from "node:child_process";
import { chmod, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";

/** Renamed first, so that a half-deleted directory is never mistaken for a whole one. */
export async function removeDirectory(path: string): Promise<void> {
  const doomed = `${path}.gone`;
  const isRenamed = await rename(path, doomed).then(
    () => true,
    () => false,
  );
  await removeAll(doomed);
  // An earlier removal may have been cut short, and the name have been in the way.
  if (!isRenamed) await removeAll(path);
}

export async function removeAll(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true, maxRetries: 5 });
  } catch {
    // A directory without write permission keeps what is in it.
    await makeWritable(path);
    await removeStepwise(path);
  }
}

/** The removal that failed may still be at work in other folders: what is gone meanwhile needs no permission. */
async function makeWritable(folder: string): Promise<void> {
  await chmod(folder, 0o700).catch(() => {});
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    if (entry.isDirectory()) await makeWritable(join(folder, entry.name));
  }
}

/** Folders may be nested deeper than a path may be long: `rm` goes down step by step, Node does not. */
function removeStepwise(path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile("rm", ["-rf", "--", path], (error) => {
      if (error === null) resolve();
      else reject(error);
    });
  });
}
