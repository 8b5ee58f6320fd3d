import { expect, it } from "vitest";
import { RepetitionWatch } from "../../src/agent/repetition.ts";

const watchAll = (calls: readonly (readonly [string, string])[]): readonly string[] => {
  const watch = new RepetitionWatch();
  return calls.map(([command, result]) => watch.note({ tool: "bash", input: { command }, result }));
};
const times = (count: number, call: readonly [string, string]) => Array.from({ length: count }, () => call);

it("The same call with the same result is warned of at the third time and the end at the fifth", () => {
  const told = watchAll(times(5, ["ls", "exit 0 · 0.1 s\na"]));
  expect(told).toEqual(["none", "none", "warn", "none", "stuck"]);
});

it("How long a command took makes no difference, what it printed does", () => {
  expect(watchAll([1, 2, 3].map((s) => ["ls", `exit 0 · ${s}.3 s\na`] as const))[2]).toBe("warn");
  expect(watchAll([1, 2, 3].map((n) => ["ls", `exit 0 · 0.1 s\n${n} files`] as const))[2]).toBe("none");
});

it("Two calls by turns are the end after three rounds", () => {
  const round = [
    ["a", "1"],
    ["b", "2"],
  ] as const;
  expect(watchAll([...round, ...round, ...round])).toEqual(["none", "none", "none", "none", "none", "stuck"]);
  expect(watchAll([...round, ...round, ["a", "1"], ["b", "3"]]).at(-1)).toBe("none");
});

it("Another call in between breaks the row", () => {
  const told = watchAll([...times(4, ["ls", "a"]), ["pwd", "/"], ...times(4, ["ls", "a"])]);
  expect(told).not.toContain("stuck");
});
