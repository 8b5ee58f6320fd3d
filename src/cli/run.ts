/** `ralphwright run`: checks that the run can begin, then supervises until the queue is drained. */
import { openProject, type Overrides } from "./compose.ts";
import { requireDrill } from "./drill-standing.ts";
import { requireRunnable } from "./runnable.ts";
import { supervise } from "./supervise.ts";
import type { LogFormat } from "./tell.ts";

export interface RunOptions {
  readonly cwd: string;
  readonly overrides: Overrides;
  readonly log: LogFormat;
  /** The last drill must have caught that many percent; null asks for none. */
  readonly drillPercentMin: number | null;
}

/** Returns the exit status. */
export async function run(options: RunOptions): Promise<number> {
  const project = await openProject(options.cwd, options.overrides);
  await requireRunnable(project);
  if (options.drillPercentMin !== null) requireDrill(project, options.drillPercentMin);
  return supervise(project, { log: options.log, daemon: null });
}
