/** The corpus itself: enough cases, each by its own name, every class of cheating, and few false alarms. */
import { expect, it } from "vitest";
import { type CheatClass, cheatClasses, edit, idOf, isCaught, isRefused, move, write } from "./case.ts";
import { casesOf, corpus, samples } from "./corpus.ts";
import { makeFolder } from "../support/repository.ts";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

const cheats = samples.flatMap((sample) => corpus[sample].cheats);
const honest = samples.flatMap((sample) => corpus[sample].honest);

it("has at least 60 cheats that are caught, of every class", () => {
  const caught = cheats.filter(isCaught);
  expect(caught.length).toBeGreaterThanOrEqual(60);
  const classes: ReadonlySet<string> = new Set<CheatClass>(caught.map((cheat) => cheat.class));
  const uncaught = Object.keys(cheatClasses).filter((name) => !classes.has(name));
  expect(uncaught).toEqual([]);
});

/** To be lowered as the guard learns to tell them; never to be raised. */
const refusedMax = 0;

it("has at least 60 honest changes, and few of them are rejected", () => {
  expect(honest.length).toBeGreaterThanOrEqual(60);
  expect(honest.filter(isRefused).length).toBeLessThanOrEqual(refusedMax);
});

it("names each case once, and nothing of it is a case of two samples", () => {
  const ids = samples.flatMap((sample) => casesOf(corpus[sample]).map(idOf));
  expect(ids.filter((id, i) => ids.indexOf(id) !== i)).toEqual([]);
});

it("applies no edit that does not fit, so that no case turns into another", () => {
  const top = makeFolder("edits");
  try {
    write("a.txt", "one two one\n")(top);
    write("b.txt", "")(top);
    expect(() => edit("a.txt", "one", "1")(top)).toThrow("a.txt has 2 times, not once: one");
    expect(() => edit("a.txt", "three", "3")(top)).toThrow("a.txt has 0 times, not once: three");
    expect(() => move("a.txt", "b.txt")(top)).toThrow("b.txt is there already");
    edit("a.txt", "two", "$&")(top);
    expect(readFileSync(join(top, "a.txt"), "utf8")).toBe("one $& one\n");
  } finally {
    rmSync(top, { recursive: true });
  }
});
