/** Runs gates as processes in a gate checkout: bounded time, bounded output, and nobody left behind. */
import { createHash } from "node:crypto";
import { rm } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import PQueue from "p-queue";
import type { Config, Gate } from "../../core/config.ts";
import type { GateExit, GateResult } from "../../core/verdict.ts";
import type { GateOrder, Gates } from "../../ports.ts";
import { buildEnvironment } from "./environment.ts";
import { openReportPlace } from "./gate-report.ts";
import { type GroupExit, startGroup } from "./process-group.ts";

/** `reports`: folder for reports, outside every checkout. `workspace`: how the gates' dependencies are made. */
export function createGateProcesses(reports: string, workspace: Config["workspace"]): Gates {
  const queue = new PQueue({ concurrency: availableParallelism() });
  return {
    run: (order) => allEnded(order.gates.map((gate) => queue.add(() => runGate(gate, order, reports)))),
    environmentDigest(gate) {
      const environment = Object.entries(buildEnvironment(gate.env)).toSorted(([a], [b]) => (a < b ? -1 : 1));
      const tools = [process.version, process.platform, process.arch];
      return createHash("sha256")
        .update(JSON.stringify([environment, tools, workspace]))
        .digest("hex");
    },
  };
}

/** Trouble with one is told only when all have ended: the checkout is not given back while another still runs in it. */
async function allEnded<Result>(running: readonly Promise<Result>[]): Promise<readonly Result[]> {
  await Promise.allSettled(running);
  return Promise.all(running);
}

async function runGate(gate: Gate, order: GateOrder, reports: string): Promise<GateResult> {
  const startedMs = performance.now();
  await using place = await openReportPlace(gate, order.checkout, reports);
  const isLogged = order.logFolder !== "";
  const logFile = isLogged ? join(order.logFolder, `gate-${gate.name}.log`) : "/dev/null";
  if (isLogged) await rm(logFile, { force: true });
  const group = startGroup({
    command: gate.run,
    cwd: order.checkout,
    env: { ...buildEnvironment(gate.env), RALPH_REPORT: place.file },
    input: "",
    logFile,
    wallMsMax: gate.timeoutMs,
    idleMsMax: null,
    signal: order.signal,
  });
  const exit = gateExit(await group.exit, gate);
  const report = await place.take();
  const output = stripVTControlCharacters(group.output());
  const durationMs = Math.round(performance.now() - startedMs);
  return { gate: gate.name, exit, report, durationMs, output, logFile: isLogged ? logFile : "(sealed)" };
}

function gateExit(exit: GroupExit, gate: Gate): GateExit {
  if (exit.kind !== "ended") return exit;
  return exit.why === "wall"
    ? { kind: "timed-out", timeoutMs: gate.timeoutMs }
    : { kind: "signaled", signal: "the supervisor" };
}
