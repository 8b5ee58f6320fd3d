import assert from "node:assert/strict";
import { test } from "node:test";
import { formatReport } from "../src/report.ts";

test("the report has one line a project, with the minutes in a column", () => {
  const totals = [
    { project: "acme", minutes: 135 },
    { project: "northwind", minutes: 30 },
  ];
  assert.equal(formatReport(totals), "acme       135 min\nnorthwind  30 min");
});

test("the report of no totals is empty", () => {
  assert.equal(formatReport([]), "");
});
