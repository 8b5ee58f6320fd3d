/** The command line of bubblewrap: which namespaces, which view of the machine, and who the program is in there. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { egressSocketInside } from "../../formats/egress-env.ts";
import type { Confinement, EgressDoor, EgressProfile, Enclosed, Level, Start } from "./containment.ts";
import { arrange, isWithin, type Mount, mountArguments, preparePlaces } from "./mounts.ts";
import { kernelMounts } from "./kernel-files.ts";
import type { Resources } from "./resources.ts";

export interface BubblewrapLevel extends Level {
  readonly flags: readonly string[];
  /** Whether it can only be had as root. */
  readonly needsRoot: boolean;
}

const always = [
  "--die-with-parent",
  "--unshare-pid",
  "--unshare-ipc",
  "--unshare-uts",
  "--unshare-cgroup-try",
];

/** Strongest first. */
export const levels: readonly BubblewrapLevel[] = [
  {
    name: "bubblewrap",
    gives: "own processes, files, network and user; it dies with the supervisor",
    lacks: "",
    flags: ["--unshare-user", "--unshare-net"],
    needsRoot: false,
  },
  {
    name: "bubblewrap, network open",
    gives: "own processes, files and user; it dies with the supervisor",
    lacks: "the network is not controlled: agents and gates reach every host",
    flags: ["--unshare-user"],
    needsRoot: false,
  },
  {
    name: "bubblewrap, as root",
    gives: "own processes, files and network, no capabilities; it dies with the supervisor",
    lacks: "no user of its own: programs are root without its powers",
    flags: ["--unshare-net"],
    needsRoot: true,
  },
];

/** What is the same for every program of a run. */
export interface Ground {
  readonly level: BubblewrapLevel;
  readonly bwrap: string;
  readonly bash: string;
  /** The user's, and HOME inside. */
  readonly home: string;
  readonly mounts: readonly Mount[];
  /** Where nothing may be seen unless it is named for a program. */
  readonly hidden: readonly string[];
  readonly gitConfig: string;
  readonly resources: Resources;
  readonly egress: (profile: EgressProfile, purpose: string) => EgressDoor | null;
}

/** A program that is root outside is this one inside. */
const insideUid = 1000;

/** In a user namespace of its own such a program could mount the machine's cgroups, whose owner is root outside. */
const noMoreUsers = ["--disable-userns"];

/** The file that says who the user of that number is. */
export const passwdText = (home: string, others: string): string => {
  const rest = others.split("\n").filter((line) => !line.includes(`:x:${insideUid}:`) && line !== "");
  return [...rest, `agent:x:${insideUid}:${insideUid}::${home}:/bin/bash`, ""].join("\n");
};

const isRoot = (): boolean => process.getuid?.() === 0;

/** HOME and temporary files, empty: on disk, because what lies in memory is hard to bound. */
export function makeOwnFolders(own: string, gitConfig: string): void {
  mkdirSync(own, { recursive: true, mode: 0o700 });
  try {
    mkdirSync(join(own, "tmp"), { mode: 0o700 });
    mkdirSync(join(own, "home"), { mode: 0o700 });
    writeFileSync(join(own, "home", ".gitconfig"), gitConfig, { flag: "wx" });
  } catch (error) {
    // A later process of the same attempt.
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  }
}

/**
 * Whoever started us may have left a file or a folder open: from the folder a way leads everywhere. Node closes what it
 * opened itself; on 3 bubblewrap tells, on 4 it waits, and on 5 the program.
 */
const closing = 'for fd in /proc/self/fd/*; do ((${fd##*/} <= 5)) || eval "exec ${fd##*/}>&-"; done';

/** Whoever is not told to go on has lost its supervisor, and ends. */
const awaited = "read -r -u 5 || exit 125; exec 5<&-";

export function enclose(ground: Ground, own: string, confinement: Confinement, start: Start): Enclosed {
  const { level, home, resources, bash } = ground;
  const purpose = start.env["RALPH_TASK"] ?? "gates";
  const door = hasOwnNetwork(level) ? ground.egress(confinement.profile, purpose) : null;
  const mounts = arrange(mountsFor(ground, own, confinement, door));
  preparePlaces(mounts);
  const share = resources.begin();
  const limited = [bash, "--norc", "-c", `${closing}; ${share.script}; exec "$@"`, "bash"];
  const inner = door === null ? start.command : door.wrap(start.command);
  const user = level.flags.includes("--unshare-user") && isRoot();
  const command = [
    ground.bwrap,
    ...always,
    ...level.flags,
    ...(user ? ["--uid", String(insideUid), "--gid", String(insideUid), ...noMoreUsers] : []),
    "--cap-drop",
    "ALL",
    ...mountArguments(mounts),
    "--chdir",
    start.cwd,
    "--json-status-fd",
    "3",
    "--block-fd",
    "4",
    "--",
    // Bubblewrap goes on when the supervisor has died meanwhile, and is then bound to nobody's life: the program is not.
    bash,
    "--norc",
    "-c",
    `${awaited}; ${share.isForInside ? `${closing}; ${share.script}; ` : ""}exec "$@"`,
    "bash",
    ...inner,
  ];
  return {
    command: share.isForInside ? command : [...limited, ...command],
    env: {
      ...withoutLost(start.env, mounts),
      HOME: home,
      TMPDIR: "/tmp",
      ...(user ? { USER: "agent", LOGNAME: "agent" } : {}),
      ...door?.env,
    },
    admit: share.admit,
    async release() {
      await door?.[Symbol.asyncDispose]();
      return share.release();
    },
  };
}

/** Without one a way out would be open to everybody on the machine, and nobody would need it. */
export const hasOwnNetwork = (level: BubblewrapLevel): boolean => level.flags.includes("--unshare-net");

/** Folders of the user's desktop session that are not there are not named either. */
function withoutLost(env: Start["env"], mounts: readonly Mount[]): Start["env"] {
  const isThere = (path: string): boolean =>
    mounts.some(({ kind, at }) => kind === "write" && isWithin(path, at));
  return Object.fromEntries(
    Object.entries(env).filter(([name, value]) => !name.startsWith("XDG_") || isThere(value)),
  );
}

function mountsFor(
  { mounts, hidden, home }: Ground,
  own: string,
  { writable, readable }: Confinement,
  door: EgressDoor | null,
): readonly Mount[] {
  const seen = [...mounts, ...readable.map((path): Mount => ({ kind: "read", at: path, from: path }))];
  const covers = (path: string): boolean =>
    seen.some(({ kind, at }) => (kind === "read" || kind === "write") && isWithin(path, at));
  return [
    { kind: "proc", at: "/proc" },
    ...kernelMounts(),
    { kind: "dev", at: "/dev" },
    { kind: "folder", at: "/run" },
    { kind: "folder", at: "/var" },
    ...hidden.filter(covers).map((at): Mount => ({ kind: "hidden-folder", at })),
    ...seen,
    { kind: "own", at: "/tmp", from: join(own, "tmp") },
    { kind: "own", at: home, from: join(own, "home") },
    ...writable.map((path): Mount => ({ kind: "write", at: path, from: path })),
    ...(door === null ? [] : [{ kind: "read", at: egressSocketInside, from: door.socket } as const]),
  ];
}
