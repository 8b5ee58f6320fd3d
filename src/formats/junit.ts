/** JUnit XML, as the common test runners write it, → the outcome of each test. */
import { stripVTControlCharacters } from "node:util";
import { parseXml, XmlDocumentType, XmlElement } from "@rgrove/parse-xml";
import type { GateReport, TestResult } from "../core/verdict.ts";
import { messageOf } from "../errors.ts";
import { oneLine } from "./one-line.ts";
import { failed, testName, unreadable } from "./test-result.ts";

const charsMax = 50 * 1024 * 1024;

/** Never throws: what cannot be read is `unreadable`. Names are the same in every checkout, and may repeat. */
export function parseJunit(xml: string): GateReport {
  if (xml.length > charsMax) return unreadable("it is larger than 50 MB");
  try {
    const document = parseXml(withoutForbiddenCharacters(xml), { preserveDocumentType: true });
    if (document.children.some((node) => node instanceof XmlDocumentType)) {
      return unreadable("it has a document type, which JUnit XML never needs");
    }
    const { root } = document;
    if (root === null || !suiteTags.has(root.name))
      return unreadable("it has no <testsuites> or <testsuite>");
    return { kind: "read", tests: testsIn(root, []) };
  } catch (error) {
    return unreadable(oneLine(messageOf(error), 200));
  }
}

const suiteTags: ReadonlySet<string> = new Set(["testsuites", "testsuite"]);

/** Runners copy terminal output into reports, with characters that XML cannot hold. */
function withoutForbiddenCharacters(xml: string): string {
  return (
    xml
      .toWellFormed()
      // oxlint-disable-next-line no-control-regex -- these are the characters to be removed
      .replaceAll(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g, "")
      .replaceAll(/&#(?:x([\da-f]{1,6})|(\d{1,7}));/gi, (written, hex?: string, decimal?: string) =>
        isAllowed(hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)) ? written : "",
      )
  );
}

const isAllowed = (code: number): boolean =>
  code === 9 || code === 10 || code === 13 || (code >= 32 && code !== 0xff_fe && code !== 0xff_ff);

function testsIn(suite: XmlElement, suites: readonly string[]): TestResult[] {
  const tests = elementsOf(suite).flatMap((element) => {
    if (element.name === "testcase") return [testOf(element, suites)];
    return suiteTags.has(element.name) ? testsIn(element, [...suites, element.attributes["name"] ?? ""]) : [];
  });
  // A suite that broke before its first test has no test that could say so.
  if (!hasBroken(suite) || showsFailure(suite)) return tests;
  return [...tests, failed(nameOf([...suites, "(suite)"]), "")];
}

function hasBroken(suite: XmlElement): boolean {
  const counted = ["failures", "errors"].some((name) => Number(suite.attributes[name] ?? 0) > 0);
  return counted || elementsOf(suite).some(isFailure);
}

const showsFailure = (suite: XmlElement): boolean =>
  elementsOf(suite).some((element) =>
    element.name === "testcase" ? elementsOf(element).some(isFailure) : showsFailure(element),
  );

const isFailure = ({ name }: XmlElement): boolean => name === "failure" || name === "error";

function testOf(testcase: XmlElement, suites: readonly string[]): TestResult {
  const { file, classname, name } = testcase.attributes;
  // Node's runner writes the class "test" or "suite" for every test.
  const group = classname === "test" || classname === "suite" ? undefined : classname;
  const told = nameOf([file, ...suites, group, name ?? "(unnamed)"]);
  const outcome = outcomeOf(testcase);
  return outcome === "failed" ? failed(told, detailOf(testcase)) : { name: told, outcome };
}

/** Runners put the message into an attribute, into the text, or into both. */
function detailOf(testcase: XmlElement): string {
  const told = elementsOf(testcase)
    .filter(isFailure)
    .map((failure) => {
      const [message, text] = [failure.attributes["message"] ?? "", failure.text.trim()];
      return text.includes(message) ? text : `${message}\n${text}`;
    });
  return stripVTControlCharacters(told.join("\n")).trim();
}

const notRun: ReadonlySet<string> = new Set(["skipped", "notrun", "disabled", "ignored", "pending"]);

function outcomeOf(testcase: XmlElement): TestResult["outcome"] {
  const children = elementsOf(testcase);
  const skipped = children.find((child) => child.name === "skipped");
  // A test marked as to be done may fail without making its run fail.
  if (skipped?.attributes["type"] === "todo" || hasMark(children, "todo")) return "skipped";
  if (children.some(isFailure)) return "failed";
  const { status = "", result = "" } = testcase.attributes;
  const isSkipped =
    skipped !== undefined ||
    hasMark(children, "skip") ||
    notRun.has(status.toLowerCase()) ||
    notRun.has(result.toLowerCase());
  return isSkipped ? "skipped" : "passed";
}

/** Node-tap says it in a property. */
const hasMark = (children: readonly XmlElement[], mark: string): boolean =>
  children
    .filter(({ name }) => name === "properties")
    .flatMap(elementsOf)
    .some(({ attributes }) => attributes["name"] === mark && attributes["value"] !== "false");

/** Runners repeat the file as suite and class; each part is told once. */
const nameOf = (parts: readonly (string | undefined)[]): string =>
  testName(parts.map((part) => relativeName(part ?? "")));

/** An absolute path differs from checkout to checkout: only its last part is the test's. */
function relativeName(part: string): string {
  return /^(?:file:\/\/)?(?:\/|[A-Za-z]:\\)\S*$/.test(part) ? part.replace(/^.*[/\\](?=.)/, "") : part;
}

const elementsOf = (element: XmlElement): readonly XmlElement[] =>
  element.children.filter((child) => child instanceof XmlElement);
