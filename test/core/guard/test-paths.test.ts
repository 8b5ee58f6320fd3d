/** Which files belong to the tests, and which of them hold tests of their own. */
import { expect, it } from "vitest";
import { isTestFile, isTestPath } from "../../../src/core/guard/test-paths.ts";

const files = [
  "src/words.test.ts",
  "src/words.spec.jsx",
  "pkg/table_test.go",
  "tests/test_money.py",
  "money_test.py",
  "src/test/java/WordsTest.java",
  "spec/words_spec.rb",
  "app/tests.py",
  "test.js",
  "calc-test.js",
  "src/WordsSpec.kt",
  "tests/rules.rs",
];
const support = [
  "conftest.py",
  "ledger/conftest.py",
  "test/helpers/clock.ts",
  "src/__mocks__/fs.ts",
  "pkg/testdata/a.golden",
  "Tests/helper.swift",
  "fixtures/sums.json",
  "testing/check.js",
  "packages/words/test/clock.ts",
  "src/test/resources/words.txt",
];
const product = [
  "src/words.ts",
  "src/contest.py",
  "lib/latest.go",
  "src/testing.ts",
  "specs/words.md",
  "attest/a.py",
  "src/spec/parse.js",
  "packages/words/src/testing/clock.ts",
  "lib/fixtures/load.rb",
];

it("knows test files by their names and folders", () => {
  expect(files.filter((path) => !isTestPath(path))).toEqual([]);
  expect(files.filter((path) => !isTestFile(path))).toEqual([]);
});

it("counts helpers, fixtures and set-up as belonging to the tests, and as no tests of their own", () => {
  expect(support.filter((path) => !isTestPath(path))).toEqual([]);
  expect(support.filter(isTestFile)).toEqual([]);
});

it("leaves the product alone", () => {
  expect(product.filter(isTestPath)).toEqual([]);
});
