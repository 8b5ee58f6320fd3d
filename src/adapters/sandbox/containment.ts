/** What a sandbox is to those who start programs: what one of them may see, and the command line that sees to it. */
import type { AgentConfig } from "../../core/config.ts";
import type { Metered } from "../egress/meter.ts";
import type { Leader } from "../process/leader.ts";

export interface Level {
  /** As `status` and the journal name it. */
  readonly name: string;
  readonly gives: string;
  /** Empty: nothing. */
  readonly lacks: string;
}

/** Who is let through by the one way out: what it may reach is decided there. Each agent has its own model. */
export type EgressProfile = AgentConfig | "gates";

/** Opens the one way out, if there is one. `onSpent` hears what is used of a model that is reached through us. */
export type OpenEgress = (
  profile: EgressProfile,
  purpose: string,
  onSpent?: (spent: Metered) => void,
) => EgressDoor | null;

/** The one way out of a sandbox that has no network; closed when the program is gone. */
export interface EgressDoor extends AsyncDisposable {
  /** A unix socket of the supervisor's; inside it is always `egressSocketInside`. */
  readonly socket: string;
  readonly env: Readonly<Record<string, string>>;
  /** Breaks off what is asked of a model through us, counts it, and lets nothing out from now on. */
  readonly hold: () => void;
  readonly resume: () => void;
  /** Puts what the program needs to find the way before its command. */
  readonly wrap: (command: readonly string[]) => readonly string[];
}

export interface Confinement {
  /** Files and folders that are there. All else that is visible can only be read. */
  readonly writable: readonly string[];
  /** Beside the system, what is on PATH, and what the configuration names. */
  readonly readable: readonly string[];
  readonly profile: EgressProfile;
  /** Hears what it has used of a model that it reaches through us. */
  readonly onSpent?: (spent: Metered) => void;
}

export interface Start {
  readonly command: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/**
 * A program in its sandbox. Its leader becomes bubblewrap: on descriptor 3 that tells the first process inside, and how
 * the program ended; on 4 it waits for its `view`, and on 5 the first process inside waits for the `command`.
 */
export interface Enclosed {
  readonly leader: Leader;
  /** Arguments of bubblewrap: what can be seen, and with which variables. Each ends with a NUL. */
  readonly view: string;
  /** The program and its arguments, each with a NUL at its end. */
  readonly command: string;
  /** Resolves when the limits of the leader hold, with null, or when they cannot, with the reason. Nothing may be told before. */
  readonly refusal: Promise<string | null>;
  /** To be called when its processes hold still or are to end: what they ask of a model through us is broken off, and counted. */
  readonly hold: () => void;
  /** To be called when they work again. */
  readonly resume: () => void;
  /** To be called when all its processes are gone. Returns the limit that ended it, for people; null: none did. */
  readonly release: () => Promise<string | null>;
}

export type Enclose = (start: Start) => Enclosed;

export interface Sandbox {
  readonly level: Level;
  /** Where this built-in agent finds its model, inside; null: it is to ask the model itself, and to have its key. */
  readonly gatewayFor: (agent: AgentConfig) => string | null;
  /** What `doctor` tells beside the level: roots that can be read, and what holds which limit. */
  readonly facts: SandboxFacts;
  /**
   * Null: nothing is contained, because the configuration says so.
   *
   * @param own Folder for HOME and temporary files, which are made unless they are there. Nobody inside may be able to
   *   write to the folder that it lies in.
   */
  readonly confine: (own: string, confinement: Confinement) => Enclose | null;
  /** From now on so many programs are half started ahead of their time, until it is disposed of. */
  readonly keepReady: (count: number) => AsyncDisposable;
  /** Removes what an earlier supervisor of this state directory left. Only for who holds its lease. */
  readonly sweep: () => void;
}

export interface SandboxFacts {
  /** Whether programs reach only what is let through. */
  readonly isNetworkClosed: boolean;
  readonly readable: readonly string[];
  /** Limits that hold, and by what. */
  readonly limits: readonly string[];
  readonly warnings: readonly string[];
}

const off: Level = {
  name: "off",
  gives: "nothing",
  lacks:
    "agents and gates run with your rights, because `sandbox` is off in ralph.config.yaml, by --sandbox or by RALPH_SANDBOX",
};

export const noSandbox: Sandbox = {
  level: off,
  gatewayFor: () => null,
  facts: { isNetworkClosed: false, readable: [], limits: [], warnings: [] },
  confine: () => null,
  keepReady: () => ({ [Symbol.asyncDispose]: () => Promise.resolve() }),
  sweep: () => {},
};
