/** What a daemon costs that has nothing to do: processor time over a while, from `/proc/<pid>/stat`. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Figure } from "./figure.ts";
import { mainProgram } from "./published.ts";
import { createProject, type SampleProject } from "./sample-project.ts";

/** Until memory has been tidied up after the start: once, some ten seconds later. */
const settleMs = 30_000;

/** The queue of the second one is read from the branch: nothing tells of a change there. */
export async function measureIdle(seconds: number): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const where of ["checked out", "on a branch alone"]) {
    using project = createProject({ tasks: 0 });
    if (where === "on a branch alone") project.git("checkout", "-q", "-b", "elsewhere");
    const share = await shareOfACore(project, seconds);
    const title = `idle daemon, tasks ${where}`;
    figures.push({ title, value: share * 100, unit: "% of a core", limit: 0.5, note: `over ${seconds} s` });
  }
  return figures;
}

async function shareOfACore(project: SampleProject, seconds: number): Promise<number> {
  const { repository: cwd, env } = project;
  const daemon = spawn(process.execPath, [mainProgram, "daemon"], {
    cwd,
    env,
    stdio: ["ignore", "ignore", "pipe"],
  });
  const ended = once(daemon, "close");
  try {
    let told = "";
    for await (const chunk of daemon.stderr)
      if ((told += String(chunk)).includes('"msg":"run started"')) break;
    await sleep(settleMs);
    const before = processorSeconds(daemon.pid ?? 0);
    const startedMs = performance.now();
    await sleep(seconds * 1_000);
    const used = processorSeconds(daemon.pid ?? 0) - before;
    return used / ((performance.now() - startedMs) / 1_000);
  } finally {
    daemon.kill("SIGTERM");
    await ended;
  }
}

/** Its own and that of children it has waited for: user and system, fields 14 to 17. */
function processorSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  return ticks / Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));
}
