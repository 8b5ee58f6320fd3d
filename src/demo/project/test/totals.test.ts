import assert from "node:assert/strict";
import { test } from "node:test";
import { parseLog } from "../src/parse-log.ts";
import { totalsByProject } from "../src/totals.ts";

test("the entries of a project are added up", () => {
  const log = parseLog("2026-11-02 acme 1h30m\n2026-11-03 acme 45m");
  assert.deepEqual(totalsByProject(log), [{ project: "acme", minutes: 135 }]);
});

test("an empty log has no totals", () => {
  assert.deepEqual(totalsByProject([]), []);
});
