/** The command lines of `daemon`, `stop`, `pause` and `resume`. */
import { type Command, Option } from "commander";
import { formatDuration } from "../formats/duration.ts";
import { duration, example, json, logOption } from "./arguments.ts";
import { nameSources, readOverrides, settings } from "./settings.ts";
import type { LogFormat } from "./tell.ts";

const cwd = (): string => process.cwd();

interface DaemonFlags extends Readonly<Record<string, unknown>> {
  readonly log: LogFormat;
  readonly grace: number;
  readonly health?: string;
}

const graceMs = 10 * 60_000;

export function addDaemon(program: Command, outcome: { status: number }): void {
  const command = program
    .command("daemon")
    .description("work through the queue, and wait for more until told to stop")
    .addOption(logOption());
  for (const { flag, help, variable } of settings.filter(({ path }) => path.at(-1) !== "until"))
    command.option(`--${flag}`, `${help} ($${variable})`);
  command
    .addOption(
      new Option("--grace <duration>", "after a signal or stop, what runs may go on for so long")
        .argParser(duration)
        .default(graceMs, formatDuration(graceMs)),
    )
    .option("--health <address>", "answer GET /healthz there: 127.0.0.1:8080, or a port alone")
    .addHelpText("after", `${daemonStatus}\n${example("ralphwright daemon --grace 5m --health 8080")}`);
  command.action(async ({ log, grace, health, ...flags }: DaemonFlags) => {
    const { daemon } = await import("./daemon.ts");
    const overrides = readOverrides(flags, process.env);
    try {
      outcome.status = await daemon({ cwd: cwd(), overrides, log, graceMs: grace, health: health ?? null });
    } catch (error) {
      throw nameSources(error, flags, process.env);
    }
  });
}

const daemonStatus = `
Money, tasks, failures in a row and a red baseline pause it instead of ending it.
ralph.config.yaml is read again when it changes.

Exit status:
  2    usage or configuration
  3    another supervisor holds the lease
  6    login or billing refused
  70   defect in ralphwright
  130, 143  stopped by a signal or by ralphwright stop`;

export function addStop(program: Command): void {
  program
    .command("stop")
    .description("tell the supervisor that runs to finish what runs, and to end")
    .option("--now", "end every agent and gate: that work does not count", false)
    .option("--wait", "return when it has ended", false)
    .option(...json)
    .addHelpText("after", `${nobody}\n${example("ralphwright stop --wait")}`)
    .action(async ({ now, wait, json: asJson }: { now: boolean; wait: boolean; json?: true }) =>
      (await import("./ask.ts")).stop({ cwd: cwd(), now, wait, json: asJson === true }),
    );
}

export function addPause(program: Command): void {
  program
    .command("pause [reason...]")
    .description("let nothing new start until resume; what runs is finished")
    .option(...json)
    .addHelpText("after", `${nobody}\n${example("ralphwright pause deploying until noon")}`)
    .action(async (words: string[], options: { json?: true }) => {
      const reason = words.length === 0 ? null : words.join(" ");
      await (await import("./ask.ts")).pause({ cwd: cwd(), reason, json: options.json === true });
    });
  program
    .command("resume")
    .description(
      "go on after a pause, and ask again before a wait is over; the limits of the run count from here",
    )
    .option(...json)
    .addHelpText("after", `${nobody}\n${example("ralphwright resume")}`)
    .action(async (options: { json?: true }) =>
      (await import("./ask.ts")).resume({ cwd: cwd(), json: options.json === true }),
    );
}

const nobody = `
Exit status:
  0    told
  3    no supervisor runs here, or it does not answer`;
