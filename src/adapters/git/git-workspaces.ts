/**
 * Workspaces for agents and checkouts for gates: disposable directories, laid out from a commit with a private
 * index, and read back the same way.
 *
 * Invariant: no git command runs with a directory's own `.git` as its repository. What an agent or a gate writes
 * there is never believed; the commits an agent makes count only as files.
 */
import { lstat, mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { commitSha, type TreeSha, treeSha } from "../../core/ids.ts";
import { RalphError, unlessAbsent } from "../../errors.ts";
import type { GateCheckout, LaidOut, Sealed, SealOrder, Workspace, Workspaces } from "../../ports.ts";
import type { Dependencies } from "../process/dependencies.ts";
import { removeDirectory } from "../remove-all.ts";
import { sweepOwnPlaces } from "../sandbox/own-place.ts";
import { type Git, troubleLine } from "./git.ts";
import { diffTrees, readCommit } from "./object-tree.ts";
import { nameBranch } from "./own-repository.ts";
import { isInRealFolders } from "./real-folders.ts";
import { modes, type RawChange, restoreInput } from "./raw-diff.ts";
import { watchForPipes } from "./pipe-watch.ts";
import { createSlotPool, restoreIndex, type Slot, type SlotPool } from "./slots.ts";

export interface GitWorkspacesOptions {
  /** Folder of all work directories; everything in it is ours to delete. */
  readonly folder: string;
  readonly branch: string;
  readonly dependencies: Dependencies;
}

export function createGitWorkspaces(git: Git, options: GitWorkspacesOptions): Workspaces {
  const { folder, dependencies } = options;
  // Two of them: a directory that an agent worked in never becomes a gate checkout.
  const workspaces = createSlotPool(git, folder);
  const checkouts = createSlotPool(git, folder);
  return {
    async prepare(_task, _attempt, base) {
      const slot = await workspaces.take(base);
      await nameBranch(slot.tree, options.branch, base);
      return openWorkspace(git, { slot, dependencies, pool: workspaces });
    },
    async layOut(commit, trusted): Promise<LaidOut> {
      let slot = await checkouts.take(commit);
      // What is stored is made where nothing has ever run.
      if (trusted && slot.isWarm && !(await dependencies.isStored(slot.tree))) {
        await removeDirectory(slot.home);
        slot = await checkouts.takeFresh(commit);
      }
      const failure = await dependencies.provide(slot.tree, trusted, slot.place);
      if (failure === null) return { kind: "ready", checkout: openGateCheckout(git, slot, checkouts) };
      await removeDirectory(slot.home);
      return { kind: "setup-failed", ...failure };
    },
    async sweep() {
      await git.sweepScratch();
      await sweepOwnPlaces(folder);
      const left = await readdir(folder).catch(() => []);
      await Promise.all(left.map((name) => removeDirectory(join(folder, name))));
      return left.filter((name) => !name.endsWith(ownSuffix)).length;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([workspaces.drain(), checkouts.drain()]);
    },
  };
}

/** Beside the workspace's folder, which the agent may write: in there it could put a link in its place. */
const ownSuffix = ".own";

const setupHint = "Run the command in a fresh clone by hand; see setup.log in the state directory.";

interface OpenWorkspace {
  readonly slot: Slot;
  readonly dependencies: Dependencies;
  readonly pool: SlotPool;
}

async function openWorkspace(git: Git, open: OpenWorkspace): Promise<Workspace> {
  const { slot, dependencies, pool } = open;
  const { home, tree, commit: base } = slot;
  const identity = await identify(tree);
  let last: SealedChange | null = null;
  return {
    path: tree,
    base,
    briefFile: join(home, "brief.md"),
    claimFile: join(home, "claim.json"),
    own: home + ownSuffix,
    async provision() {
      const failure = await dependencies.provide(tree, false, slot.place);
      if (failure !== null) throw new RalphError("setup-failed", failure.reason, { hint: setupHint });
    },
    async seal(order) {
      if ((await identify(tree)) !== identity)
        return { kind: "refused", reason: "the workspace was replaced" };
      const sealed = await sealDirectory(git, slot, { ...order, last });
      if (sealed.kind === "sealed") last = sealed.change ?? last;
      return sealed;
    },
    async release() {
      await removeDirectory(home + ownSuffix);
      await pool.give(slot);
    },
  };
}

/** Which directory this is, whatever its path leads to by now; null when it is no directory any more. */
async function identify(path: string): Promise<string | null> {
  const stats = await unlessAbsent(lstat(path, { bigint: true }));
  return stats?.isDirectory() === true ? `${stats.dev}:${stats.ino}` : null;
}

type SealedChange = NonNullable<Extract<Sealed, { kind: "sealed" }>["change"]>;

/** `last`: what was sealed before in this workspace. It becomes a second parent, so that one ref keeps every round. */
async function sealDirectory(
  git: Git,
  slot: Slot,
  order: SealOrder & { readonly last: SealedChange | null },
): Promise<Sealed> {
  const { tree: workTree, commit: base } = slot;
  return git.withIndex(async (index) => {
    await restoreIndex(slot, index);
    const staged = await stageAll(git, workTree, index);
    if (staged.trouble !== null) return { kind: "refused", reason: staged.trouble };
    const baseTree = (await readCommit(git.objects, base)).tree;
    let tree = await writeTree(git, index);
    const changes = await diffTrees(git.objects, baseTree, tree);
    const unreadable = changes.find(({ path }) => path.includes("\uFFFD"));
    if (unreadable !== undefined) {
      return { kind: "refused", reason: `the name of ${unreadable.path} is not valid UTF-8` };
    }
    const ours = changes.filter(({ path }) => order.isOurs(path));
    const restored = ours.map(({ path }) => path);
    if (ours.length > 0) {
      await putBack(git, { workTree, index }, ours);
      tree = await writeTree(git, index);
    }
    if ((await diffTrees(git.objects, baseTree, tree)).length === 0)
      return { kind: "sealed", change: null, restored };
    if (order.last?.tree === tree) return { kind: "sealed", change: order.last, restored };
    await git.indexes.put(tree, index);
    const parents = ["-p", base, ...(order.last === null ? [] : ["-p", order.last.commit])];
    const commit = await git.run(["commit-tree", tree, ...parents, "-F", "-"], { input: order.message });
    return { kind: "sealed", change: { tree, commit: commitSha(commit.trim()) }, restored };
  });
}

const writeTree = async (git: Git, index: string): Promise<TreeSha> =>
  treeSha((await git.run(["write-tree"], { index })).trim());

/** Files without end to be read, such as sparse ones, keep git as busy as somebody likes. */
const stageMsMax = 10 * 60_000;

interface Staged {
  /** Why git cannot take the directory; null when it did. */
  readonly trouble: string | null;
  /** Whether the index is another than before. */
  readonly isChanged: boolean;
}

/**
 * Stages every file that is not ignored. Directories of submodules are emptied first: git would otherwise run
 * `git status` inside them, with whatever configuration the agent left there.
 */
async function stageAll(git: Git, workTree: string, index: string): Promise<Staged> {
  const gitlinks = mayHoldGitlinks(await readFile(index)) ? await listGitlinks(git, workTree, index) : [];
  for (const path of gitlinks) {
    if (!(await isInRealFolders(workTree, path))) continue;
    await rm(join(workTree, path), { recursive: true, force: true });
    await mkdir(join(workTree, path), { recursive: true });
  }
  const first = await addAll(git, workTree, index);
  if (first !== null) return first;
  // It may have got as far as the index: what has changed is asked of the trees then.
  await rm(`${index}.lock`, { force: true });
  const second = await addAll(git, workTree, index);
  if (second === null)
    throw new RalphError("git-failed", "something kills every git add: it ends without a word");
  return { ...second, isChanged: true };
}

/** Null when something killed git, which is nobody's fault in the directory. */
async function addAll(git: Git, workTree: string, index: string): Promise<Staged | null> {
  using watch = watchForPipes(workTree);
  // With `-v` it names each entry that it adds, replaces or removes.
  const place = { workTree, index, signal: watch.signal, timeoutMs: stageMsMax };
  const { code, stdout, stderr } = await git.ask(["add", "-A", "-v", "--", "."], place);
  if (code === 0) return { trouble: null, isChanged: stdout !== "" };
  if (stderr === "") return null;
  const why = watch.signal.aborted ? String(watch.signal.reason) : troubleLine(stderr);
  return { trouble: `git cannot take the workspace as it is: ${why}`, isChanged: true };
}

/** The mode 160000 as four bytes: an index without them has no submodule; with them it may have one. */
const mayHoldGitlinks = (index: Buffer): boolean => index.includes(gitlinkMode);
const gitlinkMode = Buffer.from([0, 0, 0xe0, 0]);

/** Paths of submodules at the base. */
async function listGitlinks(git: Git, workTree: string, index: string): Promise<readonly string[]> {
  const output = await git.run(["ls-files", "-s", "-z"], { workTree, index });
  const lines = output.split("\0").filter((line) => line.startsWith(modes.gitlink));
  return lines.map((line) => line.slice(line.indexOf("\t") + 1));
}

/** Puts paths back in the index and in the directory, so that a further round starts from the truth. */
async function putBack(
  git: Git,
  place: { readonly workTree: string; readonly index: string },
  changes: readonly RawChange[],
): Promise<void> {
  await git.run(["update-index", "-z", "--index-info"], { index: place.index, input: restoreInput(changes) });
  for (const { path } of changes.filter(isNew)) {
    await rm(join(place.workTree, path), { recursive: true, force: true });
  }
  const known = changes.filter((change) => !isNew(change)).map(({ path }) => `${path}\0`);
  if (known.length > 0)
    await git.run(["checkout-index", "-f", "-z", "--stdin"], { ...place, input: known.join("") });
}

const isNew = (change: RawChange): boolean => change.oldMode === modes.missing;

function openGateCheckout(git: Git, slot: Slot, pool: SlotPool): GateCheckout {
  const { tree: workTree, commit } = slot;
  return {
    path: workTree,
    async changedPaths() {
      return git.withIndex(async (index) => {
        await restoreIndex(slot, index);
        const { trouble, isChanged } = await stageAll(git, workTree, index);
        if (trouble !== null) return [trouble];
        if (!isChanged) return [];
        const changes = ["diff-index", "--cached", "--name-only", "-z", "--no-renames", commit];
        return (await git.run(changes, { index })).split("\0").filter((path) => path !== "");
      });
    },
    [Symbol.asyncDispose]: () => pool.give(slot),
  };
}
