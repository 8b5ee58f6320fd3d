/** What .gitignore and .gitattributes may not do: keep a source or a test out of git's sight. */
import { allowHint } from "./change.ts";
import { languageOf } from "./test-language.ts";

export const isIgnoreFile = (path: string): boolean => /(?:^|\/)\.gitignore$/.test(path);
export const isAttributesFile = (path: string): boolean => /(?:^|\/)\.gitattributes$/.test(path);

/** A change of such a file, and what it would hold for: paths below its folder, as seen from there. */
export interface GitFileChange {
  readonly path: string;
  readonly before: string;
  readonly after: string;
  readonly paths: readonly string[];
}

/** Whether patterns in the manner of .gitignore match a path. */
export type PatternMatcher = (patterns: string) => (path: string) => boolean;

const sourcePath =
  /\.(?:[cm]?[jt]sx?|vue|svelte|pyi?|go|rs|java|kt|groovy|scala|rb|php|c|h|cc|cpp|hpp|cs|swift|sh|sql)$/;

/** Paths that a next source file or test might have, beside those that there are. */
function probesOf(paths: readonly string[]): readonly string[] {
  const probes = new Set<string>();
  for (const path of paths) {
    const [, folder = "", name = ""] = /^(.*\/)?([^/]*)$/.exec(path) ?? [];
    const extension = name.slice(name.lastIndexOf("."));
    if (!sourcePath.test(name)) continue;
    for (const word of ["probe", ...(languageOf(name) === null ? [] : testNames)])
      probes.add(`${folder}${word}${extension}`);
  }
  return [...probes];
}

const testNames = ["probe.test", "probe.spec", "probe_test", "probe_spec", "test_probe", "ProbeTest"];

export function ignoreFinding(change: GitFileChange, matcher: PatternMatcher): string | null {
  const { path, before, after, paths } = change;
  const [wasIgnored, isIgnored] = [matcher(before), matcher(after)];
  const isHidden = (candidate: string): boolean => isIgnored(candidate) && !wasIgnored(candidate);
  const hidden = paths.find(isHidden);
  if (hidden !== undefined)
    return `${path} hides ${hidden}, which is tracked; take that line out, or ${allowHint(path)}`;
  const probe = probesOf(paths).find(isHidden);
  if (probe === undefined) return null;
  return `${path} would hide sources or tests such as ${probe}; take that line out, or ${allowHint(path)}`;
}

/** They change what is checked out, merged, exported or shown. */
const hidingAttribute =
  /(?:^|\s)(?:filter=|merge=|working-tree-encoding=|export-ignore\b|export-subst\b|linguist-(?:generated|vendored)\b|-diff\b|-merge\b|binary\b)/;

export function attributesFinding(change: GitFileChange, matcher: PatternMatcher): string | null {
  const { path, before, after, paths } = change;
  const old = new Set(linesOf(before));
  const probes = [...paths.filter((candidate) => sourcePath.test(candidate)), ...probesOf(paths)];
  for (const line of linesOf(after)) {
    if (old.has(line) || line.startsWith("#") || !hidingAttribute.test(line)) continue;
    const remedy = `take that line out, or ${allowHint(path)}`;
    if (line.startsWith("[attr]")) return `${path} defines ${JSON.stringify(line)}; ${remedy}`;
    const pattern = /^"((?:\\.|[^"\\])*)"|^\S+/.exec(line);
    const holds = matcher(pattern?.[1] ?? pattern?.[0] ?? "");
    const hit = probes.find(holds);
    if (hit !== undefined)
      return `${path} sets ${JSON.stringify(line)} for sources such as ${hit}; ${remedy}`;
  }
  return null;
}

const linesOf = (text: string): readonly string[] =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
