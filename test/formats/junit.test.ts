import { describe, expect, it } from "vitest";
import { parseJunit } from "../../src/formats/junit.ts";

function read(xml: string): string[] {
  const report = parseJunit(xml);
  if (report.kind !== "read") throw new Error(JSON.stringify(report));
  return report.tests.map(({ name, outcome }) => `${outcome}: ${name}`);
}

describe("a report", () => {
  it("of node --test has suites in suites, and paths that differ from checkout to checkout", () => {
    const xml = `<?xml version="1.0" encoding="utf-8"?>
<testsuites>
	<testsuite name="limiter" time="0.01" disabled="0" errors="0" tests="3" failures="1" skipped="1" hostname="box">
		<testsuite name="bursts" time="0.01" tests="1" failures="1">
			<testcase name="waits" time="0.001" classname="test" file="/tmp/checkout-7/test/limiter.test.js">
				<failure type="testCodeFailure" message="Expected values"><![CDATA[[Error: \u001B[31mred\u001B[0m &#27; <b>]]]></failure>
			</testcase>
		</testsuite>
		<testcase name="starts" time="0.001" classname="test"/>
		<testcase name="later" time="0.001" classname="test"><skipped type="skipped" message="true"/></testcase>
	</testsuite>
	<testcase name="top" time="0.001" classname="test"/>
	<!-- tests 4 -->
</testsuites>`;
    expect(read(xml)).toMatchInlineSnapshot(`
      [
        "failed: limiter.test.js > limiter > bursts > waits",
        "passed: limiter > starts",
        "skipped: limiter > later",
        "passed: top",
      ]
    `);
  });

  it("of Vitest names the file once", () => {
    const xml = `<?xml version="1.0" encoding="UTF-8" ?>
<testsuites name="vitest tests" tests="2" failures="1" errors="0" time="0.2">
    <testsuite name="test/a.test.ts" timestamp="2026-11-20T00:00:00Z" hostname="box" tests="2" failures="1" errors="0" skipped="0" time="0.1">
        <testcase classname="test/a.test.ts" name="limiter &gt; waits" time="0.001"></testcase>
        <testcase classname="test/a.test.ts" name="limiter &gt; &quot;starts&quot;" time="0.001">
            <failure message="x" type="AssertionError">AssertionError: x</failure>
        </testcase>
    </testsuite>
</testsuites>`;
    expect(read(xml)).toMatchInlineSnapshot(`
      [
        "passed: test/a.test.ts > limiter > waits",
        "failed: test/a.test.ts > limiter > "starts"",
      ]
    `);
  });

  it("of jest-junit repeats the name as class", () => {
    const xml = `<testsuites name="jest tests" tests="2" failures="0" errors="0">
  <testsuite name="limiter" errors="0" failures="0" skipped="1" tests="2">
    <testcase classname="limiter waits" name="limiter waits" time="0.001"></testcase>
    <testcase classname="limiter starts" name="limiter starts" time="0"><skipped/></testcase>
  </testsuite>
</testsuites>`;
    expect(read(xml)).toMatchInlineSnapshot(`
      [
        "passed: limiter > limiter waits",
        "skipped: limiter > limiter starts",
      ]
    `);
  });

  it("of pytest tells errors while collecting", () => {
    const xml = `<?xml version="1.0" encoding="utf-8"?><testsuites name="pytest tests"><testsuite name="pytest" errors="1" failures="0" skipped="1" tests="3" time="0.1" hostname="box">
<testcase classname="tests.test_a.TestLimiter" name="test_waits[1-&#10;2]" time="0.001" />
<testcase classname="tests.test_a" name="test_later" time="0.001"><skipped type="pytest.skip" message="later">x</skipped></testcase>
<testcase classname="" name="tests.test_b" time="0.000"><error message="collection failure">ImportError</error></testcase>
</testsuite></testsuites>`;
    expect(read(xml)).toMatchInlineSnapshot(`
      [
        "passed: pytest > tests.test_a.TestLimiter > test_waits[1- 2]",
        "skipped: pytest > tests.test_a > test_later",
        "failed: pytest > tests.test_b",
      ]
    `);
  });

  it("of go-junit-report and of cargo nextest names package or crate", () => {
    const go = `<testsuites tests="2" failures="1"><testsuite name="example.com/m/limiter" tests="2" failures="1" errors="0" id="0" hostname="box" time="0.002">
<properties><property name="go.version" value="1"></property></properties>
<testcase name="TestWaits" classname="example.com/m/limiter" time="0.000"></testcase>
<testcase name="TestStarts/twice" classname="example.com/m/limiter" time="0.000"><failure message="Failed" type="">a_test.go:3: no</failure></testcase>
</testsuite></testsuites>`;
    const nextest = `<testsuites name="nextest-run" tests="2" failures="0" errors="0" uuid="u"><testsuite name="limiter" tests="2" disabled="0" errors="0" failures="0">
<testcase name="tests::waits" classname="limiter" timestamp="t" time="0.01"/>
<testcase name="tests::flaky" classname="limiter" timestamp="t" time="0.01"><flakyFailure message="m" type="test failure">x</flakyFailure></testcase>
</testsuite></testsuites>`;
    expect([...read(go), ...read(nextest)]).toMatchInlineSnapshot(`
      [
        "passed: example.com/m/limiter > TestWaits",
        "failed: example.com/m/limiter > TestStarts/twice",
        "passed: limiter > tests::waits",
        "passed: limiter > tests::flaky",
      ]
    `);
  });

  it("of node-tap says in a property what was skipped or is to be done", () => {
    const marked = (mark: string, inner = "") =>
      `<testcase name="${mark}"><properties><property name="${mark}" value="true"/></properties>${inner}</testcase>`;
    expect(
      read(`<testsuite>${marked("skip")}${marked("todo", "<failure/>")}${marked("ok")}</testsuite>`),
    ).toEqual(["skipped: skip", "skipped: todo", "passed: ok"]);
  });

  it("of a suite that broke before its first test has a failed test that says so", () => {
    expect(
      read('<testsuites><testsuite name="s" errors="1"><testcase name="a"/></testsuite></testsuites>'),
    ).toEqual(["passed: a", "failed: s > (suite)"].map((line) => line.replace(": a", ": s > a")));
    expect(read('<testsuite name="build"><error message="no"/></testsuite>')).toEqual(["failed: (suite)"]);
  });

  it("takes a failing test that is still to be done for skipped, as its runner does", () => {
    const todo = '<skipped type="todo" message="true"/><failure message="x"/>';
    expect(read(`<testsuite failures="1"><testcase name="a">${todo}</testcase></testsuite>`)).toEqual([
      "skipped: a",
    ]);
    expect(read('<testsuite><testcase name="a" status="notrun"/></testsuite>')).toEqual(["skipped: a"]);
    const both = "<skipped/><failure/>";
    expect(read(`<testsuite><testcase name="a">${both}</testcase></testsuite>`)).toEqual(["failed: a"]);
  });

  it("without a test is read, and has none", () => {
    expect(parseJunit("<testsuites/>")).toEqual({ kind: "read", tests: [] });
  });
});

