/** Setup under judgement: a change that breaks it is red, and nothing that it makes is kept for others. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { it } from "vitest";
import { createWorld, styleGate, testsGate } from "../support/world.ts";

const files = { "setup.sh": "mkdir -p made; echo ours >made/by\n", ".gitignore": "made\n" };
const workspace = { setup: "sh setup.sh", setup_inputs: ["setup.sh"], keep: ["made"] };

it.concurrent("rejects a change that breaks the setup of its own dependencies", async ({ expect }) => {
  await using world = await createWorld({
    agent: "meddles-with-the-setup",
    tasks: ["fails"],
    config: { gates: [styleGate], workspace },
    files,
  });
  await world.run();
  expect(world.events("fails")).toContain("red: workspace.setup (sh setup.sh) exited with 3");
  expect(world.landed()).toEqual([expect.stringContaining("Give up fails")]);
});

it.concurrent("stores no dependencies that a change had a hand in", async ({ expect }) => {
  await using world = await createWorld({
    agent: "meddles-with-the-setup",
    config: { gates: [styleGate, testsGate], workspace },
    files,
  });
  await world.run();
  expect(world.landed()).toEqual([expect.stringContaining("Give up one")]);
  const stored = readdirSync(join(world.state, "dependencies")).filter((name) => /^[0-9a-f]{32}$/.test(name));
  expect(stored).toHaveLength(1);
});
