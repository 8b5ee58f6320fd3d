/** The commands, their options and their help. */
import { Command, CommanderError } from "commander";
import { RalphError } from "../errors.ts";
import { run } from "./run.ts";

export async function main(argv: readonly string[]): Promise<number> {
  let status = 0;
  const program = new Command("ralphwright").exitOverride();
  program
    .command("run")
    .option("--log <format>", "", "auto")
    .option("--agent-command <command>")
    .action(async (o) => {
      status = await run({
        cwd: process.cwd(),
        overrides: o.agentCommand === undefined ? {} : { agent: { command: o.agentCommand } },
        log: o.log,
      });
    });
  try {
    await program.parseAsync([...argv]);
    return status;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (error instanceof RalphError) {
      process.stderr.write(
        `ralphwright: ${error.message}\n${error.hint === null ? "" : `  ${error.hint}\n`}`,
      );
      return error.exitStatus;
    }
    process.stderr.write(`ralphwright: defect: ${error instanceof Error ? error.stack : String(error)}\n`);
    return 70;
  }
}
