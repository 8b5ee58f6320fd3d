/** The list of mutants fits the code: `npm run mutants` applies them, which takes too long for every run of the tests. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { mutants } from "../scripts/mutants/list.ts";
import type { Edit, Mutant } from "../scripts/mutants/mutant.ts";

const top = fileURLToPath(new URL("..", import.meta.url));
const read = (file: string): string =>
  existsSync(join(top, file)) ? readFileSync(join(top, file), "utf8") : "";

function editTrouble({ file, find, replace }: Edit): readonly string[] {
  const times = read(file).split(find).length - 1;
  if (times !== 1) return [`${file} has this ${times} times: ${find}`];
  return find === replace ? [`${file} stays as it is: ${find}`] : [];
}

/** Whether a title of the file is this one, `%s` and its kin standing for anything, or begins with it. */
function hasTitle(file: string, title: string): boolean {
  const literals = [...read(file).matchAll(/"([^"\n]+)"/g)];
  return literals.some(([, known = ""]) => {
    const parts = known.split(/%[a-z]/).map((part) => part.replaceAll(/[.[\]{}()*+?^$|\\/]/g, "\\$&"));
    return known.startsWith(title) || new RegExp(`^${parts.join(".*")}$`).test(title);
  });
}

const testTrouble = ({ file, title }: Mutant["killedBy"]): readonly string[] =>
  hasTitle(file, title) ? [] : [`${file} has no test "${title}"`];

it("each fits exactly one place in the code", () => {
  expect(mutants.flatMap(({ edits }) => edits.flatMap(editTrouble))).toEqual([]);
});

it("each has a test that is there", () => {
  expect(mutants.flatMap(({ killedBy }) => testTrouble(killedBy))).toEqual([]);
});

it("each has a name of its own and changes code of the product", () => {
  const names = mutants.map(({ name }) => name);
  expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
  const files = mutants.flatMap(({ edits }) => edits.map(({ file }) => file));
  expect(files.filter((file) => !file.startsWith("src/"))).toEqual([]);
});

it("is not fooled: places, tests and titles that are not there are told", () => {
  const edit = { file: "src/core/ids.ts", find: "no such text", replace: "" };
  expect(editTrouble(edit)).toEqual(["src/core/ids.ts has this 0 times: no such text"]);
  expect(editTrouble({ ...edit, find: "export", replace: "" })).toHaveLength(1);
  expect(testTrouble({ file: "test/gone.test.ts", title: "a" })).toHaveLength(1);
  expect(testTrouble({ file: "test/docs.test.ts", title: "has a test of this name" })).toHaveLength(1);
});
