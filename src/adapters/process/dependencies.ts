/**
 * Dependencies that `workspace.setup` makes (node_modules, a virtual environment), made once per input and copied
 * into every workspace and gate checkout; where they stay from one use to the next, they are verified before each.
 *
 * Invariant: the store is filled only from gate checkouts of commits on the target, and only with what does not
 * point back to the directory it was made in. Nothing under judgement ever runs in the store: every use is a copy.
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Config } from "../../core/config.ts";
import { compareManifest, type Extent, type Manifest, readManifest, settle } from "../manifest.ts";
import { removeAll } from "../remove-all.ts";
import type { Sandbox } from "../sandbox/containment.ts";
import { openOwnPlace } from "../sandbox/own-place.ts";
import { buildEnvironment } from "./environment.ts";
import { copyKept, exists, type KeptPlace, mendKept, noteKept } from "./kept.ts";
import { startGroup } from "./process-group.ts";

export interface SetupFailure {
  readonly reason: string;
  readonly output: string;
}

export interface Dependencies {
  /**
   * Null when the dependencies are in place. `mayStore`: what setup makes here may be used again. Only for gate
   * checkouts of commits on the target: never for a workspace, in which an agent is about to work. `place`: given
   * for a directory that is used again; what it holds from its last use is verified first.
   */
  provide(directory: string, mayStore: boolean, place?: KeptPlace): Promise<SetupFailure | null>;
  /** Whether a copy from the store is all that this directory needs. */
  isStored(directory: string): Promise<boolean>;
}

export interface DependenciesOptions {
  readonly workspace: Config["workspace"];
  /** Folder of the store. */
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly sandbox: Sandbox;
}

const setupMsMax = 30 * 60_000;

export function createDependencies(options: DependenciesOptions): Dependencies {
  const { setup, keep } = options.workspace;
  const store = openStore(options.folder);
  let queue: Promise<unknown> = Promise.resolve();
  const provide = async (
    directory: string,
    mayStore: boolean,
    place: KeptPlace | undefined,
  ): Promise<SetupFailure | null> => {
    if (setup === null) return null;
    const key = await keyOf(options, directory);
    const stored = join(options.folder, key);
    if (place !== undefined && (await reuseKept(store, { key, directory, place }))) return null;
    if (place !== undefined) await clearKept(directory, place);
    if (await store.isSound(key)) {
      await copyKept(keep, stored, directory);
      if (place !== undefined)
        place.kept = await noteKept(key, keep, { directory, place, scratch: options.folder });
      return null;
    }
    const failure = await runSetup(setup, directory, options);
    // What setup leaves outside `keep` cannot be copied, so it has to be made again each time.
    const isStorable = mayStore && (await allExist(directory, keep)) && !(await pointsBack(directory, keep));
    if (failure === null && isStorable) {
      await storeKept(keep, directory, stored);
      await store.note(key);
      await pruneStore(options.folder);
    }
    return failure;
  };
  // One after the other: two checkouts of the same commit must not run the same setup twice.
  const inTurn = <T>(step: () => Promise<T>): Promise<T> => {
    const turn = queue.then(step);
    queue = turn.catch(() => null);
    return turn;
  };
  return {
    provide: (directory, mayStore, place) => inTurn(() => provide(directory, mayStore, place)),
    isStored: (directory) =>
      inTurn(async () => setup === null || store.isSound(await keyOf(options, directory))),
  };
}

interface Store {
  readonly folder: string;
  /** Whether there is an entry, and it is as it was when this run first saw it. Another is removed. */
  isSound(key: string): Promise<boolean>;
  /** Notes an entry as it is now. */
  note(key: string): Promise<void>;
}

const everything: Extent = { from: [""], skip: new Set() };

/** Agents run with the rights of the supervisor: they could write to the store if they knew where it is. */
function openStore(folder: string): Store {
  const known = new Map<string, Manifest>();
  const note = async (key: string): Promise<void> => {
    const manifest = await readManifest(join(folder, key), everything);
    if (manifest !== null && (await settle(folder, manifest))) known.set(key, manifest);
    else known.delete(key);
  };
  return {
    folder,
    note,
    async isSound(key) {
      const stored = join(folder, key);
      if (!(await exists(stored))) return false;
      const manifest = known.get(key);
      if (manifest === undefined) {
        await note(key);
        return true;
      }
      const found = await compareManifest(stored, everything, manifest).catch(() => null);
      if (found !== null && found.foreign.length === 0 && found.lost.length === 0) return true;
      known.delete(key);
      await removeAll(stored);
      return false;
    },
  };
}

interface Reuse {
  readonly key: string;
  readonly directory: string;
  readonly place: KeptPlace;
}

/** True when what the directory still holds is what a copy would put there. */
async function reuseKept(store: Store, { key, directory, place }: Reuse): Promise<boolean> {
  const { kept } = place;
  if (kept === null || kept.key !== key) return false;
  const stored = join(store.folder, key);
  try {
    const isMendable = async (): Promise<boolean> => store.isSound(key);
    const how = await mendKept(kept, directory, { stored, isMendable });
    if (how === "mended")
      place.kept = await noteKept(key, kept.roots, { directory, place, scratch: store.folder });
    return how !== "spoilt";
  } catch {
    // Folders that cannot be read, say: then all of it is made anew.
    return false;
  }
}

async function clearKept(directory: string, place: KeptPlace): Promise<void> {
  for (const root of place.kept?.roots ?? []) await removeAll(join(directory, root));
  place.kept = null;
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
  await using own = await openOwnPlace(options.sandbox, cwd, {
    writable: [cwd],
    readable: [],
    profile: "gates",
  });
  const group = startGroup({
    command: setup,
    cwd,
    env: { ...buildEnvironment([]), ...own.env },
    enclose: own.enclose,
    input: "",
    logFile: join(options.folder, "setup.log"),
    wallMsMax: setupMsMax,
    idleMsMax: null,
    signal: options.signal,
  });
  const exit = await group.exit;
  if (exit.kind === "exited" && exit.code === 0) return null;
  const how = exit.kind === "exited" ? `exited with ${exit.code}` : `did not finish (${exit.kind})`;
  const where =
    own.enclose === null ? "" : " in the sandbox, where it reaches only the hosts under sandbox.egress";
  return { reason: `workspace.setup (${setup}) ${how}${where}`, output: group.output() };
}

async function storeKept(keep: readonly string[], from: string, stored: string): Promise<void> {
  const partial = `${stored}.partial`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { recursive: true, mode: 0o700 });
  await copyKept(keep, from, partial);
  await rename(partial, stored);
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
