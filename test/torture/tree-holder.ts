/**
 * Holds a hostile tree of processes as a supervisor holds an agent: in the sandbox that this machine offers, in a group
 * of its own. It is started with the folder of its world, tells the sandbox, and waits to be killed.
 */
import { join } from "node:path";
import { setSupervisorMark } from "../../src/adapters/process/leader.ts";
import { startGroup } from "../../src/adapters/process/process-group.ts";
import { noSandbox, type Sandbox } from "../../src/adapters/sandbox/containment.ts";
import { openPlainSandbox } from "../support/plain-sandbox.ts";

const [folder = ""] = process.argv.slice(2);
const workspace = join(folder, "work", "place");
const log = join(folder, "attempts", "wild", "1", "agent.log");
setSupervisorMark(folder);
const sandbox = strongestSandbox();
process.stderr.write(`sandbox: ${sandbox.level.name}\n`);
const own = join(folder, "work", "own");
const group = startGroup({
  command: ["bash", "--norc", "wild.sh"],
  cwd: workspace,
  env: { PATH: process.env["PATH"] ?? "", HOME: process.env["HOME"] ?? "" },
  enclose: sandbox.confine(own, { writable: [workspace], readable: [], profile: "gates" }),
  input: "",
  logFile: log,
  wallMsMax: 600_000,
  idleMsMax: null,
  signal: new AbortController().signal,
});
const exit = await group.exit;
process.stderr.write(`the tree has ended by itself: ${JSON.stringify(exit)}\n${group.output()}\n`);

/** Where there is none, the next supervisor has to find what is left. */
function strongestSandbox(): Sandbox {
  try {
    return openPlainSandbox(folder, { mark: "tree" });
  } catch {
    return noSandbox;
  }
}
