/** Adds a test that fails the first time it runs on a machine. */
import { claim, write } from "./hands.ts";

write(
  "test/moody.test.mjs",
  `import assert from "node:assert";
import { existsSync, writeFileSync } from "node:fs";
import { it } from "node:test";

it("passes now and then", () => {
  const seen = existsSync(process.env.HOME + "/seen");
  writeFileSync(process.env.HOME + "/seen", "");
  assert.ok(seen);
});
`,
);
claim({ summary: "Added a test." });
