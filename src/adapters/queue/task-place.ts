/** The queue where the target is: in its checkout as long as one has it, else on the branch itself. */
import type { Git } from "../git/git.ts";
import { createCheckoutList } from "../git/git-checkout.ts";
import { openTaskBranch } from "./task-branch.ts";
import { openTaskFolder, type TaskFolder } from "./task-folder.ts";

/** A person may check out another branch at any time: the tasks that then lie in the folder are not the target's. */
export function openTaskPlace(git: Git, branch: string, tasks: string): TaskFolder {
  const checkouts = createCheckoutList(git, `refs/heads/${branch}`);
  const onBranch = openTaskBranch(git, branch, tasks);
  let opened: { readonly top: string; readonly source: TaskFolder } | null = null;
  let isThere = false;
  const find = async (): Promise<TaskFolder | null> => {
    const [top] = await checkouts();
    const wasThere = isThere;
    isThere = top !== undefined;
    if (top === undefined) return null;
    if (opened?.top !== top) {
      const before = opened;
      opened = { top, source: openTaskFolder(top, tasks) };
      await before?.source[Symbol.asyncDispose]();
    } else if (!wasThere) opened.source.hint();
    return opened.source;
  };
  /** A file that git does not know stays where it is when another branch is checked out. */
  const isUntracked = async (file: string, top: string): Promise<boolean> =>
    (await git.ask(["ls-files", "--error-unmatch", "--", file], { checkout: top })).code !== 0;
  return {
    read: async () => ((await find()) ?? onBranch).read(),
    async readText(file) {
      const folder = await find();
      if (folder !== null) return folder.readText(file);
      const text = await onBranch.readText(file);
      if (text !== null || opened === null || !(await isUntracked(file, opened.top))) return text;
      return opened.source.readText(file);
    },
    changed: (signal) => (isThere && opened !== null ? opened.source : onBranch).changed(signal),
    hint(file) {
      opened?.source.hint(file);
      onBranch.hint();
    },
    async [Symbol.asyncDispose]() {
      await opened?.source[Symbol.asyncDispose]();
    },
  };
}
