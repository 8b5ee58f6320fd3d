/** When a process group is ended: wall time, silence, a stop from outside, and the grace before SIGKILL. */

export interface GroupLimits {
  readonly wallMsMax: number;
  /** No output for this long ends the group; null: no such limit. */
  readonly idleMsMax: number | null;
  readonly signal: AbortSignal;
}

const termGraceMs = 5_000;

export interface Ending {
  why: "wall" | "idle" | "stopped" | null;
  readonly end: (why: "wall" | "idle" | "stopped") => void;
  readonly noteOutput: () => void;
  readonly hold: () => void;
  readonly resume: () => void;
  readonly done: () => void;
}

/** The clocks of one group: wall time, silence, the grace between SIGTERM and SIGKILL. */
export function createEnding(limits: GroupLimits, kill: (signal: "SIGTERM" | "SIGKILL") => void): Ending {
  const wall = createClock(limits.wallMsMax, () => ending.end("wall"));
  const idle = createClock(limits.idleMsMax ?? Infinity, () => ending.end("idle"));
  const grace = createClock(termGraceMs, () => kill("SIGKILL"));
  const stop = (): void => ending.end("stopped");
  const hold = (): void => {
    wall.hold();
    idle.restart();
    idle.hold();
  };
  const ending: Ending = {
    why: null,
    end(why) {
      if (ending.why !== null) return;
      ending.why = why;
      kill("SIGTERM");
      grace.resume();
    },
    noteOutput: idle.restart,
    hold,
    resume() {
      wall.resume();
      idle.resume();
    },
    done() {
      for (const clock of [wall, idle, grace]) clock.hold();
      limits.signal.removeEventListener("abort", stop);
    },
  };
  ending.resume();
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

/** Runs on the monotonic clock, and only while it is not held. Made held. */
function createClock(msMax: number, act: () => void): StopClock {
  let timer: NodeJS.Timeout | null = null;
  let msLeft = msMax;
  let resumedAtMs = 0;
  const resume = (): void => {
    if (timer !== null || msLeft === Infinity) return;
    resumedAtMs = performance.now();
    timer = setTimeout(act, Math.min(Math.max(0, msLeft), 2 ** 31 - 1));
  };
  const hold = (): void => {
    if (timer === null) return;
    clearTimeout(timer);
    timer = null;
    msLeft -= performance.now() - resumedAtMs;
  };
  return {
    hold,
    resume,
    restart() {
      msLeft = msMax;
      resumedAtMs = performance.now();
      timer?.refresh();
    },
  };
}
