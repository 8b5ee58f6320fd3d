/**
 * Preloaded into a supervisor (`node --import`), it numbers every effect of that process and, as ordered, ends the
 * process at one of them, lets one of them fail, or has a program killed. It wraps node's own functions, so that
 * nothing in the product can forget to go through it.
 */
import { syncBuiltinESMExports } from "node:module";
import { createBoundaryCounter } from "./boundary-counter.ts";
import { type BoundaryOrder, orderVariable } from "./boundary-order.ts";
import { wrapFiles } from "./wrap-files.ts";
import { wrapProcesses } from "./wrap-processes.ts";

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by our own harness
const order = JSON.parse(process.env[orderVariable] ?? "null") as BoundaryOrder | null;
// Nothing that the supervisor starts is to be numbered.
delete process.env[orderVariable];
if (order !== null) {
  const counter = createBoundaryCounter(order);
  await wrapFiles(counter, order.world);
  wrapProcesses(counter, order);
  syncBuiltinESMExports();
}