describe("what cannot be read", () => {
  it.each([
    ["nothing", ""],
    ["text", "ok 1 - waits"],
    ["other XML", "<html/>"],
    ["half a report", '<testsuites><testsuite name="a"><testcase name="b"/>'],
    ["an unknown entity", '<testsuite name="&lol;"/>'],
  ])("is said to be unreadable: %s", (_what, xml) => {
    expect(parseJunit(xml)).toEqual({ kind: "unreadable", reason: expect.stringMatching(/^[^\n]{5,200}$/) });
  });

  it("is a report with a document type, which is how entities multiply", () => {
    const entities = Array.from(
      { length: 9 },
      (_, n) => `<!ENTITY l${n + 1} "${`&l${n};`.repeat(10)}">`,
    ).join("");
    const xml = `<!DOCTYPE t [<!ENTITY l0 "lol">${entities}]><testsuite name="&l9;"/>`;
    expect(parseJunit(xml).kind).toBe("unreadable");
    expect(parseJunit('<!DOCTYPE testsuite SYSTEM "x.dtd"><testsuite/>')).toMatchInlineSnapshot(`
      {
        "kind": "unreadable",
        "reason": "it has a document type, which JUnit XML never needs",
      }
    `);
  });

  it("is a report without end, in length or in depth", () => {
    expect(parseJunit(" ".repeat(50 * 1024 * 1024 + 1))).toMatchInlineSnapshot(`
      {
        "kind": "unreadable",
        "reason": "it is larger than 50 MB",
      }
    `);
    const deep = 200_000;
    expect(parseJunit("<testsuite>".repeat(deep) + "</testsuite>".repeat(deep)).kind).toBe("unreadable");
  });
});

it("A failed test has what the runner says of it: message and text, without colours, at most 4,000 characters", () => {
  const tests = (inner: string): readonly unknown[] => {
    const report = parseJunit(`<testsuite><testcase name="a">${inner}</testcase></testsuite>`);
    return report.kind === "read" ? report.tests : [];
  };
  expect(tests('<failure message="1 is not 2">at a.ts:3</failure>')).toEqual([
    { name: "a", outcome: "failed", detail: "1 is not 2\nat a.ts:3" },
  ]);
  expect(tests('<error message="boom">Error: boom\n at b.ts</error>')).toMatchObject([
    { detail: "Error: boom\n at b.ts" },
  ]);
  expect(tests(`<failure>${"x".repeat(9_000)}</failure>`)).toMatchObject([
    { detail: expect.stringMatching(/^x{3999}…$/) },
  ]);
  expect(tests("<skipped/>")).toEqual([{ name: "a", outcome: "skipped" }]);
});
