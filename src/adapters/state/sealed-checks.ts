/** Sealed checks: files of people that agents never see, laid over a checkout while a proof runs in it. */
import { existsSync, readdirSync, realpathSync } from "node:fs";
import { copyFile, mkdir, readdir, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join, resolve, sep } from "node:path";
import { RalphError } from "../../errors.ts";
import type { SealedChecks } from "../../ports.ts";

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
    async lay(name, directory) {
      if (!has(name)) throw missing(name);
      return layFiles(join(path, name), directory);
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

/** Nothing of the change is followed: whatever lies where a check belongs is removed first. */
async function layFiles(from: string, to: string): Promise<readonly string[]> {
  const entries = await readdir(from, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const paths = files.map((file) => join(file.parentPath, file.name).slice(from.length + 1));
  for (const path of paths) {
    await rm(join(to, path), { recursive: true, force: true });
    await mkdir(dirname(join(to, path)), { recursive: true });
    await copyFile(join(from, path), join(to, path));
  }
  return paths;
}
