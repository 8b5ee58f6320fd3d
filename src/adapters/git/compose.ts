/** Composes the commit that is judged: the agent's change on the newest tip, with the supervisor's own files. */
import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { commitSha, type TreeSha, treeSha } from "../../core/ids.ts";
import { RalphError } from "../../errors.ts";
import type { Composed, ComposeOrder } from "../../ports.ts";
import { redactor } from "../redact.ts";
import { firstLine, type Git } from "./git.ts";
import { readCommit } from "./object-tree.ts";

export async function compose(git: Git, order: ComposeOrder, sign: boolean): Promise<Composed> {
  const code = await composeCode(git, order);
  if (code.kind === "conflict") return code;
  const tree = await withOwnFiles(git, code.tree, order);
  if (typeof tree !== "string") return tree;
  const args = ["commit-tree", tree, "-p", order.onto, "-F", "-", ...(sign ? ["-S"] : [])];
  const commit = commitSha((await git.run(args, { input: redactor.text(order.message) })).trim());
  return { kind: "composed", candidate: { commit, tree, base: order.onto } };
}

type Code = { readonly kind: "tree"; readonly tree: TreeSha } | Extract<Composed, { kind: "conflict" }>;

/** The agent's change on the newest tip: its own tree where the tip is its base, a merge where the tip moved. */
async function composeCode(git: Git, { onto, change }: ComposeOrder): Promise<Code> {
  const { tree, parents } = await readCommit(git.objects, change ?? onto);
  if (change === null || parents[0] === onto) return { kind: "tree", tree: treeSha(tree) };
  const merge = await git.ask([
    "merge-tree",
    "--write-tree",
    "--name-only",
    "--no-messages",
    "-z",
    onto,
    change,
  ]);
  const [merged = "", ...paths] = merge.stdout.split("\0").filter((field) => field !== "");
  if (merge.code === 0) return { kind: "tree", tree: treeSha(merged) };
  if (merge.code === 1) return { kind: "conflict", paths: [...new Set(paths)] };
  throw new RalphError("git-failed", `git merge-tree failed: ${firstLine(merge.stderr)}`);
}

/**
 * A change can make git refuse our files, by the attributes that it gives them. What fails without it is no fault of
 * its, and neither is what passes: a git that could not be started, or that was killed.
 */
async function withOwnFiles(
  git: Git,
  tree: TreeSha,
  { onto, change, files }: ComposeOrder,
): Promise<TreeSha | Extract<Composed, { kind: "refused" }>> {
  const first = await withFilesOrWhy(git, tree, files);
  if (!(first instanceof RalphError)) return first;
  if (change === null) throw first;
  await withFiles(git, treeSha((await readCommit(git.objects, onto)).tree), files);
  const again = await withFilesOrWhy(git, tree, files);
  return again instanceof RalphError ? { kind: "refused", reason: again.message } : again;
}

const withFilesOrWhy = (
  git: Git,
  tree: TreeSha,
  files: ReadonlyMap<string, string>,
): Promise<TreeSha | RalphError> =>
  withFiles(git, tree, files).catch((error: unknown) => {
    if (error instanceof RalphError) return error;
    throw error;
  });

/**
 * The tree with files of the supervisor's own laid over it. They are added from a folder, as any file is, so that the
 * repository's attributes (line ends, filters) hold for them, too.
 */
async function withFiles(git: Git, tree: TreeSha, files: ReadonlyMap<string, string>): Promise<TreeSha> {
  if (files.size === 0) return tree;
  return git.withIndex(async (index) => {
    const workTree = `${index}.files`;
    try {
      if (!(await git.indexes.lay(tree, index))) await git.run(["read-tree", tree], { index });
      for (const [path, text] of files) {
        await mkdir(dirname(join(workTree, path)), { recursive: true });
        await writeFile(join(workTree, path), redactor.text(text));
      }
      const input = [...files.keys()].map((path) => `${path}\0`).join("");
      await git.run(["update-index", "--add", "--replace", "-z", "--stdin"], { workTree, index, input });
      return treeSha((await git.run(["write-tree"], { index })).trim());
    } finally {
      await rm(workTree, { recursive: true, force: true });
    }
  });
}
