/** Signs in the product's own code that it knows of its tests or reaches for what runs them. */
import { isTestPath } from "./test-paths.ts";
import { addedFinding, addedMatches, textOf, type TouchedFile } from "./change.ts";
import { codeOf, textWithout } from "./code-text.ts";
import { isSetup, languageOf, type TestLanguage } from "./test-language.ts";

export function signFindings({ path, before, after }: TouchedFile): readonly string[] {
  const language = languageOf(path);
  if (language === null || !isProduct(path, language)) return [];
  const [old, now] = [readSource(textOf(before), language), readSource(textOf(after), language)];
  const known = signs.filter(({ files }) => files.test(path));
  const told = known.flatMap(({ what, side, patterns }) => {
    const [main] = patterns;
    const [was, is] = [old[side], now[side]];
    if (!holdsAll(is, patterns)) return [];
    return addedFinding(path, what, addedMatches(holdsAll(was, patterns) ? was : "", is, main));
  });
  const patch = patchPattern(path, now.text);
  const patched = patch === null ? null : addedMatches(old.code, now.code, patch);
  return [...told, ...addedFinding(path, "patches what runs or asserts its tests", patched)];
}

/** Tests and what tools are configured with may know of runners. */
const isProduct = (path: string, language: TestLanguage): boolean =>
  !language.file.test(path) &&
  !isTestPath(path) &&
  !isSetup(path) &&
  !/(?:^|\/)(?:[\w.-]+\.config\.[cm]?[jt]s|noxfile\.py|setup\.py)$/.test(path);

interface Source {
  /** Without comments, strings that are added to each other in one. */
  readonly text: string;
  /** Without comments and strings. */
  readonly code: string;
}

const readSource = (source: string, { syntax }: TestLanguage): Source => ({
  text: joinStrings(textWithout("comment", source, syntax)),
  code: codeOf(source, syntax),
});

/** `"RALPH" + "_REPORT"` says what `"RALPH_REPORT"` says. Line ends that it drops come back where the next line ends. */
function joinStrings(text: string): string {
  let dropped = "";
  return text.replaceAll(/["'`]\s*\+\s*["'`]|(?<=\w)["'][ \t\n]+["'](?=\w)|\n/g, (found) => {
    if (found !== "\n") {
      dropped += found.replaceAll(/[^\n]/g, "");
      return "";
    }
    const ends = `\n${dropped}`;
    dropped = "";
    return ends;
  });
}

interface Sign {
  readonly what: string;
  readonly files: RegExp;
  readonly side: keyof Source;
  /** All must be there; the first one is counted and told. Global. */
  readonly patterns: readonly [RegExp, ...RegExp[]];
}

const script = /\.(?:[cm]?[jt]sx?|vue|svelte)$/;
const python = /\.py$/;
const go = /\.go$/;

const knows = "names what only a test run has, which code that is tested need not know";
const forges = "says what only a test runner says";
const leaves = "ends the process at once, without what is to be done at its end";

