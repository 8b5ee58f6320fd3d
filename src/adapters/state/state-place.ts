/** What the place of a state directory means for what is kept in it: whose it is, who may look, what a crash leaves. */
import { chmodSync, readdirSync, statfsSync, statSync } from "node:fs";
import { RalphError } from "../../errors.ts";

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
  if (uid !== own && own !== 0) throw refusal(path, `belongs to another user (uid ${uid})`);
  if ((mode & 0o077) === 0 || uid !== own) return;
  // To close a folder that others use for other things would be worse than to refuse it.
  const names = readdirSync(path);
  if (names.length > 0 && !names.includes("scratch")) {
    const shown = (mode & 0o7777).toString(8);
    throw refusal(path, `is open to other users (mode ${shown}) and holds other files`);
  }
  chmodSync(path, 0o700);
}

const refusal = (path: string, what: string): RalphError =>
  new RalphError("state-not-writable", `the state directory ${path} ${what}`, {
    hint: "Set RALPH_STATE_DIR to a directory of its own.",
  });

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
