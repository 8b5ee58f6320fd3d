/** What the last drill says of the present configuration: for `doctor`, and for a run that asks for it. */
import { readDrillRecord } from "../adapters/state/drill-file.ts";
import { digest } from "../adapters/state/pass-files.ts";
import { type DrillRecord, scoreOf } from "../drill/score.ts";
import { RalphError } from "../errors.ts";
import { noSandbox } from "../adapters/sandbox/containment.ts";
import { composeGating, type Project } from "./compose.ts";

export const drillCommand = "ralphwright gate --drill";

/** All that a score depends on beside the code: gates, protected paths, setup, tools and environment. */
export function drillConfiguration(project: Project): string {
  const { gates: processes } = composeGating(project, new AbortController().signal, noSandbox);
  const { gates, protect, workspace } = project.config;
  const tools = gates.map((gate) => processes.environmentDigest(gate));
  return digest(JSON.stringify([gates, protect, workspace, tools]));
}

/** The last drill, if it was one of the present configuration. */
export function currentDrill(project: Project): DrillRecord | null {
  const record = readDrillRecord(project.state.drill);
  return record?.configuration === drillConfiguration(project) ? record : null;
}

/** `percentMin`: of the known-bad changes, caught. @throws RalphError `drill-required`. */
export function requireDrill(project: Project, percentMin: number): void {
  const record = currentDrill(project);
  if (record === null) {
    const isOld = readDrillRecord(project.state.drill) !== null;
    const why = isOld ? "the last drill was one of another configuration" : "there is no drill on record";
    throw new RalphError("drill-required", `a drill of ${percentMin} % is required, and ${why}`, {
      hint: `Run \`${drillCommand}\`, then this again.`,
    });
  }
  const { percent } = scoreOf(record.caught, record.total);
  if (percent >= percentMin) return;
  const score = `${record.caught} of ${record.total} (${percent} %)`;
  throw new RalphError(
    "drill-required",
    `a drill of ${percentMin} % is required, and the last caught ${score}`,
    {
      hint: `Add what \`${drillCommand}\` names as missed, and drill again.`,
    },
  );
}
