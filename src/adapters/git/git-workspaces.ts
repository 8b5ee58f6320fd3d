/**
 * Workspaces for agents and checkouts for gates: disposable directories, laid out from a commit with a private
 * index, and read back the same way.
 *
 * Invariant: no git command runs with a directory's own `.git` as its repository. What an agent or a gate writes
 * there is never believed; the commits an agent makes count only as files.
 */
import { randomUUID } from "node:crypto";
import {
  chmod,
  lstat,
  mkdir,
  copyFile,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  utimes,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { type CommitSha, commitSha, type TreeSha, treeSha } from "../../core/ids.ts";
import { RalphError } from "../../errors.ts";
import type { GateCheckout, LaidOut, Sealed, SealOrder, Workspace, Workspaces } from "../../ports.ts";
import type { Dependencies } from "../process/dependencies.ts";
import { type Git, troubleLine } from "./git.ts";
import { diffTrees, readCommit } from "./object-tree.ts";
import { modes, type RawChange, restoreInput } from "./raw-diff.ts";

export interface GitWorkspacesOptions {
  /** Folder of all work directories; everything in it is ours to delete. */
  readonly folder: string;
  readonly branch: string;
  readonly dependencies: Dependencies;
}

export function createGitWorkspaces(git: Git, options: GitWorkspacesOptions): Workspaces {
  const { folder, dependencies } = options;
  const layOutDirectory = createLayOut(git, folder);
  return {
    async prepare(_task, _attempt, base) {
      const laidOut = await layOutDirectory(base);
      await nameBranch(laidOut.tree, options.branch, base);
      return openWorkspace(git, { ...laidOut, dependencies });
    },
    async layOut(commit, trusted): Promise<LaidOut> {
      const laidOut = await layOutDirectory(commit);
      const failure = await dependencies.provide(laidOut.tree, trusted);
      if (failure === null) return { kind: "ready", checkout: openGateCheckout(git, laidOut) };
      await removeDirectory(laidOut.home);
      return { kind: "setup-failed", ...failure };
    },
    async sweep() {
      await git.sweepIndexes();
      const left = await readdir(folder).catch(() => []);
      await Promise.all(left.map((name) => removeDirectory(join(folder, name))));
      return left.length;
    },
  };
}

interface Directory {
  readonly commit: CommitSha;
  /** Holds the tree and, beside it, the files through which the supervisor and the tree's user talk. */
  readonly home: string;
  readonly tree: string;
  /**
   * Index as it was when the directory was laid out: with it, only changed files are read again. It is kept in
   * memory, because the directory's user could write any file, and an index can hide changes.
   */
  readonly index: Buffer;
  /** When it was written: git reads again what changed in that moment or later. */
  readonly indexedAtMs: number;
}

type LayOut = (commit: CommitSha) => Promise<Directory>;

/** Makes directories with the files of one commit and a fresh `.git` of its own that borrows the user's objects. */
function createLayOut(git: Git, folder: string): LayOut {
  const skeleton: Skeleton = { config: null };
  return async (commit) => {
    const home = join(folder, randomUUID());
    const tree = join(home, "tree");
    await mkdir(tree, { recursive: true, mode: 0o700 });
    const [laidOut] = await Promise.all([
      git.withIndex(async (file) => {
        await git.run(["read-tree", "--reset", "-u", commit], { workTree: tree, index: file });
        return { index: await readFile(file), indexedAtMs: Math.floor((await stat(file)).mtimeMs) };
      }),
      makeOwnRepository(git, tree, { commit, skeleton }),
    ]);
    await writeFile(join(tree, ".git", "index"), laidOut.index);
    return { commit, home, tree, ...laidOut };
  };
}

/** What `git init` finds out about this place, asked once: it is the same for every directory beside it. */
interface Skeleton {
  config: string | null;
}

/** The index as it was, with its time: a younger file would make git trust what changed just after it was written. */
async function restoreIndex(directory: Directory, file: string): Promise<void> {
  await writeFile(file, directory.index);
  await utimes(file, directory.indexedAtMs / 1000, directory.indexedAtMs / 1000);
}

/** No remotes, no credentials, no hooks: what the user's repository knows beside objects stays there. */
async function makeOwnRepository(
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
async function nameBranch(tree: string, branch: string, base: CommitSha): Promise<void> {
  const ref = join(tree, ".git", "refs", "heads", branch);
  await mkdir(join(ref, ".."), { recursive: true });
  await writeFile(ref, `${base}\n`);
  await writeFile(join(tree, ".git", "HEAD"), `ref: refs/heads/${branch}\n`);
}

/** Renamed first, so that a half-deleted directory is never mistaken for a whole one. */
async function removeDirectory(path: string): Promise<void> {
  const doomed = `${path}.gone`;
  await rename(path, doomed).catch(() => {});
  const remove = (): Promise<void> => rm(doomed, { recursive: true, force: true, maxRetries: 5 });
  try {
    await remove();
  } catch {
    // A directory without write permission keeps what is in it: an agent may leave such ones.
    await makeWritable(doomed);
    await remove();
  }
}

/** The removal that failed may still be at work in other folders: what is gone meanwhile needs no permission. */
async function makeWritable(folder: string): Promise<void> {
  await chmod(folder, 0o700).catch(() => {});
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    if (entry.isDirectory()) await makeWritable(join(folder, entry.name));
  }
}

const setupHint = "Run the command in a fresh clone by hand; see setup.log in the state directory.";

interface OpenWorkspace extends Directory {
  readonly dependencies: Dependencies;
}

async function openWorkspace(git: Git, open: OpenWorkspace): Promise<Workspace> {
  const { home, tree, commit: base } = open;
  const identity = await identify(tree);
  return {
    path: tree,
    base,
    briefFile: join(home, "brief.md"),
    claimFile: join(home, "claim.json"),
    async provision() {
      const failure = await open.dependencies.provide(tree, false);
      if (failure !== null) throw new RalphError("setup-failed", failure.reason, { hint: setupHint });
    },
    async seal(order) {
      if ((await identify(tree)) !== identity)
        return { kind: "refused", reason: "the workspace was replaced" };
      return sealDirectory(git, open, order);
    },
    release: () => removeDirectory(home),
  };
}

/** Which directory this is, whatever its path leads to by now; null when it is no directory any more. */
async function identify(path: string): Promise<string | null> {
  const stats = await lstat(path, { bigint: true }).catch(() => null);
  return stats?.isDirectory() === true ? `${stats.dev}:${stats.ino}` : null;
}

async function sealDirectory(git: Git, open: OpenWorkspace, order: SealOrder): Promise<Sealed> {
  const { tree: workTree, commit: base } = open;
  return git.withIndex(async (index) => {
    await restoreIndex(open, index);
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
    await git.indexes.put(tree, index);
    const commit = await git.run(["commit-tree", tree, "-p", base, "-F", "-"], { input: order.message });
    return { kind: "sealed", change: { tree, commit: commitSha(commit.trim()) }, restored };
  });
}

const writeTree = async (git: Git, index: string): Promise<TreeSha> =>
  treeSha((await git.run(["write-tree"], { index })).trim());

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
    if (!(await isWithin(workTree, path))) continue;
    await rm(join(workTree, path), { recursive: true, force: true });
    await mkdir(join(workTree, path), { recursive: true });
  }
  // With `-v` it names each entry that it adds, replaces or removes.
  const { code, stdout, stderr } = await git.ask(["add", "-A", "-v", "--", "."], { workTree, index });
  const trouble = code === 0 ? null : `git cannot take the workspace as it is: ${troubleLine(stderr)}`;
  return { trouble, isChanged: stdout !== "" };
}

/** Whether the folders above a path are folders: what lies behind a link of the agent's is not ours to delete. */
async function isWithin(workTree: string, path: string): Promise<boolean> {
  const names = path.split("/").slice(0, -1);
  for (let depth = 1; depth <= names.length; depth += 1) {
    const stats = await lstat(join(workTree, ...names.slice(0, depth))).catch(() => null);
    if (stats === null) return true;
    if (!stats.isDirectory()) return false;
  }
  return true;
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

function openGateCheckout(git: Git, directory: Directory): GateCheckout {
  const { home, tree: workTree, commit } = directory;
  return {
    path: workTree,
    async changedPaths() {
      return git.withIndex(async (index) => {
        await restoreIndex(directory, index);
        const { trouble, isChanged } = await stageAll(git, workTree, index);
        if (trouble !== null) return [trouble];
        if (!isChanged) return [];
        const changes = ["diff-index", "--cached", "--name-only", "-z", "--no-renames", commit];
        return (await git.run(changes, { index })).split("\0").filter((path) => path !== "");
      });
    },
    [Symbol.asyncDispose]: () => removeDirectory(home),
  };
}
