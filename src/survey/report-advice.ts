/** What a gate would need so that its tests are compared one by one: a line for people, by the runner it calls. */

const toJunit = '"$RALPH_REPORT", and `report: junit`';
const tapAdvice = (runner: string): string =>
  `${runner} writes TAP: turn it into JUnit XML (tap-xunit does) in ${toJunit}`;

/** The first that fits counts: a runner that is called through another comes before it. */
const byRunner: readonly (readonly [RegExp, string])[] = [
  [/\bvitest\b/, `add --reporter=junit --outputFile=${toJunit}`],
  [/\bjest\b/, `install jest-junit, then add --reporters=jest-junit with JEST_JUNIT_OUTPUT_FILE=${toJunit}`],
  [/\bmocha\b/, `add --reporter xunit --reporter-option output=${toJunit}`],
  [/\bplaywright\b/, `add --reporter=list,junit with PLAYWRIGHT_JUNIT_OUTPUT_NAME=${toJunit}`],
  [/\bava\b/, tapAdvice("ava")],
  [/\btape\b/, tapAdvice("tape")],
  [/\btap\b/, `add --reporter=junit --reporter-file=${toJunit}`],
  [/\bnode\b.*--test\b/, `add --test-reporter=junit --test-reporter-destination=${toJunit}`],
  [/\bbun test\b/, `add --reporter=junit --reporter-outfile=${toJunit}`],
  [/\bdeno test\b/, `add --junit-path=${toJunit}`],
  [/\bunittest\b/, `let pytest run the same tests: python -m pytest --junitxml=${toJunit}`],
  [/\b(pytest|py\.test)\b/, `add --junitxml=${toJunit}`],
  [/\bgotestsum\b/, `add --junitfile ${toJunit}`],
  [/\bgo test\b/, 'add -json > "$RALPH_REPORT", and `report: go-json`'],
  [
    /\bcargo nextest\b/,
    'name a file in .config/nextest.toml ([profile.default.junit] path = "junit.xml"), and `report_file: target/nextest/default/junit.xml`',
  ],
  [
    /\bcargo test\b/,
    'put `set -o pipefail;` before it and `2>&1 | tee "$RALPH_REPORT"` behind, and `report: libtest`',
  ],
  [/\bgradlew?\b/, "add `report_file: '**/build/test-results/**/TEST-*.xml'`"],
  [/\bmvnw?\b/, "add `report_file: '**/target/surefire-reports/TEST-*.xml'`"],
  [/\b(phpunit|pest)\b/, `add --log-junit ${toJunit}`],
  [/\brspec\b/, `install rspec_junit_formatter, then add --format RspecJunitFormatter --out ${toJunit}`],
];

/** A clause without a full stop. */
export function reportAdvice(command: string): string {
  const [, known] = byRunner.find(([pattern]) => pattern.test(command)) ?? [];
  return (
    known ??
    'let it write JUnit XML to "$RALPH_REPORT" with `report: junit`, or name its file with `report_file`'
  );
}
