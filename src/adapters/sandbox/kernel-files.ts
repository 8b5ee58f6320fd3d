/**
 * What in /proc is the machine's and not the program's. Where we run as root a program has no powers, but it is still the
 * owner of these files: with `kernel/core_pattern` it would choose what root runs when a program crashes.
 */
import { lstatSync } from "node:fs";
import type { Mount } from "./mounts.ts";

/** bubblewrap means to do this by itself, and looks only whether the folder can be written, not what is in it. */
const readOnly = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/pressure", "/proc/sys", "/proc/sysrq-trigger"];

const hidden = [
  "/proc/acpi",
  "/proc/asound",
  "/proc/kcore",
  "/proc/keys",
  "/proc/latency_stats",
  "/proc/sched_debug",
  "/proc/scsi",
  "/proc/timer_list",
];

export const kernelMounts = (): readonly Mount[] => [
  ...readOnly.filter(isThere).map((at): Mount => ({ kind: "read", at, from: at })),
  ...hidden
    .filter(isThere)
    .map((at): Mount => ({ kind: isFolder(at) ? "hidden-folder" : "hidden-file", at })),
];

const isThere = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false }) !== undefined;
const isFolder = (path: string): boolean => lstatSync(path).isDirectory();
