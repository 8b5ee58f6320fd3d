/** The `.git` of a workspace or gate checkout: new each time, borrows the user's objects, and is never believed. */
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { CommitSha } from "../../core/ids.ts";
import type { Git } from "./git.ts";

/** What `git init` finds out about this place, asked once: it is the same for every directory beside it. */
export interface Skeleton {
  config: string | null;
}

/** No remotes, no credentials, no hooks: what the user's repository knows beside objects stays there. */
export async function makeOwnRepository(
  git: Git,
  tree: string,
  { commit, skeleton }: { readonly commit: CommitSha; readonly skeleton: Skeleton },
): Promise<void> {
  const own = join(tree, ".git");
  if (skeleton.config === null) {
    const format = commit.length === 64 ? "sha256" : "sha1";
    await git.run(["init", "-q", "--template=", `--object-format=${format}`, tree], { checkout: tree });
    skeleton.config = await readFile(join(own, "config"), "utf8");
  }
  const folders = ["objects/info", "objects/pack", "refs/heads", "refs/tags"];
  await Promise.all(folders.map((name) => mkdir(join(own, name), { recursive: true })));
  await writeFile(join(own, "config"), skeleton.config);
  await writeFile(join(own, "objects", "info", "alternates"), `${git.gitDir}/objects\n`);
  // History that the user's repository does not have must not be looked for here either.
  await copyFile(join(git.gitDir, "shallow"), join(own, "shallow")).catch(() => {});
  await writeFile(join(own, "HEAD"), `${commit}\n`);
}

/** The agent finds itself on a branch of the target's name, as it would in any clone. */
export async function nameBranch(tree: string, branch: string, base: CommitSha): Promise<void> {
  const ref = join(tree, ".git", "refs", "heads", branch);
  await mkdir(join(ref, ".."), { recursive: true });
  await writeFile(ref, `${base}\n`);
  await writeFile(join(tree, ".git", "HEAD"), `ref: refs/heads/${branch}\n`);
}
