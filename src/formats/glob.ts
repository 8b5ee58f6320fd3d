/** Says which paths a list of globs names. */
import picomatch from "picomatch";

/**
 * A test for paths from the top of the repository. A glob without a slash matches at any depth, and a glob that names
 * a folder matches everything in it.
 */
export function matchGlobs(globs: readonly string[]): (path: string) => boolean {
  const matcher = matchers.get(globs) ?? createMatcher(globs);
  matchers.set(globs, matcher);
  return matcher;
}

/** The lists of a configuration are asked at every task, and spelling out a hundred globs takes milliseconds. */
const matchers = new WeakMap<readonly string[], (path: string) => boolean>();

function createMatcher(globs: readonly string[]): (path: string) => boolean {
  const patterns = globs.flatMap(spellOut);
  // A leading `!` would turn a list that means "any of these" into nearly everything.
  const isMatch = picomatch(patterns, { dot: true, nonegate: true });
  return (path) => isMatch(path);
}

function spellOut(glob: string): string[] {
  const anchored = glob.replace(/^\.?\//, "");
  const bare = anchored.replace(/\/+$/, "");
  if (bare === "") return [];
  const isAnchored = bare.includes("/") || glob.startsWith("/") || glob.startsWith("./");
  const pattern = isAnchored ? bare : `**/${bare}`;
  return [pattern, `${pattern}/**`];
}
