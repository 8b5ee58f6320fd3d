/** What the place of a state directory means for what is kept in it: whose it is, who may look, what a crash leaves. */
import { accessSync, chmodSync, constants, readdirSync, statfsSync, statSync } from "node:fs";
import { messageOf, RalphError, systemCodeOf } from "../../errors.ts";

/** Kinds of file systems as Linux numbers them. */
const remoteKinds: ReadonlyMap<number, string> = new Map([
  [0x69_69, "NFS"],
  [0x51_7b, "SMB"],
  [0xff_53_4d_42, "CIFS"],
  [0xfe_53_4d_42, "SMB"],
  [0x01_02_19_97, "9p"],
  [0x65_73_55_46, "FUSE"],
  [0x00_c3_64_00, "Ceph"],
  [0x0b_d0_0b_d0, "Lustre"],
]);
const memoryKinds: ReadonlySet<number> = new Set([0x01_02_19_94, 0x85_84_58_f6]);

/**
 * Others may neither change what is here nor read it: it holds what agents were told and said.
 * @throws RalphError `state-not-writable` for a directory of somebody else's, or one that is shared for other things.
 */
export function requirePrivate(path: string): void {
  const { uid, mode } = statSync(path);
  const own = process.getuid?.() ?? uid;
  if (uid !== own && own !== 0) throw refusal(path, foreign(uid));
  if ((mode & 0o077) === 0 || uid !== own) return;
  // To close a folder that others use for other things would be worse than to refuse it.
  const names = readdirSync(path);
  if (names.length > 0 && !names.includes("scratch")) {
    const shown = (mode & 0o7777).toString(8);
    throw refusal(path, `is open to other users (mode ${shown}) and holds other files`);
  }
  chmodSync(path, 0o700);
}

/**
 * What may not be seen must not be taken for nothing; a directory that is not there is fine.
 * @throws RalphError `state-not-writable` for one that only somebody else may look into.
 */
export function requireReadable(path: string): void {
  try {
    accessSync(path, constants.R_OK | constants.X_OK);
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(systemCodeOf(error) ?? "")) return;
    throw refusal(path, ownerText(path) ?? `cannot be read: ${messageOf(error)}`, "Ask as its owner.");
  }
}

/** Null where even that may not be known. */
function ownerText(path: string): string | null {
  try {
    return foreign(statSync(path).uid);
  } catch {
    return null;
  }
}

const foreign = (uid: number): string => `belongs to another user (uid ${uid})`;

const refusal = (
  path: string,
  what: string,
  hint = "Set RALPH_STATE_DIR to a directory of its own.",
): RalphError => new RalphError("state-not-writable", `the state directory ${path} ${what}`, { hint });

/** What people should know of the place, one sentence without a full stop; null when it is a disk of this machine. */
export const describePlace = (path: string): string | null => describeKind(path, statfsSync(path).type);

export function describeKind(path: string, type: number): string | null {
  // Some are told as negative numbers.
  const kind = type >>> 0;
  if (memoryKinds.has(kind)) return `${path} is in memory: when the machine restarts, history is gone`;
  const name = remoteKinds.get(kind);
  if (name === undefined) return null;
  return `${path} is on ${name}: what a crash leaves there is up to its server, and only one machine may use it; a local disk is better`;
}
