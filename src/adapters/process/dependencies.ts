/**
 * Dependencies that `workspace.setup` makes (node_modules, a virtual environment), made once per input and copied
 * fresh into every workspace and gate checkout.
 *
 * Invariant: the store is filled only from gate checkouts of commits on the target, and only with what does not
 * point back to the directory it was made in. Nothing under judgement ever runs in the store: every use is a copy.
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { cp, mkdir, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Config } from "../../core/config.ts";
import { buildEnvironment } from "./environment.ts";
import { startGroup } from "./process-group.ts";

export interface SetupFailure {
  readonly reason: string;
  readonly output: string;
}

export interface Dependencies {
  /**
   * Null when the dependencies are in place. `mayStore`: what setup makes here may be used again. Only for gate
   * checkouts of commits on the target: never for a workspace, in which an agent is about to work.
   */
  provide(directory: string, mayStore: boolean): Promise<SetupFailure | null>;
}

export interface DependenciesOptions {
  readonly workspace: Config["workspace"];
  /** Folder of the store. */
  readonly folder: string;
  readonly signal: AbortSignal;
}

const setupMsMax = 30 * 60_000;

export function createDependencies(options: DependenciesOptions): Dependencies {
  const { setup, keep } = options.workspace;
  let queue: Promise<unknown> = Promise.resolve();
  const provide = async (directory: string, mayStore: boolean): Promise<SetupFailure | null> => {
    if (setup === null) return null;
    const stored = join(options.folder, await keyOf(options, directory));
    if (await exists(stored)) {
      await copyKept(keep, stored, directory);
      return null;
    }
    const failure = await runSetup(setup, directory, options);
    // What setup leaves outside `keep` cannot be copied, so it has to be made again each time.
    const isStorable = mayStore && (await allExist(directory, keep)) && !(await pointsBack(directory, keep));
    if (failure === null && isStorable) {
      await storeKept(keep, directory, stored);
      await pruneStore(options.folder);
    }
    return failure;
  };
  return {
    // One after the other: two checkouts of the same commit must not run the same setup twice.
    provide(directory, mayStore) {
      const turn = queue.then(() => provide(directory, mayStore));
      queue = turn.catch(() => null);
      return turn;
    },
  };
}

/** Everything the result depends on: the command, its inputs, the platform. */
async function keyOf(options: DependenciesOptions, directory: string): Promise<string> {
  const { setup, setupInputs, keep } = options.workspace;
  const hash = createHash("sha256");
  hash.update(JSON.stringify([setup, keep, process.platform, process.arch, process.version]));
  for (const input of setupInputs) {
    hash.update(`\0${input}\0`);
    hash.update(await readFile(join(directory, input)).catch(() => "absent"));
  }
  return hash.digest("hex").slice(0, 32);
}

async function runSetup(
  setup: string,
  cwd: string,
  options: DependenciesOptions,
): Promise<SetupFailure | null> {
  await mkdir(options.folder, { recursive: true, mode: 0o700 });
  const group = startGroup({
    command: setup,
    cwd,
    env: buildEnvironment([]),
    input: "",
    logFile: join(options.folder, "setup.log"),
    wallMsMax: setupMsMax,
    idleMsMax: null,
    signal: options.signal,
  });
  const exit = await group.exit;
  if (exit.kind === "exited" && exit.code === 0) return null;
  const how = exit.kind === "exited" ? `exited with ${exit.code}` : `did not finish (${exit.kind})`;
  return { reason: `workspace.setup (${setup}) ${how}`, output: group.output() };
}

async function storeKept(keep: readonly string[], from: string, stored: string): Promise<void> {
  const partial = `${stored}.partial`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { recursive: true, mode: 0o700 });
  await copyKept(keep, from, partial);
  await rename(partial, stored);
}

async function copyKept(keep: readonly string[], from: string, to: string): Promise<void> {
  for (const path of keep) {
    if (!(await exists(join(from, path)))) continue;
    await rm(join(to, path), { recursive: true, force: true });
    await mkdir(dirname(join(to, path)), { recursive: true });
    await cp(join(from, path), join(to, path), {
      recursive: true,
      verbatimSymlinks: true,
      preserveTimestamps: true,
    });
  }
}

/**
 * Whether what is kept names the directory it was made in (an editable install, say): a copy of it would run the code
 * of another checkout. Names of the kept folders themselves do not count: a virtual environment is full of its own.
 */
async function pointsBack(directory: string, keep: readonly string[]): Promise<boolean> {
  const literal = directory.replaceAll(/[.[\]{}()*+?^$|\\/]/g, "\\$&");
  const args = ["-rhoaE", "--", `${literal}[^"' ,;:<>]*`, ...keep];
  const { stdout, exitCode } = await findText(args, directory);
  // Anything but "found" and "not found" is trouble: then nothing is stored.
  if (exitCode === 1) return false;
  if (exitCode !== 0) return true;
  const own = keep.map((path) => join(directory, path));
  const isOwn = (found: string): boolean =>
    own.some((path) => found === path || found.startsWith(`${path}/`));
  return stdout.split("\n").some((found) => found !== "" && !isOwn(found));
}

/** More than this is not read: then it counts as trouble. */
const findBytesMax = 64 * 1024 * 1024;

function findText(args: readonly string[], cwd: string): Promise<{ stdout: string; exitCode: number }> {
  return new Promise((resolve) => {
    const options = {
      cwd,
      maxBuffer: findBytesMax,
      encoding: "utf8",
      env: { ...process.env, LC_ALL: "C" },
    } as const;
    execFile("grep", args, options, (error, stdout) => {
      const code = error === null ? 0 : Number(error.code);
      resolve({ stdout, exitCode: Number.isInteger(code) ? code : 2 });
    });
  });
}

/** Every change of an input makes an entry: only the newest few are ever asked for again. */
const entriesMax = 3;

async function pruneStore(folder: string): Promise<void> {
  const names = (await readdir(folder)).filter((name) => /^[0-9a-f]{32}$/.test(name));
  const entries = await Promise.all(
    names.map(async (name) => ({
      path: join(folder, name),
      madeMs: (await stat(join(folder, name))).ctimeMs,
    })),
  );
  const old = entries.toSorted((a, b) => b.madeMs - a.madeMs).slice(entriesMax);
  for (const { path } of old) await rm(path, { recursive: true, force: true });
}

async function allExist(directory: string, paths: readonly string[]): Promise<boolean> {
  const found = await Promise.all(paths.map((path) => exists(join(directory, path))));
  return paths.length > 0 && found.every(Boolean);
}

const exists = async (path: string): Promise<boolean> => (await stat(path).catch(() => null)) !== null;
