/**
 * One request that the user pays for, followed to its end, whether or not somebody still waits for the answer: whoever
 * hangs up saves nothing by it, for the server goes on as well.
 */
import type { ClientRequest, IncomingMessage, ServerResponse } from "node:http";
import { promptTokens } from "../../core/price.ts";
import type { ModelRequest } from "../../formats/model-request.ts";
import { modelUsage, tokensOf } from "../../formats/model-usage.ts";
import { createMeter, type Metered } from "./meter.ts";
import { answerFailure } from "./model-refusal.ts";
import { passHead } from "./pass-on.ts";

export interface Exchange {
  /** Breaks it off, and counts it. */
  readonly cut: () => void;
}

export interface ExchangeParts {
  /** Not yet sent. */
  readonly sent: ClientRequest;
  readonly response: ServerResponse;
  readonly asked: ModelRequest;
  /** Called once. Null: it cost nothing. */
  readonly onOver: (spent: Metered | null) => void;
}

/** Longer than the built-in agent waits for a word: what has not begun by then, nobody charges for. */
const silenceMsMax = 5 * 60_000;

export const notPassed = ["set-cookie"];

export function beginExchange({ sent, response, asked, onOver }: ExchangeParts): Exchange {
  const sinceMs = performance.now();
  let heard: Heard | null = null;
  let isOver = false;
  const end = (spent: Metered | null): void => {
    if (isOver) return;
    isOver = true;
    clearTimeout(silence);
    sent.destroy();
    onOver(spent);
  };
  const silence = setTimeout(() => {
    response.destroy();
    end(heard?.total(false) ?? null);
  }, silenceMsMax);
  sent.once("response", (answered) => {
    heard = hearAnswer(answered, asked, sinceMs);
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
      end(heard?.total(false) ?? null);
    });
  });
  sent.on("error", (error) => {
    if (isOver) return;
    // Also of an answer that has begun, when its connection is torn down.
    answerFailure(response, error);
    end(heard?.total(false) ?? null);
  });
  sent.end(asked.text);
  return {
    cut() {
      // Whoever is cut off before there is an answer has asked all the same.
      const spent = heard === null ? worstOf(asked, outputSince(asked, sinceMs)) : heard.total(true);
      response.destroy();
      end(spent);
    },
  };
}

interface Heard {
  /** `isCut`: by us, and who knows what else would have come. Null: it cost nothing. */
  readonly total: (isCut: boolean) => Metered | null;
}

function hearAnswer(answered: IncomingMessage, asked: ModelRequest, sinceMs: number): Heard {
  if (answered.statusCode !== 200) return { total: () => null };
  const { "content-type": type = "", "content-encoding": encoding = "identity" } = answered.headers;
  if (!/^text\/event-stream\b/i.test(type) || encoding !== "identity") return unreadable(answered, asked);
  const meter = createMeter();
  answered.on("data", meter.hear);
  return {
    total(isCut) {
      const metered = meter.total();
      // An overload is told so, and pings come before it.
      if (metered === null) return isCut ? worstOf(asked, outputSince(asked, sinceMs)) : null;
      const { usage } = metered;
      const isCounted = promptTokens(tokensOf(usage)) > 0;
      const input = isCounted ? {} : { input_tokens: asked.inputTokens };
      const output_tokens = meter.isWhole()
        ? usage.output_tokens
        : Math.max(usage.output_tokens ?? 0, asked.thinks ? outputSince(asked, sinceMs) : 0);
      return { ...metered, usage: { ...usage, ...input, output_tokens } };
    },
  };
}

/** On the high side, of what comes packed or in another form. */
const bytesPerToken = 4;

function unreadable(answered: IncomingMessage, asked: ModelRequest): Heard {
  let bytes = 0;
  answered.on("data", (chunk: Buffer) => (bytes += chunk.length));
  return {
    total: () => worstOf(asked, Math.min(asked.outputTokensMax, Math.ceil(bytes / bytesPerToken))),
  };
}

/** Tokens: no model writes faster, and of its thinking nothing need be seen. */
const tokensPerSecondMax = 200;

const outputSince = ({ outputTokensMax }: ModelRequest, sinceMs: number): number =>
  Math.min(outputTokensMax, Math.ceil(((performance.now() - sinceMs) / 1_000) * tokensPerSecondMax));

/** As if all of the request were written to the cache for an hour, which costs the most. */
const worstOf = ({ inputTokens }: ModelRequest, outputTokens: number): Metered => ({
  model: null,
  usage: modelUsage.parse({
    output_tokens: outputTokens,
    cache_creation_input_tokens: inputTokens,
    cache_creation: { ephemeral_1h_input_tokens: inputTokens },
  }),
});
