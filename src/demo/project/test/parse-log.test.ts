import assert from "node:assert/strict";
import { test } from "node:test";
import { parseLog } from "../src/parse-log.ts";

test("an entry has a day, a project, its minutes and a note", () => {
  assert.deepEqual(parseLog("2026-11-02 acme 1h30m login form"), [
    { day: "2026-11-02", project: "acme", minutes: 90, note: "login form" },
  ]);
});

test("blank lines are no entries", () => {
  assert.equal(parseLog("\n2026-11-02 acme 1h\n\n2026-11-03 beta 2h\n").length, 2);
});

test("a broken entry is named by its line in the file", () => {
  assert.throws(() => parseLog("2026-11-02 acme 1h\n\n2026-11-03 beta"), /line 3/);
});
