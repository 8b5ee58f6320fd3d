/** The configuration once it is parsed: every default filled in, durations in milliseconds, money in US dollars. */
import type { DiskFloor } from "./disk.ts";
import type { SpendLimits } from "./message.ts";
import type { TaskLimits } from "./task.ts";

/** How a gate's report is written. */
export type ReportKind = "junit" | "go-json" | "libtest";

/** A command that must pass before a change may land. */
export interface Gate {
  readonly name: string;
  /** Run by bash in the gate checkout. */
  readonly run: string;
  readonly timeoutMs: number;
  /** Null: judged by its exit code alone. Else it writes a report to `$RALPH_REPORT`, and tests are compared one by one. */
  readonly report: ReportKind | null;
  /** Path or glob in the checkout where the report is instead of `$RALPH_REPORT`. */
  readonly reportFile: string | null;
  /** What tests that fail on the target already mean: nothing starts, or a change may fail them too and no others. */
  readonly redBaseline: "hold" | "compare";
  /** Names of environment variables the gate gets beside the allow-list. */
  readonly env: readonly string[];
  /** True: runs only for tasks that name it in `gates`. */
  readonly optional: boolean;
}

/** US dollars per million tokens, as written in the configuration. */
interface WrittenPrices {
  readonly input: number;
  readonly output: number;
  readonly cache_read: number;
  readonly cache_write_5m: number;
  readonly cache_write_1h: number;
}

/** What people say of a model beside what our table knows. */
export interface ModelOverride {
  readonly context_tokens?: number | undefined;
  readonly output_tokens?: number | undefined;
  readonly prices?: WrittenPrices | undefined;
}

export interface AgentConfig {
  readonly kind: "builtin" | "claude" | "command" | "replay";
  /** `command`: one string for bash, or a list of arguments; null until people choose an agent. */
  readonly command: string | readonly string[] | null;
  readonly protocol: "plain" | "ralph-agent/1";
  /** `replay`: folder of recordings, from the top of the repository. */
  readonly recordings: string | null;
  readonly model: string | null;
  readonly effort: "low" | "medium" | "high" | "xhigh" | "max" | null;
  /** `builtin`: who serves the model, and how it is reached. */
  readonly provider: "anthropic" | "bedrock" | "vertex" | "foundry";
  readonly baseUrl: string | null;
  readonly keyHeader: "bearer" | "x-api-key";
  readonly models: Readonly<Record<string, ModelOverride>>;
  /** Names of environment variables the agent gets beside the allow-list. */
  readonly env: readonly string[];
}

/** A span of local time, in minutes since midnight; it may go over midnight. */
export interface TimeWindow {
  readonly fromMinute: number;
  readonly toMinute: number;
}

export interface Config {
  /** Branch on which tasks land. */
  readonly target: string;
  /** Folders from the top of the repository. */
  readonly tasks: string;
  readonly specs: string;
  readonly progress: { readonly file: string; readonly briefTokensMax: number };
  /** `second`: takes over while the main one waits for a usage limit or an outage; null: nobody does. */
  readonly agent: AgentConfig & { readonly second: AgentConfig | null };
  readonly workspace: {
    readonly setup: string | null;
    readonly setupInputs: readonly string[];
    readonly keep: readonly string[];
  };
  readonly gates: readonly Gate[];
  /** Globs a change may not touch unless its task allows it; the built-in ones are in it. */
  readonly protect: readonly string[];
  /** Folder of sealed checks, outside the repository; as written. */
  readonly checksDir: string | null;
  readonly limits: TaskLimits & {
    readonly run: RunLimitsConfig;
    readonly day: SpendLimits;
    readonly resources: ResourceLimits;
    readonly disk: DiskFloor;
    /** When something new may start; empty: always. */
    readonly windows: readonly TimeWindow[];
    /** Most that one agent's process may print. */
    readonly outputBytesMax: number;
  };
  readonly concurrency: number;
  readonly sandbox: SandboxConfig;
  readonly land: LandConfig;
}

export interface SandboxConfig {
  /** `auto`: the strongest level that there is. `required`: only the strongest of all. */
  readonly mode: "auto" | "required" | "off";
  /** Hosts that agents, gates and set-up may reach beside the model's own. */
  readonly egress: readonly string[];
  /** Further paths, absolute or with `~/`; those under `write` may be written. */
  readonly read: readonly string[];
  readonly write: readonly string[];
}

/** What one agent, or one run of a gate, may take of the machine. */
export interface ResourceLimits {
  /** Null: a share of the machine. */
  readonly memoryBytes: number | null;
  readonly processesMax: number;
  readonly fileBytesMax: number;
}

export interface LandConfig {
  readonly sign: boolean;
  /** Name of the remote whose branch is the truth; null: the branch here is. */
  readonly push: string | null;
  /** `branch`: each task on a branch of its own, for people to review; the target itself does not move. */
  readonly mode: "target" | "branch";
}

export interface RunLimitsConfig extends SpendLimits {
  readonly wallMsMax: number | null;
  /** Local time of day as written, `HH:MM`. */
  readonly until: string | null;
  readonly tasksMax: number | null;
  readonly failuresInARowMax: number;
}
