/**
 * Requests that the user pays for: read whole before they go out, and followed to their end, whether or not somebody
 * still waits for the answer. Whoever hangs up saves nothing by it, for the server goes on as well.
 */
import type { ClientRequest, IncomingMessage, ServerResponse } from "node:http";
import { systemCodeOf } from "../../errors.ts";
import { type ModelRequest, readModelRequest, thinkingBeta } from "../../formats/model-request.ts";
import { modelUsage } from "../../formats/model-usage.ts";
import { createMeter, type Meter, type Metered } from "./meter.ts";
import { passHead } from "./pass-on.ts";

/** Sends the head of a request, with these headers more. */
type Open = (headers: Readonly<Record<string, string>>) => ClientRequest;

export interface Counter {
  readonly answer: (request: IncomingMessage, response: ServerResponse, open: Open) => Promise<void>;
  /** Breaks off what is under way, and counts it. */
  readonly settle: () => void;
}

/** What is under way is not counted yet: so many answers are the most that a limit can be passed by. */
const atOnceMax = 8;
/** As large as the API takes them. */
const bodyBytesMax = 32 * 1024 * 1024;
/** Longer than the built-in agent waits for a word: what has not begun by then, nobody charges for. */
const silenceMsMax = 5 * 60_000;
/** Of an answer that cannot be read, on the high side. */
const bytesPerToken = 4;

export const notPassed = ["set-cookie"];

/** @param model The only one that may be asked. */
export function createCounter({
  model,
  onSpent,
}: {
  readonly model: string;
  readonly onSpent: (spent: Metered) => void;
}): Counter {
  const open = new Set<Exchange>();
  let underWay = 0;
  return {
    async answer(request, response, send) {
      if (underWay >= atOnceMax)
        return refuseAsModel(response, 429, `${atOnceMax} requests are under way already`);
      underWay += 1;
      const asked = await readAsked(request, model);
      if ("refused" in asked || response.destroyed) {
        underWay -= 1;
        if ("refused" in asked) refuseAsModel(response, asked.status, asked.refused);
        return;
      }
      const { body } = asked;
      // What is counted must be read, so it may not come packed.
      const sent = tryTo(() => send({ "accept-encoding": "identity" }));
      if (sent === null) {
        underWay -= 1;
        return refuseAsModel(response, 400, "the request cannot be sent on");
      }
      const exchange = followExchange({
        sent,
        response,
        asked,
        onOver(spent) {
          underWay -= 1;
          open.delete(exchange);
          if (spent !== null) onSpent(spent);
        },
      });
      open.add(exchange);
      exchange.send(body);
    },
    settle() {
      for (const exchange of open) exchange.cut();
    },
  };
}

/** Null for a header that node reads and will not write. */
function tryTo<Result>(work: () => Result): Result | null {
  try {
    return work();
  } catch {
    return null;
  }
}

type Asked =
  | (ModelRequest & { readonly body: Buffer })
  | { readonly refused: string; readonly status: 403 | 413 };

async function readAsked(request: IncomingMessage, model: string): Promise<Asked> {
  const body = await readBody(request);
  if (body === null) return { refused: "the request is too large", status: 413 };
  const asked = readModelRequest(body.toString(), model);
  const beta = request.headers["anthropic-beta"] ?? thinkingBeta;
  if (typeof asked !== "string" && beta === thinkingBeta) return { ...asked, body };
  const why = typeof asked === "string" ? asked : "not with other betas";
  return { refused: `the way to the model is open for the built-in agent alone: ${why}`, status: 403 };
}

/** Null: it is too large, or breaks off. */
function readBody(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  return new Promise((resolve) => {
    request.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= bodyBytesMax) return void chunks.push(chunk);
      resolve(null);
      chunks.length = 0;
    });
    request.once("end", () => resolve(bytes <= bodyBytesMax ? Buffer.concat(chunks) : null));
    request.once("close", () => resolve(null));
  });
}

interface Exchange {
  readonly send: (body: Buffer) => void;
  readonly cut: () => void;
}

interface ExchangeParts {
  readonly sent: ClientRequest;
  readonly response: ServerResponse;
  readonly asked: ModelRequest;
  /** Called once. Null: it cost nothing. */
  readonly onOver: (spent: Metered | null) => void;
}

/** What a refusal, a lost connection or a server that never says a word cost: nothing. */
const nothing = (): Metered | null => null;

function followExchange({ sent, response, asked, onOver }: ExchangeParts): Exchange {
  let isOver = false;
  // Whoever is cut off before there is an answer has asked all the same.
  let total = (): Metered | null => estimate(asked, 0);
  const end = (): void => {
    if (isOver) return;
    isOver = true;
    clearTimeout(silence);
    sent.destroy();
    onOver(total());
  };
  const silence = setTimeout(() => {
    if (total()?.model === null) total = nothing;
    response.destroy();
    end();
  }, silenceMsMax);
  sent.once("response", (answered) => {
    total = answered.statusCode === 200 ? totalOf(answered, asked) : nothing;
    const isHeard = passHead(answered, response, notPassed);
    answered.on("data", (chunk: Buffer) => {
      silence.refresh();
      // Without waiting for a slow reader: the server does not wait either, and an answer is a few megabytes.
      if (isHeard && !response.destroyed) response.write(chunk);
    });
    answered.once("end", () => response.end());
    answered.on("error", () => response.destroy());
    answered.once("close", () => {
      if (!answered.complete) response.destroy();
      end();
    });
  });
  sent.on("error", (error) => {
    if (isOver) return;
    total = nothing;
    answerFailure(response, error);
    end();
  });
  return { send: (body) => void sent.end(body), cut: end };
}

function totalOf(answered: IncomingMessage, asked: ModelRequest): () => Metered | null {
  const { "content-type": type = "", "content-encoding": encoding = "identity" } = answered.headers;
  const isReadable = /^text\/event-stream\b/i.test(type) && encoding === "identity";
  const meter: Meter | null = isReadable ? createMeter() : null;
  let bytes = 0;
  answered.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    meter?.hear(chunk);
  });
  return () => meter?.total() ?? estimate(asked, bytes);
}

const estimate = ({ inputTokens, outputTokensMax }: ModelRequest, bytes: number): Metered => ({
  model: null,
  usage: modelUsage.parse({
    input_tokens: inputTokens,
    output_tokens: Math.min(outputTokensMax, Math.ceil(bytes / bytesPerToken)),
  }),
});

/** Its message may hold what was sent; its code does not. */
export function answerFailure(response: ServerResponse, error: Error): void {
  if (response.headersSent) return void response.destroy();
  const why = systemCodeOf(error) ?? "connection lost";
  refuseAsModel(response, 502, `the model's server cannot be reached (${why})`);
}

const errorTypes = new Map([
  [400, "invalid_request_error"],
  [403, "permission_error"],
  [413, "request_too_large"],
  [429, "rate_limit_error"],
]);

/** In the API's own form. */
export function refuseAsModel(response: ServerResponse, status: number, message: string): void {
  if (response.destroyed) return;
  const type = errorTypes.get(status) ?? "api_error";
  response.writeHead(status, { "content-type": "application/json", connection: "close" });
  response.end(JSON.stringify({ type: "error", error: { type, message: `ralphwright: ${message}` } }));
}
