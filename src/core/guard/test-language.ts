/** How each language writes its tests: where they are, what skips, narrows or ends them, and what they assert. */
import { type Syntax, syntaxes } from "./code-text.ts";

/**
 * Patterns are global and are counted in code without comments and strings. What they skip is bounded, so that no text
 * can make them take for ever.
 */
export interface TestLanguage {
  readonly syntax: Syntax;
  /** A file whose name says that it is a test. */
  readonly file: RegExp;
  /** A file that prepares or runs tests. */
  readonly setup: RegExp;
  /** Declares one test. */
  readonly test: RegExp;
  readonly assertion: RegExp;
  readonly strict: RegExp;
  readonly weak: RegExp;
  /** Says nothing about the code under test. */
  readonly constant: RegExp;
  readonly skip: RegExp;
  /** Skips where a condition holds: an offence only in a test that was there before. */
  readonly skipIf: RegExp;
  readonly focus: RegExp;
  readonly exit: RegExp;
}

const never = /(?!)/g;

/** `it.concurrent`, `test.describe`, `it.each([…])`: what may stand between a name and the member that matters. */
const chain = String.raw`\b(?:it|test|describe|suite|context|specify|bench|scenario|feature)\b(?:\s*\.\s*\w+){0,6}?(?:\s*\([^()]{0,300}\))?\s*\.\s*`;

/** A constant beside `and` or `or`, as pattern text; one that is a part of a comparison or a sum decides nothing. */
const beside = (word: string, operator: string): string =>
  String.raw`(?:${operator}\s*\(?${word}(?!\w|\s*(?:[-+*/%.<>]|[=!]=|(?:is|in|not)\b))|(?<=(?:[(,]|&&|\|\||\b(?:assert|if|and|or))\s*)${word}\s*${operator})`;

