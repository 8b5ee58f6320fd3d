/** The code of a source text alone: comments and what stands in strings are blanked, so that words in them do not count. */

export interface Syntax {
  /** Each begins a comment that ends with its line. */
  readonly lineComments: readonly string[];
  readonly blockComments: readonly (readonly [open: string, close: string])[];
  readonly strings: readonly StringSyntax[];
  /** A slash may begin a regular expression, and a backquote a template with code in it. */
  readonly isScript?: boolean;
}

interface StringSyntax {
  readonly open: string;
  readonly close: string;
  readonly isMultiline: boolean;
  readonly isRaw?: boolean;
}

const quoted = (quote: string, isMultiline = false, isRaw = false): StringSyntax => ({
  open: quote,
  close: quote,
  isMultiline,
  isRaw,
});

const slashes = { lineComments: ["//"], blockComments: [["/*", "*/"]] } as const;

export const syntaxes = {
  script: { ...slashes, strings: [quoted('"'), quoted("'"), quoted("`", true)], isScript: true },
  python: {
    lineComments: ["#"],
    blockComments: [],
    strings: [quoted('"""', true), quoted("'''", true), quoted('"'), quoted("'")],
  },
  go: { ...slashes, strings: [quoted('"'), quoted("`", true, true), quoted("'")] },
  rust: {
    ...slashes,
    strings: [
      { open: 'r##"', close: '"##', isMultiline: true, isRaw: true },
      { open: 'r#"', close: '"#', isMultiline: true, isRaw: true },
      // A quote as a character opens nothing.
      { open: "'\"'", close: "", isMultiline: false },
      { open: "'\\\"'", close: "", isMultiline: false },
      quoted('"', true),
    ],
  },
  java: { ...slashes, strings: [quoted('"""', true), quoted('"'), quoted("'")] },
  ruby: { lineComments: ["#"], blockComments: [["\n=begin", "\n=end"]], strings: [quoted('"'), quoted("'")] },
  php: {
    lineComments: ["//"],
    blockComments: [["/*", "*/"]],
    strings: [quoted('"', true), quoted("'", true)],
  },
} as const satisfies Readonly<Record<string, Syntax>>;

/**
 * Every blanked character is a space, so that places stay what they are. Text that does not come out even was not
 * understood, and counts as it stands: nothing may hide behind a quote that is none.
 */
export const codeOf = (source: string, syntax: Syntax): string =>
  spellOut(blank(source, syntax, ["comment", "string"]) ?? source);

/** Where it matters what is written: comments alone are blanked, or strings alone. */
export const textWithout = (kind: TokenKind, source: string, syntax: Syntax): string =>
  blank(source, syntax, [kind]) ?? source;

type TokenKind = Token["kind"];

/** What begins no comment and no string in any syntax (`r` does, in Rust): most of a text, and skipped at once. */
const unremarkable = /[a-qs-zA-Z0-9_ .,;:()[\]<>+]+/y;

function blank(text: string, syntax: Syntax, kinds: readonly TokenKind[]): string | null {
  const tokens = tokensOf(text, syntax);
  if (tokens === null) return null;
  const parts: string[] = [];
  let at = 0;
  for (const token of tokens) {
    parts.push(text.slice(at, token.at), blanked(text.slice(token.at, token.end), token, syntax, kinds));
    at = token.end;
  }
  return parts.join("") + text.slice(at);
}

/** The rules look at one file after the other, each several times: the last few texts are remembered. */
const remembered = new Map<
  string,
  { readonly syntax: Syntax; readonly tokens: readonly PlacedToken[] | null }
>();
const rememberedMax = 4;

function tokensOf(text: string, syntax: Syntax): readonly PlacedToken[] | null {
  const known = remembered.get(text);
  if (known?.syntax === syntax) return known.tokens;
  const tokens = findTokens(text, syntax);
  remembered.delete(text);
  remembered.set(text, { syntax, tokens });
  for (const oldest of [...remembered.keys()].slice(0, -rememberedMax)) remembered.delete(oldest);
  return tokens;
}

/** Comments and strings in their order; null when they do not come out even. */
function findTokens(text: string, syntax: Syntax): readonly PlacedToken[] | null {
  const tokens: PlacedToken[] = [];
  const templates: number[] = [];
  let depth = 0;
  let at = 0;
  while (at < text.length) {
    const isTemplateEnd = text[at] === "}" && templates.at(-1) === depth;
    if (isTemplateEnd) templates.pop();
    const token = isTemplateEnd ? templateFrom(text, at + 1) : tokenAt(text, at, syntax);
    if (token === null) {
      if (text[at] === "{") depth += 1;
      if (text[at] === "}") depth -= 1;
      unremarkable.lastIndex = at + 1;
      at = unremarkable.test(text) ? unremarkable.lastIndex : at + 1;
      continue;
    }
    if (token.end > text.length) return null;
    tokens.push({ ...token, at });
    if (token.opensCode === true) templates.push(depth);
    at = token.end;
  }
  return templates.length === 0 ? tokens : null;
}

