/** Breaks code in small ways that keep its syntax: each break should turn a test red. */
import { shuffle } from "./chance.ts";
import { blank, type Language, languageOf, splice } from "./language.ts";

export interface Mutant {
  readonly path: string;
  readonly line: number;
  readonly kind: "comparison" | "boolean" | "arithmetic" | "return" | "dropped statement";
  /** What stood there, and what stands there now. */
  readonly was: string;
  readonly now: string;
  /** The whole file. */
  readonly text: string;
}

type Found = Omit<Mutant, "path" | "line" | "text"> & { readonly from: number; readonly to: number };

/** Every place of a file that can be broken. */
export function findMutants(path: string, text: string): readonly Mutant[] {
  const language = languageOf(path);
  if (language === null) return [];
  const blanked = withoutInlineTests(blank(text, language), language);
  const mutants: Mutant[] = [];
  let offset = 0;
  let before = "";
  let depth = 0;
  const mayLoop = /\b(while|loop|until)\b|\bfor \(\s*;|\bfor (?![^{]*\b(?:range|in)\b)[^;({]*\{/.test(
    blanked,
  );
  for (const [index, line] of blanked.split("\n").entries()) {
    const original = text.slice(offset, offset + line.length);
    const place = { line, original, before, depth, language, mayLoop };
    for (const { from, to, ...found } of isDeclaration(line, language) ? [] : findIn(place)) {
      const changed = splice(text, offset + from, offset + to, found.now);
      mutants.push({ ...found, path, line: index + 1, text: changed });
    }
    offset += line.length + 1;
    if (line.trim() !== "") before = line.trimEnd();
    depth += countOf(line, /[([]/g) - countOf(line, /[)\]]/g);
  }
  return mutants;
}

/** Few, spread over files and kinds as evenly as there is a choice. */
export function chooseMutants(
  mutants: readonly Mutant[],
  countMax: number,
  roll: () => number,
): readonly Mutant[] {
  const open = [...shuffle(mutants, roll)];
  const chosen: Mutant[] = [];
  while (chosen.length < countMax && open.length > 0) {
    const cost = (mutant: Mutant): number =>
      10 * chosen.filter(({ path }) => path === mutant.path).length +
      3 * chosen.filter(({ kind }) => kind === mutant.kind).length +
      100 * chosen.filter(({ path, line }) => path === mutant.path && line === mutant.line).length;
    const best = open.reduce((least, mutant) => (cost(mutant) < cost(least) ? mutant : least));
    chosen.push(best);
    open.splice(open.indexOf(best), 1);
  }
  return chosen;
}

interface Place {
  /** Comments and strings blanked. */
  readonly line: string;
  readonly original: string;
  /** The last line above that is not empty. */
  readonly before: string;
  /** Round and square brackets that are open where the line begins. */
  readonly depth: number;
  readonly language: Language;
  /** Somewhere in the file a loop waits for what a statement does. */
  readonly mayLoop: boolean;
}

const findIn = (place: Place): readonly Found[] => [
  ...flips(place),
  ...returns(place),
  ...droppedStatements(place),
];

const opposites: Readonly<Record<string, string>> = {
  "===": "!==",
  "!==": "===",
  "==": "!=",
  "!=": "==",
  "<": ">=",
  ">=": "<",
  ">": "<=",
  "<=": ">",
  "&&": "||",
  "||": "&&",
  and: "or",
  or: "and",
  true: "false",
  false: "true",
  True: "False",
  False: "True",
  "+": "-",
  "-": "+",
  "*": "/",
  "/": "*",
};

const comparison = /(?<= )(===|!==|==|!=|<=|>=|<|>)(?= )/g;
const boolean = /(?<= )(&&|\|\|)(?= |$)|(?<=(?:\breturn|[^=!<>]=) )(true|false|True|False)\b/g;
const wordy = /(?<=\S )(and|or)(?= )/g;
const arithmetic = /(?<=[\w)\]] )(?<!\b(?:function|yield) )[-+*/](?= [\w(])/g;

function flips({ line, original, language, mayLoop }: Place): readonly Found[] {
  // What never ends is red in the end, but only after the gate's whole time.
  if (/\b(while|until|loop)\b|\bfor \(|\bfor (?![^{]*\b(?:range|in)\b)[^;({]*\{/.test(line)) return [];
  const flipped = (kind: Found["kind"], pattern: RegExp): readonly Found[] =>
    [...line.matchAll(pattern)].map(({ index, 0: was }) => {
      return { kind, was, now: opposites[was] ?? was, from: index, to: index + was.length };
    });
  // A plus beside a string joins texts; a minus there says nothing about tests.
  const isText = /["'`]/.test(original);
  return [
    ...flipped("comparison", comparison),
    ...flipped("boolean", boolean),
    ...(language === "python" ? flipped("boolean", wordy) : []),
    ...(isText || mayLoop ? [] : flipped("arithmetic", arithmetic)),
  ];
}

const constants: Readonly<Partial<Record<Language, string>>> = {
  js: "undefined",
  ts: "undefined as never",
  python: "None",
  ruby: "nil",
  php: "null",
};

/** A line that returns something, and ends there. */
function returns({ line, original, language, depth }: Place): readonly Found[] {
  const [, lead = "", expression = ""] = /^(\s+return )(.*?);?\s*$/.exec(line) ?? [];
  const constant = language === "go" && expression === "err" ? "nil" : constants[language];
  if (expression.trim() === "" || constant === undefined || !isWhole(line, language, depth)) return [];
  if (/^(undefined|null|None|nil|true|false|True|False)\b/.test(expression)) return [];
  const to = lead.length + expression.length;
  // A string at the end is blanked: the statement would be cut in two.
  if (!/^;?\s*($|#|\/\/)/.test(original.slice(to))) return [];
  return [
    { kind: "return", was: original.slice(lead.length, to).trim(), now: constant, from: lead.length, to },
  ];
}

const call =
  /^\s+(?!return|throw|raise|if|for|while|await|yield|elif|defer|go\b)([\w$@][\w$.>:-]*)\(.*\)\??;?$/;
const assignment = /^\s+[\w$@][\w$.>[\]-]* (?:[-+*/%|&]=) .+$|^\s+[\w$@]+(?:\.|\[|->)[\w$.\][>-]* = .+$/;
/** Calls whose loss no test should notice. */
const talk =
  /(^|\.)(console|print\w*|log\w*|debug|warn|info|puts|super|fmt|require|include|pass|del|assert\w*)\b/i;

/** A statement of one line, put out of action. */
function droppedStatements(place: Place): readonly Found[] {
  const { line, original, before, language, depth } = place;
  const called = call.exec(line)?.[1];
  const isCandidate = called === undefined ? assignment.test(line) && !place.mayLoop : !talk.test(called);
  if (!isCandidate || !isWhole(line, language, depth) || !/[{};:)\w\]]$/.test(before)) return [];
  if (endsInSemicolon.has(language) && !/[{};]$/.test(before)) return [];
  const from = /^\s*/.exec(line)?.[0].length ?? 0;
  const was = original.slice(from).trimEnd();
  return [{ kind: "dropped statement", was, now: nothings[language], from, to: from + was.length }];
}

const endsInSemicolon: ReadonlySet<Language> = new Set(["js", "ts", "rust", "java", "php"]);

const nothings: Readonly<Record<Language, string>> = {
  js: ";",
  ts: ";",
  python: "pass",
  go: "",
  rust: ";",
  java: ";",
  ruby: "nil",
  php: ";",
};

/** The statement neither begins above nor goes on below. */
function isWhole(line: string, language: Language, depth: number): boolean {
  const isBalanced = (["()", "[]", "{}"] as const).every(
    ([open = "", close = ""]) => line.split(open).length === line.split(close).length,
  );
  if (!isBalanced || /[,\\]\s*$/.test(line)) return false;
  if (endsInSemicolon.has(language)) return /;\s*$/.test(line) && line.split(";").length === 2;
  return language === "go" || depth === 0;
}

const declarations: Readonly<Record<Language, RegExp>> = {
  js: /^\s*(import|export \{|class)\b/,
  ts: /^\s*(import|export \{|export type|export interface|type|interface|declare|abstract|(export )?class)\b/,
  python: /^\s*(import|from|def|class|@)/,
  go: /^\s*(import|package|type)\b/,
  rust: /^\s*(use|mod|(pub )?(struct|enum|trait|mod|const|static)|impl|where|#)|\b(dyn|impl) /,
  java: /^\s*(import|package|@)|\b(class|interface|enum)\b/,
  ruby: /^\s*(require|class|module|def)\b/,
  php: /^\s*(use|namespace|class|interface|<\?php)/,
};

const isDeclaration = (line: string, language: Language): boolean => declarations[language].test(line);

/** Tests in the file itself are no code under test. */
function withoutInlineTests(blanked: string, language: Language): string {
  const at = language === "rust" ? blanked.indexOf("#[cfg(test)]") : -1;
  return at < 0 ? blanked : blanked.slice(0, at).trimEnd();
}

const countOf = (text: string, pattern: RegExp): number => text.match(pattern)?.length ?? 0;
