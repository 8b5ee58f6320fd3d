/**
 * What may be asked of one supervisor's boundaries, and which faults can hit which of them. A boundary is one call of
 * node's by which the process reads or changes the world; they are numbered from 1 as they come.
 */

export const faultKinds = ["ENOSPC", "EIO", "EMFILE", "short", "fsync", "EAGAIN", "ENOMEM"] as const;
export type FaultKind = (typeof faultKinds)[number];

/** Handed over in the environment variable `orderVariable`, as JSON; the supervisor's children never see it. */
export interface BoundaryOrder {
  /** Only what happens below this folder is numbered, and starts, signals, pipes: the rest is loading of code. */
  readonly world: string;
  /** One line for each boundary: number, `r` or `w`, name, place, faults that can hit it. */
  readonly trace: string;
  /** The process kills or stops itself there; at most one. */
  readonly self?: {
    readonly signal: "SIGKILL" | "SIGSTOP";
    readonly side: "before" | "after";
    readonly at: number;
  };
  /** The n-th call that this kind can hit fails; or it and all that follow. */
  readonly fault?: { readonly kind: FaultKind; readonly at: number; readonly isLasting: boolean };
  /** The n-th program whose place begins so (`git update-ref`) is killed by somebody else so long after its start. */
  readonly slay?: { readonly place: string; readonly at: number; readonly afterMs: number };
}

export const orderVariable = "RALPH_TORTURE";

const reading =
  /^(?:access|exists|f?stat|lstat|statfs|read|readv|readFile|readdir|readlink|realpath|opendir|glob|watch|watchFile|unwatchFile|openAsBlob)$/;
const needsSpace = /^(?:writeFile|appendFile|write|writev|mkdir|mkdtemp|rename|link|symlink|copyFile|cp)$/;
const needsDescriptor = /^(?:open|readFile|writeFile|appendFile|readdir|opendir|copyFile|cp)$/;
/** They tell nothing, or not in this way. */
const cannotFail = /^(?:exists|watch|watchFile|unwatchFile|close|glob|openAsBlob|cp|rm)$/;

/** `writeFileSync` and a handle's `sync` are what `writeFile` and `fsync` are. */
export function plainName(method: string): string {
  const name = method.replace(/Sync$/, "");
  return name === "sync" || name === "datasync" ? `f${name}` : name;
}

/** `flags`: of an `open`. */
export const isReading = (method: string, flags: unknown): boolean =>
  plainName(method) === "open" ? isForReading(flags) : reading.test(plainName(method));

const isForReading = (flags: unknown): boolean => flags === undefined || flags === "r" || flags === 0;

export function faultsOfFileCall(method: string, flags: unknown): readonly FaultKind[] {
  const name = plainName(method);
  const kinds: FaultKind[] = [];
  if (needsSpace.test(name) || (name === "open" && !isForReading(flags))) kinds.push("ENOSPC");
  if (!cannotFail.test(name) && !name.endsWith("sync")) kinds.push("EIO");
  if (needsDescriptor.test(name)) kinds.push("EMFILE");
  if (name === "write") kinds.push("short");
  if (name === "fsync" || name === "fdatasync") kinds.push("fsync");
  return kinds;
}

export const faultsOfStart: readonly FaultKind[] = ["EMFILE", "EAGAIN", "ENOMEM"];
