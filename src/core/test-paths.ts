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
  /^conftest\.py$/,
  // Go, Rust, C++
  /_tests?\.(?:go|rs|cc|cpp|exs)$/,
  // Java, Kotlin, C#, Swift, PHP
  /(?:Test|Tests|IT|TestCase)\.(?:java|kt|cs|swift|php|scala|groovy)$/,
  // Ruby
  /_(?:spec|test)\.rb$/,
];

/** Test files, their fixtures, snapshots and helpers: everything that belongs to the tests and not to the product. */
export function isTestPath(path: string): boolean {
  const folders = path.split("/");
  const name = folders.pop() ?? "";
  return folders.some((folder) => testFolders.has(folder)) || testNames.some((pattern) => pattern.test(name));
}
