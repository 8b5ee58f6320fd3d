/** Unix sockets in folders with long names: the kernel takes 107 bytes, and a name through a descriptor is short. */
import { closeSync, constants, existsSync, openSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { RalphError } from "../../errors.ts";

/** As long as any kernel that we run on takes; some take fewer. */
const socketBytesMax = process.platform === "linux" ? 107 : 103;

export interface ShortPath extends Disposable {
  /** Means the same file as long as this is not disposed of. */
  readonly path: string;
}

/** @throws RalphError `state-not-writable` where nothing makes the name shorter. */
export function shortSocketPath(file: string): ShortPath {
  if (Buffer.byteLength(file) <= socketBytesMax) return { path: file, [Symbol.dispose]: () => {} };
  if (!existsSync("/proc/self/fd")) throw tooLong(file);
  const folder = openSync(dirname(file), constants.O_RDONLY | constants.O_DIRECTORY);
  return {
    path: join("/proc/self/fd", String(folder), basename(file)),
    [Symbol.dispose]: () => closeSync(folder),
  };
}

function tooLong(file: string): RalphError {
  const bytes = Buffer.byteLength(file);
  const message = `the path of the control socket is too long: ${bytes} bytes, and ${socketBytesMax} are allowed: ${file}`;
  return new RalphError("state-not-writable", message, {
    hint: "Set RALPH_STATE_DIR to a directory with a shorter name.",
  });
}
