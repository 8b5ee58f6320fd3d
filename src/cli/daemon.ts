/** `ralphwright daemon`: supervises until it is told to stop; an empty queue is waited for. */
import { parseHealthPlace } from "../adapters/control/health.ts";
import { openProject, type Overrides } from "./compose.ts";
import { requireRunnable } from "./runnable.ts";
import { supervise } from "./supervise.ts";
import type { LogFormat } from "./tell.ts";

export interface DaemonCommand {
  readonly cwd: string;
  readonly overrides: Overrides;
  readonly log: LogFormat;
  readonly graceMs: number;
  /** `127.0.0.1:8080`, as written; null: no health endpoint. */
  readonly health: string | null;
}

/** Returns the exit status. */
export async function daemon({ cwd, overrides, log, graceMs, health }: DaemonCommand): Promise<number> {
  const place = health === null ? null : parseHealthPlace(health);
  const project = await openProject(cwd, overrides);
  await requireRunnable(project);
  return supervise(project, { log, daemon: { graceMs, health: place } });
}
