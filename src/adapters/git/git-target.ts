/**
 * The target branch: lands exactly the commit that was composed and judged.
 *
 * Invariant: the target moves only here, by compare-and-swap from the candidate's parent to the candidate, in one
 * ref transaction with the task's landed ref. Nothing here decides; it carries out an accept verdict.
 */
import type { Config } from "../../core/config.ts";
import { type CommitSha, commitSha, type TaskId, treeSha } from "../../core/ids.ts";
import type { Candidate } from "../../core/message.ts";
import { RalphError } from "../../errors.ts";
import type { Blob, ChangedPath, LandOrder, LandResult, Review, Target } from "../../ports.ts";
import { compose } from "./compose.ts";
import { firstLine, type Git, troubleLine } from "./git.ts";
import { type FastForward, planFastForward } from "./fast-forward.ts";
import { catchUp, finishCatchUp, readCatchUp } from "./catch-up.ts";
import { createCheckoutList, retryLocked } from "./git-checkout.ts";
import { mendCheckouts, removeRefLocks } from "./mend-checkouts.ts";
import { packLooseObjects } from "./pack-objects.ts";
import { createRefPacker, packRefs } from "./pack-refs.ts";
import type { GitRemote, PushedRef } from "./git-remote.ts";
import { attemptRef, landedRef, pruneLanded, readKeptAttempts, readLanded } from "./git-refs.ts";
import { landOnBranch, pruneReviews, readReviews } from "./git-review.ts";
import type { ObjectReader } from "./object-reader.ts";
import { diffTrees, listBelow, listEntries, readBlob, readCommit, readLink } from "./object-tree.ts";
import { modes, restoreInput } from "./raw-diff.ts";

export interface GitTargetOptions {
  readonly branch: string;
  readonly sign: boolean;
  /** Whose branch is the truth; without one, the branch here is. */
  readonly remote?: GitRemote | null;
  /** `branch`: what lands stands on a branch of its own. */
  readonly mode?: Config["land"]["mode"];
  /** Something a person should know although the landing itself is complete. */
  readonly warn: (message: string) => void;
}

export function createGitTarget(git: Git, options: GitTargetOptions): Target {
  const branchRef = `refs/heads/${options.branch}`;
  const { warn, remote = null } = options;
  const isReviewed = options.mode === "branch";
  const inTurn = takeTurns();
  const packNowAndThen = createRefPacker(git);
  const place = { branchRef, remote, checkouts: createCheckoutList(git, branchRef), warn };
  return {
    branch: options.branch,
    tip: () => readTip(git, branchRef),
    treeOf: async (commit) => treeSha((await readCommit(git.objects, commit)).tree),
    contains: (commit) => isPartOf(git, commit, branchRef),
    readFile: (commit, path) => readBlob(git.objects, commit, path),
    listFiles: (commit, folder) => listBelow(git.objects, commit, folder),
    listFolder: (commit, folder) => listEntries(git.objects, commit, folder),
    readBlobs: (names, bytesMax) => readBlobs(git.objects, names, bytesMax),
    readLinks: (commit) => readLinks(git, commit),
    changedPaths: (from, to) => listChangedPaths(git.objects, from, to),
    compose: (order) => compose(git, order, options.sign),
    restore: (commit, from, isRestored) => restore(git, { commit, from }, isRestored),
    land: (order) =>
      inTurn(async () => {
        const result = await (isReviewed ? landOnBranch(git, place, order) : land(git, place, order));
        await packNowAndThen();
        return result;
      }),
    catchUp: async () => {
      if (remote !== null) await inTurn(() => catchUp(git, { ...place, remote }));
    },
    reviews: async () => (isReviewed ? readReviews(git, branchRef, remote !== null) : noReviews),
    async keep(task, attempt, commit) {
      const result = await retryLocked(() => git.ask(["update-ref", attemptRef(task, attempt), commit]));
      if (result.code === 0) return;
      throw new RalphError("git-failed", `the work of ${task} cannot be kept: ${troubleLine(result.stderr)}`);
    },
    landedTasks: () => readLanded(git, branchRef),
    async pruneLanded() {
      if (isReviewed) await pruneReviews(git);
      await packRefs(git);
      return pruneLanded(git, branchRef);
    },
    packObjects: (signal) => packLooseObjects(git, signal),
    keptAttempts: () => readKeptAttempts(git),
    repairCheckouts: (landing) => repairCheckouts(git, branchRef, landing),
  };
}

const noReviews: ReadonlyMap<TaskId, Review> = new Map();

/** What moves the target waits for what is moving it: several attempts may be prepared while one lands. */
function takeTurns(): <Result>(run: () => Promise<Result>) => Promise<Result> {
  let last: Promise<unknown> = Promise.resolve();
  return (run) => {
    const next = last.then(run, run);
    last = next;
    return next;
  };
}

const readTip = async (git: Git, branchRef: string): Promise<CommitSha> =>
  commitSha((await readCommit(git.objects, branchRef)).sha);

