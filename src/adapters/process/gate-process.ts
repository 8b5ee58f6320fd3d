/** Runs gates as processes in a gate checkout: bounded time, bounded output, and nobody left behind. */
import { createHash, randomUUID } from "node:crypto";
import { lstat, mkdir, readFile, rm } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import PQueue from "p-queue";
import type { Config, Gate } from "../../core/config.ts";
import type { GateExit, GateReport, GateResult } from "../../core/verdict.ts";
import { parseJunit } from "../../formats/junit.ts";
import type { GateOrder, Gates } from "../../ports.ts";
import { buildEnvironment } from "./environment.ts";
import { type GroupExit, startGroup } from "./process-group.ts";

/** `reports`: folder for reports, outside every checkout. `workspace`: how the gates' dependencies are made. */
export function createGateProcesses(reports: string, workspace: Config["workspace"]): Gates {
  const queue = new PQueue({ concurrency: availableParallelism() });
  return {
    run: (order) => Promise.all(order.gates.map((gate) => queue.add(() => runGate(gate, order, reports)))),
    environmentDigest(gate) {
      const environment = Object.entries(buildEnvironment(gate.env)).toSorted(([a], [b]) => (a < b ? -1 : 1));
      const tools = [process.version, process.platform, process.arch];
      return createHash("sha256")
        .update(JSON.stringify([environment, tools, workspace]))
        .digest("hex");
    },
  };
}

async function runGate(gate: Gate, order: GateOrder, reports: string): Promise<GateResult> {
  const startedMs = performance.now();
  await mkdir(reports, { recursive: true, mode: 0o700 });
  // Named only when the gate starts and read only when all of its processes are gone.
  const reportFile = join(reports, `${randomUUID()}.xml`);
  const logFile = join(order.logFolder, `gate-${gate.name}.log`);
  await rm(logFile, { force: true });
  const group = startGroup({
    command: gate.run,
    cwd: order.checkout,
    env: { ...buildEnvironment(gate.env), RALPH_REPORT: reportFile },
    input: "",
    logFile,
    wallMsMax: gate.timeoutMs,
    idleMsMax: null,
    signal: order.signal,
  });
  const exit = gateExit(await group.exit, gate);
  const report = gate.report === null ? null : await readReport(reportFile);
  await rm(reportFile, { recursive: true, force: true });
  const output = stripVTControlCharacters(group.output());
  const durationMs = Math.round(performance.now() - startedMs);
  return { gate: gate.name, exit, report, durationMs, output, logFile };
}

function gateExit(exit: GroupExit, gate: Gate): GateExit {
  if (exit.kind !== "ended") return exit;
  return exit.why === "wall"
    ? { kind: "timed-out", timeoutMs: gate.timeoutMs }
    : { kind: "signaled", signal: "the supervisor" };
}

const reportBytesMax = 50 * 1024 * 1024;

async function readReport(file: string): Promise<GateReport> {
  const stats = await lstat(file).catch(() => null);
  if (stats === null) return { kind: "missing" };
  // The code under judgement may leave anything there: a pipe would be read for ever, a link leads elsewhere.
  if (!stats.isFile()) return { kind: "unreadable", reason: "it is not a file" };
  if (stats.size > reportBytesMax) return { kind: "unreadable", reason: `it has ${stats.size} bytes` };
  return parseJunit(await readFile(file, "utf8"));
}
