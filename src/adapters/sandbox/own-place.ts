/** Temporary files, and in a sandbox a HOME, for one run of a gate or of set-up: empty before it and gone after it. */
import { createHash, randomUUID } from "node:crypto";
import { mkdtemp, readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { removeAll } from "../remove-all.ts";
import type { Confinement, Enclose, Sandbox } from "./containment.ts";

export interface OwnPlace extends AsyncDisposable {
  readonly enclose: Enclose | null;
  /** What the program is told of it where there is no sandbox to tell it. */
  readonly env: Readonly<Record<string, string>>;
}

/** @param directory Where the program works, in a folder of its own below the work folder. */
export async function openOwnPlace(
  sandbox: Sandbox,
  directory: string,
  confinement: Confinement,
): Promise<OwnPlace> {
  const own = join(dirname(directory), `own-${randomUUID()}`);
  const enclose = sandbox.confine(own, confinement);
  if (enclose !== null) return { enclose, env: {}, [Symbol.asyncDispose]: () => removeAll(own) };
  // Short: the path of a socket has no more than 107 bytes.
  const temporary = await mkdtemp(join(tmpdir(), prefixOf(dirname(dirname(directory)))));
  return { enclose, env: { TMPDIR: temporary }, [Symbol.asyncDispose]: () => removeAll(temporary) };
}

const prefixOf = (workFolder: string): string =>
  `ralph-${createHash("sha256").update(workFolder).digest("hex").slice(0, 12)}-`;

/** Removes what an earlier supervisor left outside of its work folder. */
export async function sweepOwnPlaces(workFolder: string): Promise<void> {
  const prefix = prefixOf(workFolder);
  const left = (await readdir(tmpdir()).catch(() => [])).filter((name) => name.startsWith(prefix));
  await Promise.all(left.map((name) => removeAll(join(tmpdir(), name))));
}
