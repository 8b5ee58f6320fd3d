/** Says which paths the patterns of a .gitignore match. */
import ignore from "ignore";

/** `patterns` is the text of the file; paths are seen from its folder. */
export function matchIgnorePatterns(patterns: string): (path: string) => boolean {
  const rules = ignore({ ignorecase: false, allowRelativePaths: true }).add(patterns);
  return (path) => path !== "" && rules.ignores(path);
}
