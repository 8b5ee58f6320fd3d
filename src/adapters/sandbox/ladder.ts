/** Finds the strongest sandbox that this machine offers, by running a program in it; none is an error, never a default. */
import { spawnSync } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { delimiter, isAbsolute, join } from "node:path";
import { isExecutable } from "../executable.ts";
import type { ResourceLimits, SandboxConfig } from "../../core/config.ts";
import { RalphError } from "../../errors.ts";
import { removeAll } from "../remove-all.ts";
import {
  type BubblewrapLevel,
  describeProgram,
  enclose,
  type Ground,
  hasOwnNetwork,
  levels,
  makeOwnFolders,
  passwdText,
  starterCommand,
  startStarter,
} from "./bubblewrap.ts";
import { keysAreOpen, openKeyFilter } from "./key-filter.ts";
import { noSandbox, type OpenEgress, type Sandbox } from "./containment.ts";
import { isWithin, type Mount } from "./mounts.ts";
import { programRoots, secretMounts, systemMounts } from "./program-roots.ts";
import { openResources } from "./resources.ts";
import { createStarters } from "./starters.ts";

export interface SandboxOptions {
  readonly config: SandboxConfig;
  readonly limits: ResourceLimits;
  /** Names this supervisor's cgroups. */
  readonly mark: string;
  /** For what the sandbox itself needs: outside of all that programs may write. */
  readonly folder: string;
  /** What nobody inside may see unless it is named for a program: state directory, repository. */
  readonly hidden: readonly string[];
  /** Folders of git objects that workspaces borrow. */
  readonly objects: readonly string[];
  /** Who commits, as a `.gitconfig`. */
  readonly gitConfig: string;
  /** The way out, where there is one. */
  readonly egress: OpenEgress;
  /** Where a built-in agent finds its model, inside, through that way. */
  readonly gatewayFor: Sandbox["gatewayFor"];
}

/** @throws RalphError `sandbox-unavailable`, unless the configuration says `off`. */
export function openSandbox(options: SandboxOptions): Sandbox {
  const { config } = options;
  if (config.mode === "off") return noSandbox;
  const offered = config.mode === "required" ? levels.slice(0, 1) : levels;
  const refusals: string[] = [];
  const tools = findTools();
  if ("reason" in tools) throw unavailable(config.mode, [tools.reason]);
  const roots = visibleRoots(config);
  const ground = { ...tools, ...groundOf(options, roots) };
  for (const level of offered) {
    if (level.needsRoot && process.getuid?.() !== 0) continue;
    const mounts = mountsAt(level, ground.mounts, options.folder);
    const refusal = tryOut({ ...ground, level, mounts }, options.folder);
    if (refusal === null) return sandboxAt(level, ground, { options, roots });
    refusals.push(`${level.name}: ${refusal}`);
  }
  throw unavailable(config.mode, refusals);
}

function sandboxAt(
  level: BubblewrapLevel,
  ground: Omit<Ground, "level">,
  { options, roots }: { readonly options: SandboxOptions; readonly roots: readonly string[] },
): Sandbox {
  const mounts = mountsAt(level, ground.mounts, options.folder);
  const starters = createStarters(() => startStarter({ ...ground, level }));
  return {
    level: { name: level.name, gives: level.gives, lacks: level.lacks },
    gatewayFor: hasOwnNetwork(level) ? options.gatewayFor : () => null,
    facts: {
      isNetworkClosed: hasOwnNetwork(level),
      readable: roots,
      limits: ground.resources.facts,
      warnings: [
        ...ground.resources.warnings,
        ...(ground.keyFilter === null ? [keysAreOpen] : []),
        ...absent(options.config),
      ],
    },
    keepReady: starters.keepReady,
    sweep() {
      ground.resources.sweep();
      sweepTrials(options.folder);
    },
    confine(own, confinement) {
      makeOwnFolders(own, options.gitConfig);
      return (start) => enclose({ ...ground, level, mounts, starters }, own, confinement, start);
    },
  };
}

