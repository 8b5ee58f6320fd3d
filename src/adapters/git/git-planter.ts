/** Makes commits of known-bad changes for the drill: objects alone, with a private index, and no ref that names them. */
import { commitSha } from "../../core/ids.ts";
import type { PlantedEdit, Planter } from "../../ports.ts";
import type { Git } from "./git.ts";
import { modes } from "./raw-diff.ts";

export function createGitPlanter(git: Git): Planter {
  return {
    async plant(base, edits) {
      const lines: string[] = [];
      for (const edit of edits) lines.push(`${await entryOf(git, edit, base)}\t${edit.path}\0`);
      const tree = await git.withIndex(async (index) => {
        await git.run(["read-tree", base], { index });
        await git.run(["update-index", "-z", "--index-info"], { index, input: lines.join("") });
        return (await git.run(["write-tree"], { index })).trim();
      });
      return commitSha((await git.run(["commit-tree", tree, "-p", base, "-m", "Drill"])).trim());
    },
  };
}

/** `<mode> <sha>`; mode 0 removes the path. */
async function entryOf(git: Git, { content, mode }: PlantedEdit, base: string): Promise<string> {
  if (content === null) return `0 ${"0".repeat(base.length)}`;
  if (mode === modes.gitlink) return `${mode} ${content}`;
  return `${mode} ${(await git.run(["hash-object", "-w", "--stdin"], { input: content })).trim()}`;
}
