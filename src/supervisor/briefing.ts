/** Gathers what a brief is made of: conventions, specs and learnings as they stand at the base. */
import { claimManner, renderBrief, type SpecText } from "../core/brief.ts";
import type { AgentRole, FailedAttempt } from "../core/message.ts";
import type { CommitSha } from "../core/ids.ts";
import type { Task, TaskLimits } from "../core/task.ts";
import { parseLearnings } from "../formats/progress-file.ts";
import type { Brief } from "../ports.ts";
import { type AttemptScope, gatesFor } from "./scope.ts";

export interface BriefOrder {
  readonly task: Task;
  readonly base: CommitSha;
  readonly limits: TaskLimits;
  readonly past: readonly FailedAttempt[];
  readonly agent: AgentRole;
}

const conventionFiles = ["AGENTS.md", "CLAUDE.md"];

export async function writeBrief(scope: AttemptScope, order: BriefOrder): Promise<Brief> {
  const { ports, config } = scope;
  const { task, base, limits, past } = order;
  const progress = (await ports.target.readFile(base, config.progress.file)) ?? "";
  const lastEvidence = past.at(-1)?.evidence ?? null;
  return renderBrief({
    task,
    gates: gatesFor(scope, task),
    limits,
    progress: config.progress,
    conventions: await readFiles(scope, base, conventionFiles),
    specs: await readFiles(scope, base, await listSpecs(scope, base)),
    learnings: parseLearnings(progress),
    past,
    evidence: lastEvidence === null ? null : await ports.files.read(lastEvidence),
    protect: config.protect,
    claim: claimManner((order.agent === "second" ? config.agent.second : null) ?? config.agent),
  });
}

async function listSpecs(scope: AttemptScope, base: CommitSha): Promise<readonly string[]> {
  const paths = await scope.ports.target.listFiles(base, scope.config.specs);
  return paths.filter((path) => path.endsWith(".md"));
}

async function readFiles(
  scope: AttemptScope,
  base: CommitSha,
  paths: readonly string[],
): Promise<readonly SpecText[]> {
  const texts = await Promise.all(paths.map((path) => scope.ports.target.readFile(base, path)));
  return paths.flatMap((path, i) => {
    const text = texts[i];
    return typeof text === "string" ? [{ path, text }] : [];
  });
}
