/** Which paths hold tests and what only tests read: by the folders and names that the common runners go by. */

const testFolders = new Set(
  "test tests __tests__ __snapshots__ __mocks__ __fixtures__ spec e2e testdata test-data".split(" "),
);

const testNames: readonly RegExp[] = [
  // JavaScript and TypeScript
  /\.(?:test|spec|e2e|cy)\.[cm]?[jt]sx?$/,
  /\.snap$/,
  // Python
  /^test_.*\.py$/,
  /_test\.py$/,
  // Go, Rust, C++
  /_tests?\.(?:go|rs|cc|cpp|exs)$/,
  // Java, Kotlin, C#, Swift, PHP
  /(?:Test|Tests|IT|TestCase)\.(?:java|kt|cs|swift|php|scala|groovy)$/,
  // Ruby
  /_(?:spec|test)\.rb$/,
];

/** Read by runners beside the tests, wherever they lie. */
const supportNames: readonly RegExp[] = [/^conftest\.py$/];

/** Test files, their fixtures, snapshots and helpers: everything that belongs to the tests and not to the product. */
export function isTestPath(path: string): boolean {
  const folders = path.split("/").slice(0, -1);
  return folders.some((folder) => testFolders.has(folder)) || isTestFile(path) || isNamed(path, supportNames);
}

/** A file that holds tests of its own, by its name: unlike a helper, it is nothing that other tests are meant to load. */
export const isTestFile = (path: string): boolean => isNamed(path, testNames);

function isNamed(path: string, patterns: readonly RegExp[]): boolean {
  const name = path.slice(path.lastIndexOf("/") + 1);
  return patterns.some((pattern) => pattern.test(name));
}
