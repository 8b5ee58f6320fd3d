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
  /** What was used so far. Null: nothing was said of it. */
  readonly total: () => Metered | null;
  /** Whether the answer has told the sum of what it wrote: till then there can be more than was seen. */
  readonly isWhole: () => boolean;
}

/** More than a line of the API has. What is longer is not looked at. */
const lineCharsMax = 8 * 1024 * 1024;
/** On the high side, for an answer that broke off before it was counted. */
const charsPerToken = 3;

/** For a stream of server-sent events. */
export function createMeter(): Meter {
  let begun: Metered | null = null;
  let said: ModelUsage | null = null;
  let written = 0;
  const hear = splitLines((line) => {
    const event = line.startsWith("data:") ? objectOf(parse(line.slice("data:".length))) : null;
    switch (event?.["type"]) {
      case "message_start":
        begun ??= readMessage(objectOf(event["message"]));
        return;
      case "content_block_delta":
        written += tokensOfPiece(objectOf(event["delta"]));
        return;
      // Of all that is written so far, each time.
      case "message_delta":
        said = readUsage(event["usage"]) ?? said;
    }
  });
  return {
    hear,
    isWhole: () => said !== null,
    total() {
      if (begun === null && said === null && written === 0) return null;
      const usage = merge(begun?.usage ?? null, said);
      // An answer that broke off never says how long it was.
      const output_tokens =
        said === null ? Math.max(usage.output_tokens ?? 0, written) : (usage.output_tokens ?? written);
      return { model: begun?.model ?? null, usage: { ...usage, output_tokens } };
    },
  };
}

/** As bytes: names and numbers are ASCII, and a letter of two bytes may come in two chunks. */
function splitLines(hearLine: (line: string) => void): (chunk: Buffer) => void {
  let pieces: string[] = [];
  let chars = 0;
  return (chunk) => {
    let from = 0;
    for (let to = chunk.indexOf(10); to >= 0; from = to + 1, to = chunk.indexOf(10, from)) {
      if (chars <= lineCharsMax) hearLine(pieces.join("") + chunk.toString("latin1", from, to));
      [pieces, chars] = [[], 0];
    }
    chars += chunk.length - from;
    if (chars > lineCharsMax) pieces = [];
    else pieces.push(chunk.toString("latin1", from));
  };
}

/** No piece is less than a token. */
function tokensOfPiece(delta: Fields | null): number {
  const { text, thinking, partial_json: json } = delta ?? {};
  const piece = [text, thinking, json].find((each) => typeof each === "string") ?? "";
  return Math.max(1, Math.ceil(piece.length / charsPerToken));
}

/** An event tells the parts that have changed, and says null of others. */
function merge(begun: ModelUsage | null, said: ModelUsage | null): ModelUsage {
  const news = Object.entries(said ?? {}).filter(([, value]) => value !== null && value !== undefined);
  const all = { ...begun, ...Object.fromEntries(news) };
  // How a sum is made up that has changed since is not known.
  const isOld = typeof said?.cache_creation_input_tokens === "number" && !said.cache_creation;
  return modelUsage.parse(isOld ? { ...all, cache_creation: null } : all);
}

function readMessage(message: Fields | null): Metered | null {
  const usage = readUsage(message?.["usage"]);
  const model = message?.["model"];
  return usage === null ? null : { model: typeof model === "string" ? model : null, usage };
}

const readUsage = (usage: unknown): ModelUsage | null => modelUsage.safeParse(usage).data ?? null;

type Fields = Readonly<Record<string, unknown>>;

const objectOf = (value: unknown): Fields | null => (isFields(value) ? value : null);

const isFields = (value: unknown): value is Fields => typeof value === "object" && value !== null;

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
