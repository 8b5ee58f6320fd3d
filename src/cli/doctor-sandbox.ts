/** What `doctor` says of the sandbox: its level, what programs can read in it, and which limits hold. */
import type { Project } from "./compose.ts";
import { RalphError } from "../errors.ts";
import { bad, type Finding, good, warning } from "./finding.ts";
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
    ...lookAtClaudeLogin(project),
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

/** Its own folder in the home is not there in a sandbox. */
function lookAtClaudeLogin({ config }: Project): readonly Finding[] {
  const names = ["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN"];
  const isSet = [...names].some((name) => (process.env[name] ?? "") !== "");
  const isShared = config.sandbox.write.some((path) => path.endsWith("/.claude"));
  if (config.agent.kind !== "claude" || isSet || isShared) return [];
  return [
    warning(
      "login",
      "in the sandbox Claude Code does not find its login in ~/.claude: set CLAUDE_CODE_OAUTH_TOKEN (claude setup-token tells one) or ANTHROPIC_API_KEY, or sandbox: { write: [~/.claude, ~/.claude.json] }",
    ),
  ];
}