async function listChangedPaths(
  objects: ObjectReader,
  from: CommitSha,
  to: CommitSha,
): Promise<readonly ChangedPath[]> {
  const changes = await diffTrees(
    objects,
    (await readCommit(objects, from)).tree,
    (await readCommit(objects, to)).tree,
  );
  return changes.map(({ path, oldMode, oldSha, newMode, newSha }) => ({
    path,
    mode: newMode === modes.missing ? null : newMode,
    isNew: oldMode === modes.missing,
    before: isRegular(oldMode) ? oldSha : null,
    after: isRegular(newMode) ? newSha : null,
  }));
}

const isRegular = (mode: string): boolean => mode.startsWith("100");

/** All sizes are asked for at once, then all contents: a question does not wait for the answer before it. */
async function readBlobs(
  objects: ObjectReader,
  names: readonly string[],
  bytesMax: number,
): Promise<readonly Blob[]> {
  const sizes = await Promise.all(names.map((name) => objects.size(name)));
  return Promise.all(
    names.map(async (name, at) => {
      const bytes = sizes[at] ?? 0;
      if (bytes > bytesMax) return { bytes, content: null };
      const object = await objects.read(name);
      if (object?.type === "blob") return { bytes, content: object.content };
      throw new RalphError("git-failed", `git does not have ${name}`, {
        hint: "See whether the repository is whole: git fsck.",
      });
    }),
  );
}

/** Every symbolic link of a commit: path → what is written in it. */
async function readLinks(git: Git, commit: CommitSha): Promise<ReadonlyMap<string, string>> {
  const links = new Map<string, string>();
  const output = await git.run(["ls-tree", "-r", "-z", commit]);
  for (const entry of output.split("\0").filter((line) => line.startsWith(modes.symlink))) {
    const tab = entry.indexOf("\t");
    const [, , sha = ""] = entry.slice(0, tab).split(" ");
    links.set(entry.slice(tab + 1), await readLink(git.objects, sha));
  }
  return links;
}

async function restore(
  git: Git,
  { commit, from }: { readonly commit: CommitSha; readonly from: CommitSha },
  isRestored: (path: string) => boolean,
): Promise<CommitSha> {
  const [now, before] = await Promise.all([readCommit(git.objects, commit), readCommit(git.objects, from)]);
  const changes = await diffTrees(git.objects, before.tree, now.tree);
  const restored = changes.filter(({ path }) => isRestored(path));
  // What is new goes first: it may lie where a file or a folder was.
  const inOrder = restored.toSorted(
    (a, b) => Number(a.oldMode !== modes.missing) - Number(b.oldMode !== modes.missing),
  );
  const tree = await git.withIndex(async (index) => {
    if (!(await git.indexes.lay(treeSha(now.tree), index))) await git.run(["read-tree", now.tree], { index });
    await git.run(["update-index", "-z", "--index-info"], { index, input: restoreInput(inOrder) });
    return (await git.run(["write-tree"], { index })).trim();
  });
  const message = "With tests as they were; to be judged, never to land\n";
  return commitSha((await git.run(["commit-tree", tree, "-p", from, "-F", "-"], { input: message })).trim());
}

interface Place {
  readonly branchRef: string;
  readonly remote: GitRemote | null;
  readonly checkouts: () => Promise<readonly string[]>;
  readonly warn: (message: string) => void;
}

async function land(git: Git, place: Place, order: LandOrder): Promise<LandResult> {
  const { branchRef, warn } = place;
  const { candidate } = order;
  // A checkout that is on a newer tip must not be taken for one with somebody's changes.
  const refusal = async (reason: string): Promise<LandResult> => {
    const tip = await readTip(git, branchRef);
    return tip === candidate.base ? { kind: "refused", reason } : { kind: "moved" };
  };
  const plans = await planCheckouts(git, place, order);
  if (typeof plans === "string") return refusal(plans);
  const pushed =
    place.remote === null ? null : await pushFirst(git, { ...place, remote: place.remote }, order);
  if (pushed !== null) return pushed;
  const refused = await moveRefs(git, branchRef, order);
  if (refused !== null && place.remote !== null) {
    // It has landed where it counts. The next attempt finds out what is in the way here, and stops at it.
    warn(`landed on ${place.remote.name}, but ${branchRef} here could not be moved: ${refused}`);
    return { kind: "landed" };
  }
  if (refused !== null) return refusal(`git refused to move ${branchRef}: ${refused}`);
  await checkLanded(git, branchRef, candidate);
  for (const plan of plans) {
    const trouble = await plan.carryOut();
    if (trouble === null || (await isMended(git, branchRef, { candidate, checkout: plan.checkout })))
      continue;
    warn(`${plan.checkout} could not be brought up to date: ${trouble}`);
  }
  return { kind: "landed" };
}

/** Git may have been killed in the middle of it. */
async function isMended(
  git: Git,
  branchRef: string,
  { candidate, checkout }: { readonly candidate: Candidate; readonly checkout: string },
): Promise<boolean> {
  if ((await readTip(git, branchRef)) !== candidate.commit) return false;
  const mended = await mendCheckouts(git, branchRef, { from: candidate.base, to: candidate.commit });
  return mended.includes(checkout);
}

