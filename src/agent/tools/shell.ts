/** The tools `bash` and `job`: where the commands of the model run, and what becomes of them. */
import { existsSync } from "node:fs";
import { z } from "zod";
import { messageOf, systemCodeOf } from "../../errors.ts";
import { createBackground, graceMs, overWithin, timeoutInput, timeoutMs } from "./background.ts";
import { type ShellCommand, type ShellPlace, startCommand } from "./command.ts";
import { defineTool, failure, type Tool, type ToolResult } from "./tool.ts";

export type { ShellPlace };

export interface ShellTools {
  readonly tools: readonly Tool[];
  /** Ends every command: SIGTERM to its group, two seconds, SIGKILL. */
  readonly close: () => Promise<void>;
}

/** In which a command for the background may fail at once. */
const startMsMax = 300;
/** Whoever aborts waits. */
const abortGraceMs = 300;

const input = z.strictObject({
  command: z.string(),
  timeout_s: timeoutInput,
  background: z.boolean().optional(),
});

export function createShellTools(place: ShellPlace): ShellTools {
  const { top, redactor } = place;
  const background = createBackground();
  const started: ShellCommand[] = [];
  let cwd = top;

  const run = async (order: z.output<typeof input>, signal: AbortSignal): Promise<ToolResult> => {
    const notes: string[] = [];
    if (!canEnter(cwd)) {
      notes.push(`${cwd} is gone: this ran in ${top}`);
      cwd = top;
    }
    const command = await startCommand(place, { id: started.length + 1, text: order.command, cwd });
    started.push(command);
    const msMax = order.background === true ? startMsMax : timeoutMs(order.timeout_s);
    await overWithin(command, msMax, signal);
    if (order.background !== true) {
      if (command.isOver()) cwd = (await command.over) ?? cwd;
      else notes.push(`the next command starts in ${cwd}`);
    }
    if (command.isOver() && !command.processes.isAlive()) return command.tell(notes);
    const refusal = signal.aborted ? "the call was aborted" : background.refusal();
    if (refusal === null) background.add(command);
    else {
      await command.end(signal.aborted ? abortGraceMs : graceMs);
      notes.push(`what still ran was ended: ${refusal}`);
    }
    return command.tell(notes);
  };
  const bash = defineTool({
    name: "bash",
    description:
      "Runs a command in a fresh bash. The working directory carries over to the next call; variables and functions do not. There is no terminal and no input: nobody answers prompts. Standard error is in the output. The result begins with the exit code; of a pipeline it is that of the last command. Long output is cut in the middle; the notice names the file that has all of it. A command that outlives timeout_s is not ended but goes on as a job; background: true makes it one at once, for servers and watchers. At most 8 at once; all end with the task.",
    input,
    isParallel: false,
    async run(order, signal): Promise<ToolResult> {
      const refusal = order.background === true ? background.refusal() : null;
      if (refusal !== null) return failure(`Not started: ${refusal}`);
      if (signal.aborted) return failure("Not started: the call was aborted.");
      if (!canEnter(top)) return failure(`Not started: the workspace ${top} is gone.`);
      try {
        return await run(order, signal);
      } catch (error) {
        const isLong = systemCodeOf(error) === "E2BIG";
        const reason = isLong ? "the command is too long; write it to a file first" : messageOf(error);
        return failure(redactor.text(`Not started: ${reason}.`));
      }
    },
  });
  return {
    tools: [bash, background.tool],
    async close() {
      await Promise.all(started.map((command) => command.end(graceMs)));
      for (const command of started) command.close();
    },
  };
}

const canEnter = (folder: string): boolean => existsSync(`${folder}/.`);
