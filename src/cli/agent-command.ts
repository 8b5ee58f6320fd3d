/** The words of `ralphwright agent`: options, exit statuses, help. */
import type { Command } from "commander";
import { amount, example, wholeNumber } from "./arguments.ts";

interface AgentFlags {
  readonly task?: string;
  readonly model?: string;
  readonly effort?: string;
  readonly baseUrl?: string;
  readonly maxUsd?: number;
  readonly maxTurns?: number;
  readonly json?: true;
}

export function addAgent(program: Command, outcome: { status: number }): void {
  program
    .command("agent [words...]")
    .description("the built-in agent by hand, in this directory: no supervisor, no gates, no commit")
    .option("--task <file>", "what to do is in this file")
    .option("--model <id>", "exact model id")
    .option("--effort <level>", "low, medium, high, xhigh or max")
    .option("--base-url <url>", "an endpoint that speaks the Messages API")
    .option("--max-usd <usd>", "most money it may cost", amount)
    .option("--max-turns <n>", "most turns", wholeNumber)
    .option("--json", "messages as JSON lines; verdicts are read from standard input")
    .addHelpText("after", `${exitCodes}\n${example('ralphwright agent "mend the failing test"')}`)
    .action(async (words: readonly string[], flags: AgentFlags) => {
      const { runAgent } = await import("./agent.ts");
      const { task, model, effort, baseUrl, maxUsd, maxTurns } = flags;
      outcome.status = await runAgent({
        cwd: process.cwd(),
        words: words.length === 0 ? null : words.join(" "),
        file: task ?? null,
        json: flags.json === true,
        agent: given({ model, effort, base_url: baseUrl }),
        limits: given({ usd: maxUsd, turns: maxTurns }),
      });
    });
}

/** Without what was not said: defaults and the configuration hold then. */
function given<Value>(values: Readonly<Record<string, Value | undefined>>): Readonly<Record<string, Value>> {
  const said = Object.entries(values).filter((entry): entry is [string, Value] => entry[1] !== undefined);
  return Object.fromEntries(said);
}

const exitCodes = `
Exit status:
  0    done, and the verdict, if one was given, was green
  10   done, but the verdict was red
  11   blocked: a question for a person
  12   stuck: it went in circles
  13   a limit is reached
  14   the context is used up: a note for a fresh start is printed
  15   it stopped without calling done
  20   login refused, no key, or no such model
  21   the account cannot pay
  22   usage limit
  23   the model cannot be reached
  24   the model declined
  30   anything else
  143  stopped by a signal`;
