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
import type { Sandbox } from "../sandbox/containment.ts";
import { openOwnPlace } from "../sandbox/own-place.ts";
import { buildEnvironment } from "./environment.ts";
import { openReportPlace } from "./gate-report.ts";
import { type GroupExit, startGroup } from "./process-group.ts";

export interface GateProcesses {
  /** Folder for reports, outside every checkout. */
  readonly reports: string;
  /** How the gates' dependencies are made, and what they can reach. */
  readonly config: Pick<Config, "workspace" | "sandbox">;
  readonly sandbox: Sandbox;
}

export function createGateProcesses(options: GateProcesses): Gates {
  const { config, sandbox } = options;
  const queue = new PQueue({ concurrency: availableParallelism() });
  return {
    run: (order) => allEnded(order.gates.map((gate) => queue.add(() => runGate(gate, order, options)))),
    environmentDigest(gate) {
      const environment = Object.entries(buildEnvironment(gate.env)).toSorted(([a], [b]) => (a < b ? -1 : 1));
      const tools = [process.version, process.platform, process.arch, sandbox.level.name];
      return createHash("sha256")
        .update(JSON.stringify([environment, tools, config.workspace, config.sandbox]))
        .digest("hex");
    },
  };
}

/** Trouble with one is told only when all have ended: the checkout is not given back while another still runs in it. */
async function allEnded<Result>(running: readonly Promise<Result>[]): Promise<readonly Result[]> {
  await Promise.allSettled(running);
  return Promise.all(running);
}

async function runGate(
  gate: Gate,
  order: GateOrder,
  { reports, sandbox }: GateProcesses,
): Promise<GateResult> {
  const startedMs = performance.now();
  await using place = await openReportPlace(gate, order.checkout, reports);
  await using own = await openOwnPlace(sandbox, order.checkout, {
    writable: [order.checkout, place.folder],
    readable: [],
    profile: "gates",
  });
  const isLogged = order.logFolder !== "";
  const logFile = isLogged ? join(order.logFolder, `gate-${gate.name}.log`) : "/dev/null";
  if (isLogged) await rm(logFile, { force: true });
  const group = startGroup({
    command: gate.run,
    cwd: order.checkout,
    env: { ...buildEnvironment(gate.env), ...own.env, RALPH_REPORT: place.file },
    enclose: own.enclose,
    input: "",
    logFile,
    wallMsMax: gate.timeoutMs,
    idleMsMax: null,
    signal: order.signal,
  });
  const exit = gateExit(started(await group.exit, gate), gate);
  const report = await place.take();
  const output = stripVTControlCharacters(group.output());
  const durationMs = Math.round(performance.now() - startedMs);
  return { gate: gate.name, exit, report, durationMs, output, logFile: isLogged ? logFile : "(sealed)" };
}

const exhausted = new Set(["EAGAIN", "ENOMEM", "EMFILE", "ENFILE"]);

/** A machine without processes, memory or descriptors left says nothing of the change: it stops the run. @throws Error */
function started(exit: GroupExit, gate: Gate): GroupExit {
  if (exit.kind !== "not-started" || !exhausted.has(exit.reason)) return exit;
  throw Object.assign(new Error(`gate ${gate.name} could not be started: ${exit.reason}`), {
    code: exit.reason,
  });
}

function gateExit(exit: GroupExit, gate: Gate): GateExit {
  if (exit.kind !== "ended") return exit;
  return exit.why === "wall"
    ? { kind: "timed-out", timeoutMs: gate.timeoutMs }
    : { kind: "signaled", signal: "the supervisor" };
}
