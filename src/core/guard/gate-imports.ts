/** Which files a gate's script loads from beside it: they decide as much as the script does. */
import { isTestPath } from "./test-paths.ts";
import { textWithout } from "./code-text.ts";
import { within } from "./gate-files.ts";
import { languageOf } from "./test-language.ts";

/** The paths that its imports may mean, as far as they are a gate's own and not the product's. */
export function ownImports(path: string, text: string): readonly string[] {
  const kind = kindOf(path, text);
  return kind === null ? [] : readers[kind](folderOf(path), text).filter(isOwn);
}

type Kind = "script" | "python" | "shell";

function kindOf(path: string, text: string): Kind | null {
  const known = kindsByName.find(([, pattern]) => pattern.test(path));
  if (known !== undefined) return known[0];
  const first = /^#!.*$/m.exec(text.slice(0, 200))?.[0] ?? "";
  if (path.slice(path.lastIndexOf("/") + 1).includes(".")) return null;
  return kindsByName.find(([, , program]) => program.test(first))?.[0] ?? null;
}

const kindsByName: readonly (readonly [Kind, name: RegExp, program: RegExp])[] = [
  ["script", /\.[cm]?[jt]sx?$/, /\b(?:node|deno|bun|tsx)\b/],
  ["python", /\.py$/, /\bpython/],
  ["shell", /\.(?:ba|z|k)?sh$/, /\b(?:ba|da|z|k)?sh\b/],
];

/** A folder for tools; what lies in the product's folder is the product's, whatever imports it. */
const toolFolder = /(?:^|\/)(?:\.?ci|tools?|tooling|scripts?|hack|dev|lint|checks?|gates?)\//;
const productFolder =
  /^(?:(?:packages|apps|libs|modules|crates)\/[^/]+\/)?(?:src|lib|app|source|pkg|internal|cmd)\//;

const isOwn = (path: string): boolean =>
  !isTestPath(path) &&
  (/\.(?:ba|z|k)?sh$/.test(path) || (toolFolder.test(path) && !productFolder.test(path)));

const folderOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf("/")));

const readers: Readonly<Record<Kind, (folder: string, text: string) => readonly string[]>> = {
  script: scriptImports,
  python: pythonImports,
  shell: shellSources,
};

const scriptEndings = "ts tsx mts cts js jsx mjs cjs json".split(" ");

function scriptImports(folder: string, text: string): readonly string[] {
  const code = withoutComments("a.ts", text);
  return [...code.matchAll(/\b(?:from|import|require)\s*\(?\s*(["'`])(\.{1,2}\/[^"'`\n]+)\1/g)].flatMap(
    ([, , name = ""]) => {
      const place = within(folder, name);
      // Loaders may take `a.js` for `a.ts`.
      const stem = place.replace(/\.[cm]?jsx?$/, "");
      return [
        place,
        ...scriptEndings.map((ending) => `${stem}.${ending}`),
        ...scriptEndings.map((ending) => `${place}/index.${ending}`),
      ];
    },
  );
}

function pythonImports(folder: string, text: string): readonly string[] {
  const code = withoutComments("a.py", text);
  const plain = [...code.matchAll(/^[ \t]*import[ \t]+([\w., \t]+)/gm)].flatMap(([, names = ""]) =>
    namesIn(names),
  );
  const members = [
    ...code.matchAll(/^[ \t]*from[ \t]+(\.*)([\w.]*)[ \t]+import[ \t]+(?:\(([^()]*)\)|([^\n]+))/gm),
  ].flatMap(([, dots = "", module = "", listed = "", inLine = ""]) => {
    const lead = dots === "" ? "" : `./${"../".repeat(dots.length - 1)}`;
    const names = namesIn(`${listed}${inLine}`);
    return [module, ...names.map((name) => (module === "" ? name : `${module}.${name}`))]
      .filter((name) => name !== "")
      .map((name) => `${lead}${name}`);
  });
  return [...plain, ...members].flatMap((name) => {
    const [, lead = "", module = ""] = /^((?:\.{1,2}\/)*)(.*)$/.exec(name) ?? [];
    const file = `${lead}${module.replaceAll(".", "/")}`;
    // Beside the script, and for what no dot begins also from the top.
    const places = lead === "" ? [within(folder, file), within("", file)] : [within(folder, file)];
    return places.flatMap((place) => [`${place}.py`, `${place}/__init__.py`]);
  });
}

/** `a as b, c` → `a`, `c`. */
const namesIn = (list: string): readonly string[] =>
  list.split(",").flatMap((part) => /^\s*([\w.]+)/.exec(part)?.[1] ?? []);

function shellSources(folder: string, text: string): readonly string[] {
  return [
    ...text.matchAll(/^(?:[^\n#]*[;&|])?[ \t]*(?:then[ \t]+)?(?:source|\.)[ \t]+([^\n;&|#]+)/gm),
  ].flatMap(([, word = ""]) => {
    // `"$(dirname "$0")/lib.sh"`: what a variable or a command stands for is taken for the script's own folder.
    const name = word
      .replaceAll(/["']/g, "")
      .trim()
      .replace(/^.*(?:[)}]|\$\w+)\//, "");
    return [within(folder, name), within("", name)];
  });
}

function withoutComments(like: string, text: string): string {
  const syntax = languageOf(like)?.syntax;
  return syntax === undefined ? text : textWithout("comment", text, syntax);
}
