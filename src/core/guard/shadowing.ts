/** New files that stand in the way of a package or a module, which would then be loaded in its place. */
import { isTestPath } from "./test-paths.ts";
import { allowHint, type TouchedFile } from "./change.ts";
import type { GateFiles } from "./gate-files.ts";
import { pythonModules } from "./python-modules.ts";

/** Samples are read by tests, and nothing is loaded from them. */
const sample = /(?:^|\/)(?:fixtures|__fixtures__|testdata|test-data)\//;

/** `scriptFolders`: where Python looks first, since a gate runs a script there. */
export function shadowFinding(
  { path, mode, before }: TouchedFile,
  scriptFolders: ReadonlySet<string>,
): string | null {
  if (before !== null || mode === null || sample.test(path)) return null;
  const packages = /(?:^|\/)(node_modules|site-packages)(?:\/|$)/.exec(path)?.[1];
  if (packages !== undefined)
    return `${path} would be loaded in place of an installed package (${packages}); take it out, or ${allowHint(path)}`;
  const module = moduleIn(path, (folder) => folder === "" || scriptFolders.has(folder) || isTestPath(path));
  if (module === null) return null;
  return `${path} would be loaded in place of the Python module ${module}; choose another name, or ${allowHint(path)}`;
}

/** The known module that a file of this path would be, where Python looks into its folder early. */
function moduleIn(path: string, isFirst: (folder: string) => boolean): string | null {
  const file = path.replace(/\/__init__(\.pyc?)$/, "$1");
  const [, folder = "", name = ""] = /^(?:(.*)\/)?(\w+)\.pyc?$/.exec(file) ?? [];
  return pythonModules.has(name) && isFirst(folder) ? name : null;
}

/** Folders of Python scripts that gates run by their path; for `-m` it is the top. */
export const scriptFoldersOf = (files: GateFiles): ReadonlySet<string> =>
  new Set(
    [...files.keys()]
      .filter((path) => path.endsWith(".py") && !files.has(path.replace(/\.py$/, "/__init__.py")))
      .filter((path) => !path.endsWith("/__init__.py") && !path.endsWith("/__main__.py"))
      .map((path) => path.slice(0, Math.max(0, path.lastIndexOf("/")))),
  );
