/** Brings the target here up to the remote's, checkouts too: forward only, and never over anybody's work. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { CommitSha } from "../../core/ids.ts";
import { commitSha } from "../../core/ids.ts";
import { RalphError } from "../../errors.ts";
import { type FastForward, planFastForward } from "./fast-forward.ts";
import type { Git } from "./git.ts";
import { firstLine } from "./git.ts";
import { retryLocked } from "./git-checkout.ts";
import { mendCheckouts } from "./mend-checkouts.ts";
import type { GitRemote } from "./git-remote.ts";
import { readCommit } from "./object-tree.ts";

export interface CatchUpPlace {
  readonly branchRef: string;
  readonly remote: GitRemote;
  readonly checkouts: () => Promise<readonly string[]>;
  readonly warn: (message: string) => void;
}

/** Where the target stood, while its checkouts are being brought up to date. */
const intentRef = "refs/ralph/catching-up";

/** @throws RalphError `remote-failed`, `target-ahead`, `checkout-dirty`. */
export async function catchUp(git: Git, place: CatchUpPlace): Promise<void> {
  const { branchRef, remote, warn } = place;
  const to = await remote.fetch();
  const from = commitSha((await readCommit(git.objects, branchRef)).sha);
  if (from === to) return;
  await requireBehind(git, place, { from, to });
  const plans = await planCheckouts(git, place, { from, to });
  const lines = [`update ${branchRef} ${to} ${from}`, `update ${intentRef} ${from}`];
  const input = ["start", ...lines, "prepare", "commit", ""].join("\n");
  const message = `ralphwright: catch up with ${remote.name}`;
  const args = ["update-ref", "--create-reflog", "-m", message, "--stdin"];
  const moved = await retryLocked(() => git.ask(args, { input }));
  if (moved.code !== 0)
    throw new RalphError("git-failed", `git refused to move ${branchRef}: ${firstLine(moved.stderr)}`);
  for (const plan of plans) {
    const trouble = await plan.carryOut();
    if (trouble !== null) warn(`${plan.checkout} could not be brought up to date: ${trouble}`);
  }
  await git.run(["update-ref", "-d", intentRef]);
}

/** What a crash left of it: a commit to come from, once the target has moved; a lock, while it was to move. */
export interface OpenCatchUp {
  readonly from: string | null;
}

/** Null: it left nothing. */
export async function readCatchUp(git: Git): Promise<OpenCatchUp | null> {
  const found = await git.ask(["rev-parse", "--verify", "-q", intentRef]);
  if (found.code === 0) return { from: found.stdout.trim() };
  return existsSync(join(git.gitDir, `${intentRef}.lock`)) ? { from: null } : null;
}

/** After a crash between the ref and the checkouts. Returns what was mended. */
export async function finishCatchUp(
  git: Git,
  branchRef: string,
  open: OpenCatchUp | null,
): Promise<readonly string[]> {
  const from = open?.from ?? null;
  if (from === null) return [];
  const to = (await readCommit(git.objects, branchRef)).sha;
  const mended = await mendCheckouts(git, branchRef, { from, to });
  await git.run(["update-ref", "-d", intentRef]);
  return mended;
}

interface Way {
  readonly from: CommitSha;
  readonly to: CommitSha;
}

async function requireBehind(
  git: Git,
  { branchRef, remote }: CatchUpPlace,
  { from, to }: Way,
): Promise<void> {
  const ours = ["log", "--format=%h %s", `${to}..${from}`];
  const [newest = "", ...others] = (await git.run(ours)).split("\n").filter((line) => line !== "");
  if (newest === "") return;
  const branch = branchRef.replace("refs/heads/", "");
  const more = others.length === 0 ? "" : ` and ${others.length} more`;
  const message = `${branch} has commits that ${remote.name} lacks: ${newest}${more}`;
  throw new RalphError("target-ahead", `${message}; push them: git push ${remote.name} ${branch}`, {
    hint: "Where both have gone on, put yours on top first: git pull --rebase.",
  });
}

async function planCheckouts(git: Git, place: CatchUpPlace, way: Way): Promise<readonly FastForward[]> {
  const { branchRef, remote, checkouts } = place;
  const plans: FastForward[] = [];
  for (const checkout of await checkouts()) {
    const plan = await planFastForward(git, checkout, { ...way, branchRef, seen: null });
    if (typeof plan === "string") {
      const message = `${checkout} has changes that what ${remote.name} has would overwrite (${plan})`;
      throw new RalphError("checkout-dirty", `${message}; commit or stash them and run again`);
    }
    plans.push(plan);
  }
  return plans;
}
