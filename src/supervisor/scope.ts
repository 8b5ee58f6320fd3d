/** What the steps of an attempt share: the ports, the configuration, the run, and where to stop. */
import type { Config, Gate } from "../core/config.ts";
import type { CommitSha } from "../core/ids.ts";
import type { Baseline } from "../core/message.ts";
import type { Task } from "../core/task.ts";
import type { Ports } from "../ports.ts";

/** What attempts share while they are under way; nothing is in it when nothing runs. */
export const createShared = (): Pick<AttemptScope, "judging" | "baselines"> => ({
  judging: new Map(),
  baselines: new Map(),
});

export interface AttemptScope {
  readonly ports: Ports;
  readonly config: Config;
  /** Id of the run, for trailers. */
  readonly run: string;
  /** Aborts when everything must stop now. */
  readonly signal: AbortSignal;
  /** Candidates under judgement: those composed on one wait for its end to compare their tests with its tests. */
  readonly judging: Map<CommitSha, Promise<void>>;
  /** Baselines that are being checked: attempts that start together wait for the same one. */
  readonly baselines: Map<string, Promise<Baseline>>;
  /** Folder for the logs of one purpose; made when asked for. */
  readonly logFolder: (purpose: string) => string;
}

/** What a verdict rests on, by name, for the journal and the commit's trailer. */
export const verdictNames = (scope: AttemptScope, task: Task): readonly string[] => [
  ...gatesFor(scope, task).map((gate) => gate.name),
  ...(task.proof.length > 0 ? ["proof"] : []),
];

/** The gates that always run, and those the task asks for. */
export function gatesFor(scope: AttemptScope, task: Task | null): readonly Gate[] {
  return scope.config.gates.filter((gate) => !gate.optional || task?.gates.includes(gate.name) === true);
}
