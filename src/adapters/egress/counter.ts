/**
 * Requests that the user pays for: read whole and looked at before they go out, a few at a time, and none while what
 * asks is to hold still.
 */
import type { ClientRequest, IncomingMessage, ServerResponse } from "node:http";
import { type ModelRequest, readModelRequest, thinkingBeta } from "../../formats/model-request.ts";
import { beginExchange, type Exchange } from "./exchange.ts";
import type { Metered } from "./meter.ts";
import { refuseAsModel } from "./model-refusal.ts";

/** Sends the head of a request, with these headers more. */
type Open = (headers: Readonly<Record<string, string>>) => ClientRequest;

export interface Counter {
  readonly answer: (request: IncomingMessage, response: ServerResponse, open: Open) => Promise<void>;
  /** Breaks off what is under way, counts it, and lets nothing out from now on. */
  readonly hold: () => void;
  readonly resume: () => void;
}

/** What is under way is not counted yet: so many answers are the most that a limit can be passed by. */
const atOnceMax = 8;
/** As large as the API takes them. */
const bodyBytesMax = 32 * 1024 * 1024;
/** It comes over a socket of this machine. */
const bodyMsMax = 30_000;

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
  let isHeld = false;

  /** False: nothing went out. */
  async function passOn(request: IncomingMessage, response: ServerResponse, send: Open): Promise<boolean> {
    const asked = await readAsked(request, model);
    if (response.destroyed) return false;
    if ("refused" in asked) return refuseAsModel(response, asked.status, asked.refused);
    if (isHeld) return refuseAsModel(response, 503, held);
    // What is counted must be read, so it may not come packed.
    const length = String(Buffer.byteLength(asked.text));
    const sent = tryTo(() => send({ "accept-encoding": "identity", "content-length": length }));
    if (sent === null) return refuseAsModel(response, 400, "the request cannot be sent on");
    const exchange = beginExchange({
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
    return true;
  }

  return {
    async answer(request, response, send) {
      if (isHeld) return void refuseAsModel(response, 503, held);
      // No overload: whoever crowds his own way has failed, and nobody is to wait for him.
      if (underWay >= atOnceMax) return void refuseAsModel(response, 400, crowded);
      underWay += 1;
      let isSent = false;
      try {
        isSent = await passOn(request, response, send);
      } finally {
        if (!isSent) underWay -= 1;
      }
    },
    hold() {
      isHeld = true;
      for (const exchange of open) exchange.cut();
    },
    resume() {
      isHeld = false;
    },
  };
}

const crowded = `${atOnceMax} requests are under way already`;
const held = "nothing is asked while work is judged, or after its end";

/** Null for a header that node reads and will not write. */
function tryTo<Result>(work: () => Result): Result | null {
  try {
    return work();
  } catch {
    return null;
  }
}

type Asked = ModelRequest | { readonly refused: string; readonly status: number };

async function readAsked(request: IncomingMessage, model: string): Promise<Asked> {
  const body = await readBody(request);
  if (body === "too large") return { refused: "the request is too large", status: 413 };
  if (body === "too slow") return { refused: "the request did not come to its end", status: 408 };
  const asked = readModelRequest(body, model);
  const beta = request.headers["anthropic-beta"] ?? thinkingBeta;
  if (typeof asked !== "string" && beta === thinkingBeta) return asked;
  const why = typeof asked === "string" ? asked : "not with other betas";
  return { refused: `the way to the model is open for the built-in agent alone: ${why}`, status: 403 };
}

function readBody(request: IncomingMessage): Promise<Buffer | "too large" | "too slow"> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve("too slow"), bodyMsMax);
    request.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= bodyBytesMax) return void chunks.push(chunk);
      resolve("too large");
      chunks.length = 0;
    });
    request.once("end", () => resolve(bytes <= bodyBytesMax ? Buffer.concat(chunks) : "too large"));
    request.once("close", () => {
      clearTimeout(timer);
      resolve("too slow");
    });
  });
}
