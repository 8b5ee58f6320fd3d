/** Looks at what a change touches, before any gate runs: some paths and file kinds are not an agent's to change. */

/** A changed path as git sees it; `mode` is null when it is removed. */
export interface TouchedPath {
  readonly path: string;
  readonly mode: string | null;
}

export interface GuardRules {
  readonly isProtected: (path: string) => boolean;
  readonly isAllowed: (path: string) => boolean;
}

const gitlinkMode = "160000";

/** Why the change may not be judged at all, in one sentence, or null. */
export function guardReason(touched: readonly TouchedPath[], rules: GuardRules): string | null {
  for (const change of touched) {
    const reason = pathReason(change, rules);
    if (reason !== null) return reason;
  }
  return null;
}

function pathReason({ path, mode }: TouchedPath, rules: GuardRules): string | null {
  if (mode === gitlinkMode) {
    return `${path} is a git repository of its own inside the workspace; add its files without its .git, or not at all`;
  }
  if (rules.isProtected(path) && !rules.isAllowed(path)) {
    return `${path} is protected; put it back, or the task must allow it (allow: ["${path}"])`;
  }
  return null;
}

/** Keys of a package.json that say what a package is and needs; all others may configure a tool. */
const plainKeys = new Set(
  (
    "name version description keywords license author contributors homepage bugs repository funding private " +
    "main module types typings exports browser bin files directories man sideEffects engines os cpu " +
    "dependencies devDependencies peerDependencies peerDependenciesMeta optionalDependencies bundledDependencies"
  ).split(" "),
);

/**
 * Gates are often package scripts, and tools are often configured beside them, so changing those is changing the
 * gates. Compared key by key, since adding a dependency to the same file is no offence. Null when nothing is wrong.
 */
export function manifestReason(path: string, before: string, after: string): string | null {
  const [old, now] = [readManifest(before), readManifest(after)];
  if (old === null || now === null)
    return `${path} cannot be read as a JSON object, so it cannot be compared`;
  const keys = [...new Set([...Object.keys(old), ...Object.keys(now)])].filter((key) => !plainKeys.has(key));
  const changed = keys.filter((key) => JSON.stringify(old[key]) !== JSON.stringify(now[key]));
  if (changed.length === 0) return null;
  const what = changed.map((key) => `"${key}"`).join(", ");
  return `${path} changes ${what}, which gates may run from; put it back, or the task must allow it (allow: ["${path}"])`;
}

function readManifest(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const manifest: unknown = JSON.parse(text);
    const isObject = typeof manifest === "object" && manifest !== null && !Array.isArray(manifest);
    return isObject ? Object.fromEntries(Object.entries(manifest)) : null;
  } catch {
    return null;
  }
}

/** Symbolic links of a tree: path → what is written in the link. */
export type Links = ReadonlyMap<string, string>;

/** A link that leads out of the repository and did not before, told in one sentence, or null. */
export function escapingLink(after: Links, before: Links): string | null {
  for (const [path, target] of after) {
    const isOld = before.get(path) === target && leadsOut(path, before);
    if (!isOld && leadsOut(path, after)) {
      return `${path} is a symbolic link out of the repository (to ${target})`;
    }
  }
  return null;
}

/** As many links as a kernel follows before it gives up. */
const hopsMax = 40;

/** Walks a path step by step, through every link on its way, as the system would. */
function leadsOut(path: string, links: Links): boolean {
  const place: string[] = [];
  const open = path.split("/");
  let hops = 0;
  for (let step = open.shift(); step !== undefined; step = open.shift()) {
    if (step === "" || step === ".") continue;
    if (step === ".." && place.pop() === undefined) return true;
    if (step === "..") continue;
    place.push(step);
    if (place.length === 1 && step.toLowerCase() === ".git") return true;
    const target = links.get(place.join("/"));
    if (target === undefined) continue;
    hops += 1;
    if (hops > hopsMax || target.startsWith("/")) return true;
    place.pop();
    open.unshift(...target.split("/"));
  }
  return false;
}
