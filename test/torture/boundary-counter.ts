/** Numbers the boundaries of one supervisor, writes their trace, and does what was ordered at one of them. */
import fs from "node:fs";
import type { BoundaryOrder, FaultKind } from "./boundary-order.ts";

export interface Passing {
  /** The fault that this call has to fail with. */
  readonly fault: FaultKind | null;
  /** To be called when the call has been carried out, before anybody hears of it. */
  readonly done: () => void;
}

export interface Boundary {
  readonly name: string;
  readonly place: string;
  readonly isReading: boolean;
  readonly faults: readonly FaultKind[];
}

export interface BoundaryCounter {
  pass(boundary: Boundary): Passing;
}

export function createBoundaryCounter(order: BoundaryOrder): BoundaryCounter {
  // As node has them: the trace is no boundary, and this process must be able to end itself.
  const { writeSync } = fs;
  const kill = process.kill.bind(process);
  const trace = fs.openSync(order.trace, "a");
  const hits = new Map<FaultKind, number>();
  const { self, fault } = order;
  let count = 0;
  const endSelf = (side: "before" | "after", number: number): void => {
    if (self?.side === side && self.at === number) kill(process.pid, self.signal);
  };
  const chooseFault = (faults: readonly FaultKind[]): FaultKind | null => {
    for (const kind of faults) hits.set(kind, (hits.get(kind) ?? 0) + 1);
    if (fault === undefined || !faults.includes(fault.kind)) return null;
    const hit = hits.get(fault.kind) ?? 0;
    if (hit === fault.at) return fault.kind;
    if (!fault.isLasting || hit < fault.at) return null;
    // A full disk takes a part of one write, and nothing of those that follow.
    return fault.kind === "short" ? "ENOSPC" : fault.kind;
  };
  return {
    pass({ name, place, isReading, faults }) {
      count += 1;
      const number = count;
      writeSync(trace, `${number}\t${isReading ? "r" : "w"}\t${name}\t${place}\t${faults.join(" ")}\n`);
      endSelf("before", number);
      return { fault: chooseFault(faults), done: () => endSelf("after", number) };
    },
  };
}

const numbers: Readonly<Record<FaultKind, readonly [code: string, errno: number, words: string]>> = {
  ENOSPC: ["ENOSPC", -28, "no space left on device"],
  EIO: ["EIO", -5, "i/o error"],
  EMFILE: ["EMFILE", -24, "too many open files"],
  short: ["EIO", -5, "i/o error"],
  fsync: ["EIO", -5, "i/o error"],
  EAGAIN: ["EAGAIN", -11, "resource temporarily unavailable"],
  ENOMEM: ["ENOMEM", -12, "not enough memory"],
};

export const errnoOf = (kind: FaultKind): number => numbers[kind][1];

/** As node tells it. */
export function faultError(kind: FaultKind, syscall: string, path: unknown): Error {
  const [code, errno, words] = numbers[kind];
  const where = typeof path === "string" ? ` '${path}'` : "";
  return Object.assign(new Error(`${code}: ${words}, ${syscall}${where}`), {
    code,
    errno,
    syscall,
    ...(typeof path === "string" && { path }),
  });
}
