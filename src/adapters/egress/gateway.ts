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
import { systemCodeOf } from "../../errors.ts";
import { modelUsage } from "../../formats/model-usage.ts";
import { createMeter, type Metered } from "./meter.ts";
import { passAnswer, requestHeaders } from "./pass-on.ts";

export interface GatewayOptions {
  /** As configured: the API's paths lie below it. */
  readonly baseUrl: string;
  /** Null: what the program inside sends of its own goes on as it is. */
  readonly key: { readonly header: "bearer" | "x-api-key"; readonly value: string } | null;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Hears what each answer used, when it is over; nothing where the program has a key of its own. */
  readonly onSpent?: ((spent: Metered) => void) | undefined;
}

export interface Gateway extends Disposable {
  readonly answer: (request: IncomingMessage, response: ServerResponse) => void;
}

/** What asking a model needs: no files, no batches, no administration of the account that the key belongs to. */
const allowed = [
  /^POST \/v1\/messages(\/count_tokens)?(\?[\w.=&-]*)?$/,
  /^GET \/v1\/models(\/[A-Za-z0-9][\w.:@-]*)?(\?[\w.=&-]*)?$/,
];
/** The one of them that costs something. */
const spends = /^POST \/v1\/messages(?:\?|$)/;
/** What is under way is not counted yet: so many answers are the most that a limit can be passed by. */
const atOnceMax = 8;
/** In every manner in which some server may read a key. */
const keyNames = ["authorization", "x-api-key", "api-key", "x-goog-api-key", "cookie"];
/** A connection that was idle for longer may be closed at the other end. */
const idleMsMax = 4_000;

export function createGateway({ baseUrl, key, environment, onSpent = () => {} }: GatewayOptions): Gateway {
  const base = new URL(baseUrl);
  const isTls = base.protocol === "https:";
  const kept = { keepAlive: true, timeout: idleMsMax, proxyEnv: environment };
  const agent = isTls ? new HttpsAgent(kept) : new HttpAgent(kept);
  const send = isTls ? sendHttps : sendHttp;
  let underWay = 0;
  return {
    answer(request, response) {
      const { method = "", url = "" } = request;
      if (!allowed.some((pattern) => pattern.test(`${method} ${url}`)))
        return refuse(response, 403, `the way to the model is not open for ${method} ${url.slice(0, 80)}`);
      const isCounted = key !== null && spends.test(`${method} ${url}`);
      if (isCounted && underWay >= atOnceMax)
        return refuse(response, 429, `${atOnceMax} requests are under way already`);
      const headers = {
        ...requestHeaders(request, key === null ? [] : keyNames),
        ...keyHeader(key),
        // What is counted must be read, so it may not come packed.
        ...(isCounted ? { "accept-encoding": "identity" } : {}),
      };
      const path = `${base.pathname.replace(/\/+$/, "")}${url}`;
      const { hostname, port, host } = base;
      const sent = send({
        agent,
        hostname: hostname.replace(/^\[(.*)\]$/, "$1"),
        port,
        method,
        path,
        headers: { ...headers, host },
      });
      if (isCounted) {
        underWay += 1;
        response.once("close", () => (underWay -= 1));
        meterAnswer({ request, sent, response }, onSpent);
      }
      sent.on("response", (answered) => passAnswer(answered, response, ["set-cookie"]));
      sent.on("error", (error) => {
        if (response.headersSent) return void response.destroy();
        // Its message may hold what was sent; its code does not.
        refuse(
          response,
          502,
          `the model's server cannot be reached (${systemCodeOf(error) ?? "connection lost"})`,
        );
      });
      // Nobody waits for the answer any more: whoever writes it may stop.
      response.on("close", () => sent.destroy());
      request.pipe(sent);
    },
    [Symbol.dispose]: () => agent.destroy(),
  };
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly sent: ClientRequest;
  readonly response: ServerResponse;
}

const bytesPerToken = 4;

/**
 * Whoever hangs up before there is an answer has asked all the same: the server reads what it got. What it refuses
 * costs nothing.
 */
function meterAnswer({ request, sent, response }: Exchange, onSpent: (spent: Metered) => void): void {
  let asked = 0;
  let isAnswered = false;
  request.on("data", (chunk: Buffer) => (asked += chunk.length));
  sent.once("response", (answered) => {
    isAnswered = true;
    if (answered.statusCode !== 200) return;
    const meter = createMeter(answered.headers);
    if (meter === null) return;
    answered.on("data", meter.hear);
    answered.once("close", () => {
      const spent = meter.total();
      if (spent !== null) onSpent(spent);
    });
  });
  let isLost = false;
  sent.once("error", () => (isLost = true));
  response.once("close", () => {
    if (isAnswered || isLost) return;
    onSpent({ model: null, usage: modelUsage.parse({ input_tokens: Math.ceil(asked / bytesPerToken) }) });
  });
}

function keyHeader(key: GatewayOptions["key"]): Readonly<Record<string, string>> {
  if (key === null) return {};
  return key.header === "bearer" ? { authorization: `Bearer ${key.value}` } : { "x-api-key": key.value };
}

const errorTypes = new Map([
  [403, "permission_error"],
  [429, "rate_limit_error"],
]);

/** In the API's own form. */
function refuse(response: ServerResponse, status: number, message: string): void {
  const type = errorTypes.get(status) ?? "api_error";
  response.writeHead(status, { "content-type": "application/json", connection: "close" });
  response.end(JSON.stringify({ type: "error", error: { type, message: `ralphwright: ${message}` } }));
}
