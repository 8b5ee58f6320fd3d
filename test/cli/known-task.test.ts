import { expect, it } from "vitest";
import { findKnownTask } from "../../src/cli/known-task.ts";

const known = ["0001-one", "0002-two", "0002-twelve", "two"];

it("a task is known by its id and by a beginning that is no other's", () => {
  expect(findKnownTask("two", known)).toBe("two");
  expect(findKnownTask("0001", known)).toBe("0001-one");
});

it.each([
  ["0002", "These begin so: 0002-two, 0002-twelve."],
  ["0001-oen", "Did you mean 0001-one?"],
  ["something-else", "`ralphwright task list` names the tasks."],
  ["", "These begin so: 0001-one, 0002-two, 0002-twelve, two."],
])("%j is refused with what was probably meant", (typed, hint) => {
  expect(() => findKnownTask(typed, known)).toThrow(expect.objectContaining({ code: "task-unknown", hint }));
});
