import assert from "node:assert/strict";
import { test } from "node:test";
import { billedMinutes } from "../src/billing.ts";

test("full quarters of an hour are billed as they are", () => {
  assert.equal(billedMinutes(45), 45);
});

test("other times are billed to the nearest quarter of an hour", () => {
  assert.equal(billedMinutes(7), 0);
  assert.equal(billedMinutes(8), 15);
  assert.equal(billedMinutes(50), 45);
});
