/**
 * The way to the model: passes requests on to its server and adds the key here, outside. What works inside never
 * has the key, neither in its environment nor in its memory.
 */
import {
  Agent as HttpAgent,
  type IncomingMessage,
  request as sendHttp,
  type ServerResponse,
} from "node:http";
import { Agent as HttpsAgent, request as sendHttps } from "node:https";
import { systemCodeOf } from "../../errors.ts";
import { passAnswer, requestHeaders } from "./pass-on.ts";

export interface GatewayOptions {
  /** As configured: the API's paths lie below it. */
  readonly baseUrl: string;
  /** Null: what the program inside sends of its own goes on as it is. */
  readonly key: { readonly header: "bearer" | "x-api-key"; readonly value: string } | null;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export interface Gateway extends Disposable {
  readonly answer: (request: IncomingMessage, response: ServerResponse) => void;
}

/** What asking a model needs: no files, no batches, no administration of the account that the key belongs to. */
const allowed = [
  /^POST \/v1\/messages(\/count_tokens)?(\?[\w.=&-]*)?$/,
  /^GET \/v1\/models(\/[A-Za-z0-9][\w.:@-]*)?(\?[\w.=&-]*)?$/,
];
/** In every manner in which some server may read a key. */
const keyNames = ["authorization", "x-api-key", "api-key", "x-goog-api-key", "cookie"];
/** A connection that was idle for longer may be closed at the other end. */
const idleMsMax = 4_000;

export function createGateway({ baseUrl, key, environment }: GatewayOptions): Gateway {
  const base = new URL(baseUrl);
  const isTls = base.protocol === "https:";
  const kept = { keepAlive: true, timeout: idleMsMax, proxyEnv: environment };
  const agent = isTls ? new HttpsAgent(kept) : new HttpAgent(kept);
  const send = isTls ? sendHttps : sendHttp;
  return {
    answer(request, response) {
      const { method = "", url = "" } = request;
      if (!allowed.some((pattern) => pattern.test(`${method} ${url}`)))
        return refuse(response, 403, `the way to the model is not open for ${method} ${url.slice(0, 80)}`);
      const headers = { ...requestHeaders(request, key === null ? [] : keyNames), ...keyHeader(key) };
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

function keyHeader(key: GatewayOptions["key"]): Readonly<Record<string, string>> {
  if (key === null) return {};
  return key.header === "bearer" ? { authorization: `Bearer ${key.value}` } : { "x-api-key": key.value };
}

/** In the API's own form. */
function refuse(response: ServerResponse, status: number, message: string): void {
  const type = status === 403 ? "permission_error" : "api_error";
  response.writeHead(status, { "content-type": "application/json", connection: "close" });
  response.end(JSON.stringify({ type: "error", error: { type, message: `ralphwright: ${message}` } }));
}
