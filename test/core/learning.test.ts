/** Which learnings reach the next brief. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  estimateTokens,
  type Learning,
  learningId,
  nextLearningNumber,
  selectLearnings,
} from "../../src/core/learning.ts";

/** Learnings with these texts, oldest first. */
const learnings = (...texts: string[]): Learning[] =>
  texts.map((text, at) => ({ id: learningId(at + 1), task: "t", date: "2026-11-20", text }));
const idsOf = (chosen: readonly Learning[]): readonly string[] => chosen.map((learning) => learning.id);
const tokensOf = (chosen: readonly Learning[]): number =>
  chosen.reduce((sum, { id, text }) => sum + estimateTokens(`- ${id}: ${text}\n`), 0);

const six = ["one", "two", "three", "four", "five", "six"].map((word) => `newest number ${word}`);

describe("The learnings of a brief", () => {
  it("keep within the budget, whatever they are", () => {
    const words = fc.array(fc.constantFrom("cache", "build", "token", "flaky test", "x".repeat(90)), {
      maxLength: 6,
    });
    const texts = fc.array(
      words.map((parts) => parts.join(" ")),
      { maxLength: 30 },
    );
    const fits = fc.property(texts, fc.nat({ max: 300 }), (all, tokensMax) => {
      expect(tokensOf(selectLearnings(learnings(...all), "fix the cache", tokensMax))).toBeLessThanOrEqual(
        tokensMax,
      );
    });
    expect(fc.check(fits, { numRuns: 2_000 }).counterexample).toBeNull();
  });

  it("are the five newest whatever they are about, in the order in which they were made", () => {
    expect(idsOf(selectLearnings(learnings(...six), "unrelated words", 1_000))).toEqual([
      "L-0002",
      "L-0003",
      "L-0004",
      "L-0005",
      "L-0006",
    ]);
  });

  it("keep the newest when the budget holds only one", () => {
    const all = learnings("alpha first", "alpha second");
    const [, newest] = all;
    expect(selectLearnings(all, "alpha", 7)).toEqual([newest]);
  });

  it("skip one that is too large for what is left, and still take the smaller ones", () => {
    const all = learnings("short and old", "x".repeat(400), "short and new");
    expect(idsOf(selectLearnings(all, "", 20))).toEqual(["L-0001", "L-0003"]);
  });

  it("take older ones only when they share words with the task", () => {
    const all = learnings("The parser trims tabs", "Colours are configured", ...six.slice(0, 5));
    expect(idsOf(selectLearnings(all, "Let the parser keep tabs", 1_000))).toEqual([
      "L-0001",
      "L-0003",
      "L-0004",
      "L-0005",
      "L-0006",
      "L-0007",
    ]);
  });

  it("prefer the older one with the rarer words when the budget holds only one of them", () => {
    const all = learnings(
      "Number parsing is strict",
      "Number of retries sits in backoffTable",
      ...six.slice(0, 5),
    );
    const newestAlone = tokensOf(all.slice(2));
    const chosen = selectLearnings(all, "Give the backoff table a number more", newestAlone + 13);
    expect(idsOf(chosen)).toContain("L-0002");
    expect(idsOf(chosen)).not.toContain("L-0001");
  });

  it("find the words inside identifiers", () => {
    const all = learnings("See retryDelayMs and max_backoff", ...six.slice(0, 5));
    for (const text of ["the delay", "BACKOFF", "retryDelayMs"]) {
      expect(idsOf(selectLearnings(all, text, 1_000))).toContain("L-0001");
    }
  });

  it("hold equal texts once, as the newest of them", () => {
    const all = learnings("Run npm ci first", "Other", "Run npm ci first");
    expect(idsOf(selectLearnings(all, "", 1_000))).toEqual(["L-0002", "L-0003"]);
  });

  it("count a learning that was made again among the newest", () => {
    const all = learnings("Run npm ci first", ...six, "Run npm ci first");
    expect(idsOf(selectLearnings(all, "unrelated words", 1_000))).toEqual([
      "L-0004",
      "L-0005",
      "L-0006",
      "L-0007",
      "L-0008",
    ]);
  });

  it("are none when the budget is nothing", () => {
    expect(selectLearnings(learnings("a", "b"), "a", 0)).toEqual([]);
  });
});

describe("The number of a learning", () => {
  it("is 1 for the first", () => {
    expect(nextLearningNumber([])).toBe(1);
  });

  it("is one more than the highest in use, in whatever order they stand", () => {
    expect(nextLearningNumber(learnings("a", "b", "c").toReversed())).toBe(4);
  });

  it("is written with four digits, and with more when it needs them", () => {
    expect([learningId(7), learningId(12_345)]).toEqual(["L-0007", "L-12345"]);
  });
});
