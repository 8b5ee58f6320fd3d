import assert from "node:assert/strict";
import { test } from "node:test";
import { parseDuration } from "../src/parse-duration.ts";

test("a duration of hours and minutes is read as minutes", () => {
  assert.equal(parseDuration("1h30m"), 90);
  assert.equal(parseDuration("2h"), 120);
  assert.equal(parseDuration("45m"), 45);
});

test("a number without a unit is no duration", () => {
  assert.throws(() => parseDuration("90"), /"90" is not a duration/);
  assert.throws(() => parseDuration(""), /"" is not a duration/);
});

test("a duration with other words around it is refused", () => {
  assert.throws(() => parseDuration("2hours"), /"2hours" is not a duration/);
  assert.throws(() => parseDuration("ca.2h"), /"ca.2h" is not a duration/);
});
