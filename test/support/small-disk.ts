/** A real file system of a few megabytes, for tests of what a full disk does. Only root may mount one. */
import { spawnSync } from "node:child_process";
import {
  closeSync,
  mkdirSync,
  openSync,
  rmSync,
  statfsSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { makeFolder } from "./repository.ts";

export interface SmallDisk extends Disposable {
  readonly path: string;
  /** Leaves so many bytes free. */
  fill(freeBytes: number): void;
  /** Takes away what `fill` wrote. */
  clear(): void;
}

/** Ext4 with small blocks, so that a few lines need a new one. Null where this is not allowed. */
export function mountSmallDisk(megabytes: number): SmallDisk | null {
  const folder = makeFolder("disk");
  const [image, path] = [join(folder, "image"), join(folder, "disk")];
  mkdirSync(path);
  writeFileSync(image, "");
  truncateSync(image, megabytes * 2 ** 20);
  const script = 'mkfs.ext4 -q -b 1024 -m 0 "$1" && mount -o loop "$1" "$2"';
  const { status } = spawnSync("bash", ["--norc", "-c", script, "bash", image, path]);
  if (status !== 0) {
    rmSync(folder, { recursive: true });
    return null;
  }
  const filler = join(path, "filler");
  return {
    path,
    fill: (freeBytes) => fill(filler, freeBytes),
    clear: () => rmSync(filler, { force: true }),
    [Symbol.dispose]() {
      spawnSync("umount", ["-l", path]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function fill(file: string, freeBytes: number): void {
  const { bavail, bsize } = statfsSync(dirname(file));
  const descriptor = openSync(file, "a");
  try {
    const wanted = bavail * bsize - freeBytes;
    for (let done = 0; done < wanted;)
      done += writeSync(descriptor, Buffer.alloc(Math.min(2 ** 20, wanted - done), 7));
    // To the last block: what a large write leaves, small ones take.
    if (freeBytes === 0) for (;;) writeSync(descriptor, Buffer.alloc(512, 7));
  } catch {
    // It is full.
  } finally {
    closeSync(descriptor);
  }
}

/** Why tests that need one are skipped, or null. */
export function smallDiskMissing(): string | null {
  const disk = mountSmallDisk(8);
  if (disk === null) return "no file system can be made and mounted here";
  disk[Symbol.dispose]();
  return null;
}