/** bubblewrap and bash by their full paths: what a program is given as PATH must not choose them. */
function findTools(): { readonly bwrap: string; readonly bash: string } | { readonly reason: string } {
  if (process.platform !== "linux")
    return { reason: `there is none for ${process.platform}: run ralphwright in a Linux container` };
  const [bwrap, bash] = ["bwrap", "bash"].map(findProgram);
  if (bwrap === undefined || bwrap === null) return { reason: "bubblewrap is not installed" };
  if (bash === undefined || bash === null) return { reason: "bash is not installed" };
  return { bwrap, bash };
}

function findProgram(name: string): string | null {
  const folders = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => isAbsolute(folder));
  return folders.map((folder) => join(folder, name)).find(isExecutable) ?? null;
}

function homeOf(): string {
  const home = process.env["HOME"] ?? homedir();
  return isAbsolute(home) && home !== "/" ? home : "/home/agent";
}

/** What programs need beside the system, and what the configuration names. */
function visibleRoots({ read }: SandboxConfig): readonly string[] {
  const home = homeOf();
  const programs = programRoots({ path: process.env["PATH"] ?? "", home });
  return [...programs, ...read.map((path) => expand(path, home)).filter((path) => existsSync(path))];
}

const expand = (path: string, home: string): string =>
  path.startsWith("~/") ? join(home, path.slice(2)) : path;

function absent({ read, write }: SandboxConfig): readonly string[] {
  const missing = [...read, ...write].filter((path) => !existsSync(expand(path, homeOf())));
  return missing.map((path) => `${path} is named under sandbox and is not there`);
}

function groundOf(
  { config, hidden, objects, gitConfig, egress, mark, limits }: SandboxOptions,
  roots: readonly string[],
): Omit<Ground, "level" | "bwrap" | "bash"> {
  const home = homeOf();
  const write = config.write.map((path) => expand(path, home)).filter((path) => existsSync(path));
  for (const path of write) refuseExposing(path, [...hidden, home]);
  const isOurs = (path: string): boolean => path !== home && path !== "/tmp" && path !== "/";
  const at = (kind: "read" | "write", paths: readonly string[]): readonly Mount[] =>
    paths.filter(isOurs).map((path) => ({ kind, at: path, from: path }));
  const mounts = [
    ...systemMounts(),
    ...secretMounts(),
    ...resolver(),
    ...at("read", [...objects, ...roots]),
    ...at("write", write),
  ];
  const resources = openResources(mark, limits);
  return { home, mounts, hidden, gitConfig, keyFilter: openKeyFilter(), egress, resources };
}

/** Whoever may write there could write what decides about him. */
function refuseExposing(path: string, precious: readonly string[]): void {
  const exposed = precious.find((each) => isWithin(each, path));
  if (exposed === undefined) return;
  throw new RalphError(
    "config-invalid",
    `sandbox.write: ${path} would let agents and gates write to ${exposed}`,
    {
      hint: "Name folders that hold neither your home, nor the repository, nor the state directory.",
    },
  );
}

/** Where names are looked up is often told in /run; of use where the network is open. */
function resolver(): readonly Mount[] {
  try {
    const target = realpathSync("/etc/resolv.conf");
    return target.startsWith("/etc/") ? [] : [{ kind: "read", at: target, from: target }];
  } catch {
    return [];
  }
}

