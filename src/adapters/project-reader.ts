/** Reads the files of a repository that a survey decides by. */
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Manifest, ProjectFiles } from "../survey/survey.ts";
import { messageOf, RalphError } from "../errors.ts";

/** Files with text that matters, beside package.json; `requirements*.txt` are found by name. */
const textFiles = [
  ".gitignore",
  ".npmrc",
  ".config/nextest.toml",
  ".pre-commit-config.yaml",
  ".yarnrc.yml",
  "Cargo.toml",
  "GNUmakefile",
  "Gemfile",
  "Makefile",
  "README.md",
  "composer.json",
  "deno.json",
  "deno.jsonc",
  "go.mod",
  "makefile",
  "pyproject.toml",
  "readme.md",
  "setup.cfg",
  "tools.go",
  "tox.ini",
  "tsconfig.json",
];

/** A file beyond this is not one that people wrote. */
const bytesMax = 1_000_000;
const packagesMax = 500;

/** @throws RalphError `usage` when package.json cannot be understood. */
export async function readProject(top: string): Promise<ProjectFiles> {
  const entries = new Set(await readdir(top));
  const requirements = [...entries].filter((entry) => /^requirements.*\.txt$/.test(entry));
  const texts = new Map<string, string>();
  for (const file of [...textFiles, ...requirements]) {
    const text = await readText(join(top, file));
    if (text !== null) texts.set(file, text);
  }
  const fields = parseManifest(await readText(join(top, "package.json")));
  const patterns = [...workspacePatterns(fields), ...(await pnpmPatterns(top))];
  return {
    entries,
    manifest: fields === null ? null : toManifest(fields),
    packages: fields === null ? [] : await findPackages(top, patterns),
    texts,
  };
}

type Fields = Readonly<Record<string, unknown>>;

async function readText(path: string): Promise<string | null> {
  const found = await stat(path).catch(() => null);
  if (found === null || !found.isFile() || found.size > bytesMax) return null;
  return (await readFile(path, "utf8")).replace(/^\uFEFF/, "").replaceAll("\r\n", "\n");
}

function parseManifest(text: string | null): Fields | null {
  if (text === null) return null;
  const fields = fieldsOf(parseJson(text));
  if (fields !== null) return fields;
  throw new RalphError("usage", "package.json holds no object.", { hint: manifestHint });
}

const manifestHint = "Mend package.json, then run `ralphwright init` again.";

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new RalphError("usage", `package.json is not valid JSON: ${messageOf(error)}`, {
      hint: manifestHint,
      cause: error,
    });
  }
}

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const fieldsOf = (value: unknown): Fields | null => (isFields(value) ? value : null);
const textOf = (value: unknown): string | null => (typeof value === "string" ? value : null);
const textsOf = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];

function toManifest(fields: Fields): Manifest {
  const scripts = Object.entries(fieldsOf(fields["scripts"]) ?? {});
  const kinds = ["dependencies", "devDependencies", "optionalDependencies"];
  return {
    name: textOf(fields["name"]),
    description: textOf(fields["description"]),
    scripts: new Map(scripts.map(([name, text]) => [name, textOf(text) ?? ""])),
    dependencies: new Set(kinds.flatMap((kind) => Object.keys(fieldsOf(fields[kind]) ?? {}))),
    packager: textOf(fields["packageManager"]),
    keys: new Set(Object.keys(fields)),
  };
}

function workspacePatterns(fields: Fields | null): readonly string[] {
  const field = fields?.["workspaces"];
  return textsOf(fieldsOf(field)?.["packages"] ?? field);
}

async function pnpmPatterns(top: string): Promise<readonly string[]> {
  const text = (await readText(join(top, "pnpm-workspace.yaml"))) ?? "";
  const block = text.split(/^packages:\s*\n/m)[1]?.split(/^\S/m)[0] ?? "";
  return [...block.matchAll(/^\s*-\s*["']?([^"'\s#]+)/gm)].flatMap(([, pattern]) => pattern ?? []);
}

/** Follows patterns of the form `folder` and `folder/*`; deeper ones are rare, and their packages are left out. */
async function findPackages(top: string, patterns: readonly string[]): Promise<readonly string[]> {
  const folders: string[] = [];
  for (const pattern of patterns.filter((one) => !one.startsWith("!"))) {
    const path = pattern.replace(/^\.\//, "").replace(/\/$/, "");
    const parent = path.replace(/\/\*{1,2}$/, "");
    const isList = parent !== path;
    const names = isList ? await readdir(join(top, parent)).catch(() => []) : [];
    folders.push(...(isList ? names.map((name) => `${parent}/${name}`) : [path]));
  }
  const found: string[] = [];
  for (const folder of folders.slice(0, packagesMax)) {
    if ((await readText(join(top, folder, "package.json"))) !== null) found.push(folder);
  }
  return [...new Set(found)].toSorted();
}
