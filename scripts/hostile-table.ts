/** The table of docs/hostile.md, from the catalogue itself and from what was measured without a sandbox. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { catalogue, classes, type Hostile } from "../test/hostile/catalogue.ts";

export const hostileColumns = ["Class", "An agent that …", "What stops it", "Result", "With `sandbox: off`"];

const measuredFile = join(import.meta.dirname, "..", "test", "hostile", "without.json");
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it is written by hostile-off.ts
const measured = JSON.parse(readFileSync(measuredFile, "utf8")) as Readonly<Record<string, string>>;

/** Ordered by class. That each is contained is what the test of the catalogue asserts. */
export const hostileRows = (): readonly (readonly string[])[] =>
  classes.flatMap((name) =>
    catalogue
      .filter((each) => each.class === name)
      .map((each) => [name, each.does, each.stoppedBy, "contained", without(each)]),
  );

/** What only a cgroup holds is held by nothing without one: that need not be tried. */
function without({ file, needsCgroup }: Hostile): string {
  if (needsCgroup === true) return "nothing holds it";
  const result = measured[file];
  if (result === undefined) return "not tried";
  return result === "" ? "contained" : result;
}
