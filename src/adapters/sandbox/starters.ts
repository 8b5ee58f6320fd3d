/**
 * Programs that are bubblewrap in a moment: started and under their limits, and waiting to be told what they are to see
 * and to run. A few wait ahead of their time, because the kernel takes some 15 milliseconds to put a process into a cgroup.
 */
import { messageOf, systemCodeOf } from "../../errors.ts";
import type { Leader } from "../process/leader.ts";
import type { Share } from "./resources.ts";

export interface Starter {
  readonly leader: Leader;
  readonly share: Share;
  /** Null once the limits hold; else why they cannot. */
  readonly refusal: Promise<string | null>;
}

export interface Starters {
  readonly take: () => Starter;
  /** From now on so many wait, until it is disposed of. */
  readonly keepReady: (count: number) => AsyncDisposable;
}

/** Whoever has just been let go needs the machine for himself for so long. */
const pauseMs = 25;

export function createStarters(start: () => Omit<Starter, "refusal">): Starters {
  const ready: Starter[] = [];
  let wanted = 0;
  let timer: NodeJS.Timeout | undefined;
  const begin = (): Starter => {
    const { leader, share } = start();
    return { leader, share, refusal: admit(leader, share) };
  };
  const fill = (): void => {
    while (ready.length < wanted) ready.push(prepare());
  };
  const prepare = (): Starter => {
    const starter = begin();
    // What could not be limited then can perhaps be limited now.
    void starter.refusal.then((refusal) => {
      const at = ready.indexOf(starter);
      if (refusal === null || at < 0) return;
      ready.splice(at, 1);
      void end(starter);
    });
    return starter;
  };
  return {
    take() {
      clearTimeout(timer);
      // Commands that keep none ready are not held up by it at their end.
      if (wanted > 0) timer = setTimeout(fill, pauseMs);
      return takeLiving(ready) ?? begin();
    },
    keepReady(count) {
      wanted = count;
      fill();
      return {
        async [Symbol.asyncDispose]() {
          wanted = 0;
          clearTimeout(timer);
          await Promise.all(ready.splice(0).map(end));
        },
      };
    },
  };
}

function admit({ process: { pid } }: Leader, share: Share): Promise<string | null> {
  // Why it could not be started is told by its leader.
  if (pid === undefined) return Promise.resolve(null);
  return share.admit(pid).then(
    () => null,
    // Who is gone already tells why in another way.
    (error: unknown) => (systemCodeOf(error) === "ESRCH" ? null : messageOf(error)),
  );
}

/** Somebody else may have ended those that wait. */
function takeLiving(ready: Starter[]): Starter | null {
  for (let next = ready.shift(); next !== undefined; next = ready.shift()) {
    const { exitCode, signalCode, pid } = next.leader.process;
    if (pid !== undefined && exitCode === null && signalCode === null) return next;
    void next.share.release();
  }
  return null;
}

async function end({ leader, share }: Starter): Promise<void> {
  const { process: child } = leader;
  const isOver = child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
  const ended = isOver ? null : new Promise((resolve) => child.once("exit", resolve));
  leader.kill("SIGKILL");
  await ended;
  await share.release();
}
