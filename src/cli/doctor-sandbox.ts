/** What `doctor` says of the sandbox: its level, what programs can read in it, and which limits hold. */
import type { Project } from "./compose.ts";
import { RalphError } from "../errors.ts";
import { bad, type Finding, good, warning } from "./finding.ts";
import { egressGap } from "./known-agents.ts";
import { openProjectSandbox } from "./open-sandbox.ts";

const rootsShownMax = 12;

export async function lookAtSandbox(project: Project): Promise<readonly Finding[]> {
  const found = await openProjectSandbox(project).catch((error: unknown) => refusalOf(error));
  if ("check" in found) return [found];
  await using sandbox = found;
  const { level, facts } = sandbox;
  const { name, gives, lacks } = level;
  if (name === "off") return [warning("sandbox", `OFF: ${lacks}`)];
  const { readable } = facts;
  const more = readable.length > rootsShownMax ? ` and ${readable.length - rootsShownMax} more` : "";
  const isStrongest = lacks === "";
  return [
    (isStrongest ? good : warning)("sandbox", `${name}: ${gives}${isStrongest ? "" : `; ${lacks}`}`),
    good(
      "readable",
      `the system${readable
        .slice(0, rootsShownMax)
        .map((root) => `, ${root}`)
        .join("")}${more}`,
    ),
    good("limits", facts.limits.join(", ")),
    ...facts.warnings.map((message) => warning("sandbox", message)),
    ...(facts.isNetworkClosed ? lookAtEgress(project) : []),
  ];
}

/** Whether a run could not begin for want of a sandbox, whatever else there is. */
export const isWithoutSandbox = (error: unknown): boolean =>
  error instanceof RalphError && error.code === "sandbox-unavailable";

function refusalOf(error: unknown): Finding {
  if (!isWithoutSandbox(error) || !(error instanceof RalphError)) throw error;
  const hint = (error.hint ?? "").replaceAll(/\s+/g, " ");
  return bad("sandbox", `${error.message}. ${hint}`);
}

/** A run would find out three attempts later. */
function lookAtEgress({ config: { agent, sandbox } }: Project): readonly Finding[] {
  const agents = agent.second === null ? [agent] : [agent, agent.second];
  const gaps = agents.map((each) => egressGap(each, sandbox.egress)).filter((gap) => gap !== null);
  return gaps.map((gap) => warning("egress", gap));
}
