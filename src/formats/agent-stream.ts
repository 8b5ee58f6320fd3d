/** The lines of the ralph-agent/1 protocol: what an agent may say, and what it is told. */
import { z } from "zod";
import type { Claim } from "../core/message.ts";
import { cutText, oneLine } from "./one-line.ts";
import { jsonSchemaOf } from "./shape.ts";

const summaryCharsMax = 2000;
const learningCharsMax = 400;
const learningsMax = 20;

const noteCharsMax = 24_000;

/**
 * `unclaimed`: it stopped without a claim, look all the same. `stuck`: it went in circles. `limit`: one of its limits
 * is reached. `declined`: the model refused the work. `unreachable`: the model could not be reached.
 */
export const endStatuses = ["unclaimed", "stuck", "limit", "declined", "unreachable"] as const;

const count = z.int().nonnegative();

const claimFields = {
  status: z.enum(["complete", "partial", "blocked"]).describe("partial and complete are both judged."),
  summary: z
    .string()
    .transform((text) => cutText(text, summaryCharsMax))
    .describe("Two or three sentences: what was done and why."),
  learnings: z
    .array(z.string())
    .nullish()
    .transform(boundLearnings)
    .describe("What a later agent should know, one sentence each."),
  verification: z
    .array(z.object({ command: z.string(), result: z.string() }))
    .nullish()
    .describe("What the agent ran itself. Never evidence."),
  question: z
    .string()
    .nullish()
    .transform((text) => (text === undefined || text === null ? null : cutText(text, summaryCharsMax)))
    .describe("With status blocked: what a person has to answer."),
};

/** Everything an agent may write, one object a line. Unknown fields are ignored. */
export const agentMessage = z.discriminatedUnion("type", [
  z
    .object({ type: z.literal("started"), agent: z.string().optional(), model: z.string().optional() })
    .describe("The agent is at work."),
  z.object({ type: z.literal("turn") }).describe("A turn of the model begins."),
  z
    .object({ type: z.literal("tool"), name: z.string(), summary: z.string().optional() })
    .describe("The agent uses a tool."),
  z
    .object({
      type: z.literal("usage"),
      input_tokens: count.describe("All tokens of the prompts, cached ones counted."),
      output_tokens: count,
      cache_read_tokens: count
        .default(0)
        .describe("Those of input_tokens that were read from a prompt cache."),
      usd: z
        .number()
        .nonnegative()
        .nullish()
        .transform((usd) => usd ?? null)
        .describe("Cost in US dollars; null when the price is not known."),
    })
    .describe("What was used since the last such message."),
  z
    .object({
      type: z.literal("note"),
      text: z.string(),
      by: z.literal("model").optional().catch(undefined).describe("model: its own words."),
    })
    .describe("Text for the log."),
  z
    .object({ type: z.literal("claim"), ...claimFields })
    .describe("The agent says that it is done: look now."),
  z
    .object({
      type: z.literal("limit"),
      resets_at: z.iso
        .datetime({ offset: true })
        .optional()
        .catch(undefined)
        .describe(
          "When the limit ends, as an ISO date with time and zone; without one it is asked again later.",
        ),
      reason: z.string().optional(),
    })
    .describe("A usage limit was reached."),
  z
    .object({ type: z.literal("refused"), reason: z.string() })
    .describe("The login or the billing was refused: another attempt would fare no better."),
  z
    .object({ type: z.literal("busy"), with: z.string().optional() })
    .describe("A sign of life while something takes long."),
  z
    .object({ type: z.literal("handoff"), note: z.string().transform((text) => cutText(text, noteCharsMax)) })
    .describe(
      "The context is used up: a fresh process is to go on in this workspace, with this note in its brief.",
    ),
  z
    .object({
      type: z.literal("end"),
      status: z
        .enum(endStatuses)
        .optional()
        .catch(undefined)
        .describe("Why, where no other message tells it."),
      reason: z.string().optional().catch(undefined).describe("One sentence for a person."),
    })
    .describe("The agent is about to exit."),
]);

/** As it is understood; what is left out has its default. */
export type AgentMessage = z.output<typeof agentMessage>;
/** As an agent writes it. */
export type AgentMessageText = z.input<typeof agentMessage>;

/** A line that is no message. An agent may print anything, so this is no error. */
export interface Garbage {
  readonly type: "garbage";
  readonly reason: string;
}

const reasonCharsMax = 200;

/** Never throws. */
export function parseAgentLine(line: string): AgentMessage | Garbage {
  const value = parseJson(line);
  if (value === undefined) return { type: "garbage", reason: "not JSON" };
  const result = agentMessage.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const where = issue === undefined || issue.path.length === 0 ? "" : `${issue.path.join(".")}: `;
  return { type: "garbage", reason: oneLine(`${where}${issue?.message ?? "no message"}`, reasonCharsMax) };
}

const claimFile = z.object({ type: z.literal("claim").optional(), ...claimFields });

/** The content of a claim file; null when it is no claim. What is too long is cut. */
export function parseClaim(text: string): Claim | null {
  const result = claimFile.safeParse(parseJson(text.replace(/^\uFEFF/, "")));
  if (!result.success) return null;
  const { status, summary, learnings, question } = result.data;
  return { status, summary, learnings, question };
}

/** One line with its newline. */
export function formatBriefMessage(message: Omit<z.input<typeof briefMessage>, "type">): string {
  return `${JSON.stringify({ type: "brief", ...message })}\n`;
}

const verdictMessage = z
  .object({
    type: z.literal("verdict"),
    accepted: z.boolean().describe("true: the work is over. false: the agent may try again."),
    round: count.describe("How often a verdict has come back."),
    evidence: z.string().describe("Why the gates are red."),
  })
  .describe("What the gates said of the work.");

export type VerdictMessage = Omit<z.output<typeof verdictMessage>, "type">;

/** One line with its newline. */
export function formatVerdictMessage({ accepted, round, evidence }: VerdictMessage): string {
  return `${JSON.stringify({ type: "verdict", accepted, round, evidence })}\n`;
}

const briefMessage = z
  .object({
    type: z.literal("brief"),
    text: z.string().describe("Markdown: the task and all that belongs to it."),
    context: z
      .string()
      .optional()
      .describe("The beginning of text that is the same for many tasks: what comes before the task itself."),
    limits: z
      .object({ wall_ms: z.number(), turns: count, usd: z.number(), tokens: count })
      .partial()
      .optional()
      .describe("What the supervisor will end the agent for, so that it can plan."),
  })
  .describe("The first line an agent reads.");

/** Both directions of the protocol, and the claim file: JSON Schema, draft 2020-12. */
export function agentProtocolJsonSchema(): object {
  const toAgent = z.discriminatedUnion("type", [briefMessage, verdictMessage]);
  const schemas = { fromAgent: agentMessage, toAgent, claimFile };
  const definitions = Object.entries(schemas).map(([name, schema]) => {
    const { $schema: _dialect, ...definition } = { $schema: "", ...jsonSchemaOf(schema) };
    return [name, definition];
  });
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "ralph-agent/1",
    description: "One line an agent writes or reads.",
    anyOf: [{ $ref: "#/$defs/fromAgent" }, { $ref: "#/$defs/toAgent" }],
    $defs: Object.fromEntries(definitions),
  };
}

/** Undefined when it is not JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function boundLearnings(learnings: readonly string[] | null | undefined): string[] {
  const told = (learnings ?? []).filter((text) => text.trim() !== "");
  return told.slice(0, learningsMax).map((text) => cutText(text, learningCharsMax));
}
