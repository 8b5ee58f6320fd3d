/** The commands that go on between two calls: their list with its limit, and the tool that looks after them. */
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { oneLine } from "../../formats/one-line.ts";
import type { ShellCommand } from "./command.ts";
import { defineTool, failure, type Tool } from "./tool.ts";

export interface Background {
  readonly tool: Tool;
  /** Why there is no room for one more; null when there is. */
  readonly refusal: () => string | null;
  readonly add: (command: ShellCommand) => void;
}

const commandsMax = 8;
export const graceMs = 2_000;
const timeoutSDefault = 120;
const timeoutSMax = 600;

export const timeoutInput = z.number().optional().describe("default 120, at most 600");
export const timeoutMs = (seconds = timeoutSDefault): number =>
  1_000 * Math.max(0, Math.min(seconds, timeoutSMax));

const input = z.strictObject({
  id: z.number(),
  action: z.enum(["output", "wait", "kill"]),
  timeout_s: timeoutInput,
});

export function createBackground(): Background {
  const commands = new Map<number, ShellCommand>();
  const tool = defineTool({
    name: "job",
    description:
      "Looks after a command that goes on. output: what it printed since you were last told. wait: the same, when it has ended or timeout_s is over. kill: ends it and its children.",
    input,
    isParallel: false,
    async run({ id, action, timeout_s }, signal) {
      const command = commands.get(id);
      if (command === undefined) return failure(`There is no job ${id}. ${list([...commands.values()])}`);
      if (action === "kill") await command.end(graceMs);
      // When bash is over, it is about what bash has left behind.
      if (action === "wait" && command.isOver()) await command.processes.gone(timeoutMs(timeout_s), signal);
      else if (action === "wait") await overWithin(command, timeoutMs(timeout_s), signal);
      const isGone = command.isOver() && !command.processes.isAlive();
      return command.tell(isGone ? [`job ${id} is over`] : []);
    },
  });
  return {
    tool,
    refusal() {
      const alive = [...commands.values()].filter((command) => command.processes.isAlive());
      if (alive.length < commandsMax) return null;
      return `${commandsMax} jobs are the limit, kill one first. ${list(alive)}`;
    },
    add: (command) => void commands.set(command.id, command),
  };
}

const list = (commands: readonly ShellCommand[]): string =>
  `Known: ${commands.map(({ id, text }) => `${id} (${oneLine(text, 60)})`).join(", ") || "none"}.`;

/** Resolves when bash has ended, when time is over, or when the call is aborted. */
export async function overWithin({ over }: ShellCommand, msMax: number, signal: AbortSignal): Promise<void> {
  const done = new AbortController();
  const timer = sleep(msMax, null, { signal: AbortSignal.any([signal, done.signal]) }).catch(() => null);
  await Promise.race([over, timer]);
  done.abort();
}
