/** What every manner of agent shares: how the program is started, and what its end amounts to. */
import { rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { AgentConfig } from "../../core/config.ts";
import type { AgentStop, Amount } from "../../core/message.ts";
import type { AgentOrder } from "../../ports.ts";
import type { Metered } from "../egress/meter.ts";
import type { Sandbox } from "../sandbox/containment.ts";
import { buildEnvironment } from "../process/environment.ts";
import type { GroupExit, GroupOrder } from "../process/process-group.ts";

/** What is started, and how it is named in the trailer. */
export interface AgentProgram {
  /** Says where its model is. */
  readonly agent: AgentConfig;
  readonly label: string;
  readonly command: string | readonly string[];
  /** Exact model id for agents that take one; a task may name another. */
  readonly model: string | null;
  readonly effort: AgentConfig["effort"];
  /** Environment variables beside the allow-list. */
  readonly names: readonly string[];
  readonly sandbox: Sandbox;
  /** What it needs beside its workspace. */
  readonly writable: readonly string[];
  readonly readable: readonly string[];
  /** Hears what it has used of its model, where it asks through us. */
  readonly onSpent?: (spent: Metered) => void;
}

/** What every manner of agent is started with. */
export function groupOrder(
  order: AgentOrder,
  program: AgentProgram,
  which: { readonly round: number; readonly processes: number },
): Omit<GroupOrder, "input"> {
  const { task, attempt, workspace, limits } = order;
  // The workspace, and beside it what the agent and the supervisor tell each other.
  const place = dirname(workspace.briefFile);
  return {
    command: program.command,
    cwd: workspace.path,
    env: {
      ...buildEnvironment(program.names),
      ...(program.model === null ? {} : { RALPH_MODEL: program.model }),
      RALPH_TASK: task.id,
      RALPH_ATTEMPT: String(attempt),
      RALPH_ROUND: String(which.round),
      RALPH_PROCESS: String(which.processes),
      RALPH_BRIEF: workspace.briefFile,
      RALPH_CLAIM: workspace.claimFile,
      // Gates name it in their commands: an agent that runs them needs some file there. It is never read.
      RALPH_REPORT: join(place, "report.xml"),
    },
    enclose: program.sandbox.confine(workspace.own, {
      writable: [place, ...program.writable],
      readable: program.readable,
      profile: program.agent,
      ...(program.onSpent === undefined ? {} : { onSpent: program.onSpent }),
    }),
    logFile: join(order.logFolder, "agent.log"),
    wallMsMax: limits.wallMsMax,
    idleMsMax: limits.idleMsMax,
    outputBytesMax: limits.outputBytesMax,
    signal: order.signal,
  };
}

/** The file lies where the agent can write: whatever it left there is removed, not written through. */
export async function writeBriefFile(file: string, brief: string): Promise<void> {
  await rm(file, { recursive: true, force: true });
  await writeFile(file, brief, { mode: 0o600, flag: "wx" });
}

/** What an end without a claim amounts to. */
export function stopFor(exit: GroupExit, output: string): AgentStop {
  switch (exit.kind) {
    case "not-started":
      return { kind: "not-started", reason: `the agent could not be started: ${exit.reason}` };
    case "signaled":
      return { kind: "crashed", reason: `the agent was ended by ${exit.signal}` };
    case "exited":
      return exitStop(exit.code, output);
    case "ended":
      return endedStop(exit.why);
  }
}

function exitStop(code: number, output: string): AgentStop {
  const line = tellingLine(output);
  const said = line === "" ? "" : `: ${line}`;
  // What a shell answers when there is no such program: no fresh attempt would find it either.
  if (code === 127 || code === 126)
    return { kind: "not-started", reason: `the agent could not be started${said}` };
  // As sysexits.h names them: try again later, and no permission.
  if (code === 75) return { kind: "unreachable", reason: `the agent asks to be tried again later${said}` };
  if (code === 77) return { kind: "refused", reason: `the agent was refused${said}` };
  return { kind: "crashed", reason: `the agent exited with ${code}${said}` };
}

/** Lines that say where, not what: stack frames, the runtime's version, marks below a line of code, brackets. */
const saysNothing = [/^at\s/, /^File ".*", line \d+/, /^Node\.js v\d/, /^Bun v\d/, /^[\s^~|}\])>,;]*$/];
const lineCharsMax = 200;

/** The last line that tells an error, else the last that tells anything. */
function tellingLine(output: string): string {
  const lines = output.split("\n").map((line) => line.trim());
  const telling = lines.filter((line) => !saysNothing.some((pattern) => pattern.test(line)));
  const line = telling.findLast((each) => /error/i.test(each)) ?? telling.at(-1) ?? "";
  return line.slice(0, lineCharsMax);
}

/** It told of more than it had. */
export const usedUp = (of: keyof Amount): AgentStop => ({
  kind: "over-budget",
  reason: `the agent used up its ${of === "usd" ? "money" : of}`,
  of,
});

function endedStop(why: "wall" | "idle" | "output" | "stopped"): AgentStop {
  switch (why) {
    case "output":
      return { kind: "over-budget", reason: "the agent printed too much (limits.attempt.output)" };
    case "wall":
      return { kind: "timed-out", reason: "the agent used up its time (limits.attempt.wall)" };
    case "idle":
      return { kind: "stalled", reason: "the agent showed no sign of life (limits.attempt.idle)" };
    case "stopped":
      return { kind: "stopped" };
  }
}
