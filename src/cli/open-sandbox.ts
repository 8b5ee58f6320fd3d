/** The sandbox of a project: what the repository and the state directory have to say about it. */
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import { type Egress, openEgress } from "../adapters/egress/egress.ts";
import type { Sandbox } from "../adapters/sandbox/containment.ts";
import { openSandbox } from "../adapters/sandbox/ladder.ts";
import { digest } from "../adapters/state/pass-files.ts";
import type { Project } from "./compose.ts";

/** Names processes and cgroups of this state directory's supervisor. */
export const supervisorMarkOf = ({ state }: Pick<Project, "state">): string =>
  digest(state.path).slice(0, 16);

/**
 * @param warn For what is refused on the way out.
 * @throws RalphError `sandbox-unavailable`.
 */
export async function openProjectSandbox(
  project: Project,
  warn: (message: string) => void = warnOnTerminal,
): Promise<Sandbox & AsyncDisposable> {
  const { config, state, repository } = project;
  const { gitDir, top } = repository;
  const checks = config.checksDir === null ? [] : [checksFolder(config.checksDir, top ?? gitDir)];
  const hidden = [state.path, gitDir, ...(top === null ? [] : [top]), ...checks];
  await using opened = new AsyncDisposableStack();
  const gitConfig = gitConfigOf(project);
  const way = config.sandbox.mode === "off" ? null : opened.use(await openWay(project, warn));
  const sandbox = openSandbox({
    config: config.sandbox,
    limits: config.limits.resources,
    mark: supervisorMarkOf(project),
    folder: join(state.path, "sandbox"),
    hidden: withRealPaths(hidden),
    objects: withRealPaths(objectFolders(join(gitDir, "objects"))),
    gitConfig: await gitConfig,
    egress: (...door) => way?.profile(...door) ?? null,
    gatewayFor: (agent) => way?.gatewayFor(agent) ?? null,
  });
  const kept = opened.move();
  return { ...sandbox, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

function openWay({ config: { agent, sandbox } }: Project, warn: (message: string) => void): Promise<Egress> {
  const agents = [agent, ...(agent.second === null ? [] : [agent.second])];
  return openEgress({ hosts: sandbox.egress, agents, environment: process.env, warn });
}

/** For commands that have no log. */
const warnOnTerminal = (message: string): void => void process.stderr.write(`ralphwright: ${message}\n`);

/** Loud, because it is a choice that outlives the reason for it. */
export function warnOfNone({ level }: Sandbox): void {
  if (level.name === "off") process.stderr.write(`ralphwright: NO SANDBOX: ${level.lacks}\n`);
}

/** What a run warns of at its start. */
export function weaknessesOf({ level, facts }: Sandbox): readonly string[] {
  const lack =
    level.lacks === "" ? [] : [`${level.name === "off" ? "NO SANDBOX" : "sandbox"}: ${level.lacks}`];
  return [...lack, ...facts.warnings.map((warning) => `sandbox: ${warning}`)];
}

const checksFolder = (folder: string, from: string): string =>
  resolve(from, folder.replace(/^~(?=\/)/, homedir()));

const withRealPaths = (paths: readonly string[]): readonly string[] => [
  ...new Set(paths.flatMap((path) => (existsSync(path) ? [path, realpathSync(path)] : [path]))),
];

/** Of a repository that borrows objects itself, those as well. */
function objectFolders(objects: string): readonly string[] {
  const found = [objects];
  for (const folder of found) {
    const file = join(folder, "info", "alternates");
    const lines = existsSync(file) ? readFileSync(file, "utf8").split("\n") : [];
    const others = lines
      .filter((line) => line !== "" && !line.startsWith("#"))
      .map((line) => (isAbsolute(line) ? line : resolve(folder, line)));
    found.push(...others.filter((other) => existsSync(other) && !found.includes(other)));
  }
  return found;
}

/** Commits made inside carry the user's name; and who the files belong to looks odd in there. */
async function gitConfigOf({ git }: Project): Promise<string> {
  const identity = await git.ask(["var", "GIT_AUTHOR_IDENT"]);
  const [, name = "", email = ""] = /^(.*) <(.*)> \d+ [-+]\d+$/m.exec(identity.stdout) ?? [];
  return `[user]\n\tname = ${quote(name)}\n\temail = ${quote(email)}\n[safe]\n\tdirectory = *\n`;
}

const quote = (text: string): string => `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
