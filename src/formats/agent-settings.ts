/** What the built-in agent is started with: one JSON argument, made by the supervisor's side, read by the agent. */
import { z } from "zod";

export const efforts = ["low", "medium", "high", "xhigh", "max"] as const;
export const providers = ["anthropic", "bedrock", "vertex", "foundry"] as const;
export const keyHeaders = ["bearer", "x-api-key"] as const;

const dollars = (what: string) => z.number().nonnegative().describe(`US dollars per million tokens ${what}.`);

/** For models that our table does not know, and for prices that have changed. */
export const modelOverride = z.strictObject({
  context_tokens: z.int().positive().optional().describe("Tokens of its context window."),
  output_tokens: z.int().positive().optional().describe("Most tokens of one answer."),
  prices: z
    .strictObject({
      input: dollars("of input"),
      output: dollars("of output"),
      cache_read: dollars("read from the prompt cache"),
      cache_write_5m: dollars("kept in the prompt cache for five minutes"),
      cache_write_1h: dollars("kept in the prompt cache for an hour"),
    })
    .optional()
    .describe("What it costs."),
});

const agentSettings = z.strictObject({
  model: z.string(),
  effort: z.enum(efforts).nullable(),
  provider: z.enum(providers),
  /** Null: the provider's own endpoint, or what the environment names. */
  base_url: z.string().nullable(),
  key_header: z.enum(keyHeaders),
  models: z.record(z.string(), modelOverride),
  /** Environment variables that hold keys: the tools' commands do not get them. */
  keys: z.array(z.string()),
  /** Folder for the trajectory and for long outputs of tools. */
  folder: z.string(),
  /** Trajectory whose recorded answers take the model's place; null asks the model. */
  recording: z.string().nullable(),
  /** Socket through which the model is reached, and all that the tools' commands may reach; the key is added behind it. */
  gateway: z.string().nullable(),
});

export type AgentSettings = z.output<typeof agentSettings>;

export function formatAgentSettings(settings: AgentSettings): string {
  return JSON.stringify(settings);
}

/** @throws Error for anything but what `formatAgentSettings` gives. */
export function parseAgentSettings(text: string): AgentSettings {
  return agentSettings.parse(JSON.parse(text));
}

/** In the attempt's folder: where the built-in agent records what was said and done. */
export const trajectoryName = "trajectory.jsonl";
