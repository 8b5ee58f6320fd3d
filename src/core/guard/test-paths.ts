/** Which paths hold tests and what only tests read: by the folders and names that the common runners go by. */
import { isSetup, languageOf } from "./test-language.ts";

/** Folders that hold nothing but what belongs to tests, wherever they lie. */
const ownFolders = new Set("__tests__ __snapshots__ __mocks__ __fixtures__ testdata test-data".split(" "));

/** The same, but not inside of a product's sources, where they are as likely named for what the product does. */
const outerFolders = new Set(
  (
    "test tests spec e2e testing integration-tests fixtures golden mocks " +
    "test-utils test_utils testutil testutils test-helpers test_helpers"
  ).split(" "),
);

const sourceFolders = new Set("src lib app internal pkg source sources".split(" "));

/** Beside those that the guard knows by their language. */
const testNames: readonly RegExp[] = [
  /\.snap$/,
  /_tests?\.(?:cc|cpp|exs)$/,
  /(?:Test|Tests|Spec)\.(?:cs|swift)$/,
];

/** Test files, their fixtures, snapshots and helpers: everything that belongs to the tests and not to the product. */
export function isTestPath(path: string): boolean {
  const folders = path.split("/").slice(0, -1);
  return folders.some((_, at) => isTestFolder(folders, at)) || isTestFile(path) || isSetup(path);
}

/** A file that holds tests of its own, by its name: unlike a helper, it is nothing that other tests are meant to load. */
export const isTestFile = (path: string): boolean =>
  languageOf(path)?.file.test(path) === true || testNames.some((pattern) => pattern.test(path));

function isTestFolder(folders: readonly string[], at: number): boolean {
  const name = folders[at]?.toLowerCase() ?? "";
  if (ownFolders.has(name)) return true;
  if (!outerFolders.has(name)) return false;
  const above = folders.slice(0, at);
  // `src/test` is where the build tools of Java and their like keep them.
  return above.at(-1) === "src" ? name === "test" : !above.some((folder) => sourceFolders.has(folder));
}
