/** Agents that take all there is, or never end. */
import type { Hostile } from "../catalogue.ts";

const plain = { class: "takes too much", lane: "plain", ends: /^landed/m } as const;
const endless = { class: "takes too much", lane: "endless", ends: /timed-out|printed too much/ } as const;

export const takingLane: readonly Hostile[] = [
  {
    ...plain,
    file: "forks.ts",
    needsCgroup: true,
    does: "is a fork bomb",
    stoppedBy: "the limit of processes; they all go with the first",
    ends: /landed|crashed|timed-out/,
  },
  {
    ...plain,
    file: "threads.py",
    needsCgroup: true,
    does: "starts threads without end",
    stoppedBy: "the limit of processes",
    prints: /^stopped True$/m,
    ends: /landed|crashed/,
  },
  {
    ...plain,
    file: "hogs-memory.ts",
    needsCgroup: true,
    does: "takes all the memory",
    stoppedBy: "the memory limit",
    ends: /the memory limit/,
  },
  {
    ...plain,
    file: "hides-memory.py",
    needsCgroup: true,
    does: "takes memory in /dev/shm and in files without a name",
    stoppedBy: "the memory limit of the cgroup, which counts them",
    ends: /the memory limit/,
  },
  {
    ...plain,
    file: "fills-disk.sh",
    does: "writes ten gigabytes, and reserves ten terabytes",
    stoppedBy: "the limit of file size",
    prints: /^size 8388608\n(?!.*sparse [1-9]\d{7})/ms,
  },
  {
    ...plain,
    file: "many-files.sh",
    does: "makes thousands of files",
    stoppedBy: "they are removed; here a gate is red, else the guard counts",
    prints: /^2000$/,
    ends: /^rejected/m,
  },
  {
    ...plain,
    file: "sparse-files.sh",
    does: "makes files that cost nothing to write and much to read",
    stoppedBy: "the limit of file size, the guard, and a limit of time for git",
    prints: /^60$/,
    ends: /^rejected/m,
  },
  {
    ...plain,
    file: "prints-binary.sh",
    does: "prints bytes that are no text, and a line of megabytes",
    stoppedBy: "output is read in pieces, and only its head and tail are kept",
    prints: /printed$/,
  },
  ...(
    [
      ["prints-endlessly.sh", "prints without end on both streams", "what it prints has a limit"],
      ["prints-one-line.sh", "prints a line that never ends", "what it prints has a limit, and each line"],
      ["ignores-sigterm.sh", "hears no SIGTERM", "SIGKILL after a grace"],
      ["stops-itself.sh", "stops itself", "its time has a limit"],
      ["closes-its-pipes.sh", "closes its pipes and works on", "its time has a limit"],
      ["trickles.sh", "prints a little, for ever", "its time has a limit"],
      ["respawns.sh", "is never the same process for long", "a PID namespace"],
      ["hangs.ts", "says that it is done, and stays", "its time has a limit"],
    ] as const
  ).map(([file, does, stoppedBy]): Hostile => ({ ...endless, file, does, stoppedBy })),
];
