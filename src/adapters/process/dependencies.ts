/**
 * Dependencies that `workspace.setup` makes (node_modules, a virtual environment), made once per input and copied
 * fresh into every workspace and gate checkout.
 *
 * Invariant: the store is filled only from commits that are on the target, and nothing under judgement ever runs
 * in it, so a change can poison neither its own gates nor anybody else's.
 */
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
  /** `trusted`: the directory holds a commit of the target. Null when the dependencies are in place. */
  provide(directory: string, trusted: boolean): Promise<SetupFailure | null>;
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
  const provide = async (directory: string, trusted: boolean): Promise<SetupFailure | null> => {
    if (setup === null) return null;
    const stored = join(options.folder, await keyOf(options, directory));
    if (await exists(stored)) {
      await copyKept(keep, stored, directory);
      return null;
    }
    const failure = await runSetup(setup, directory, options);
    // What setup leaves outside `keep` cannot be copied, so it has to be made again each time.
    const isStorable = trusted && (await allExist(directory, keep));
    if (failure === null && isStorable) {
      await storeKept(keep, directory, stored);
      await pruneStore(options.folder);
    }
    return failure;
  };
  return {
    // One after the other: two checkouts of the same commit must not run the same setup twice.
    provide(directory, trusted) {
      const turn = queue.then(() => provide(directory, trusted));
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
