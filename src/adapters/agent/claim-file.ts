/** The file in which an agent may claim that it is done. */
import { lstat, readFile } from "node:fs/promises";
import { unlessAbsent } from "../../errors.ts";
import type { Claim } from "../../core/message.ts";
import { parseClaim } from "../../formats/agent-stream.ts";

const claimBytesMax = 1_000_000;

/** Null when there is none. */
export async function readClaim(file: string): Promise<Claim | null> {
  const stats = await unlessAbsent(lstat(file));
  // An agent may leave anything there: a pipe would be read for ever, a link leads elsewhere.
  if (stats === null || !stats.isFile() || stats.size > claimBytesMax) return null;
  return parseClaim(await readFile(file, "utf8"));
}
