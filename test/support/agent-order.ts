/** What an agent is opened with, for tests of the adapters alone. */
import { join } from "node:path";
import { commitSha } from "../../src/core/ids.ts";
import { noSandbox } from "../../src/adapters/sandbox/containment.ts";
import { parseAgentConfig } from "../../src/formats/config.ts";
import type { AgentOrder } from "../../src/ports.ts";
import { taskOf } from "../core/driver.ts";

/** For programs that are opened with the rights of the test. */
export const uncontained = {
  agent: parseAgentConfig({ command: "true" }),
  sandbox: noSandbox,
  writable: [],
  readable: [],
};

const notHere = (): never => {
  throw new Error("an agent's adapter does nothing of this kind");
};

/** `folder` is the workspace and takes the log, too. */
export function agentOrder(folder: string, limits: Partial<AgentOrder["limits"]> = {}): AgentOrder {
  return {
    task: taskOf("one"),
    attempt: 1,
    agent: "main",
    onAnswer: () => {},
    workspace: {
      path: folder,
      base: commitSha("0".repeat(40)),
      briefFile: join(folder, "brief.md"),
      claimFile: join(folder, "claim.json"),
      own: join(folder, "own"),
      provision: notHere,
      seal: notHere,
      release: notHere,
    },
    brief: { text: "Do one.", context: "" },
    limits: {
      wallMsMax: 60_000,
      idleMsMax: 60_000,
      turnsMax: 100,
      usdMax: 100,
      tokensMax: 1_000_000,
      outputBytesMax: 1_000_000_000,
      ...limits,
    },
    logFolder: folder,
    signal: new AbortController().signal,
  };
}