interface PlacedToken extends Token {
  readonly at: number;
}

interface Token {
  /** Beyond the text when it is not closed. */
  readonly end: number;
  readonly kind: "comment" | "string";
  /** A template that is interrupted by `${`. */
  readonly opensCode?: boolean;
}

/** Quotes stay, so that `it["skip"]` can be told from an index; so do plain words in them: see `spellOut`. */
function blanked(text: string, { kind }: Token, { isScript }: Syntax, kinds: readonly TokenKind[]): string {
  const isWord = isScript === true && kind === "string" && /^(["'`])\w+\1$/.test(text);
  if (isWord || !kinds.includes(kind)) return text;
  const inner = text.replaceAll(/[^\n]/g, " ");
  if (kind === "comment" || text.length < 2) return inner;
  return `${text[0] ?? ""}${inner.slice(1, -1)}${text.at(-1) ?? ""}`;
}

function tokenAt(text: string, at: number, syntax: Syntax): Token | null {
  for (const [open, close] of syntax.blockComments) {
    if (text.startsWith(open, at)) return { end: endOf(text, close, at + open.length), kind: "comment" };
  }
  if (syntax.lineComments.some((open) => text.startsWith(open, at)))
    return { end: lineEnd(text, at), kind: "comment" };
  if (syntax.isScript === true && text[at] === "`") return templateFrom(text, at + 1);
  const string = syntax.strings.find(({ open }) => text.startsWith(open, at));
  if (string !== undefined) return stringAt(text, at, string);
  return syntax.isScript === true && text[at] === "/" ? expressionAt(text, at) : null;
}

function endOf(text: string, close: string, from: number): number {
  const found = text.indexOf(close, from);
  return found < 0 ? text.length + 1 : found + close.length;
}

function lineEnd(text: string, at: number): number {
  const end = text.indexOf("\n", at);
  return end < 0 ? text.length : end;
}

/** An apostrophe that is not closed on its line is no string, as in text between tags. */
function stringAt(text: string, at: number, { open, close, isMultiline, isRaw }: StringSyntax): Token | null {
  for (let end = at + open.length; end < text.length; end += 1) {
    if (isRaw !== true && text[end] === "\\") end += 1;
    else if (text[end] === "\n" && !isMultiline) return null;
    else if (text.startsWith(close, end)) return { end: end + close.length, kind: "string" };
  }
  return isMultiline ? { end: text.length + 1, kind: "string" } : null;
}

function templateFrom(text: string, from: number): Token {
  for (let end = from; end < text.length; end += 1) {
    if (text[end] === "\\") end += 1;
    else if (text[end] === "`") return { end: end + 1, kind: "string" };
    else if (text.startsWith("${", end)) return { end: end + 2, kind: "string", opensCode: true };
  }
  return { end: text.length + 1, kind: "string" };
}

const wordBeforeExpression =
  /(?:^|[^\w$.])(?:return|typeof|case|in|of|delete|void|throw|new|instanceof|else|do|yield|await)$/;

/** Whether a slash divides or begins a regular expression follows from what stands before it. */
function expressionAt(text: string, at: number): Token | null {
  const before = text.slice(Math.max(0, at - 200), at).trimEnd();
  const last = before.at(-1) ?? "";
  const found = /^\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/[a-z]*/.exec(text.slice(at, at + 500));
  if (found === null) return null;
  const isAfterWord = /[\w$]/.test(last) && !wordBeforeExpression.test(before);
  const isDivision = isAfterWord || last === "]" || (last === ")" && text[at + 1] === " ");
  return isDivision ? null : { end: at + found[0].length, kind: "string" };
}

/** The other ways of writing a member: `it["skip"]`, `it?.skip`, `it.sk\u0069p`. */
function spellOut(code: string): string {
  return code
    .replaceAll(/\\u\{?([0-9a-fA-F]{2,6})\}?/g, (escape, digits: string) => characterOf(digits) ?? escape)
    .replaceAll(/\[\s*(["'`])(\w+)\1\s*\]/g, (_, _quote, word: string) => `.${word}`)
    .replaceAll("?.", " .")
    .replaceAll(/\.\s*\./g, " .");
}

function characterOf(digits: string): string | null {
  const point = Number.parseInt(digits, 16);
  return point > 0x20 && point < 0x7f ? String.fromCodePoint(point) : null;
}
