/** When a process group is ended or frozen: wall time, silence, a stop from outside, and the grace before SIGKILL. */
import { Deadline } from "../../running-clock.ts";

export interface GroupLimits {
  readonly wallMsMax: number;
  /** No output for this long ends the group; null: no such limit. */
  readonly idleMsMax: number | null;
  readonly signal: AbortSignal;
}

export type GroupEnd = "wall" | "idle" | "output" | "stopped";

const termGraceMs = 5_000;

export interface Ending {
  why: GroupEnd | null;
  readonly end: (why: GroupEnd) => void;
  readonly noteOutput: () => void;
  /** Stops the group and its clocks. False when there is nothing to freeze: it has ended, or is ended now. */
  readonly freeze: () => boolean;
  /** False when the group is not frozen, or must not run again. */
  readonly thaw: () => boolean;
  readonly done: () => void;
}

type GroupSignal = "SIGTERM" | "SIGKILL" | "SIGSTOP" | "SIGCONT";

/** The clocks of one group: wall time, silence, the grace between SIGTERM and SIGKILL. */
export function createEnding(limits: GroupLimits, kill: (signal: GroupSignal) => void): Ending {
  const wall = createClock(limits.wallMsMax, () => ending.end("wall"));
  const idle = createClock(limits.idleMsMax ?? Infinity, () => ending.end("idle"));
  const grace = createClock(termGraceMs, () => kill("SIGKILL"));
  const stop = (): void => ending.end("stopped");
  let phase: "running" | "frozen" | "over" = "running";
  const ending: Ending = {
    why: null,
    end(why) {
      if (ending.why !== null || phase === "over") return;
      ending.why = why;
      // Somebody relies on a frozen group to change nothing: it gets no time to close.
      kill(phase === "frozen" ? "SIGKILL" : "SIGTERM");
      grace.resume();
    },
    noteOutput: idle.restart,
    freeze() {
      if (phase === "over") return false;
      phase = "frozen";
      wall.hold();
      idle.restart();
      idle.hold();
      kill(ending.why === null ? "SIGSTOP" : "SIGKILL");
      return ending.why === null;
    },
    thaw() {
      if (phase !== "frozen" || ending.why !== null) return false;
      phase = "running";
      wall.resume();
      idle.resume();
      kill("SIGCONT");
      return true;
    },
    done() {
      phase = "over";
      for (const clock of [wall, idle, grace]) clock.hold();
      limits.signal.removeEventListener("abort", stop);
    },
  };
  wall.resume();
  idle.resume();
  if (limits.signal.aborted) stop();
  else limits.signal.addEventListener("abort", stop, { once: true });
  return ending;
}

interface StopClock {
  readonly hold: () => void;
  readonly resume: () => void;
  /** Begins again with the full time. */
  readonly restart: () => void;
}

/** Runs only while it is not held, and while this process runs. Made held. */
function createClock(msMax: number, act: () => void): StopClock {
  const deadline = new Deadline(act);
  let msLeft = msMax;
  let isHeld = true;
  return {
    hold() {
      if (!isHeld) msLeft = deadline.clear();
      isHeld = true;
    },
    resume() {
      if (isHeld) deadline.start(msLeft);
      isHeld = false;
    },
    restart() {
      msLeft = msMax;
      if (!isHeld) deadline.start(msMax);
    },
  };
}
