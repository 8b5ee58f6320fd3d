import { expect, it } from "vitest";
import { nearestWord } from "../../src/formats/nearest.ts";

const known = ["depends_on", "status", "specs", "gates", "id", "usd"];

it("finds the word behind a slip, whatever its case and hyphens", () => {
  const slips = ["dependsOn", "depends-on", "dependson", "Status", "stauts", "spec", "gate", "usb"];
  expect(slips.map((slip) => nearestWord(slip, known))).toEqual([
    "depends_on",
    "depends_on",
    "depends_on",
    "status",
    "status",
    "specs",
    "gates",
    "usd",
  ]);
});

it("finds nothing for a word that is like none of them", () => {
  expect(nearestWord("x", ["a"])).toBeNull();
  expect(["colour", "x", "", "banana"].map((word) => nearestWord(word, known))).toEqual([
    null,
    null,
    null,
    null,
  ]);
});
