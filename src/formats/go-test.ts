/** The lines of `go test -json` → the outcome of each test. */
import { stripVTControlCharacters } from "node:util";
import type { GateReport, TestResult } from "../core/verdict.ts";
import { cutText } from "./one-line.ts";
import { failed, testName, unreadable } from "./test-result.ts";
import { isRecord } from "./shape.ts";

interface Package {
  /** Test → runs that have not ended. */
  readonly open: Map<string, number>;
  /** Test → what it printed; the empty name is the package itself. */
  readonly printed: Map<string, string>;
  readonly tests: TestResult[];
  ended: boolean;
}

/** Never throws. Names may repeat: a test that ran twice has two results. */
export function parseGoTest(text: string): GateReport {
  const packages = new Map<string, Package>();
  const builds = new Map<string, string>();
  for (const [index, line] of text.split("\n").entries()) {
    if (!line.startsWith("{")) {
      // Before Go 1.24 a package that does not build is told in plain text. What tests print never is.
      const [, broken] = /^FAIL\t(\S+)/.exec(line) ?? [];
      if (broken !== undefined) endPackage(packageOf(packages, broken), broken, { failed: true, built: "" });
      continue;
    }
    const event = parseEvent(line);
    if (event === null) return unreadable(`its line ${index + 1} is no event of \`go test -json\``);
    takeEvent(event, packages, builds);
  }
  return { kind: "read", tests: [...packages].flatMap(([name, found]) => testsOf(name, found)) };
}

interface GoEvent {
  readonly action: string;
  readonly package: string | null;
  readonly test: string;
  readonly output: string;
  /** What was built, for events of the build. */
  readonly importPath: string;
  readonly failedBuild: string;
}

function parseEvent(line: string): GoEvent | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null;
  }
  const field = (key: string): string | null => {
    const found = isRecord(value) ? value[key] : undefined;
    return typeof found === "string" ? found : null;
  };
  const action = field("Action");
  if (action === null) return null;
  return {
    action,
    package: field("Package"),
    test: field("Test") ?? "",
    output: field("Output") ?? "",
    importPath: field("ImportPath") ?? "",
    failedBuild: field("FailedBuild") ?? "",
  };
}

function takeEvent(event: GoEvent, packages: Map<string, Package>, builds: Map<string, string>): void {
  if (event.package === null) {
    append(builds, event.importPath, event.output);
    return;
  }
  const found = packageOf(packages, event.package);
  append(found.printed, event.test, event.output);
  if (!endings.has(event.action)) {
    if (event.action === "run") found.open.set(event.test, (found.open.get(event.test) ?? 0) + 1);
  } else if (event.test === "") {
    const built = builds.get(event.failedBuild) ?? "";
    endPackage(found, event.package, { failed: event.action === "fail", built });
  } else {
    endTest(found, event.package, event);
  }
}

const endings: ReadonlySet<string> = new Set(["pass", "fail", "skip", "bench"]);

function endTest(found: Package, name: string, { test, action }: GoEvent): void {
  const open = found.open.get(test) ?? 0;
  found.open.set(test, Math.max(0, open - 1));
  // A test can print `--- PASS` for another: a good result counts only for a test that was begun.
  if (action === "fail") found.tests.push(failed(nameIn(name, test), detailOf(found, test)));
  else if (open > 0)
    found.tests.push({ name: nameIn(name, test), outcome: action === "skip" ? "skipped" : "passed" });
}

/** A package that failed without a failed test did not build, or broke outside its tests. */
function endPackage(
  found: Package,
  name: string,
  end: { readonly failed: boolean; readonly built: string },
): void {
  found.ended = true;
  if (!end.failed || found.tests.some(({ outcome }) => outcome === "failed")) return;
  found.tests.push(failed(nameIn(name, "(package)"), clean(end.built + (found.printed.get("") ?? ""))));
}

/** What was begun and never ended has failed: the package panicked, was ended, or ended itself. */
function testsOf(name: string, found: Package): readonly TestResult[] {
  const begun = [...found.open].filter(([, open]) => open > 0);
  const unended = begun.map(([test]) => failed(nameIn(name, test), detailOf(found, test)));
  return [...found.tests, ...unended, ...(found.ended ? [] : [failed(nameIn(name, "(package)"), "")])];
}

const nameIn = (name: string, test: string): string => testName([name, test]);

const detailOf = (found: Package, test: string): string => clean(found.printed.get(test) ?? "");

const clean = (printed: string): string =>
  stripVTControlCharacters(printed.replaceAll(/^=== (?:RUN|PAUSE|CONT|NAME) .*\n/gm, "")).trim();

function packageOf(packages: Map<string, Package>, name: string): Package {
  const known = packages.get(name);
  if (known !== undefined) return known;
  const fresh: Package = { open: new Map(), printed: new Map(), tests: [], ended: false };
  packages.set(name, fresh);
  return fresh;
}

const printedCharsMax = 20_000;

function append(texts: Map<string, string>, key: string, text: string): void {
  if (text !== "") texts.set(key, cutText((texts.get(key) ?? "") + text, printedCharsMax));
}
