/** Looks at what would land, before any gate runs: as it lies on the target's newest tip, not as the agent made it. */
import type { Config } from "../core/config.ts";
import { joinFindings, type TouchedFile } from "../core/guard/change.ts";
import { type GateFiles, gateFiles } from "../core/guard/gate-files.ts";
import { attributesFinding, ignoreFinding, isAttributesFile, isIgnoreFile } from "../core/guard/git-files.ts";
import { escapingLink } from "../core/guard/links.ts";
import { foldersOf, nameFindings } from "../core/guard/names.ts";
import { gitlinkFinding, protectedFinding } from "../core/guard/protected-paths.ts";
import { scriptFoldersOf } from "../core/guard/shadowing.ts";
import type { Candidate } from "../core/message.ts";
import type { Task } from "../core/task.ts";
import { matchGlobs } from "../formats/glob.ts";
import { matchIgnorePatterns } from "../formats/ignore-patterns.ts";
import type { ChangedPath, Ports, Target } from "../ports.ts";
import { contentFindings } from "./guarding-contents.ts";
import { followGateFiles } from "./guarding-gate-files.ts";

/** All that the guard asks of an attempt's scope. */
type GuardScope = {
  readonly ports: Pick<Ports, "target" | "secrets">;
  readonly config: Config;
};

/** What the rules of one change need to know. */
export interface GuardedChange {
  readonly ports: Pick<Ports, "target" | "secrets">;
  readonly candidate: Candidate;
  readonly touched: readonly ChangedPath[];
  /** Rules about a path hold only where this is true: neither allowed by the task nor protected anyway. */
  readonly isRuled: (path: string) => boolean;
  readonly gateFiles: GateFiles;
  /** Where the Python of a gate looks for modules first. */
  readonly scriptFolders: ReadonlySet<string>;
}

/** Why the candidate may not be judged at all, all reasons together, or null. */
export async function guardCandidate(
  scope: GuardScope,
  task: Task,
  candidate: Candidate,
): Promise<string | null> {
  const { config, ports } = scope;
  const own = new Set([config.progress.file, task.file]);
  const changed = await ports.target.changedPaths(candidate.base, candidate.commit);
  const touched = changed.filter(({ path }) => !own.has(path));
  if (touched.length === 0) return null;
  const isAllowed = matchGlobs(task.allow);
  const protects = matchGlobs(config.protect);
  const shut = new Set(touched.map(({ path }) => path).filter((path) => protects(path) && !isAllowed(path)));
  const named = gateFiles(config.gates, await readScripts(ports.target, candidate));
  const change: GuardedChange = {
    ports,
    candidate,
    touched,
    isRuled: (path) => !isAllowed(path) && !shut.has(path),
    gateFiles: await followGateFiles(ports.target, candidate.base, named),
    scriptFolders: scriptFoldersOf(named),
  };
  return joinFindings([
    ...touched.flatMap(({ path, mode }) => gitlinkFinding(path, mode) ?? []),
    ...[...shut].map(protectedFinding),
    ...(await linkFindings(change)),
    ...(await findNames(change)),
    ...(await contentFindings(change, (file) => gitFileFindings(change, file))),
  ]);
}

/** The package scripts at the base: gates often run one by its name. */
async function readScripts(target: Target, { base }: Candidate): Promise<ReadonlyMap<string, string>> {
  const text = (await target.readFile(base, "package.json")) ?? "{}";
  try {
    const manifest: unknown = JSON.parse(text);
    const hasScripts = typeof manifest === "object" && manifest !== null && "scripts" in manifest;
    const entries = hasScripts ? Object.entries(manifest.scripts ?? {}) : [];
    return new Map(entries.filter((entry): entry is [string, string] => typeof entry[1] === "string"));
  } catch {
    return new Map();
  }
}

const symlinkMode = "120000";

/** A link may lead out through another one, so all of them are looked at as soon as one is touched or gone. */
async function linkFindings({ ports, touched, candidate }: GuardedChange): Promise<readonly string[]> {
  if (!touched.some(({ mode }) => mode === symlinkMode || mode === null)) return [];
  const after = await ports.target.readLinks(candidate.commit);
  if (after.size === 0) return [];
  const finding = escapingLink(after, await ports.target.readLinks(candidate.base));
  return finding === null ? [] : [finding];
}

async function findNames({ ports, touched, candidate }: GuardedChange): Promise<readonly string[]> {
  // A regular file that was another kind of entry before counts as new here; its name is not.
  const added = touched.filter(({ before, mode }) => before === null && mode !== null);
  const folders = await Promise.all(
    foldersOf(added.map(({ path }) => path)).map(async (folder) => {
      const [before, after] = await Promise.all([
        ports.target.listFolder(candidate.base, folder),
        ports.target.listFolder(candidate.commit, folder),
      ]);
      return { folder, before, after };
    }),
  );
  return folders.flatMap(nameFindings);
}

async function gitFileFindings(change: GuardedChange, file: TouchedFile): Promise<readonly string[]> {
  const rule = isIgnoreFile(file.path)
    ? ignoreFinding
    : isAttributesFile(file.path)
      ? attributesFinding
      : null;
  if (rule === null) return [];
  const folder = file.path.slice(0, file.path.lastIndexOf("/") + 1);
  const paths = await change.ports.target.listFiles(change.candidate.commit, folder);
  const finding = rule(
    {
      path: file.path,
      before: file.before?.text ?? "",
      after: file.after?.text ?? "",
      paths: paths.map((path) => path.slice(folder.length)),
    },
    matchIgnorePatterns,
  );
  return finding === null ? [] : [finding];
}
