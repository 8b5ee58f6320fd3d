/** Programs that mean harm, and what becomes of each. To add one: a file in `programs/`, an entry in one of the lanes. */
import { builtinLane } from "./catalogue/builtin.ts";
import { gateLane } from "./catalogue/gate.ts";
import { outsideLane } from "./catalogue/outside.ts";
import { protocolLane } from "./catalogue/protocol.ts";
import { takingLane } from "./catalogue/taking.ts";
import { treeLane } from "./catalogue/tree.ts";

/** What is the same for all of its programs: how they are started, and how long they may take. */
export const lanes = ["plain", "endless", "protocol", "gate", "builtin"] as const;
export type Lane = (typeof lanes)[number];

export const classes = [
  "reads secrets",
  "writes elsewhere",
  "kills and stays",
  "takes too much",
  "gets out of the sandbox",
  "reaches the network",
  "spoils the workspace",
  "bends git",
  "lands by itself",
  "lies to the supervisor",
  "stays for the next",
] as const;

export interface Hostile {
  /** In `programs/`; a task of this name is given to it. Commands have none: a model asks for them. */
  readonly file: string;
  readonly class: (typeof classes)[number];
  readonly lane: Lane;
  /** What it does, as "an agent that …". */
  readonly does: string;
  readonly stoppedBy: string;
  /** What the journal tells of its task. */
  readonly ends: RegExp;
  /** What it has to print, so that it is known to have tried; default: anything. */
  readonly prints?: RegExp;
  /** What it may not print. */
  readonly neverPrints?: RegExp;
  /** True: without a cgroup nothing but its time ends it, and the machine is not ours. */
  readonly needsCgroup?: true;
  /** A task that has to be over before. */
  readonly after?: string;
  /** What a scripted model asks for. */
  readonly commands?: readonly string[];
}

export const catalogue: readonly Hostile[] = [
  ...outsideLane,
  ...takingLane,
  ...treeLane,
  ...protocolLane,
  ...gateLane,
  ...builtinLane,
];
