/** The commands, their options and their help. `--help` is the reference: docs/commands.md is generated from it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { Command, CommanderError } from "commander";
import { currentBranch, findRepository } from "../adapters/git/repository.ts";
import { messageOf, RalphError, systemCodeOf } from "../errors.ts";
import { installationFolder } from "../program-files.ts";
import { addAgent } from "./agent-command.ts";
import { example, json, logOption, percentage, wholeNumber } from "./arguments.ts";
import { addDaemon, addPause, addStop } from "./supervisor-commands.ts";
import { errorText } from "./print.ts";
import { nameSources, readOverrides, settings } from "./settings.ts";
import type { LogFormat } from "./tell.ts";

const cwd = (): string => process.cwd();

const closedCodes: ReadonlySet<string> = new Set(["EPIPE", "ECONNRESET"]);

/** Runs one command line. Returns the exit status; never throws for anything that a person did. */
export async function main(argv: readonly string[]): Promise<number> {
  const outcome = { status: 0 };
  process.stdout.on("error", (error) => {
    // A reader that has seen enough (`| head`) closes the pipe: no reason for a word.
    if (closedCodes.has(systemCodeOf(error) ?? "")) process.exit(outcome.status);
    process.stderr.write(`ralphwright: standard output cannot be written: ${messageOf(error)}\n`);
    process.exit(2);
  });
  process.stderr.on("error", () => {});
  try {
    await createProgram(outcome).parseAsync([...argv]);
    return outcome.status;
  } catch (error) {
    // Commander has printed its own message already.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (error instanceof RalphError) {
      process.stderr.write(`${errorText(error, process.stderr.columns || undefined)}\n`);
      return error.exitStatus;
    }
    // A full disk, a missing permission: the machine's word is what helps, not our stack.
    if (systemCodeOf(error) !== null) {
      process.stderr.write(`ralphwright: ${messageOf(error)}\n`);
      return 2;
    }
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
    process.stderr.write(`ralphwright: this is a defect in ralphwright; please report it.\n${detail}\n`);
    return 70;
  }
}

export function createProgram(outcome: { status: number }): Command {
  const program = new Command("ralphwright")
    .description(
      "A continuous coding loop: a fresh agent per task, gates on the exact tree, a target that stays green.",
    )
    .version(version())
    .exitOverride()
    .showHelpAfterError("(see --help)")
    .configureHelp({ helpWidth: 80 });
  addInit(program);
  addDoctor(program, outcome);
  addRun(program, outcome);
  addDaemon(program, outcome);
  addStop(program);
  addPause(program);
  addStatus(program);
  addTaskCommands(program);
  addLog(program);
  addShow(program);
  addGate(program, outcome);
  addAgent(program, outcome);
  addDemo(program, outcome);
  return program;
}

function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(join(installationFolder, "package.json"), "utf8"));
  return typeof manifest === "object" && manifest !== null && "version" in manifest
    ? String(manifest.version)
    : "";
}

function addInit(program: Command): void {
  program
    .command("init")
    .description("look at the project and write a configuration, a first spec and a first task")
    .option("--force", "replace files that are there already", false)
    .addHelpText("after", example("ralphwright init"))
    .action(async ({ force }: { force: boolean }) => {
      const { top } = await findRepository(cwd());
      if (top === null) throw new RalphError("usage", "init writes files, and this is a bare repository");
      const target = (await currentBranch(top)) ?? "main";
      await (
        await import("./init.ts")
      ).init({
        top,
        target,
        environment: process.env,
        write: (output) => process.stdout.write(output),
        force,
      });
    });
}

function addDoctor(program: Command, outcome: { status: number }): void {
  program
    .command("doctor")
    .description("look at everything a run needs: git, agent, key, disk, and gates that are green")
    .option("--repair-journal", "keep the journal up to its first broken line, set the rest aside")
    .option(...json)
    .addHelpText("after", example("ralphwright doctor"))
    .action(async (flags: { json?: true; repairJournal?: true }) => {
      const options = { cwd: cwd(), json: flags.json === true };
      outcome.status =
        flags.repairJournal === true
          ? await (await import("./repair-journal.ts")).repair(options)
          : await (await import("./doctor.ts")).doctor(options);
    });
}

type RunFlags = { readonly log: LogFormat; readonly requireDrill?: number } & Readonly<
  Record<string, unknown>
>;

function addRun(program: Command, outcome: { status: number }): void {
  const command = program
    .command("run")
    .description("work through the queue until it is drained")
    .addOption(logOption());
  for (const { flag, help, variable } of settings) command.option(`--${flag}`, `${help} ($${variable})`);
  command.option("--require-drill <percent>", "start only if the last drill caught that many", percentage);
  command.addHelpText("after", `${exitCodes}\n${example("ralphwright run --until 07:00 --max-usd 20")}`);
  command.action(async ({ log, requireDrill, ...flags }: RunFlags) => {
    const { run } = await import("./run.ts");
    const overrides = readOverrides(flags, process.env);
    try {
      outcome.status = await run({ cwd: cwd(), overrides, log, drillPercentMin: requireDrill ?? null });
    } catch (error) {
      throw nameSources(error, flags, process.env);
    }
  });
}

const exitCodes = `
Exit status:
  0    drained, and everything landed
  1    drained, but tasks need a person
  2    usage or configuration
  3    another supervisor holds the lease
  4    budget or time spent with work left
  5    breaker open: failures in a row, red baseline, agent cannot start
  6    login or billing refused
  70   defect in ralphwright
  130, 143  stopped by a signal or by ralphwright stop`;

