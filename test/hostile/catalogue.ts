/** Programs that mean harm, and what becomes of each. To add one: a file in `programs/`, a line here. */
import type { GroupExit } from "../../src/adapters/process/process-group.ts";

export interface Hostile {
  /** File in `programs/`; `.sh` is run by bash, `.ts` by Node. */
  readonly file: string;
  readonly does: string;
  /** What it has to print; beside that its output holds no secret. */
  readonly prints: RegExp;
  /** Default: whatever. */
  readonly ends?: GroupExit;
}

const ok: GroupExit = { kind: "exited", code: 0 };

export const catalogue: readonly Hostile[] = [
  { file: "reads-keys.sh", does: "reads the user's home and keys", prints: /^looked$/m, ends: ok },
  {
    file: "reads-environments.sh",
    does: "reads the supervisor's environment in /proc",
    prints: /^sees [2-9] processes$/m,
    ends: ok,
  },
  { file: "kills-everyone.sh", does: "sends SIGKILL to all processes", prints: /^alone$/m, ends: ok },
  { file: "kills-node.sh", does: "kills every node by its name, and its parents", prints: /^(done)?$/m },
  { file: "writes-outside.sh", does: "writes outside of its workspace", prints: /^tried$/m, ends: ok },
  { file: "removes-home.sh", does: "removes the home and everything", prints: /^removed$/m },
  {
    file: "daemonises.sh",
    does: "leaves children that left session, group and environment",
    prints: /^left$/,
  },
  { file: "forks.ts", does: "forks until nothing more can be started", prints: /^full, /, ends: ok },
  {
    file: "hogs-memory.ts",
    does: "takes all the memory",
    prints: /^$/,
    ends: { kind: "signaled", signal: "the memory limit (limits.attempt.memory, 256MiB)" },
  },
  { file: "fills-disk.sh", does: "writes a file of ten gigabytes", prints: /^size 67108864$/m, ends: ok },
  { file: "traces-parent.ts", does: "reads and writes the memory of its parents", prints: /^(?!.*found)/s },
  {
    file: "finds-state.sh",
    does: "looks for the state directory",
    prints: /^(?:work\n)?found nothing more$/,
  },
  {
    file: "plants-links.sh",
    does: "plants links for the next process",
    prints: /^moved\nplanted$/,
    ends: ok,
  },
  { file: "reaches-the-network.sh", does: "reaches for the network", prints: /^no way out$/, ends: ok },
];
