/** Looks at what would land, before any gate runs: as it lies on the target's newest tip, not as the agent made it. */
import { escapingLink, guardReason, manifestReason, type TouchedPath } from "../core/guard.ts";
import type { CommitSha } from "../core/ids.ts";
import type { Candidate } from "../core/message.ts";
import type { Task } from "../core/task.ts";
import { matchGlobs } from "../formats/glob.ts";
import type { AttemptScope } from "./scope.ts";

/** Why the candidate may not be judged at all, in one sentence, or null. */
export async function guardCandidate(
  scope: AttemptScope,
  task: Task,
  candidate: Candidate,
): Promise<string | null> {
  const { config, ports } = scope;
  const { base, commit } = candidate;
  const own = new Set([config.progress.file, task.file]);
  const touched = (await ports.target.changedPaths(base, commit)).filter(({ path }) => !own.has(path));
  const isAllowed = matchGlobs(task.allow);
  const reason = guardReason(touched, { isProtected: matchGlobs(config.protect), isAllowed });
  if (reason !== null) return reason;
  const manifests = touched.map(({ path }) => path).filter((path) => isManifest(path) && !isAllowed(path));
  for (const path of manifests) {
    const changed = await compareManifests(scope, path, candidate);
    if (changed !== null) return changed;
  }
  return checkLinks(scope, touched, { base, commit });
}

const isManifest = (path: string): boolean => /(^|\/)package\.json$/.test(path);

/** A manifest that is new or removed has nothing to be compared with. */
async function compareManifests(
  scope: AttemptScope,
  path: string,
  candidate: Candidate,
): Promise<string | null> {
  const { target } = scope.ports;
  const [before, after] = await Promise.all([
    target.readFile(candidate.base, path),
    target.readFile(candidate.commit, path),
  ]);
  return before === null || after === null ? null : manifestReason(path, before, after);
}

const symlinkMode = "120000";

/** A link may lead out through another one, so all of them are looked at as soon as one is touched or gone. */
async function checkLinks(
  scope: AttemptScope,
  touched: readonly TouchedPath[],
  { base, commit }: { readonly base: CommitSha; readonly commit: CommitSha },
): Promise<string | null> {
  if (!touched.some(({ mode }) => mode === symlinkMode || mode === null)) return null;
  const { target } = scope.ports;
  const after = await target.readLinks(commit);
  if (after.size === 0) return null;
  return escapingLink(after, await target.readLinks(base));
}