function addStatus(program: Command): void {
  program
    .command("status")
    .description("what runs, what waits, what needs a person, and where the state is kept")
    .option(...json)
    .addHelpText("after", example("ralphwright status --json"))
    .action(async (options: { json?: true }) =>
      (await import("./status.ts")).showStatus({ cwd: cwd(), json: options.json === true }),
    );
}

function addTaskCommands(program: Command): void {
  const task = program.command("task").description("the queue: list, show, add, retry");
  task
    .command("list")
    .description("every task with its state")
    .option(...json)
    .addHelpText("after", example("ralphwright task list"))
    .action(async (options: { json?: true }) =>
      (await import("./task.ts")).listTasks({ cwd: cwd(), json: options.json === true }),
    );
  task
    .command("show <id>")
    .description("one task as its file states it")
    .option(...json)
    .addHelpText("after", example("ralphwright task show 0042-rate-limiter"))
    .action(async (id: string, options: { json?: true }) =>
      (await import("./task.ts")).showTaskFile({ cwd: cwd(), id, json: options.json === true }),
    );
  addTaskAdd(task);
  task
    .command("retry <id>")
    .description("make a blocked or landed task ready again, with fresh attempts")
    .addHelpText("after", example("ralphwright task retry 0042-rate-limiter"))
    .action(async (id: string) => (await import("./task.ts")).retryTask({ cwd: cwd(), id }));
}

interface AddFlags {
  readonly priority?: number;
  readonly dependsOn?: string[];
  readonly spec?: string[];
  readonly body?: string;
}

function addTaskAdd(task: Command): void {
  task
    .command("add <title>")
    .description("write a task file")
    .option("--priority <n>", "higher goes first", wholeNumber)
    .option("--depends-on <id...>", "tasks that must land before")
    .option("--spec <path...>", "specs the task needs")
    .option("--body <text>", "what to do; - reads it from standard input")
    .showHelpAfterError("(see --help; a title that begins with - goes after --)")
    .addHelpText("after", example('ralphwright task add "Limit the rate of requests" --priority 5'))
    .action(async (title: string, { priority, dependsOn, spec, body }: AddFlags) => {
      const description = body === "-" ? await text(process.stdin) : body;
      const draft = {
        title,
        ...(description === undefined ? {} : { body: description }),
        ...(priority === undefined ? {} : { priority }),
        ...(dependsOn === undefined ? {} : { dependsOn }),
        ...(spec === undefined ? {} : { specs: spec }),
      };
      await (await import("./task-add.ts")).addTask({ cwd: cwd(), draft });
    });
}

function addLog(program: Command): void {
  program
    .command("log")
    .description("the morning commit log: what landed, how it was proven, what needs a person")
    .option("--run <id>", "this run instead of the newest")
    .option("--all", "every run", false)
    .option(...json)
    .addHelpText("after", example("ralphwright log"))
    .action(async (options: { run?: string; all: boolean; json?: true }) =>
      (await import("./log.ts")).showLog({
        cwd: cwd(),
        run: options.run ?? null,
        all: options.all,
        json: options.json === true,
      }),
    );
}

interface ShowFlags {
  readonly attempt?: number;
  readonly diff: boolean;
  readonly trajectory: boolean;
  readonly json?: true;
}

function addShow(program: Command): void {
  program
    .command("show <task>")
    .description("attempts, verdicts, evidence and kept work of one task")
    .option("--attempt <n>", "this attempt alone", wholeNumber)
    .option("--diff", "with the changes of kept attempts and of the landing", false)
    .option("--trajectory", "what the built-in agent said, did and was told", false)
    .option(...json)
    .addHelpText("after", example("ralphwright show 0042-rate-limiter --diff"))
    .action(async (task: string, options: ShowFlags) =>
      (await import("./show.ts")).showTask({
        cwd: cwd(),
        task,
        attempt: options.attempt ?? null,
        diff: options.diff,
        trajectory: options.trajectory,
        json: options.json === true,
      }),
    );
}

interface GateFlags {
  readonly drill: boolean;
  readonly seed?: number;
  readonly json?: true;
}

function addGate(program: Command, outcome: { status: number }): void {
  program
    .command("gate [names...]")
    .description("run the gates on this checkout as it stands, as the loop would")
    .option("--drill", "plant known-bad changes instead, and see which the gates catch", false)
    .option("--seed <n>", "with --drill: the same changes as in a drill with this seed", wholeNumber)
    .option(...json)
    .addHelpText("after", example("ralphwright gate tests"))
    .action(async (names: string[], { drill, seed, json: asJson }: GateFlags) => {
      const options = { cwd: cwd(), json: asJson === true };
      if (!drill && seed !== undefined) throw new RalphError("usage", "--seed is for a drill: gate --drill");
      if (drill && names.length > 0)
        throw new RalphError("usage", "a drill takes all gates: leave out their names");
      outcome.status = drill
        ? await (await import("./drill.ts")).drillGates({ ...options, seed: seed ?? null })
        : await (await import("./gate.ts")).gate({ ...options, names });
    });
}

function addDemo(program: Command, outcome: { status: number }): void {
  program
    .command("demo")
    .description("a recorded night on a small real project: no key, no model, under a minute")
    .option("--live", "with the built-in agent and a model: needs a key, and spends at most 5 USD", false)
    .option("--model <id>", "exact model id, with --live")
    .addOption(logOption().default("plain"))
    .addHelpText("after", example("ralphwright demo"))
    .action(async ({ log, live, model }: { log: LogFormat; live: boolean; model?: string }) => {
      outcome.status = await (await import("./demo.ts")).demo({ log, live, model: model ?? null });
    });
}
