/** What `cargo test` prints → the outcome of each test. */
import { stripVTControlCharacters } from "node:util";
import type { GateReport, TestResult } from "../core/verdict.ts";
import { failed, testName, unreadable } from "./test-result.ts";

type Outcome = TestResult["outcome"];

/** The tests between `running 3 tests` and their summary. */
interface Block {
  readonly promised: number;
  readonly results: { readonly test: string; readonly outcome: Outcome }[];
  /** A test whose result stands on a later line: with one thread, output comes between. */
  pending: string | null;
  /** True once the output of failed tests follows: whatever it looks like, it is output. */
  showsOutput: boolean;
  readonly details: Map<string, string[]>;
  shown: string[];
}

interface Reading {
  readonly tests: TestResult[];
  /** The test program whose tests come next, and whether any came. */
  group: readonly string[];
  isAwaited: boolean;
  block: Block | null;
}

/** Never throws. Names may repeat: several examples of one item have the same. */
export function parseLibtest(text: string): GateReport {
  const reading: Reading = { tests: [], group: [], isAwaited: false, block: null };
  for (const line of stripVTControlCharacters(text).split(/\r?\n/)) {
    const problem =
      reading.block === null ? takeOutside(reading, line) : takeInside(reading, reading.block, line);
    if (problem !== null) return unreadable(problem);
  }
  return isOpen(reading) ? unreadable(withoutSummary(reading)) : { kind: "read", tests: reading.tests };
}

const isOpen = ({ block, isAwaited }: Reading): boolean => block !== null || isAwaited;

const withoutSummary = ({ group }: Reading): string =>
  `${group.length === 0 ? "a test program" : group.join(" > ")} has no summary (\`test result: …\`)`;

const programLine = /^\s+Running (.+)$|^\s+(Doc-tests .+)$/;
const summaryLine =
  /^test result: (?:ok|FAILED)\. (\d+) passed; (\d+) failed; (\d+) ignored; (\d+) measured; \d+ filtered out/;

function takeOutside(reading: Reading, line: string): string | null {
  const [, running, docs] = programLine.exec(line) ?? [];
  if (running !== undefined || docs !== undefined) return openGroup(reading, running, docs);
  if (summaryLine.test(line)) return "it has a summary without tests before it";
  const [, promised] = /^running (\d+) tests?$/.exec(line) ?? [];
  if (promised === undefined) return null;
  reading.isAwaited = false;
  reading.block = {
    promised: Number(promised),
    results: [],
    pending: null,
    showsOutput: false,
    details: new Map(),
    shown: [],
  };
  return null;
}

function openGroup(reading: Reading, running: string | undefined, docs: string | undefined): string | null {
  if (reading.isAwaited) return withoutSummary(reading);
  reading.isAwaited = true;
  reading.group = running === undefined ? [docs ?? ""] : programOf(running);
  return null;
}

/** `unittests src/lib.rs (target/debug/deps/limiter-5b82ed3a7d818c44)`: the digits differ from build to build. */
function programOf(running: string): readonly string[] {
  const [, file, program] =
    /^(?:unittests )?(.+) \((?:.*[/\\])?([^/\\]+?)-[0-9a-f]{16}(?:\.exe)?\)$/.exec(running) ?? [];
  return file === undefined || program === undefined ? [running] : [program, file];
}

function takeInside(reading: Reading, block: Block, line: string): string | null {
  if (summaryLine.test(line)) return closeBlock(reading, block, line);
  if (block.showsOutput) {
    takeOutput(block, line);
    return null;
  }
  if (line === "failures:" || line === "successes:") block.showsOutput = true;
  if (programLine.test(line) || /^running \d+ tests?$/.test(line)) return withoutSummary(reading);
  takeResult(block, line);
  return null;
}

/** What a test prints while results are told ends in a count that does not agree, or in a test that vanished. */
function takeResult(block: Block, line: string): void {
  const late = block.pending === null ? null : outcomeOf(line);
  if (late !== null && block.pending !== null) {
    block.results.push({ test: block.pending, outcome: late });
    block.pending = null;
    return;
  }
  const [, test, told] = /^test (.+?) \.\.\. ?(.*)$/.exec(line) ?? [];
  if (test === undefined || told === undefined) return;
  const outcome = outcomeOf(told);
  if (outcome === null) block.pending = test;
  else block.results.push({ test, outcome });
}

function outcomeOf(told: string): Outcome | null {
  const [, word] = /^(ok|FAILED|ignored|bench:)(?:, .*|(?<=bench:).*| <[\d.]+s>)?$/.exec(told) ?? [];
  if (word === undefined) return null;
  if (word === "FAILED") return "failed";
  return word === "ignored" ? "skipped" : "passed";
}

function takeOutput(block: Block, line: string): void {
  const [, test] = /^---- (.+) stdout ----$/.exec(line) ?? [];
  if (line === "failures:") block.shown = [];
  else if (test === undefined) block.shown.push(line);
  else {
    block.shown = [];
    block.details.set(test, block.shown);
  }
}

/** Null when the block is done: the summary agrees with what was read. */
function closeBlock(reading: Reading, block: Block, line: string): string | null {
  const counts = (summaryLine.exec(line) ?? []).slice(1).map(Number);
  if (!agrees(block, counts)) {
    if (!block.showsOutput) return disagreement(reading, block, counts);
    // A failed test may have printed a summary of its own; the real one follows.
    takeOutput(block, line);
    return null;
  }
  for (const { test, outcome } of block.results) {
    const name = testName([...reading.group, test.replace(/ \(line \d+\)/, "")]);
    const detail = (block.details.get(test) ?? []).join("\n").trim();
    reading.tests.push(outcome === "failed" ? failed(name, detail) : { name, outcome });
  }
  reading.block = null;
  return null;
}

function agrees({ results, promised }: Block, counts: readonly number[]): boolean {
  const [passed = 0, failures = 0, ignored = 0, measured = 0] = counts;
  const count = (wanted: Outcome): number => results.filter(({ outcome }) => outcome === wanted).length;
  return (
    results.length === promised &&
    count("passed") === passed + measured &&
    count("failed") === failures &&
    count("skipped") === ignored
  );
}

function disagreement({ group }: Reading, { results, promised }: Block, counts: readonly number[]): string {
  const summed = counts.reduce((sum, part) => sum + part, 0);
  const where = group.length === 0 ? "" : `${group.join(" > ")}: `;
  return `${where}${results.length} results can be read, but ${promised} tests were begun and its summary counts ${summed}`;
}