const signs: readonly Sign[] = [
  {
    what: knows,
    files: /./,
    side: "text",
    patterns: [
      /\b(?:RALPH_REPORT|NODE_TEST_CONTEXT|PYTEST_CURRENT_TEST|PYTEST_XDIST_WORKER\w*|PYTEST_VERSION|JEST_WORKER_ID|VITEST(?:_(?:WORKER_ID|POOL_ID|MODE))?|TEST_WORKER_INDEX)\b|(["'`])(?:_REPORT|RALPH_?)\1/g,
    ],
  },
  {
    what: knows,
    files: python,
    side: "text",
    patterns: [
      /\b_pytest\b|\bmodules\b[^\n]{0,120}\b(?:pytest|unittest)\b|["'](?:pytest|unittest)[\w.]*["']\s*(?:not\s+)?in\s+(?:\w+\s*\.\s*)?modules\b/g,
    ],
  },
  {
    what: knows,
    files: go,
    side: "text",
    patterns: [/["`]\.test(?:\.exe)?["`]/g, /\bos\s*\.\s*(?:Args|Executable)\b/g],
  },
  {
    what: knows,
    files: go,
    side: "text",
    patterns: [
      /\btesting\s*\.\s*Testing\s*\(|\bLookup\s*\(\s*["`]test\.|["`]-{1,2}test\.(?:v|run|timeout|paniconexit0|testlogfile)?["`=]/g,
    ],
  },
  { what: forges, files: /./, side: "text", patterns: [/=== RUN\b|--- PASS\b/g] },
  {
    what: forges,
    files: script,
    side: "text",
    patterns: [
      /["'`](?:node:)?v8["'`]/g,
      /\bserialize\s*\(|Serializer\b/g,
      /\bstdout\b|\bwriteSync\s*\(\s*1\b/g,
    ],
  },
  {
    what: forges,
    files: /\.(?:py|[cm]?[jt]sx?)$/,
    side: "text",
    patterns: [/<test(?:case|suites?)\b/g, /\batexit\b|\bon(?:ce)?\s*\(\s*["'`](?:beforeE|e)xit["'`]/g],
  },
  {
    what: leaves,
    files: python,
    side: "text",
    patterns: [/\bos\s*\.\s*_exit\b|\b_exit\s*\(|["']_exit["']/g],
  },
  { what: leaves, files: script, side: "text", patterns: [/\breallyExit\b/g] },
  { what: leaves, files: go, side: "code", patterns: [/\bsyscall\s*\.\s*Exit\s*\(/g] },
  {
    what: "makes what is equal to everything",
    files: python,
    side: "code",
    patterns: [/\bdef\s+__eq__\s*\([^()\n]{0,200}\)[^:\n]{0,100}:(?:\s|["'])*return\s+True\b/g],
  },
  {
    what: "ends the process as soon as it is loaded",
    files: go,
    side: "code",
    patterns: [/^func\s+init\s*\(\s*\)\s*\{(?:(?!\n\})[\s\S]){0,4000}?\bos\s*\.\s*Exit\s*\(/gm],
  },
];

const holdsAll = (text: string, patterns: readonly RegExp[]): boolean =>
  patterns.every((pattern) => text.search(pattern) >= 0);

/** What sets a member of an assertion library or a runner, under whatever name it is imported. */
function patchPattern(path: string, text: string): RegExp | null {
  if (!script.test(path) && !python.test(path)) return null;
  const names = (script.test(path) ? scriptNames(text) : pythonNames(text)).join("|");
  const member = String.raw`(?<![\w.])(?:${names})(?:\s*\.\s*\w+){1,4}\s*(?:\|\||&&|\?\?)?=(?![=>])`;
  const setter = String.raw`\b(?:Object\s*\.\s*(?:assign|defineProperty|defineProperties|setPrototypeOf)|Reflect\s*\.\s*(?:set|defineProperty)|mock\s*\.\s*method|setattr)\s*\(\s*(?:${names})\b`;
  return new RegExp(`${member}|${setter}`, "g");
}

const runnerModules = /^(?:(?:node:)?(?:assert(?:\/strict)?|test)|chai|expect|vitest|@jest\/globals|mocha)$/;

function scriptNames(text: string): readonly string[] {
  const imported = [
    ...text.matchAll(/\bimport\s+([^;"'`()]{1,500}?)\s+from\s*["'`]([^"'`\n]+)["'`]/g),
    ...text.matchAll(
      /\b(?:const|let|var)\s+([^;=]{1,500}?)\s*=\s*(?:await\s+)?(?:require|import)\s*\(\s*["'`]([^"'`\n]+)["'`]/g,
    ),
  ].filter(([, , from = ""]) => runnerModules.test(from));
  const names = imported.flatMap(([, list = ""]) =>
    list.split(/[,{}]/).flatMap((part) => /([\w$]+)\s*$/.exec(part)?.[1] ?? []),
  );
  return ["assert", "expect", "chai", ...names];
}

function pythonNames(text: string): readonly string[] {
  const modules = [...text.matchAll(/^[ \t]*import[ \t]+(?:unittest|pytest)[ \t]+as[ \t]+(\w+)/gm)];
  const members = [...text.matchAll(/^[ \t]*from[ \t]+(?:unittest|pytest)[ \t]+import[ \t]+([^\n]+)/gm)];
  return [
    "unittest",
    "pytest",
    "TestCase",
    ...modules.map(([, name = ""]) => name),
    ...members.flatMap(([, list = ""]) =>
      list.split(",").flatMap((part) => /(\w+)\W*$/.exec(part)?.[1] ?? []),
    ),
  ];
}
