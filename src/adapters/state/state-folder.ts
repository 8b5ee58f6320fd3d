/** The state directory: everything the supervisor keeps, outside the repository. Deleting it loses history only. */
import { createHash } from "node:crypto";
import {
  accessSync,
  constants,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  type Stats,
  statSync,
} from "node:fs";
import { homedir } from "node:os";
import { basename, dirname, isAbsolute, join, relative, resolve } from "node:path";
import { messageOf, RalphError, systemCodeOf } from "../../errors.ts";
import { requirePrivate } from "./state-place.ts";
import type { Repository } from "../git/repository.ts";

export interface StateFolder {
  readonly path: string;
  readonly journal: string;
  readonly lease: string;
  readonly ballast: string;
  /** The control door of whoever holds the lease. */
  readonly door: string;
  readonly attempts: string;
  readonly passes: string;
  readonly dependencies: string;
  /** Workspaces and gate checkouts; everything in it may be deleted while no supervisor runs. */
  readonly work: string;
  /** Private indexes and reports. */
  readonly scratch: string;
  /** What the last drill found. */
  readonly drill: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * `$RALPH_STATE_DIR`, else `$XDG_STATE_HOME/ralphwright/<repo>-<hash>`, else the same below `~/.local/state`.
 * @throws RalphError `usage` for a relative `RALPH_STATE_DIR`, and for a place inside the repository.
 */
export function locateState(repository: Repository, environment: Environment): StateFolder {
  const path = choosePath(repository, environment);
  refuseInside(repository, path);
  return {
    path,
    journal: join(path, "journal.jsonl"),
    lease: join(path, "lease.json"),
    ballast: join(path, "ballast"),
    door: join(path, "control.sock"),
    attempts: join(path, "attempts"),
    passes: join(path, "passes"),
    dependencies: join(path, "dependencies"),
    work: join(path, "work"),
    scratch: join(path, "scratch"),
    drill: join(path, "drill.json"),
  };
}

/** @throws RalphError `state-not-writable`. */
export function makeState(state: StateFolder): void {
  try {
    makeFolders(state.path);
    requirePrivate(state.path);
    for (const folder of [state.work, state.scratch]) makeFolders(folder);
    accessSync(state.path, constants.W_OK);
  } catch (error) {
    if (error instanceof RalphError) throw error;
    throw new RalphError(
      "state-not-writable",
      `the state directory ${state.path} cannot be written: ${messageOf(error)}`,
      {
        hint: "Set RALPH_STATE_DIR to a directory that you may write.",
      },
    );
  }
}

const stateHome = (xdg: string): string =>
  join(isAbsolute(xdg) ? xdg : join(homedir(), ".local", "state"), "ralphwright");

/** Where an agent started by hand keeps its record: `by-hand/<date and time>`, beside the state of repositories. */
export function handFolder(environment: Environment, now: Date): string {
  const own = environment["RALPH_STATE_DIR"] ?? "";
  const home = isAbsolute(own) ? resolve(own) : stateHome(environment["XDG_STATE_HOME"] ?? "");
  return join(home, "by-hand", now.toISOString().replaceAll(":", "-"));
}

const outsideHint = "Set RALPH_STATE_DIR to the full path of a directory outside of the repository.";

function choosePath(repository: Repository, environment: Environment): string {
  // Empty is unset.
  const [own, xdg] = [environment["RALPH_STATE_DIR"] ?? "", environment["XDG_STATE_HOME"] ?? ""];
  if (own === "") {
    const hash = createHash("sha256").update(repository.gitDir).digest("hex").slice(0, 8);
    return join(stateHome(xdg), `${repository.name}-${hash}`);
  }
  // A relative one would be another directory in each folder where a command is typed.
  if (isAbsolute(own)) return resolve(own);
  throw new RalphError("usage", `RALPH_STATE_DIR is ${own}, which is not a full path`, { hint: outsideHint });
}

/** State inside a checkout would be committed, cleaned away or taken for changes; inside the git directory, lost. */
function refuseInside(repository: Repository, path: string): void {
  const real = realPathOf(path);
  const around = placesOf(repository).find((place) => isWithin(real, realPathOf(place)));
  if (around === undefined) return;
  throw new RalphError("usage", `the state directory ${path} lies inside the repository (${around})`, {
    hint: outsideHint,
  });
}

/** The git directory and every work tree, as git's own files name them: asking git would cost each start a process. */
function placesOf({ gitDir, top }: Repository): readonly string[] {
  const main = basename(gitDir) === ".git" ? [dirname(gitDir)] : [];
  const linked = namesIn(join(gitDir, "worktrees")).flatMap((name) => {
    const file = readText(join(gitDir, "worktrees", name, "gitdir")).trim();
    return file === "" ? [] : [dirname(resolve(gitDir, "worktrees", name, file))];
  });
  return [...(top === null ? [] : [top]), ...main, ...linked, gitDir];
}

function isWithin(path: string, place: string): boolean {
  const way = relative(place, path);
  return way === "" || !(way === ".." || way.startsWith("../") || isAbsolute(way));
}

/** What is not there yet lies where its nearest folder that is there really lies. */
function realPathOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path === dirname(path) ? path : join(realPathOf(dirname(path)), basename(path));
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

/** One by one: node's own recursion never ends where a folder's parent exists and yet takes no entry, as in /proc. */
function makeFolders(path: string): void {
  const missing: string[] = [];
  let folder = path;
  while (!isFolder(folder) && folder !== dirname(folder)) {
    missing.push(folder);
    folder = dirname(folder);
  }
  for (const each of missing.toReversed()) makeOne(each);
}

/** @throws Error when something that is no folder has the name. */
function isFolder(path: string): boolean {
  const stats = statOrNull(path);
  if (stats === null || stats.isDirectory()) return stats !== null;
  throw new Error(`${path} is a file`);
}

function statOrNull(path: string): Stats | null {
  try {
    return statSync(path);
  } catch (error) {
    // A file in the way is told when its own name is looked at.
    if (["ENOENT", "ENOTDIR"].includes(systemCodeOf(error) ?? "")) return null;
    throw error;
  }
}

/** Two commands may start at once. */
function makeOne(folder: string): void {
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if (systemCodeOf(error) !== "EEXIST") throw error;
  }
}
