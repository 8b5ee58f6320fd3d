/** What of the machine programs need to run, and nothing else: the system, what is on PATH, Node, our own sources. */
import {
  type Dirent,
  existsSync,
  lstatSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  type Stats,
  statSync,
} from "node:fs";
import { basename, delimiter, dirname, isAbsolute, join } from "node:path";
import { installationFolder, programFolder } from "../../program-files.ts";
import { isWithin, type Mount } from "./mounts.ts";

const systemFolders = [
  "/usr",
  "/bin",
  "/sbin",
  "/lib",
  "/lib32",
  "/lib64",
  "/libx32",
  "/etc",
  "/opt",
  "/nix",
  "/gnu",
];

/** The system, read-only. Links such as `/bin` stay links. */
export function systemMounts(): readonly Mount[] {
  return systemFolders.flatMap((at): readonly Mount[] => {
    const stats = lstatSync(at, { throwIfNoEntry: false });
    if (stats?.isSymbolicLink() === true) return [{ kind: "link", at, to: readlinkSync(at) }];
    return stats?.isDirectory() === true ? [{ kind: "read", at, from: at }] : [];
  });
}

/** What in /etc is not for everybody: as root we may read it, and so could the programs that we start. */
export function secretMounts(folder = "/etc"): readonly Mount[] {
  const found: Mount[] = [];
  for (const entry of readFolder(folder)) {
    const at = join(folder, entry.name);
    const stats = entry.isSymbolicLink() ? undefined : lstatSync(at, { throwIfNoEntry: false });
    if (stats === undefined) continue;
    const isForAll = (stats.mode & 0o004) !== 0;
    if (!isForAll) found.push({ kind: entry.isDirectory() ? "hidden-folder" : "hidden-file", at });
    else if (entry.isDirectory()) found.push(...secretMounts(at));
  }
  return found;
}

function readFolder(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

export interface ProgramPlace {
  readonly path: string;
  /** The user's home: never as a whole. */
  readonly home: string;
}

/** Folders of Node and of everything on PATH outside of the system, with the installations around them. */
export function programRoots({ path, home }: ProgramPlace): readonly string[] {
  const entries = path.split(delimiter).filter((entry) => isAbsolute(entry) && isFolder(entry));
  const roots = new Set<string>();
  const add = (root: string): void => {
    for (const each of [root, realOf(root)]) if (isSafe(each, home)) roots.add(each);
  };
  add(installationOf(process.execPath, home));
  for (const entry of entries.filter((each) => !isSystem(each))) {
    add(rootOf(entry, home));
    for (const target of targetsIn(entry)) {
      if (![...roots].some((root) => isWithin(target, root))) add(installationOf(target, home));
    }
  }
  return [...roots].filter((root) => ![...roots].some((other) => other !== root && isWithin(root, other)));
}

/** Where this program is, and the packages that it needs. */
export const ownRoots = (): readonly string[] => rootsOfInstallation(installationFolder, programFolder);

/** @param program The folder of the program itself, in `top`. */
export function rootsOfInstallation(top: string, program: string): readonly string[] {
  // As npm and pnpm lay packages out, those that it needs are beside it, further up, or linked from there into a store.
  const [, packages] = /^(.*?\/node_modules)\//.exec(top) ?? [];
  const roots =
    packages === undefined ? [program, join(top, "package.json"), join(top, "node_modules")] : [packages];
  return roots.filter((path) => existsSync(path));
}

/** Programs and scripts that a command names by their full paths, with what lies beside them. */
export function commandRoots(command: string | readonly string[]): readonly string[] {
  const words = typeof command === "string" ? command.split(/\s+/) : command;
  const home = process.env["HOME"] ?? "/";
  const bare = words.map((word) => word.replaceAll(/^["']|["']$/g, "").replace(/^~\//, `${home}/`));
  const files = bare.filter((word) => isAbsolute(word) && !isSystem(word) && isFile(word));
  return files.map((file) => installationOf(file, home));
}

const isSystem = (path: string): boolean =>
  systemFolders.some((folder) => isWithin(path, folder)) || isWithin(path, "/mnt");

/** Folders of tools that bring more than their programs; all else of them is for everybody to read. */
const knownRoots = [
  ".nvm",
  ".fnm",
  ".volta",
  ".nodenv",
  ".asdf",
  ".rbenv",
  ".pyenv",
  ".rustup",
  ".sdkman",
  ".goenv",
  ".local/share/mise",
  ".local/share/fnm",
  ".local/share/pnpm",
  ".local/share/uv",
  ".local/share/pipx",
  ".local/share/claude",
  ".nix-profile",
];

/** The installation that a folder of programs is a part of, as far as that is known or plain. */
function rootOf(folder: string, home: string): string {
  const known = knownRoots.map((root) => join(home, root)).find((root) => isWithin(folder, root));
  if (known !== undefined) return known;
  if (folder.endsWith("/node_modules/.bin")) return dirname(folder);
  const parent = dirname(folder);
  const isInstallation =
    basename(folder) === "bin" && isSafe(parent, home) && !existsSync(join(parent, ".git"));
  // Beside the programs of cargo and bun lie logins and caches.
  return isInstallation && ![".cargo", ".bun", ".deno"].includes(basename(parent)) ? parent : folder;
}

/** Of one program. A folder in which much else lies is not given for its sake: then the file is. */
function installationOf(file: string, home: string): string {
  const root = rootOf(dirname(file), home);
  return isSafe(root, home) ? root : file;
}

const entriesMax = 2_000;

/** Where the links of a folder lead. */
function targetsIn(folder: string): readonly string[] {
  const links = readFolder(folder).filter((entry) => entry.isSymbolicLink());
  return links
    .slice(0, entriesMax)
    .map((entry) => realOf(join(folder, entry.name)))
    .filter((target) => !isSystem(target) && isFile(target));
}

/** Folders that hold people's own things beside programs. */
const shared = ["", ".local", ".local/bin", ".local/share", ".config", ".cargo", ".ssh", ".aws", ".gnupg"];

/** Not the home itself, nothing that it lies in, and nothing of which it is known that it holds more than programs. */
function isSafe(path: string, home: string): boolean {
  if (path === "/" || isWithin(home, path) || ["/tmp", "/var", "/srv", "/run", "/mnt"].includes(path))
    return false;
  const isShared = shared.some((folder) => join(home, folder) === path);
  return !isShared || path === join(home, ".local", "bin");
}

function realOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

const isFolder = (path: string): boolean => statsOf(path)?.isDirectory() === true;
const isFile = (path: string): boolean => statsOf(path)?.isFile() === true;

function statsOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    // Not there, or not for us.
    return undefined;
  }
}
