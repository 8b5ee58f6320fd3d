/** Looks at what a change touches, before any gate runs: some paths and file kinds are not an agent's to change. */

/** A changed path as git sees it; `mode` is null when it is removed. */
export interface TouchedPath {
  readonly path: string;
  readonly mode: string | null;
  readonly linksTo: string | null;
}

export interface GuardRules {
  readonly isProtected: (path: string) => boolean;
  readonly isAllowed: (path: string) => boolean;
}

const symlinkMode = "120000";
const gitlinkMode = "160000";

/** Why the change may not be judged at all, in one sentence, or null. */
export function guardReason(touched: readonly TouchedPath[], rules: GuardRules): string | null {
  for (const change of touched) {
    const reason = pathReason(change, rules);
    if (reason !== null) return reason;
  }
  return null;
}

function pathReason({ path, mode, linksTo }: TouchedPath, rules: GuardRules): string | null {
  if (mode === gitlinkMode) {
    return `${path} is a git repository of its own inside the workspace; add its files without its .git, or not at all`;
  }
  if (mode === symlinkMode && linksTo !== null && leadsOut(path, linksTo)) {
    return `${path} is a symbolic link out of the repository (to ${linksTo})`;
  }
  if (rules.isProtected(path) && !rules.isAllowed(path)) {
    return `${path} is protected; put it back, or the task must allow it (allow: ["${path}"])`;
  }
  return null;
}

function leadsOut(path: string, target: string): boolean {
  if (target.startsWith("/")) return true;
  let depth = path.split("/").length - 1;
  for (const step of target.split("/")) {
    if (step === "..") depth -= 1;
    else if (step !== "" && step !== ".") depth += 1;
    if (depth < 0) return true;
  }
  return false;
}
