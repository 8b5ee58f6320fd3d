/**
 * Counts what an answer of the model used, as it passes by on its way in. Whoever asked is not asked: what is counted
 * here is what the user pays for, also by a program that says nothing of it.
 */
import { type ModelUsage, modelUsage } from "../../formats/model-usage.ts";

/** What one answer used. `model`: the one that answered; null where the answer did not get so far as to say. */
export interface Metered {
  readonly model: string | null;
  readonly usage: ModelUsage;
}

export interface Meter {
  readonly hear: (chunk: Buffer) => void;
  /** To be asked when the answer is over, however it ended. Null: it says nothing of what it used. */
  readonly total: () => Metered | null;
}

/** More than any line or message of the API has. What is longer is not looked at. */
const charsMax = 32 * 1024 * 1024;

/** Null for what is neither a stream of events nor JSON, or has been packed although it was asked not to be. */
export function createMeter(headers: Readonly<Record<string, unknown>>): Meter | null {
  const { "content-type": type, "content-encoding": encoding = "identity" } = headers;
  if (typeof type !== "string" || encoding !== "identity") return null;
  if (/^text\/event-stream\b/i.test(type)) return createStreamMeter();
  return /^application\/json\b/i.test(type) ? createMessageMeter() : null;
}

function createMessageMeter(): Meter {
  let text = "";
  return {
    hear(chunk) {
      if (text.length <= charsMax) text += chunk.toString("latin1");
    },
    total: () => readMessage(parse(text)),
  };
}

/** What an event of a piece of text has around the text. */
const pieceFrame = 100;
const charsPerToken = 4;

function createStreamMeter(): Meter {
  let rest = "";
  let begun: Metered | null = null;
  let said: ModelUsage | null = null;
  let pieces = 0;
  const hearLine = (line: string): void => {
    if (!line.startsWith("data:")) return;
    if (line.includes('"content_block_delta"')) {
      pieces += Math.max(1, line.length - pieceFrame);
      return;
    }
    if (!/"message_(?:start|delta)"/.test(line)) return;
    const event = parse(line.slice("data:".length));
    if (!isObject(event)) return;
    begun ??= readMessage(event["message"]);
    // Of all that is written so far, each time.
    if (event["type"] === "message_delta") said = readUsage(event["usage"]) ?? said;
  };
  return {
    hear(chunk) {
      // As bytes: names and numbers are ASCII, and a letter of two bytes may come in two chunks.
      const lines = (rest + chunk.toString("latin1")).split("\n");
      rest = lines.pop() ?? "";
      if (rest.length > charsMax) rest = "";
      for (const line of lines) hearLine(line);
    },
    total() {
      if (begun === null && said === null && pieces === 0) return null;
      const usage = { ...begun?.usage, ...known(said) };
      // An answer that broke off never says how long it was.
      const written = Math.max(usage.output_tokens ?? 0, Math.ceil(pieces / charsPerToken));
      const output_tokens = said === null ? written : usage.output_tokens;
      return { model: begun?.model ?? null, usage: modelUsage.parse({ ...usage, output_tokens }) };
    },
  };
}

/** An event tells the parts that have changed, and says null of others. */
const known = (usage: ModelUsage | null): object =>
  Object.fromEntries(
    Object.entries(usage ?? {}).filter(([, value]) => value !== null && value !== undefined),
  );

function readMessage(message: unknown): Metered | null {
  if (!isObject(message)) return null;
  const usage = readUsage(message["usage"]);
  const { model } = message;
  return usage === null ? null : { model: typeof model === "string" ? model : null, usage };
}

const readUsage = (usage: unknown): ModelUsage | null => modelUsage.safeParse(usage).data ?? null;

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null;

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
