/** Tests that were there before must go on proving what they proved: none removed, skipped, narrowed or weakened. */
import { addedFinding, addedMatches, allowHint, textOf, type TouchedFile } from "./change.ts";
import { codeOf } from "./code-text.ts";
import { withoutLookalikes } from "./lookalikes.ts";
import { isSetup, languageOf, testPartOf, type TestLanguage } from "./test-language.ts";

/** `movedTo`: where the same bytes are now, of a file that was removed. */
export function testFindings(file: TouchedFile, movedTo: string | null): readonly string[] {
  const { path } = file;
  const language = languageOf(path);
  if (language === null) return [];
  const [before, after] = [textOf(file.before), textOf(file.after)];
  const [old, now] = [testPartOf(path, before), testPartOf(path, after)];
  const read = (text: string | null): string =>
    withoutLookalikes(path, codeOf(text ?? "", language.syntax), text ?? "");
  const change = { path, old: read(old), now: read(now) };
  if (old === null && now === null) return isSetup(path) ? setupFindings(path, before, after) : [];
  const isTested = count(change.old, language.test) + count(change.old, language.assertion) > 0;
  if (isTested && file.after === null) return [removedFinding(path, movedTo)];
  const lost = isTested ? lossFindings(language, change) : [];
  return [...lost, ...trickFindings(language, change, file.before === null)];
}

interface TestChange {
  readonly path: string;
  readonly old: string;
  readonly now: string;
}

const count = (text: string, pattern: RegExp): number => [...text.matchAll(pattern)].length;

function removedFinding(path: string, movedTo: string | null): string {
  const what = movedTo === null ? "was removed" : `was renamed to ${movedTo}`;
  return `${path} holds tests and ${what}; put it back, or ${allowHint(path)}`;
}

/** What a test file proves less than before. */
function lossFindings(language: TestLanguage, { path, old, now }: TestChange): readonly string[] {
  const remedy = `put them back, or ${allowHint(path)}`;
  const fewer = (noun: string, pattern: RegExp): readonly string[] => {
    const [was, is] = [count(old, pattern), count(now, pattern)];
    return is < was ? [`${path} has ${is} ${noun} where it had ${was}; ${remedy}`] : [];
  };
  const lost = [...fewer("tests", language.test), ...fewer("assertions", language.assertion)];
  const strictLost = count(old, language.strict) - count(now, language.strict);
  const weak = addedMatches(old, now, language.weak);
  if (strictLost > 0 && weak !== null) {
    const what = `${strictLost} strict ${strictLost === 1 ? "assertion" : "assertions"} by weaker ones`;
    lost.push(`${path}:${weak.line} replaces ${what}; ${remedy}`);
  }
  const widened = widenedTolerance(old, now);
  if (widened !== null)
    lost.push(`${path} widens a tolerance from ${widened}; put it back, or ${allowHint(path)}`);
  return lost;
}

/** Digits after the point: more is stricter. */
const precision = /\btoBeCloseTo\s*\([^()\n]*,\s*(\d+)|\bplaces\s*=\s*(\d+)/g;
/** Distance: less is stricter. */
const distance =
  /\b(?:abs|rel|delta|abs_tol|rel_tol|atol|rtol|epsilon|tolerance)\s*[=:]\s*(\d[\d._]*(?:e[+-]?\d+)?)/gi;

const numbersIn = (text: string, pattern: RegExp): readonly number[] =>
  [...text.matchAll(pattern)]
    .map(([, first, second]) => Number((first ?? second ?? "").replaceAll("_", "")))
    .toSorted((a, b) => a - b);

function widenedTolerance(old: string, now: string): string | null {
  for (const [pattern, sign] of [
    [precision, -1],
    [distance, 1],
  ] as const) {
    const [was, is] = [numbersIn(old, pattern), numbersIn(now, pattern)];
    if (was.length !== is.length) continue;
    const at = was.findIndex((value, index) => ((is[index] ?? value) - value) * sign > 0);
    if (at >= 0) return `${was[at]} to ${is[at]}`;
  }
  return null;
}

/** Ways of passing without having run. */
function trickFindings(language: TestLanguage, change: TestChange, isNew: boolean): readonly string[] {
  const { path, old, now } = change;
  const rules: readonly (readonly [RegExp, string])[] = [
    [language.skip, "skips a test"],
    ...(isNew ? [] : [[language.skipIf, "skips a test where a condition holds"] as const]),
    [language.focus, "runs some tests only"],
    [language.constant, "asserts what is true whatever the code does"],
    [language.exit, "ends the test run early"],
  ];
  return rules.flatMap(([pattern, what]) => addedFinding(path, what, addedMatches(old, now, pattern)));
}

function setupFindings(path: string, before: string, after: string): readonly string[] {
  const language = languageOf(path);
  if (language === null) return [];
  const [old, now] = [codeOf(before, language.syntax), codeOf(after, language.syntax)];
  return [
    ...addedFinding(path, "takes tests out of the run", addedMatches(old, now, language.skip)),
    ...addedFinding(path, "ends the test run early", addedMatches(old, now, language.exit)),
  ];
}
