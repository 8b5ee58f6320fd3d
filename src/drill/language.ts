/** What a drill has to know of a programming language: its files, its tests, and where its comments and strings are. */

export const languageNames = ["js", "ts", "python", "go", "rust", "java", "ruby", "php"] as const;
export type Language = (typeof languageNames)[number];

const extensions: Readonly<Record<string, Language>> = {
  js: "js",
  mjs: "js",
  cjs: "js",
  jsx: "js",
  ts: "ts",
  mts: "ts",
  cts: "ts",
  tsx: "ts",
  py: "python",
  go: "go",
  rs: "rust",
  java: "java",
  rb: "ruby",
  php: "php",
};

const extensionOf = (path: string): string => /\.(\w+)$/.exec(path)?.[1] ?? "";

export const languageOf = (path: string): Language | null => extensions[extensionOf(path)] ?? null;

const testPatterns: Readonly<Record<Language, RegExp>> = {
  js: /[._-](test|spec)\.\w+$|(^|\/)(tests?|__tests__|spec)\/[^/]*\.\w+$|(^|\/)test\.\w+$/,
  ts: /[._-](test|spec)\.\w+$|(^|\/)(__tests__|spec)\/[^/]*\.\w+$/,
  python: /(^|\/)(test_[^/]*|[^/]*_test)\.py$/,
  go: /_test\.go$/,
  rust: /(^|\/)tests\/[^/]+\.rs$/,
  java: /(^|\/)src\/test\/.*\.java$|Tests?\.java$/,
  ruby: /_(test|spec)\.rb$|(^|\/)test_[^/]*\.rb$/,
  php: /Test\.php$/,
};

export function isTest(path: string): boolean {
  const language = languageOf(path);
  return language !== null && !/\.d\.\w+$/.test(path) && testPatterns[language].test(path);
}

/** Folders and files that no test is expected to cover. */
const aside =
  /(^|\/)(\.[^/]+|node_modules|vendor|dist|build|out|target|docs?|examples?|samples?|fixtures?|testdata|tests?|__tests__|specs?|bench(marks?)?|scripts?|tools?|migrations|generated|demo|assets|static|public|e2e)\/|\.(config|setup|d|min|gen|generated|stories)\.\w+$|(^|\/)(conftest|setup|noxfile|tasks|manage|__init__|build|package-info|gulpfile|Rakefile)\.\w+$|_pb2?\.\w+$/;

/** Code that tests should cover. */
export const isSource = (path: string): boolean =>
  languageOf(path) !== null && !isTest(path) && !aside.test(path);

const quoted = String.raw`"(?:\\[\s\S]|[^"\\\n])*"`;
const single = String.raw`'(?:\\[\s\S]|[^'\\\n])*'`;
const slashed = String.raw`\/\/[^\n]*|\/\*[\s\S]*?\*\/`;
const regular = String.raw`(?<=(?:[(,=:[!&|?{};]|return)\s*)\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/`;
const script = [slashed, quoted, single, "`(?:\\\\[\\s\\S]|[^`\\\\])*`", regular].join("|");

const quiet: Readonly<Record<Language, RegExp>> = {
  js: new RegExp(script, "g"),
  ts: new RegExp(script, "g"),
  python: new RegExp([String.raw`"""[\s\S]*?"""|'''[\s\S]*?'''|#[^\n]*`, quoted, single].join("|"), "g"),
  go: new RegExp([slashed, quoted, "`[^`]*`", String.raw`'(?:\\.|[^'\\\n])+'`].join("|"), "g"),
  rust: new RegExp(
    [slashed, String.raw`r#+"[\s\S]*?"#+|"(?:\\[\s\S]|[^"\\])*"|'(?:\\[^']+|[^'\\\n])'`].join("|"),
    "g",
  ),
  java: new RegExp([slashed, String.raw`"""[\s\S]*?"""`, quoted, single].join("|"), "g"),
  ruby: new RegExp([String.raw`^=begin[\s\S]*?^=end|#[^\n]*`, quoted, single].join("|"), "gm"),
  php: new RegExp([slashed, String.raw`#(?!\[)[^\n]*`, quoted, single].join("|"), "g"),
};

/** The text with comments and strings blanked, every other character where it was. */
export const blank = (text: string, language: Language): string =>
  text.replace(quiet[language], (found) => found.replaceAll(/[^\n]/g, " "));

/** Where the bracket that opens at `open` is closed; null when it is not. */
export function closingAt(blanked: string, open: number): number | null {
  let depth = 0;
  for (let at = open; at < blanked.length; at += 1) {
    const character = blanked[at] ?? "";
    if ("([{".includes(character)) depth += 1;
    if (")]}".includes(character)) depth -= 1;
    if (depth === 0) return at;
  }
  return null;
}

export const splice = (text: string, from: number, to: number, replacement: string): string =>
  text.slice(0, from) + replacement + text.slice(to);
