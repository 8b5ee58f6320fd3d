/** Sealed checks: files of people that agents never see, laid over a checkout while a proof runs in it. */
import { existsSync, readdirSync, realpathSync } from "node:fs";
import { copyFile, lstat, mkdir, readdir, readFile, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join, resolve, sep } from "node:path";
import { RalphError, unlessAbsent } from "../../errors.ts";
import type { LaidFiles, SealedChecks } from "../../ports.ts";

/**
 * @param folder As the configuration writes it; null: there are none.
 * @param top Of the repository; null for a bare one, where a relative folder starts at the git directory.
 * @throws RalphError `config-invalid` for a folder inside the repository, where every agent could read it.
 */
export function openSealedChecks(
  folder: string | null,
  { top, gitDir }: { readonly top: string | null; readonly gitDir: string },
): SealedChecks {
  if (folder === null) return { has: () => false, lay: async (name) => Promise.reject(missing(name)) };
  const from = top ?? gitDir;
  const path = realPath(resolve(from, folder.replace(/^~(?=\/)/, homedir())));
  if (`${path}${sep}`.startsWith(`${realPath(from)}${sep}`)) {
    throw new RalphError(
      "config-invalid",
      `checks_dir: ${folder} is inside the repository, where agents see it`,
      {
        hint: "Put sealed checks in a folder beside the repository.",
      },
    );
  }
  const has = (name: string): boolean =>
    existsSync(join(path, name)) && readdirSync(join(path, name)).length > 0;
  return {
    has,
    async lay(name, order) {
      if (!has(name)) throw missing(name);
      return layFiles(join(path, name), order);
    },
  };
}

const missing = (name: string): RalphError =>
  new RalphError("checks-missing", `the sealed checks ${name} are gone`, {
    hint: "Put them back into checks_dir, or take `checks` out of the task.",
  });

/** As far as it exists: what does not exist is nobody's link. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

interface LayOrder {
  readonly directory: string;
  readonly added: readonly string[];
}

/** Nothing of the change is followed: whatever lies where a check or its folder belongs is removed first. */
async function layFiles(from: string, { directory, added }: LayOrder): Promise<LaidFiles> {
  const entries = await readdir(from, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const paths = files.map((file) => join(file.parentPath, file.name).slice(from.length + 1));
  const folders = new Set(paths.map((path) => dirname(path)).filter((folder) => folder !== "."));
  const inTheWay = added.filter((path) => [...folders].some((folder) => path.startsWith(`${folder}/`)));
  for (const path of inTheWay) await rm(join(directory, path), { recursive: true, force: true });
  const cleared = await Promise.all([...folders].map((folder) => clearFolder(directory, folder)));
  for (const path of paths) {
    await rm(join(directory, path), { recursive: true, force: true });
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await copyFile(join(from, path), join(directory, path));
  }
  return {
    paths: new Set([...paths, ...inTheWay, ...cleared.flat()]),
    isIntact: async () => {
      const same = await Promise.all(paths.map((path) => isSame(join(from, path), join(directory, path))));
      return same.every(Boolean);
    },
  };
}

/** A file, or a link, where a folder of checks belongs is none. Returns what was removed. */
async function clearFolder(directory: string, folder: string): Promise<readonly string[]> {
  const steps = folder.split("/");
  for (let depth = 1; depth <= steps.length; depth += 1) {
    const path = steps.slice(0, depth).join("/");
    const stats = await unlessAbsent(lstat(join(directory, path)));
    if (stats === null) return [];
    if (stats.isDirectory()) continue;
    await rm(join(directory, path), { force: true });
    return [path];
  }
  return [];
}

async function isSame(a: string, b: string): Promise<boolean> {
  const stats = await unlessAbsent(lstat(b));
  if (stats?.isFile() !== true) return false;
  const [left, right] = await Promise.all([readFile(a), readFile(b)]);
  return left.equals(right);
}
