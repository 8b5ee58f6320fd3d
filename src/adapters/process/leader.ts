/** Starts the leader of a process group, under a mark of its own by which whoever descends from it is found. */
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { execa } from "execa";
import { groupMark } from "./stray-processes.ts";

/** Set once at start: marks every process as this supervisor's, so that the next one can find what was left. */
let supervisorMark: string = randomUUID();
export const setSupervisorMark = (mark: string): void => {
  supervisorMark = mark;
};

export interface LeaderOrder {
  readonly command: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** So many more pipes, from descriptor 3 on. */
  readonly morePipes: number;
}

export interface Leader {
  readonly process: ReturnType<typeof execa>["nodeChildProcess"];
  readonly mark: string;
  /** To the whole group. */
  readonly kill: (signal: NodeJS.Signals) => void;
  /** Resolves with the reason when it could not be started, and never when it could. */
  readonly failure: Promise<string>;
}

export function startLeader({ command, cwd, env, morePipes }: LeaderOrder): Leader {
  const mark = `${supervisorMark}.${randomUUID()}`;
  const [file = "", ...args] = command;
  const child = execa(file, args, {
    cwd,
    env: { ...env, [groupMark]: mark },
    extendEnv: false,
    stdio: ["pipe", "pipe", "pipe", ...Array.from({ length: morePipes }, () => "pipe" as const)],
    buffer: false,
    reject: false,
    killDescendants: true,
    forceKillAfterDelay: false,
  });
  return {
    process: child.nodeChildProcess,
    mark,
    kill: (signal) => void child.kill(signal),
    failure: child.then((result: Result) => startFailure(result, { program: file, cwd })),
  };
}

/** What execa says of a program; an end that `exit` tells is not told twice. */
interface Result {
  readonly code?: string | undefined;
  readonly exitCode?: number | undefined;
  readonly signal?: string | undefined;
  readonly shortMessage?: string | undefined;
}

function startFailure(
  result: Result,
  { program, cwd }: { readonly program: string; readonly cwd: string },
): string | Promise<never> {
  const started = result.exitCode !== undefined || result.signal !== undefined;
  if (started) return new Promise<never>(() => {});
  if (!existsSync(cwd)) return `the directory ${cwd} is gone`;
  if (result.code === "ENOENT") return `there is no program ${program}`;
  return result.code ?? result.shortMessage ?? "unknown reason";
}