/**
 * All or nothing on the remote, whose branch is the truth: only then anything moves here. Null when it is there now.
 * What a refusal means is read off the remote's refs, not off its words.
 */
async function pushFirst(
  git: Git,
  place: Place & { readonly remote: GitRemote },
  { candidate, task, kind }: LandOrder,
): Promise<LandResult | null> {
  const { commit, base } = candidate;
  if ((await readTip(git, place.branchRef)) !== base) return { kind: "moved" };
  const refs: PushedRef[] = [{ ref: place.branchRef, commit, expected: base }];
  if (kind === "land") refs.push({ ref: landedRef(task), commit, expected: null });
  try {
    const refused = await place.remote.push(refs);
    if (refused === null) return null;
    await catchUp(git, place);
    // An answer to an earlier try may have been lost on its way.
    if (await isPartOf(git, commit, place.branchRef)) return { kind: "landed" };
    const isMoved = (await readTip(git, place.branchRef)) !== base;
    return isMoved ? { kind: "moved" } : { kind: "refused", reason: refused };
  } catch (error) {
    if (error instanceof RalphError) return { kind: "refused", reason: error.message };
    throw error;
  }
}

const isPartOf = async (git: Git, commit: CommitSha, branchRef: string): Promise<boolean> =>
  (await git.ask(["merge-base", "--is-ancestor", commit, branchRef])).code === 0;

async function planCheckouts(
  git: Git,
  { branchRef, checkouts }: Place,
  order: LandOrder,
): Promise<readonly FastForward[] | string> {
  const { base: from, commit: to } = order.candidate;
  const plans: FastForward[] = [];
  for (const checkout of await checkouts()) {
    const plan = await planFastForward(git, checkout, { from, to, branchRef, seen: order.seen });
    if (typeof plan === "string") {
      return `${checkout} has changes that landing would overwrite (${plan}); commit or stash them and run again`;
    }
    plans.push(plan);
  }
  return plans;
}

/** One transaction: the target by compare-and-swap and the landed ref, both or neither. Null when it worked. */
async function moveRefs(git: Git, branchRef: string, order: LandOrder): Promise<string | null> {
  const { candidate, task, attempt, kind } = order;
  const lines = [`update ${branchRef} ${candidate.commit} ${candidate.base}`];
  if (kind === "land")
    lines.push(`create ${landedRef(task)} ${candidate.commit}`, `delete ${attemptRef(task, attempt)}`);
  const move = async (changes: readonly string[]): Promise<string | null> => {
    const input = ["start", ...changes, "prepare", "commit", ""].join("\n");
    const args = ["update-ref", "--create-reflog", "-m", `ralphwright: ${kind} ${task}`, "--stdin"];
    const result = await retryLocked(() => git.ask(args, { input }));
    return result.code === 0 ? null : firstLine(result.stderr);
  };
  const refused = await move(lines);
  if (refused !== "") return refused;
  // Git always says why it refuses: this one was killed, and may have got to the first of its refs.
  await removeRefLocks(git, branchRef, true);
  if ((await readTip(git, branchRef)) !== candidate.commit) return move(lines);
  return kind === "land" ? move([`update ${landedRef(task)} ${candidate.commit}`]) : null;
}

/** The post-condition: what is on the target is the tree that was judged. If not, everything stops, loudly. */
async function checkLanded(git: Git, branchRef: string, candidate: Candidate): Promise<void> {
  const tip = await readTip(git, branchRef);
  const { tree } = await readCommit(git.objects, candidate.commit);
  // A person may have pushed on top in this very moment; then ours must be below theirs.
  const isBelow = (): Promise<boolean> => isPartOf(git, candidate.commit, branchRef);
  if (tree === candidate.tree && (tip === candidate.commit || (await isBelow()))) return;
  throw new RalphError(
    "target-not-judged",
    `${branchRef} does not hold the tree that was judged (${candidate.tree})`,
    {
      hint: `Stop and look: git log ${branchRef}; git reflog ${branchRef}.`,
    },
  );
}

/**
 * A crash between the ref transaction and the fast-forward leaves a checkout exactly one landing behind. A person's
 * staged revert of the last landing looks just the same, so it takes the journal's word that one was under way.
 */
async function repairCheckouts(
  git: Git,
  branchRef: string,
  landing: readonly CommitSha[],
): Promise<readonly string[]> {
  const catchUpLeft = await readCatchUp(git);
  await removeRefLocks(git, branchRef, landing.length > 0 || catchUpLeft !== null);
  const finished = await finishCatchUp(git, branchRef, catchUpLeft);
  const to = await readTip(git, branchRef);
  const from = (await readCommit(git.objects, to)).parents[0];
  if (!landing.includes(to) || from === undefined) return finished;
  return [...finished, ...(await mendCheckouts(git, branchRef, { from, to }))];
}