const script: TestLanguage = {
  syntax: syntaxes.script,
  file: /(?:\.(?:test|spec|cy|e2e)|[-_]test|[-_]spec)\.[cm]?[jt]sx?$|(?:^|\/)__tests__\/.*\.[cm]?[jt]sx?$|(?:^|\/)test\.[cm]?[jt]sx?$/,
  setup:
    /(?:^|[/._-])(?:global-?)?(?:setup|teardown|bootstrap)(?:[-_.]?(?:tests?|files?|env))?\.[cm]?[jt]sx?$|(?:setup-?tests?|test-?setup)\.[cm]?[jt]sx?$/i,
  test: /\b(?:it|test|specify|scenario)\b(?:\s*\.\s*(?:each|concurrent|sequential|only|skip|todo|fails|extend|serial|for))*\s*[(`]/g,
  assertion:
    /\bexpect\w*\s*(?:\.\s*(?:soft|poll|element|assertions|hasAssertions|unreachable)\s*)?\(|\.\s*to[A-Z]\w*\s*\(|\bassert\w*\s*(?:\.\s*\w+\s*){0,4}\(|\.\s*should\b|\b(?:t|tap)\s*\.\s*(?!test|after|before|plan|comment|diagnostic|context|skip|todo|end|teardown|mock|log|timeout)\w+\s*\(/g,
  strict:
    /\.\s*(?:toBe|toEqual|toStrictEqual|toMatchObject|toHaveLength|toMatchInlineSnapshot|toHaveBeenCalledWith|toHaveBeenCalledTimes|toHaveBeenNthCalledWith|toHaveBeenLastCalledWith|toContainEqual|toHaveProperty|toHaveText|eq|eql|equals?|strictEqual|deepEqual|deepStrictEqual|is)\s*\(|\.\s*toThrow(?:Error)?\s*\(\s*[^)\s]/g,
  weak: /\.\s*(?:toBeDefined|toBeTruthy|toBeFalsy|toBeInstanceOf|toBeTypeOf|toHaveBeenCalled|toBeVisible|ok|truthy|exist|exists|notEqual|notStrictEqual|isDefined|isOk|doesNotThrow)\b|\.\s*toThrow(?:Error)?\s*\(\s*\)|\bnot\s*\.\s*(?:toBe|toEqual|toBeNull|toBeUndefined|toThrow)\b|\bexpect\s*\.\s*(?:any|anything)\b|\bassert\s*\(/g,
  constant: new RegExp(
    String.raw`\bexpect\s*\(\s*(?:!?(?:true|false|null|undefined)|\d+)\s*\)|\bassert\s*(?:\.\s*ok\s*)?\(\s*(?:true|1)\s*[,)]|\b(?:t|assert)\s*\.\s*(?:pass|true)\s*\(\s*(?:true\s*)?\)|\|\|\s*true\s*\)|\b(?:expect|assert)\w*\b[^\n;]{0,300}?${beside("(?:true|!0)", String.raw`\|\|`)}|\bif\s*\([^\n]{0,300}?${beside("(?:false|!1)", "&&")}`,
    "g",
  ),
  skip: new RegExp(
    `${chain}(?:skip|todo|fails|failing|fixme)\\b|\\b(?:xit|xtest|xdescribe|xcontext|xspecify|xscenario)\\b\\s*[(.\`]|\\b(?:skip|todo)\\s*:\\s*(?:true|!0|["'\`])|\\{[^{}]{0,300}\\b(?:skip|todo)\\b[^{}]{0,300}\\}\\s*=\\s*(?:it|test|describe)\\b`,
    "g",
  ),
  skipIf: new RegExp(
    `${chain}(?:skipIf|runIf)\\b|\\b(?:this|t|tc|ctx|context|testInfo)\\s*\\.\\s*(?:skip|todo)\\s*\\(|\\b(?:skip|todo)\\s*:\\s*(?:!|process\\b)|\\bpending\\s*\\(\\s*\\)`,
    "g",
  ),
  focus: new RegExp(
    `${chain}only\\b|\\b(?:fit|fdescribe|fcontext|ftest|iit|ddescribe)\\b\\s*[(.\`]|\\bonly\\s*:\\s*(?:true|!0)|\\b(?:t|ctx|context)\\s*\\.\\s*runOnly\\s*\\(|\\{[^{}]{0,300}\\bonly\\b[^{}]{0,300}\\}\\s*=\\s*(?:it|test|describe)\\b`,
    "g",
  ),
  exit: /\bprocess\s*\.\s*(?:exit|reallyExit|abort)\s*\(|\bprocess\s*\.\s*exitCode\s*=(?!=)|\bprocess\s*\.\s*kill\s*\(\s*process\b|\b(?:Deno|Bun)\s*\.\s*exit\s*\(/g,
};

const python: TestLanguage = {
  syntax: syntaxes.python,
  file: /(?:^|\/)(?:test_[^/]*|[^/]*_tests?|tests?)\.py$/,
  setup: /(?:^|\/)conftest\.py$/,
  test: /^[ \t]*(?:async[ \t]+)?def[ \t]+test\w*[ \t]*\(/gm,
  assertion:
    /^[ \t]*assert\b|;[ \t]*assert\b|:[ \t]+assert\b|\.\s*assert\w+\s*\(|\b(?:raises|warns|deprecated_call)\s*\(/gm,
  strict:
    /\bassert\b[^\n]{0,300}(?:==|!=)|\.\s*assert(?:Equal|AlmostEqual|\w+Equal|Is|Raises|RaisesRegex|Regex|In|_called_\w*with)\s*\(/g,
  weak: /\bassert\b[^\n]{0,300}\bis\s+not\s+None\b|\bassert\s+[\w.]+\s*$|\bassert\s+isinstance\b|\.\s*assert(?:IsNotNone|True|False|NotEqual|IsInstance|_called)\s*\(/gm,
  constant: new RegExp(
    String.raw`\bassert\s*\(?\s*(?:True|1)\b\s*\)?\s*(?:,|$)|\.\s*assertTrue\s*\(\s*True\b|\bassert\b[^\n]{0,300}?${beside("(?:True|1)", String.raw`\bor\b`)}|\bif\b[^\n]{0,300}?${beside("(?:False|0)", String.raw`\band\b`)}`,
    "gm",
  ),
  skip: /\bmark\s*\.\s*(?:skip|xfail)\b|\bunittest\s*\.\s*(?:skip|expectedFailure)\b|@\s*(?:skip|expectedFailure)\b|\b__test__\s*=\s*False|\bcollect_ignore(?:_glob)?\b|\bdef\s+pytest_(?:collection_modifyitems|ignore_collect|runtest_makereport|runtest_protocol|sessionfinish|pyfunc_call)\b/g,
  skipIf:
    /\bmark\s*\.\s*skipif\b|\bpytest\s*\.\s*(?:skip|xfail|importorskip)\b|\bskip(?:If|Unless)\b|\.\s*skipTest\s*\(|\bSkipTest\b/g,
  focus: never,
  exit: /\b(?:sys|os)\s*\.\s*(?:_?exit|abort|kill)\s*\(|\bpytest\s*\.\s*exit\s*\(|\bSystemExit\b|(?:^|[^\w.])(?:exit|quit|_exit)\s*\(/gm,
};

const go: TestLanguage = {
  syntax: syntaxes.go,
  file: /_test\.go$/,
  setup: never,
  test: /^func\s+(?:Test|Fuzz|Example)\w*\s*\(/gm,
  assertion:
    /\.\s*(?:Error|Errorf|Fatal|Fatalf|Fail|FailNow)\s*\(|\b(?:assert|require|is|qt)\s*\.\s*\w+\s*\(/g,
  strict:
    /\b(?:assert|require)\s*\.\s*(?:Equal|EqualValues|Exactly|JSONEq|ElementsMatch|EqualError|ErrorIs|Len|Contains)f?\s*\(/g,
  weak: /\b(?:assert|require)\s*\.\s*(?:NotNil|True|NotEmpty|NotPanics|NotEqual|Error|NoError)f?\s*\(/g,
  constant: new RegExp(
    String.raw`\b(?:assert|require)\s*\.\s*True\s*\(\s*\w+\s*,\s*true\b|\bif\s+false\s*\{|${beside("false", "&&")}|${beside("true", String.raw`\|\|`)}`,
    "g",
  ),
  skip: never,
  skipIf: /\.\s*Skip(?:f|Now)?\s*\(/g,
  focus: never,
  exit: /\bos\s*\.\s*Exit\s*\((?!\s*\w+\s*\.\s*Run\s*\(\s*\))|\bsyscall\s*\.\s*Exit\s*\(/g,
};

const rust: TestLanguage = {
  syntax: syntaxes.rust,
  file: /(?:^|\/)tests\/.*\.rs$|(?:^|\/)(?:tests?|[^/]*_tests?)\.rs$/,
  setup: never,
  test: /#\s*\[\s*(?:\w+\s*::\s*)*(?:test|rstest|test_case|quickcheck)\b[^\]]{0,300}\]/g,
  assertion: /\b(?:debug_)?assert\w*\s*!|\bshould_panic\b|\bpanic\s*!/g,
  strict: /\bassert_(?:eq|ne|matches)\s*!/g,
  weak: /\bassert\s*!/g,
  constant: /\bassert\s*!\s*\(\s*true\s*[,)]/g,
  skip: /#\s*!?\s*\[[^\]]{0,300}\bignore\b|#\s*\[\s*cfg\s*\(\s*(?:any\s*\(\s*\)|FALSE|false)\s*\)/g,
  skipIf: never,
  focus: never,
  exit: /\bprocess\s*::\s*(?:exit|abort)\s*\(/g,
};

const java: TestLanguage = {
  syntax: syntaxes.java,
  file: /(?:^|\/)(?:Test[A-Z]\w*|\w*(?:Tests?|IT|Spec|TestCase))\.(?:java|kt|groovy|scala)$|(?:^|\/)src\/(?:test|integrationTest|androidTest)\/.*\.(?:java|kt|groovy|scala)$/,
  setup: never,
  test: /@(?:\w+\.)*(?:Test|ParameterizedTest|RepeatedTest|TestFactory|Property)\b/g,
  assertion: /\bassert\w*\b|\bverify\w*\s*\(|\bfail\s*\(|\bshould\w*\b|\bexpect\w*\s*\(/g,
  strict:
    /\bassert(?:Equals|Same|ArrayEquals|IterableEquals|Throws|ThrowsExactly)\s*\(|\.\s*(?:isEqualTo|containsExactly|isSameAs)\s*\(/g,
  weak: /\bassert(?:NotNull|True|NotSame|NotEquals|DoesNotThrow)\s*\(|\.\s*(?:isNotNull|isNotEmpty|isInstanceOf)\s*\(/g,
  constant: /\bassertTrue\s*\(\s*true\s*[,)]/g,
  skip: /@(?:\w+\.)*(?:Ignore|Disabled)\b|\benabled\s*=\s*false\b/g,
  skipIf: /@(?:\w+\.)*(?:Dis|En)abled(?:On|If|For)\w*|\bassum(?:e|ing)\w+\s*\(|\bSkipException\b/g,
  focus: never,
  exit: /\bSystem\s*\.\s*exit\s*\(|\bexitProcess\s*\(|\.\s*halt\s*\(/g,
};

const ruby: TestLanguage = {
  syntax: syntaxes.ruby,
  file: /(?:_spec|_test)\.rb$|(?:^|\/)test_[^/]*\.rb$/,
  setup: /(?:^|\/)(?:spec|test|rails)_helper\.rb$/,
  test: /^[ \t]*(?:it|specify|scenario|example|test|should)\b|\bdef\s+test_\w+/gm,
  assertion: /\bexpect\b|\bassert\w*\b|\brefute\w*\b|\.\s*should\b|\bmust_\w+|\bis_expected\b/g,
  strict:
    /\b(?:eq|eql|equal|match_array|contain_exactly|raise_error)\b|\bassert_(?:equal|same|raises|in_delta)\b/g,
  weak: /\bbe_(?:truthy|present|a|an|kind_of|instance_of)\b|\bnot_to\s*\(?\s*be_nil|\bassert_(?:not_nil|kind_of)\b|\bassert\b/g,
  constant: /\bassert\s*\(?\s*true\b|\bexpect\s*\(\s*true\s*\)/g,
  skip: /\b(?:xit|xspecify|xscenario|xexample|xdescribe|xcontext|xfeature)\b|^[ \t]*pending\b|[,\s]:(?:skip|pending)\b|\b(?:skip|pending):\s*(?!false|nil)/gm,
  skipIf: /^[ \t]*skip\b|[;{]\s*skip\b|\bomit\b/gm,
  focus: /\b(?:fit|fdescribe|fcontext|fspecify|fexample)\b|\bfocus:\s*true|[,\s]:focus\b/g,
  exit: /^[ \t]*(?:exit!?|abort)\b|\bKernel\s*\.\s*(?:exit|abort)\b|\bProcess\s*\.\s*exit\b/gm,
};

const php: TestLanguage = {
  syntax: syntaxes.php,
  file: /(?:Test|Cest|Spec)\.php$|(?:^|\/)tests\/(?:Unit|Feature|Integration)\/.*\.php$/,
  setup: /(?:^|\/)tests\/(?:bootstrap|Pest|TestCase)\.php$/,
  test: /\bfunction\s+test\w*\s*\(|#\[\s*Test\b|^[ \t]*(?:it|test)\s*\(/gm,
  assertion: /\bassert\w*\s*\(|\bexpect\w*\s*\(|->\s*to[A-Z]\w*\s*\(/g,
  strict: /\bassert(?:Same|Equals|Count|EqualsCanonicalizing)\s*\(|->\s*(?:toBe|toEqual|toHaveCount)\s*\(/g,
  weak: /\bassert(?:NotNull|True|NotEmpty|IsObject|IsArray|InstanceOf|NotSame)\s*\(|->\s*(?:toBeTruthy|toBeInstanceOf)\s*\(/g,
  constant: /\bassertTrue\s*\(\s*true\s*[,)]|\bexpect\s*\(\s*true\s*\)/g,
  skip: /->\s*(?:skip|todo)\s*\(|\bmarkTestIncomplete\s*\(/g,
  skipIf: /\bmarkTestSkipped\s*\(|#\[\s*Requires/g,
  focus: /->\s*only\s*\(/g,
  exit: /\b(?:exit|die)\s*[(;]/g,
};

const languages: readonly (readonly [RegExp, TestLanguage])[] = [
  [/\.(?:[cm]?[jt]sx?|vue|svelte)$/, script],
  [/\.pyi?$/, python],
  [/\.go$/, go],
  [/\.rs$/, rust],
  [/\.(?:java|kt|groovy|scala)$/, java],
  [/\.rb$/, ruby],
  [/\.php$/, php],
];

export const languageOf = (path: string): TestLanguage | null =>
  languages.find(([extension]) => extension.test(path))?.[1] ?? null;

/** Rust keeps tests in the file that they test: only that part of it is looked at. */
const inlineTests = /#\s*\[\s*(?:cfg\s*\(\s*(?:all\s*\(\s*)?test\b|(?:\w+\s*::\s*)*test\s*\])/;

const testFolder = /(?:^|\/)(?:tests?|specs?|__tests__|e2e|integration)\//;

/** What of a file tests something: all of it, its inline tests, or nothing (null). */
export function testPartOf(path: string, text: string): string | null {
  const language = languageOf(path);
  if (language === null) return null;
  if (language.file.test(path)) return text;
  if (language === rust) {
    const at = text.search(inlineTests);
    return at < 0 ? null : text.slice(0, at).replaceAll(/[^\n]/g, " ") + text.slice(at);
  }
  return testFolder.test(path) && text.search(language.test) >= 0 ? text : null;
}

export const isSetup = (path: string): boolean => languageOf(path)?.setup.test(path) === true;
