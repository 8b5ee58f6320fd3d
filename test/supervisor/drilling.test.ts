/** A drill does not wait for broken code that never ends. */
import { expect, it } from "vitest";
import type { Gate } from "../../src/core/config.ts";
import type { GateResult } from "../../src/core/verdict.ts";
import type { Gates } from "../../src/ports.ts";
import { hurried } from "../../src/supervisor/drilling.ts";

const gate: Gate = {
  name: "tests",
  run: "true",
  report: null,
  timeoutMs: 900_000,
  redBaseline: "hold",
  reportFile: null,
  env: [],
  optional: false,
};

/** Gates that took so long, one after the other; `limits` is what they were given. */
function createGates(runs: readonly { readonly code: number; readonly durationMs: number }[]): {
  readonly gates: Gates;
  readonly limits: number[];
} {
  const limits: number[] = [];
  const open = [...runs];
  const answer = ({ name, timeoutMs }: Gate): GateResult => {
    limits.push(timeoutMs);
    const { code = 0, durationMs = 0 } = open.shift() ?? {};
    return { gate: name, exit: { kind: "exited", code }, report: null, durationMs, output: "", logFile: "" };
  };
  const gates: Gates = {
    run: (order) => Promise.resolve(order.gates.map(answer)),
    environmentDigest: () => "",
  };
  return { gates, limits };
}

it.each([
  ["five times what it took when it was green", [{ code: 0, durationMs: 60_000 }], 300_000],
  ["twenty seconds at least", [{ code: 0, durationMs: 100 }], 20_000],
  ["never more than its own limit", [{ code: 0, durationMs: 600_000 }], 900_000],
  ["its own limit as long as it was never green", [{ code: 1, durationMs: 100 }], 900_000],
  [
    "by the slowest green run",
    [
      { code: 0, durationMs: 60_000 },
      { code: 0, durationMs: 100 },
    ],
    300_000,
  ],
])("gives a gate %s", async (_, runs, expected) => {
  const { gates, limits } = createGates(runs);
  const order = { gates: [gate], checkout: "", logFolder: "", signal: new AbortController().signal };
  const patient = hurried(gates);
  for (const run of runs) expect((await patient.run(order))[0]?.durationMs).toBe(run.durationMs);
  await patient.run(order);
  expect(limits[0]).toBe(900_000);
  expect(limits.at(-1)).toBe(expected);
});
