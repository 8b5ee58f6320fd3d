/** When a task is given up before its attempts are used up. */
import { describe, expect, it } from "vitest";
import { giveUpReason, isStuck } from "../../src/core/give-up.ts";
import type { FailedAttempt, Failure } from "../../src/core/message.ts";

const failed = (...kinds: readonly Failure["kind"][]): readonly FailedAttempt[] =>
  kinds.map((kind, i) => ({
    kind,
    reason: `it was ${kind}`,
    evidence: null,
    attempt: i + 1,
    commit: null,
    usd: 0,
  }));

describe("A task stands still", () => {
  it.each([
    [["empty", "empty"]],
    [["no-progress", "empty"]],
    [["red", "no-progress", "no-progress"]],
  ] as const)("after two attempts in a row without anything new: %j", (kinds) => {
    expect(isStuck(failed(...kinds))).toBe(true);
  });

  it.each([
    [["empty"]],
    [["empty", "red"]],
    [["empty", "red", "empty"]],
    [["red", "red", "red"]],
    [[]],
  ] as const)("never after %j", (kinds) => {
    expect(isStuck(failed(...kinds))).toBe(false);
  });

  it("and then the reason says so", () => {
    expect(giveUpReason(failed("red", "empty", "empty"))).toBe(
      "2 attempts in a row brought nothing new: it was empty",
    );
    expect(giveUpReason(failed("red"))).toBe("it was red");
    expect(giveUpReason([])).toBeNull();
  });
});
