/**
 * The way to the model: passes requests on to its server and adds the key here, outside. What works inside never
 * has the key, neither in its environment nor in its memory.
 */
import {
  Agent as HttpAgent,
  type ClientRequest,
  type IncomingMessage,
  request as sendHttp,
  type ServerResponse,
} from "node:http";
import { Agent as HttpsAgent, request as sendHttps } from "node:https";
import { createCounter } from "./counter.ts";
import { notPassed } from "./exchange.ts";
import type { Metered } from "./meter.ts";
import { answerFailure, refuseAsModel } from "./model-refusal.ts";
import { modelHeaders, passAnswer, requestHeaders } from "./pass-on.ts";

export interface GatewayOptions {
  /** As configured: the API's paths lie below it. */
  readonly baseUrl: string;
  /** Null: what the program inside sends of its own goes on as it is. */
  readonly key: {
    readonly header: "bearer" | "x-api-key";
    readonly value: string;
    /** The only one that may be asked with it. */
    readonly model: string;
  } | null;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Hears what each answer used, when it is over; nothing where the program has a key of its own. */
  readonly onSpent?: ((spent: Metered) => void) | undefined;
}

export interface Gateway extends Disposable {
  readonly answer: (request: IncomingMessage, response: ServerResponse) => void;
  /** Breaks off what is under way, counts it, and lets nothing out from now on that costs something. */
  readonly hold: () => void;
  readonly resume: () => void;
}

/** With our key: what the built-in agent asks. */
const spends = /^POST \/v1\/messages$/;
/** With a key of one's own: what asking a model needs; no files, no batches, no administration of an account. */
const harmless = [
  /^POST \/v1\/messages(\/count_tokens)?(\?[\w.=&-]*)?$/,
  /^GET \/v1\/models(\/[A-Za-z0-9][\w.:@-]*)?(\?[\w.=&-]*)?$/,
];
/** A connection that was idle for longer may be closed at the other end. */
const idleMsMax = 4_000;

export function createGateway({ baseUrl, key, environment, onSpent = () => {} }: GatewayOptions): Gateway {
  const base = new URL(baseUrl);
  const isTls = base.protocol === "https:";
  const kept = { keepAlive: true, timeout: idleMsMax, proxyEnv: environment };
  const agent = isTls ? new HttpsAgent(kept) : new HttpAgent(kept);
  const send = isTls ? sendHttps : sendHttp;
  const counter = key === null ? null : createCounter({ model: key.model, onSpent });
  return {
    answer(request, response) {
      const { method = "", url = "" } = request;
      const line = `${method} ${url}`;
      const allowed = counter === null ? harmless : [spends];
      if (!allowed.some((pattern) => pattern.test(line)))
        return void refuseAsModel(response, 403, `the way to the model is not open for ${line.slice(0, 90)}`);
      const path = `${base.pathname.replace(/\/+$/, "")}${url}`;
      const { hostname, port, host } = base;
      const open = (more: Readonly<Record<string, string>>): ClientRequest =>
        send({
          agent,
          hostname: hostname.replace(/^\[(.*)\]$/, "$1"),
          port,
          method,
          path,
          headers: {
            ...(key === null ? requestHeaders(request, []) : modelHeaders(request)),
            ...keyHeader(key),
            ...more,
            host,
          },
        });
      if (counter !== null)
        return void counter.answer(request, response, open).catch(() => response.destroy());
      const sent = open({});
      sent.on("response", (answered) => passAnswer(answered, response, notPassed));
      sent.on("error", (error) => answerFailure(response, error));
      // Nobody waits for the answer any more: whoever writes it may stop.
      response.on("close", () => sent.destroy());
      request.pipe(sent);
    },
    hold: () => counter?.hold(),
    resume: () => counter?.resume(),
    [Symbol.dispose]() {
      counter?.hold();
      agent.destroy();
    },
  };
}

function keyHeader(key: GatewayOptions["key"]): Readonly<Record<string, string>> {
  if (key === null) return {};
  return key.header === "bearer" ? { authorization: `Bearer ${key.value}` } : { "x-api-key": key.value };
}
