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

/**
 * Gates are often package scripts, so a change of a script is a change of the gates: key by key, since adding a
 * dependency to the same file is no offence. Null when the scripts are the same.
 */
export function scriptsReason(path: string, before: string, after: string): string | null {
  const scripts = [readScripts(before), readScripts(after)] as const;
  const [old, now] = scripts;
  if (old === null || now === null)
    return `${path} cannot be read as JSON, so its scripts cannot be compared`;
  const names = new Set([...Object.keys(old), ...Object.keys(now)]);
  const changed = [...names].filter((name) => JSON.stringify(old[name]) !== JSON.stringify(now[name]));
  if (changed.length === 0) return null;
  return `${path} changes the scripts ${changed.join(", ")}; put them back, or the task must allow it (allow: ["${path}"])`;
}

/** Null when the text is no JSON object, or its scripts are none. */
function readScripts(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const manifest: unknown = JSON.parse(text);
    if (typeof manifest !== "object" || manifest === null) return null;
    const scripts = "scripts" in manifest ? manifest.scripts : {};
    return typeof scripts === "object" && scripts !== null
      ? Object.fromEntries(Object.entries(scripts))
      : null;
  } catch {
    return null;
  }
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
