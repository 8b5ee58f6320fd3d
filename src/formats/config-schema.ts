/** The schema of ralph.config.yaml: every key that works, with its default and its description. */
import { z } from "zod";
import { efforts, keyHeaders, modelOverride, providers } from "./agent-settings.ts";
import {
  byteSize,
  dollars,
  duration,
  environmentName,
  flag,
  gateName,
  glob,
  hostPattern,
  list,
  mapping,
  matching,
  oneOf,
  outsidePath,
  relativePath,
  section,
  text,
  timeOfDay,
  timeWindows,
  wholeNumber,
} from "./schema-fields.ts";
import { jsonSchemaOf } from "./shape.ts";

const branchPattern = /^(?![-/.])(?!.*(?:\.\.|@\{|\/\/|\/\.))[^\s~^:?*[\\\p{Cc}]*[^\s~^:?*[\\\p{Cc}./]$/u;

const commandError = "a command for bash, or a list of arguments";
const command = z.union([text(), z.array(text()).min(1, { error: commandError })], { error: commandError });

const agentKeys = {
  kind: oneOf(["builtin", "claude", "command", "replay"])
    .nullable()
    .prefault(null)
    .describe(
      "What works on a task: the built-in agent, Claude Code, a command of yours, or a recording of earlier work. Without a value: command where command is set, else builtin.",
    ),
  command: command
    .nullable()
    .prefault(null)
    .describe(
      "Starts the agent in its workspace: one string for bash, or a list of arguments. For kind claude: the program, instead of claude on PATH.",
    ),
  protocol: oneOf(["plain", "ralph-agent/1"])
    .prefault("plain")
    .describe("plain: the brief on standard input, any output. ralph-agent/1: JSON lines both ways."),
  recordings: relativePath()
    .nullable()
    .prefault(null)
    .describe("For kind replay: the folder of recordings, from the top of the repository."),
  model: text()
    .nullable()
    .prefault(null)
    .describe(
      "The exact id of the model, handed to the agent. For kind builtin without one: claude-sonnet-5-5.",
    ),
  effort: oneOf(efforts)
    .nullable()
    .prefault(null)
    .describe(
      "How much the model thinks, for kinds builtin and claude; without a value the model's default.",
    ),
  provider: oneOf(providers)
    .prefault("anthropic")
    .describe(
      "For kind builtin: who serves the model. All but anthropic need their own package beside ralphwright.",
    ),
  base_url: matching(/^https?:\/\/\S+$/, "a URL that begins with http:// or https://")
    .nullable()
    .prefault(null)
    .describe(
      "For kind builtin: any endpoint that speaks the Messages API; without a value ANTHROPIC_BASE_URL or Anthropic.",
    ),
  key_header: oneOf(keyHeaders)
    .prefault("bearer")
    .describe(
      "How the key is sent: bearer as today, x-api-key with the API version of 2023 for older gateways.",
    ),
  models: z
    .record(text(), modelOverride, { error: "model ids with what is known of them" })
    .prefault({})
    .describe(
      "Model ids with their context_tokens, output_tokens and prices (US dollars per million tokens), where our table is silent or wrong.",
    ),
  env: list(environmentName()).describe("Names of further environment variables the agent gets."),
};

const agent = section({
  ...agentKeys,
  second: mapping(agentKeys)
    .nullable()
    .prefault(null)
    .describe(
      "An agent that takes up tasks while the main one waits for a usage limit or an outage; the same keys as agent. Tasks that name an agent or a model wait for the main one.",
    ),
});

const workspace = section({
  setup: text()
    .nullable()
    .prefault(null)
    .describe("Command that installs dependencies; runs when one of setup_inputs changed."),
  setup_inputs: list(relativePath()).describe("Files that decide what setup installs, such as lock files."),
  keep: list(relativePath()).describe("Ignored paths that setup makes and that may stay between attempts."),
});

const gate = mapping({
  name: gateName().describe("Short unique name, used in logs, tasks and commit trailers."),
  run: text("a command for bash").describe("Command for bash; exit code 0 means that the gate is green."),
  timeout: duration().prefault("15m").describe("The gate is red when it takes longer, such as 90s or 15m."),
  report: oneOf(["junit", "go-json", "libtest"])
    .nullable()
    .prefault(null)
    .describe(
      "What the command writes to $RALPH_REPORT, so that tests are compared one by one. junit: JUnit XML. go-json: the lines of go test -json. libtest: what cargo test prints.",
    ),
  report_file: relativePath()
    .nullable()
    .prefault(null)
    .describe(
      "Path or glob in the checkout, such as build/test-results/**/*.xml, where the report is instead of $RALPH_REPORT; JUnit XML unless report says otherwise.",
    ),
  red_baseline: oneOf(["hold", "compare"])
    .prefault("hold")
    .describe(
      "When tests fail on the target already. hold: nothing starts until they are mended. compare (needs a report): a change may fail the same tests and no others, and a test that it mends must stay mended.",
    ),
  env: list(environmentName()).describe("Names of further environment variables the gate gets."),
  optional: flag().prefault(false).describe("true: runs only for tasks that name it under gates."),
});

const attemptLimits = section({
  wall: duration().prefault("45m").describe("Longest time one agent may take."),
  idle: duration().prefault("10m").describe("Longest time an agent may show no sign of life."),
  turns: wholeNumber(1).prefault(200).describe("Most turns of one agent."),
  usd: dollars().prefault(5).describe("Most money one attempt may cost, in US dollars."),
  output: byteSize()
    .prefault("256MiB")
    .describe("Most that one process of an agent may print, such as 256MiB."),
  tokens: wholeNumber(1)
    .prefault(20_000_000)
    .describe("Most tokens of all requests of one attempt together; what holds when no price is known."),
  memory: byteSize()
    .nullable()
    .prefault(null)
    .describe(
      "Most memory of an agent, or of one run of a gate, with all its processes, such as 8GiB; without a value three quarters of the machine's. In a sandbox only, as processes and file.",
    ),
  processes: wholeNumber(16)
    .prefault(1024)
    .describe("Most processes and threads of an agent, or of one run of a gate."),
  file: byteSize().prefault("4GiB").describe("Largest file that an agent or a gate may write."),
});

const spendLimits = (what: string) => ({
  usd: dollars().nullable().prefault(null).describe(`Most money ${what} may cost, in US dollars.`),
  tokens: wholeNumber(1)
    .nullable()
    .prefault(null)
    .describe(`Most tokens of all requests of ${what} together.`),
  turns: wholeNumber(1).nullable().prefault(null).describe(`Most turns of all agents of ${what} together.`),
});

const runLimits = section({
  ...spendLimits("one run"),
  wall: duration()
    .nullable()
    .prefault(null)
    .describe("How long one run may last, such as 8h: after that nothing new starts."),
  until: timeOfDay()
    .nullable()
    .prefault(null)
    .describe('Local time of day, such as "07:00", after which nothing new starts.'),
  tasks: wholeNumber(1).nullable().prefault(null).describe("Most tasks one run takes up."),
  failures_in_a_row: wholeNumber(1)
    .prefault(5)
    .describe("The run stops after this many tasks given up in a row."),
});

const limits = section({
  attempts: wholeNumber(1).prefault(3).describe("Fresh agents per task before it is given up."),
  rounds: wholeNumber(0).prefault(2).describe("Times a red verdict goes back to the same agent."),
  attempt: attemptLimits.describe("Limits of one attempt."),
  window: timeWindows()
    .nullable()
    .prefault(null)
    .describe(
      'Local times between which something new may start, such as "22:00-07:00", or a list of such; without a value always.',
    ),
  run: runLimits.describe("Limits of one run; without a value there is no limit."),
  day: section(spendLimits("one local day")).describe(
    "Limits of one calendar day in local time, all runs together; an attempt counts for the day on which it started.",
  ),
  disk: section({
    free: byteSize()
      .prefault("1GiB")
      .describe(
        "Least free space, such as 512MiB, where the state directory and the repository are: with less no attempt starts, with less than half of it everything stops.",
      ),
  }).describe("Room that must be left on disk."),
});

const sandboxMode = oneOf(["auto", "required", "off"]);

const sandbox = section({
  mode: sandboxMode
    .prefault("auto")
    .describe(
      "auto: the strongest level that this machine offers; without any a run does not start. required: only the strongest level. off: none, and every start says so.",
    ),
  egress: list(hostPattern()).describe(
    "Hosts that agents, gates and set-up may reach beside the model's own: host, host:port or *.host.",
  ),
  read: list(outsidePath()).describe(
    "Further files and folders that they may read: absolute, or with ~/ for your home.",
  ),
  write: list(outsidePath()).describe("Further files and folders that they may write, such as caches."),
});

export const configSchema = mapping({
  version: z.literal(1, { error: "1" }).prefault(1).describe("Version of this format."),
  target: matching(branchPattern, "the name of a branch")
    .prefault("main")
    .describe("Branch on which tasks land."),
  tasks: relativePath().prefault("tasks").describe("Folder of the task files."),
  specs: relativePath().prefault("specs").describe("Folder of the specs."),
  progress: section({
    file: relativePath().prefault("PROGRESS.md").describe("File to which learnings are appended."),
    brief_tokens: wholeNumber(0).prefault(2000).describe("Most tokens of learnings in one brief."),
  }).describe("Where learnings are kept, and how many of them an agent is told."),
  agent: agent.describe("The program that works on tasks."),
  workspace: workspace.describe("How an agent's directory gets its dependencies."),
  gates: z
    .array(gate, { error: "at least one gate" })
    .min(1, { error: "at least one gate" })
    .describe("Commands that must pass before a change lands, from cheap to dear."),
  protect: list(glob()).describe("Globs of files a change may not touch, beside the built-in ones."),
  checks_dir: text()
    .nullable()
    .prefault(null)
    .describe(
      "Folder outside the repository with checks that agents are not shown: tasks name a folder in it under checks. From the top of the repository, or absolute, or with ~/.",
    ),
  limits: limits.describe("What a task, an attempt and a run may cost."),
  concurrency: wholeNumber(1).prefault(1).describe("Attempts at the same time."),
  sandbox: sandbox.describe("How agents, gates and set-up are contained: a mode alone, or keys with values."),
  land: section({
    mode: oneOf(["target", "branch"])
      .prefault("target")
      .describe(
        "target: tasks land on the target. branch: each task lands on a branch of its own, ralph/<task>, for people to review and merge; the target does not move.",
      ),
    push: matching(/^[A-Za-z0-9][\w./-]*$/, "the name of a remote")
      .nullable()
      .prefault(null)
      .describe(
        "Name of a remote, such as origin, to which every landing is pushed first; its branch is then the truth. Without a value nothing is pushed or fetched.",
      ),
    sign: flag().prefault(false).describe("true: landing commits are signed, as git is configured to."),
  }).describe("How a change lands."),
});

export type ConfigText = z.output<typeof configSchema>;

/** For editors: completion and checks of ralph.config.yaml. */
export function configJsonSchema(): object {
  const { description = "" } = configSchema.shape.sandbox;
  const either = configSchema.extend({ sandbox: z.union([sandboxMode, sandbox]).describe(description) });
  return { title: "ralph.config.yaml", ...jsonSchemaOf(either) };
}
