/** The plain manner: the brief on stdin, exit code 0 means "look now", a claim in a file if there is one. */
import { rm } from "node:fs/promises";
import type { AgentOrder, AgentReport, AgentSession } from "../../ports.ts";
import { noUsage } from "../../core/message.ts";
import { type AgentProgram, groupOrder, stopFor, writeBriefFile } from "./agent-program.ts";
import { startGroup } from "../process/process-group.ts";
import { readClaim } from "./claim-file.ts";

/** Every round is a new process in the same workspace, with the evidence in its brief. */
export function openPlainSession(order: AgentOrder, program: AgentProgram): AgentSession {
  const run = async (round: number, brief: string): Promise<AgentReport> => {
    const { briefFile, claimFile } = order.workspace;
    await writeBriefFile(briefFile, brief);
    await rm(claimFile, { recursive: true, force: true });
    const group = startGroup({ ...groupOrder(order, program, { round, processes: round }), input: brief });
    const exit = await group.exit;
    // A plain agent does not say what it used: unknown is not nothing.
    const usage = { ...noUsage, usd: null };
    if (exit.kind !== "exited" || exit.code !== 0) return { stop: stopFor(exit, group.output()), usage };
    const claim = await readClaim(claimFile);
    return { stop: claim === null ? { kind: "finished" } : { kind: "claimed", claim }, usage };
  };
  return {
    label: program.label,
    start: () => run(0, order.brief.text),
    returnEvidence: (round, evidence) => run(round, `${order.brief.text}\n\n${evidence}`),
    handOver: (round, note) => run(round, `${order.brief.text}\n\n${note}`),
    close: () => Promise.resolve(),
  };
}
