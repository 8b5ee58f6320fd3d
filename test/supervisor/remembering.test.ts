/** A remembered pass stands for one gate on one tree in one environment: whatever else it was, the gate runs again. */
import { expect, it } from "vitest";
import { createGateProcesses } from "../../src/adapters/process/gate-process.ts";
import { noSandbox } from "../../src/adapters/sandbox/containment.ts";
import type { Config, Gate } from "../../src/core/config.ts";
import { treeSha } from "../../src/core/ids.ts";
import { passKey } from "../../src/supervisor/gating.ts";

const gate: Gate = {
  name: "tests",
  run: "npm test",
  timeoutMs: 1_000,
  report: null,
  reportFile: null,
  redBaseline: "hold",
  env: ["RALPH_TEST_OF_PASSES"],
  optional: false,
};
const workspace: Config["workspace"] = { setup: "npm ci", setupInputs: [], keep: [] };
const sandbox: Config["sandbox"] = { mode: "auto", egress: ["registry.npmjs.org"], read: [], write: [] };
const config = { workspace, sandbox };
const tree = treeSha("a".repeat(40));

function keyOf(changed: Partial<Gate> = {}, other: Partial<typeof config> = {}, of = tree): string {
  const options = { reports: "/nowhere", config: { ...config, ...other }, sandbox: noSandbox };
  const ports = { gates: createGateProcesses(options) };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a key asks for nothing else
  return passKey(ports as never, of, { ...gate, ...changed });
}

it("knows the same gate on the same tree again", () => {
  expect(keyOf()).toBe(keyOf());
  expect(keyOf({}, {}, treeSha("b".repeat(40)))).not.toBe(keyOf());
});

it.each<Partial<Gate>>([
  { name: "unit" },
  { run: "npm test -- --bail" },
  { timeoutMs: 2_000 },
  { report: "junit" },
  { reportFile: "out.xml" },
  { redBaseline: "compare" },
])("runs a gate again when it is defined otherwise: %j", (changed) => {
  expect(keyOf(changed)).not.toBe(keyOf());
});

it("runs a gate again when a variable that it names has another value, or its dependencies are made otherwise", () => {
  const before = keyOf();
  expect(keyOf({}, { workspace: { ...workspace, setup: "npm install" } })).not.toBe(before);
  process.env["RALPH_TEST_OF_PASSES"] = "other";
  expect(keyOf()).not.toBe(before);
});

it("runs a gate again when it can reach other hosts or files", () => {
  expect(keyOf({}, { sandbox: { ...sandbox, egress: [] } })).not.toBe(keyOf());
  expect(keyOf({}, { sandbox: { ...sandbox, read: ["/srv/samples"] } })).not.toBe(keyOf());
});
