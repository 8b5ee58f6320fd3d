/** The plain manner: the brief on stdin, exit code 0 means "look now", a claim in a file if there is one. */
import { lstat, readFile, rm } from "node:fs/promises";
import { parseClaim } from "../../formats/agent-stream.ts";
import type { AgentOrder, AgentReport, AgentSession } from "../../ports.ts";
import { noUsage } from "../../core/message.ts";
import { type AgentProgram, groupOrder, stopFor, writeBriefFile } from "./agent-program.ts";
import { startGroup } from "../process/process-group.ts";

/** Every round is a new process in the same workspace, with the evidence in its brief. */
export function openPlainSession(order: AgentOrder, program: AgentProgram): AgentSession {
  const run = async (round: number, brief: string): Promise<AgentReport> => {
    const { briefFile, claimFile } = order.workspace;
    await writeBriefFile(briefFile, brief);
    await rm(claimFile, { recursive: true, force: true });
    const group = startGroup({ ...groupOrder(order, program, round), input: brief });
    const exit = await group.exit;
    // A plain agent does not say what it used: unknown is not nothing.
    const usage = { ...noUsage, usd: null };
    if (exit.kind !== "exited" || exit.code !== 0) return { stop: stopFor(exit, group.output()), usage };
    const claim = await readClaim(claimFile);
    return { stop: claim === null ? { kind: "finished" } : { kind: "claimed", claim }, usage };
  };
  return {
    label: program.label,
    start: () => run(0, order.brief),
    returnEvidence: (round, evidence) => run(round, `${order.brief}\n\n${evidence}`),
    close: () => Promise.resolve(),
  };
}

const claimBytesMax = 1_000_000;

async function readClaim(file: string): Promise<ReturnType<typeof parseClaim>> {
  const stats = await lstat(file).catch(() => null);
  // An agent may leave anything there: a pipe would be read for ever, a link leads elsewhere.
  if (stats === null || !stats.isFile() || stats.size > claimBytesMax) return null;
  return parseClaim(await readFile(file, "utf8"));
}
