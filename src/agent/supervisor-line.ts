/** The line to the supervisor: messages out on standard output, the brief and verdicts in on standard input. */
import type { Readable, Writable } from "node:stream";
import { z } from "zod";
import type { AgentMessageText } from "../formats/agent-stream.ts";

const incomingSchema = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("brief"),
    text: z.string(),
    context: z.string().default(""),
    limits: z
      .object({ wall_ms: z.number(), turns: z.number(), usd: z.number(), tokens: z.number() })
      .partial()
      .default({}),
  }),
  z.object({ type: z.literal("verdict"), accepted: z.boolean(), evidence: z.string().default("") }),
]);
type Incoming = z.infer<typeof incomingSchema>;
export type BriefMessage = Extract<Incoming, { type: "brief" }>;
export type VerdictMessage = Extract<Incoming, { type: "verdict" }>;

export interface SupervisorLine {
  readonly send: (message: AgentMessageText) => void;
  /** Null when the other side has hung up. */
  readonly brief: () => Promise<BriefMessage | null>;
  readonly verdict: () => Promise<VerdictMessage | null>;
}

export function openSupervisorLine(input: Readable, output: Writable): SupervisorLine {
  const inbox = receive(input);
  const next = async <Type extends Incoming["type"]>(
    type: Type,
  ): Promise<Extract<Incoming, { type: Type }> | null> => {
    for (;;) {
      const { value } = await inbox.next();
      if (value === undefined) return null;
      if (isOfType(value, type)) return value;
    }
  };
  return {
    send: (message) => void output.write(`${JSON.stringify(message)}\n`),
    brief: () => next("brief"),
    verdict: () => next("verdict"),
  };
}

function isOfType<Type extends Incoming["type"]>(
  message: Incoming,
  type: Type,
): message is Extract<Incoming, { type: Type }> {
  return message.type === type;
}

/** Lines end at a line feed alone: a brief may hold the other characters that some readers split at. */
async function* receive(input: Readable): AsyncGenerator<Incoming, void> {
  input.setEncoding("utf8");
  let pieces: string[] = [];
  for await (const chunk of input) {
    const lines = String(chunk).split("\n");
    const last = lines.pop() ?? "";
    for (const line of lines) {
      const message = parseIncoming([...pieces, line].join(""));
      pieces = [];
      if (message !== null) yield message;
    }
    pieces.push(last);
  }
}

/** Null for a message that this agent does not know: the protocol may grow. */
function parseIncoming(line: string): Incoming | null {
  try {
    return incomingSchema.parse(JSON.parse(line));
  } catch {
    return null;
  }
}