/** As root, inside a user namespace: somebody has to be the user that programs are there. */
function mountsAt(level: BubblewrapLevel, mounts: readonly Mount[], folder: string): readonly Mount[] {
  if (process.getuid?.() !== 0 || !level.flags.includes("--unshare-user")) return mounts;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const from = join(folder, "passwd");
  writeFileSync(from, passwdText(homeOf(), readText("/etc/passwd")), { mode: 0o644 });
  return [...mounts, { kind: "read", at: "/etc/passwd", from }];
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

const trialMsMax = 20_000;
const trialPrefix = "trial-";

/** What those left who were killed meanwhile. Somebody who holds no lease may be trying right now. */
function sweepTrials(folder: string): void {
  for (const name of readdirSync(folder).filter((each) => each.startsWith(trialPrefix))) {
    const path = join(folder, name);
    const { mtimeMs = Date.now() } = statSync(path, { throwIfNoEntry: false }) ?? {};
    if (Date.now() - mtimeMs > 2 * trialMsMax) rmSync(path, { recursive: true, force: true });
  }
}

/** Runs a shell that must not see a file that is there. Null: it works; else why not. */
function tryOut(ground: Ground, folder: string): string | null {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const place = mkdtempSync(join(folder, trialPrefix));
  const told: number[] = [];
  try {
    const canary = join(place, "canary");
    writeFileSync(canary, "");
    const own = join(place, "own");
    makeOwnFolders(own, "");
    const script = 'test -e "$1" || test "$$" -gt 20 || echo contained';
    const command = [ground.bash, "--norc", "-c", script, "bash", canary];
    const start = { command, cwd: "/tmp", env: { PATH: process.env["PATH"] ?? "" } };
    const confinement = { writable: [], readable: [], profile: "gates" } as const;
    const { view, command: words } = describeProgram(
      { ...ground, egress: () => null },
      own,
      confinement,
      start,
    );
    const share = ground.resources.begin();
    const [program = "", ...args] = starterCommand(ground, share);
    const filter = ground.keyFilter === null ? [] : [ground.keyFilter];
    told.push(...[view, words, ...filter].map((text, at) => openWith(join(place, `told-${at}`), text)));
    const { stdout, stderr, error } = spawnSync(program, args, {
      encoding: "utf8",
      env: {},
      timeout: trialMsMax,
      stdio: ["ignore", "pipe", "pipe", "pipe", ...told],
    });
    void share.release();
    if (stdout === "contained\n") return null;
    const said = [stderr.trim().split("\n").at(-1), error?.message].find(
      (line) => line !== undefined && line !== "",
    );
    return said ?? "a program in it can see what it must not";
  } finally {
    told.forEach(closeSync);
    // Nobody waits for it: the kernel takes its time for folders on which something was mounted. What stays is swept.
    removeAll(place).catch(() => {});
  }
}

function openWith(file: string, text: string | Buffer): number {
  writeFileSync(file, text);
  return openSync(file, "r");
}

const installHint = "Install it: apt-get install bubblewrap, dnf install bubblewrap or apk add bubblewrap.";
const refusedHint =
  "User namespaces seem to be refused: docs/sandbox.md says which setting of the system or flag of the container allows them.";
const weakerHint =
  "`sandbox: auto` in ralph.config.yaml, or --sandbox auto for one run, takes the next weaker level as well: an open network, or root without a user of its own.";
const acceptHint =
  "`sandbox: off` in ralph.config.yaml, or --sandbox off for one run, accepts that agents and gates run with your rights.";

/** Told with the way to it, the weaker levels where they were not tried, and how to accept none. */
function unavailable(mode: SandboxConfig["mode"], refusals: readonly string[]): RalphError {
  const isMissing = refusals.every((refusal) => refusal.endsWith("is not installed"));
  const isForeign = process.platform !== "linux";
  const ways = [
    ...(isForeign ? [] : [isMissing ? installHint : refusedHint]),
    ...(isForeign || mode !== "required" ? [] : [weakerHint]),
    acceptHint,
  ];
  const what =
    mode === "required"
      ? "sandbox: required, and the strongest sandbox is not to be had here"
      : "no sandbox is to be had here";
  return new RalphError("sandbox-unavailable", `${what}: ${refusals.join("; ")}`, {
    hint: ways.join("\n  "),
  });
}
