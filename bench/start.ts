/** From the start of `ralphwright run` to the first line of the first agent. */
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Figure, median, spread } from "./figure.ts";
import { createProject, finish, instantAgent, type SampleProject, startRun } from "./sample-project.ts";

/** Bash says the time by itself: no further program is started for it. It lands, as there is no other way out. */
const tellingAgent = `echo "$EPOCHREALTIME" > agent-started; ${instantAgent}`;

export async function measureStart(repeats: number): Promise<readonly Figure[]> {
  const node: number[] = [];
  const first: number[] = [];
  const later: number[] = [];
  for (let i = 0; i < repeats; i += 1) {
    node.push(await timeNode());
    using project = createProject({ tasks: 2, agent: tellingAgent });
    first.push(await timeFirstAgent(project, "1"));
    later.push(await timeFirstAgent(project, "1"));
  }
  const title = "run to first agent start";
  return [
    { title: "node itself, an empty program", value: median(node), unit: "ms", note: spread(node) },
    {
      title: `${title}, first run (gates also on the base, twice)`,
      value: median(first),
      unit: "ms",
      limit: 400,
      note: spread(first),
    },
    {
      title: `${title}, later run (passes remembered)`,
      value: median(later),
      unit: "ms",
      limit: 400,
      note: spread(later),
    },
  ];
}

async function timeNode(): Promise<number> {
  const startMs = performance.now();
  await finish(spawn(process.execPath, ["-e", ""], { stdio: ["ignore", "ignore", "pipe"] }));
  return performance.now() - startMs;
}

/** Runs `tasks` tasks and leaves the rest for a later run. */
async function timeFirstAgent(project: SampleProject, tasks: string): Promise<number> {
  const told = join(project.repository, "agent-started");
  const startMs = Date.now();
  await finish(startRun(project, { RALPH_MAX_TASKS: tasks }), undefined, [0, 4]);
  if (!existsSync(told)) throw new Error("the agent did not tell when it started");
  return Number(readFileSync(told, "utf8")) * 1_000 - startMs;
}
