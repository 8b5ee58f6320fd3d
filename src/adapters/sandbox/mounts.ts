/** The view of the machine that a contained program has, as arguments for bubblewrap: parents before what lies in them. */
import { lstatSync, mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { isAbsolute, join, relative } from "node:path";

export type Mount =
  | { readonly kind: "read" | "write"; readonly at: string; readonly from: string }
  /** HOME and temporary files: folders of the program's own, in which other mounts may lie. */
  | { readonly kind: "own"; readonly at: string; readonly from: string }
  | { readonly kind: "link"; readonly at: string; readonly to: string }
  /** Hides what would be visible there. */
  | { readonly kind: "hidden-folder" | "hidden-file"; readonly at: string }
  | { readonly kind: "proc" | "dev" | "folder"; readonly at: string };

export function isWithin(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way === "" || !(way === ".." || way.startsWith("../") || isAbsolute(way));
}

/**
 * One mount for each place, the last one named; in order, parents first. What lies in a folder that the program may
 * write is left out: it is there anyway, and a place that the program could exchange for a link must not be followed.
 */
export function arrange(mounts: readonly Mount[]): readonly Mount[] {
  const places = new Map(mounts.map((mount) => [mount.at, mount]));
  const writable = [...places.values()].filter(({ kind }) => kind === "write");
  const isCovered = ({ at }: Mount): boolean =>
    writable.some((other) => other.at !== at && isWithin(at, other.at));
  // A path is longer than those of the folders that it lies in, and begins like them.
  return [...places.values()]
    .filter((mount) => !isCovered(mount))
    .toSorted((a, b) => (`${a.at}/` < `${b.at}/` ? -1 : 1));
}

export function mountArguments(mounts: readonly Mount[]): readonly string[] {
  const hidden = mounts.filter(({ kind }) => kind === "hidden-folder");
  // Last of all: what lies in a hidden folder has to be made there first.
  return [
    ...mounts.flatMap(argumentsOf),
    ...[...hidden, { at: "/" }].flatMap(({ at }) => ["--remount-ro", at]),
  ];
}

function argumentsOf(mount: Mount): readonly string[] {
  const { at } = mount;
  switch (mount.kind) {
    case "read":
      return ["--ro-bind", mount.from, at];
    case "write":
    case "own":
      return ["--bind", mount.from, at];
    case "link":
      return ["--symlink", mount.to, at];
    case "hidden-folder":
      return ["--tmpfs", at];
    case "hidden-file":
      return ["--ro-bind", "/dev/null", at];
    case "proc":
      return ["--proc", at];
    case "dev":
      return ["--dev", at];
    case "folder":
      return ["--dir", at];
  }
}

/**
 * Makes the places of mounts inside the program's own folders. bubblewrap would make them, too, and follow a link that
 * an earlier process left there, out of the folder.
 */
export function preparePlaces(mounts: readonly Mount[]): void {
  const own = mounts.filter((mount) => mount.kind === "own");
  for (const mount of mounts) {
    const around = own.findLast(({ at }) => at !== mount.at && isWithin(mount.at, at));
    if (around === undefined) continue;
    const steps = relative(around.at, mount.at).split("/");
    const isFile = "from" in mount && statSync(mount.from, { throwIfNoEntry: false })?.isFile() === true;
    for (let depth = 1; depth <= steps.length; depth += 1)
      makePlace(join(around.from, ...steps.slice(0, depth)), isFile && depth === steps.length);
  }
}

function makePlace(path: string, isFile: boolean): void {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (isFile ? stats?.isFile() === true : stats?.isDirectory() === true) return;
  rmSync(path, { recursive: true, force: true });
  if (isFile) writeFileSync(path, "", { flag: "wx", mode: 0o600 });
  else mkdirSync(path, { mode: 0o700 });
}
