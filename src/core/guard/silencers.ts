/** Comments and attributes that silence a tool: a change may not end up with more of a kind than there were. */
import { addedMatches, allowHint, textOf, type TouchedFile } from "./change.ts";
import { textWithout } from "./code-text.ts";
import { languageOf } from "./test-language.ts";

/** One kind in one file: how many more there are, and where the first new one is. */
export interface Silenced {
  readonly kind: string;
  readonly path: string;
  readonly line: number;
  readonly balance: number;
}

const kinds: readonly (readonly [kind: string, pattern: RegExp])[] = [
  [
    "eslint-disable of a whole file",
    /(?:\/\*+|<!--)\s*(?:eslint|oxlint|tslint|stylelint)[-:]disable(?!-(?:next-)?line)|\/\*\s*eslint\s+[\w@/-]+\s*:\s*\[?\s*["']?(?:off|0)\b/g,
  ],
  [
    "eslint-disable",
    /(?:\/\/|\/\*+|<!--|^[ \t]*\*)\s*(?:eslint|oxlint|tslint|stylelint)[-:]disable-(?:next-)?line|\/\/\s*(?:oxlint|tslint|stylelint)[-:]disable/gm,
  ],
  ["biome-ignore", /\b(?:biome|deno-lint)-ignore/g],
  ["prettier-ignore", /\b(?:prettier|oxfmt|dprint|deno-fmt)-ignore/g],
  ["@ts-ignore or @ts-expect-error", /@ts-(?:ignore|expect-error)\b/g],
  ["@ts-nocheck", /@ts-nocheck\b/g],
  [
    "coverage ignore",
    /\b(?:istanbul|c8|v8)\s+ignore\b|\bnode:coverage\s+(?:ignore|disable)\b|:nocov:|@codeCoverageIgnore|pragma:\s*no\s*(?:cover|branch)|#\s*\[\s*coverage\s*\(\s*off/gi,
  ],
  ["noqa", /#[^\n]{0,300}\bnoqa\b/gi],
  [
    "type: ignore",
    /#\s*(?:type|pyright|ty|pyre)\s*:\s*ignore|#\s*pyright\s*:\s*(?:basic|off|report\w+\s*=\s*(?:false|none))|@\s*(?:typing\s*\.\s*)?no_type_check\b|#\s*pyre-(?:ignore|fixme)/g,
  ],
  ["mypy settings in a file", /#\s*mypy\s*:\s*[\w-]+/g],
  ["pylint: disable", /#[^\n]{0,300}\bpylint\s*:\s*(?:disable|skip-file)/g],
  [
    "formatter off",
    /#\s*(?:fmt|yapf)\s*:\s*(?:off|skip|disable)|\bisort\s*:\s*(?:skip|off)|\bclang-format\s+off\b|#\s*!?\s*\[\s*(?:cfg_attr\s*\([^\]]{0,300})?rustfmt\s*::?\s*skip/g,
  ],
  [
    "security check off",
    /#\s*nosec\b|\/\/\s*#nosec\b|\bnosemgrep\b|\bgitleaks:allow\b|\bsecretlint-disable\b/g,
  ],
  ["nolint", /\/\/\s*nolint\b|\/\/\s*lint:ignore\b|\/\/\s*revive:disable/g],
  ["#[allow(…)]", /#\s*!?\s*\[\s*(?:cfg_attr\s*\([^\]]{0,300},\s*)?(?:allow|expect)\s*\(/g],
  [
    "NOLINT",
    /\bNOLINT(?:NEXTLINE|BEGIN)?\b|#\s*pragma\s+(?:GCC|clang)\s+diagnostic\s+ignored|#\s*pragma\s+warning\s*(?:\(\s*)?disable/g,
  ],
  [
    "@SuppressWarnings",
    /@(?:\w+:)?Suppress(?:Warnings|FBWarnings|Lint)?\b|\/\/\s*(?:NOPMD|NOSONAR)\b|\bCHECKSTYLE:\s*OFF\b|\b(?:ktlint|swiftlint|scalafix|detekt)[-:](?:disable|off)/gi,
  ],
  ["rubocop:disable", /\brubocop:(?:disable|todo)\b|\bstandard:disable\b/g],
  ["phpstan-ignore", /@(?:phpstan-ignore|psalm-suppress)|\bphpcs:(?:ignore|disable)\b/g],
  ["shellcheck disable", /#\s*(?:shellcheck\s+disable|hadolint\s+ignore|yamllint\s+disable)/g],
];

/** Every pattern needs one of these words: most files have none, and are done with one look. */
const anyKind =
  /disable|ignore|no(?:qa|lint|sec|cov|check|semgrep|pmd|sonar|_type_check)|expect|allow|suppress|pragma|mypy|pyright|:\s*(?:off|skip)|rustfmt|clang-format|(?:coverage|CHECKSTYLE:)\s*[(\s]?\s*off|\beslint\s|pyre-/i;

/** Their tools look at lines, and take what stands in a string for a directive, too. */
const kindsByLine: ReadonlySet<string> = new Set(["coverage ignore", "noqa", "security check off"]);

const prose = /\.(?:md|markdown|mdx|txt|rst|adoc)$/i;

export function silencedIn(file: TouchedFile): readonly Silenced[] {
  if (prose.test(file.path)) return [];
  const [before, after] = [textOf(file.before), textOf(file.after)];
  if (!anyKind.test(after) && !anyKind.test(before)) return [];
  const [old, now] = [withoutStrings(file.path, before), withoutStrings(file.path, after)];
  return kinds.flatMap(([kind, pattern]) => {
    const [was, is] = kindsByLine.has(kind) ? [before, after] : [old, now];
    const balance = [...is.matchAll(pattern)].length - [...was.matchAll(pattern)].length;
    if (balance === 0) return [];
    const line = addedMatches(was, is, pattern)?.line ?? 0;
    return [{ kind, path: file.path, line, balance }];
  });
}

const toldApart = /\.(?:[cm]?[jt]s|jsx|py|go|rs|java)$/;

/** Between tags an apostrophe is no quote: such a text counts as it stands, and so does what is not known well. */
function withoutStrings(path: string, text: string): string {
  const syntax = toldApart.test(path) ? languageOf(path)?.syntax : undefined;
  const mayHoldTags = /\.[cm]?jsx?$/.test(path) && /<\/|\/>/.test(text);
  return syntax === undefined || mayHoldTags ? text : textWithout("string", text, syntax);
}

/** Over all files together: one that moves from file to file is not a new one. */
export function silencerFindings(silenced: readonly Silenced[]): readonly string[] {
  return [...Map.groupBy(silenced, ({ kind }) => kind)].flatMap(([kind, places]) => {
    const more = places.reduce((sum, { balance }) => sum + balance, 0);
    const first = places.find(({ balance }) => balance > 0);
    if (more <= 0 || first === undefined) return [];
    const what =
      more === 1
        ? `silences a tool (${kind})`
        : `is the first of ${more} places that silence a tool (${kind})`;
    return [`${first.path}:${first.line} ${what}; mend what it tells, or ${allowHint(first.path)}`];
  });
}
