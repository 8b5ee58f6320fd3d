/** The command line of bubblewrap: which namespaces, which view of the machine, and who the program is in there. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Writable } from "node:stream";
import { type Leader, startLeader } from "../process/leader.ts";
import { egressSocketInside } from "../../formats/egress-env.ts";
import type { Confinement, EgressDoor, Enclosed, Level, OpenEgress, Start } from "./containment.ts";
import { arrange, isWithin, type Mount, mountArguments, preparePlaces } from "./mounts.ts";
import { kernelMounts } from "./kernel-files.ts";
import type { Resources, Share } from "./resources.ts";
import type { Starters } from "./starters.ts";

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
  /** What keeps the kernel's keys from programs; null: it cannot be had here. */
  readonly keyFilter: Buffer | null;
  readonly resources: Resources;
  readonly egress: OpenEgress;
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
 * opened itself; on 3 bubblewrap tells, on 4 it is told what is to be seen, on 5 what to run, and on 6 it reads its filter.
 */
const closing = (last: number): string =>
  `for fd in /proc/self/fd/*; do ((\${fd##*/} <= ${last})) || eval "exec \${fd##*/}>&-"; done`;

/** The last word of a command: without it the supervisor was gone before it had told all of it, or any of it. */
const lastWord = "go";
const awaited = `mapfile -d "" -t -u 5 told; ((\${#told[@]})) && [[ \${told[-1]} == ${lastWord} ]] || exit 125; unset "told[-1]"; exec 5<&-`;

/** All that can be said before it is known what is to run: bubblewrap reads the rest of its arguments from 4. */
export function starterCommand(
  { level, bwrap, bash, keyFilter }: Pick<Ground, "level" | "bwrap" | "bash" | "keyFilter">,
  share: Share,
): readonly string[] {
  const user = hasOwnUser(level)
    ? ["--uid", String(insideUid), "--gid", String(insideUid), ...noMoreUsers]
    : [];
  const inside = `${awaited}; ${share.isForInside ? `${closing(5)}; ${share.script}; ` : ""}exec "\${told[@]}"`;
  const command = [
    bwrap,
    ...always,
    ...level.flags,
    ...user,
    "--cap-drop",
    "ALL",
    ...(keyFilter === null ? [] : ["--seccomp", "6"]),
    "--args",
    "4",
    "--",
    // Bubblewrap goes on when the supervisor has died meanwhile, and is then bound to nobody's life: the program is not.
    bash,
    "--norc",
    "-c",
    inside,
  ];
  if (share.isForInside) return command;
  return [
    bash,
    "--norc",
    "-c",
    `${closing(keyFilter === null ? 5 : 6)}; ${share.script}; exec "$@"`,
    "bash",
    ...command,
  ];
}

export function startStarter(ground: Pick<Ground, "level" | "bwrap" | "bash" | "keyFilter" | "resources">): {
  readonly leader: Leader;
  readonly share: Share;
} {
  const { keyFilter } = ground;
  const share = ground.resources.begin();
  const command = starterCommand(ground, share);
  const leader = startLeader({ command, cwd: "/", env: {}, morePipes: keyFilter === null ? 3 : 4 });
  const filtering = [...leader.process.stdio].at(6);
  if (filtering instanceof Writable) filtering.on("error", () => {}).end(keyFilter);
  return { leader, share };
}

/** What a starter is told on 4 and on 5. */
export interface Told {
  readonly view: string;
  readonly command: string;
}

interface Described extends Told {
  readonly door: EgressDoor | null;
  /** Why nothing may be told. */
  readonly trouble: string | null;
}

const hasOwnUser = (level: BubblewrapLevel): boolean => level.flags.includes("--unshare-user") && isRoot();

const listed = (words: readonly string[]): string => words.map((word) => `${word}\0`).join("");

/** A word with a NUL in it would be two, and the second one could be an argument of bubblewrap's. */
const isSplit = (word: string): boolean => word.includes("\0");

/** Its own folders are made, and its way out is opened. */
export function describeProgram(
  ground: Ground,
  own: string,
  confinement: Confinement,
  start: Start,
): Described {
  const { level, home } = ground;
  const purpose = start.env["RALPH_TASK"] ?? "gates";
  const door = hasOwnNetwork(level) ? ground.egress(confinement.profile, purpose, confinement.onSpent) : null;
  const mounts = arrange(mountsFor(ground, own, confinement, door));
  preparePlaces(mounts);
  const env = {
    ...withoutLost(start.env, mounts),
    HOME: home,
    TMPDIR: "/tmp",
    ...(hasOwnUser(level) ? { USER: "agent", LOGNAME: "agent" } : {}),
    ...door?.env,
  };
  const variables = Object.entries(env).flatMap(([name, value]) => ["--setenv", name, value]);
  const inner = door === null ? start.command : door.wrap(start.command);
  const words = [...mountArguments(mounts), "--chdir", start.cwd, ...variables];
  return {
    // Where they are told at last, a supervisor that dies before leaves no bubblewrap that waits for its ear.
    view: listed([...words, "--json-status-fd", "3"]),
    command: listed([...inner, lastWord]),
    trouble: [...words, ...inner].some(isSplit)
      ? "there is a NUL in an argument, a path or a variable"
      : null,
    door,
  };
}

export function enclose(
  ground: Ground & { readonly starters: Starters },
  own: string,
  confinement: Confinement,
  start: Start,
): Enclosed {
  const { door, view, command, trouble } = describeProgram(ground, own, confinement, start);
  const { leader, share, refusal } = ground.starters.take();
  return {
    leader,
    view,
    command,
    refusal: trouble === null ? refusal : Promise.resolve(trouble),
    hold: () => door?.hold(),
    resume: () => door?.resume(),
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
