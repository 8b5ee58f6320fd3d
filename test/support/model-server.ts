/**
 * A model API on the loopback that answers from a script: what the real one says, and every way in which it fails.
 *
 * It takes clients of today (`Authorization: Bearer`, `anthropic-version: 2026-10-21`) and older ones
 * (`x-api-key`, `2023-06-01`), with or without streaming, below any path prefix.
 */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { z } from "zod";
import {
  buildMessage,
  formatEvent,
  formatMessageEvents,
  recordedAnswer,
} from "../../src/formats/message-events.ts";

/** An answer as a script writes it: `{ content: [{ type: "text", text: "Done." }] }`. */
export type ScriptedAnswer = z.input<typeof recordedAnswer>;

/** A refusal. `message` is told in the API's own form of an error; `body` takes the place of all of it. */
interface StatusFault {
  readonly fault: "status";
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly message?: string;
  readonly body?: unknown;
}

/** A stream that goes wrong. `after` counts its events; without streaming the whole message is one. */
type StreamFault =
  /** Some events, and then nothing, on an open connection. */
  | { readonly fault: "silent"; readonly after?: number; readonly answer?: ScriptedAnswer }
  /** Some events, and then the connection is cut. */
  | { readonly fault: "drop"; readonly after: number; readonly answer: ScriptedAnswer }
  | {
      readonly fault: "in-stream-error";
      readonly after: number;
      readonly answer: ScriptedAnswer;
      readonly error: { readonly type: string; readonly message: string };
    }
  /** The whole answer, `bytes` at a time. */
  | { readonly fault: "slow"; readonly answer: ScriptedAnswer; readonly bytes: number };

/** `refuse-connection`: the connection is cut before the headers. */
export type Fault = StatusFault | StreamFault | { readonly fault: "refuse-connection" };

export type Answer = ScriptedAnswer | Fault;

const messagesBody = z.looseObject({
  model: z.string(),
  stream: z.boolean().default(false),
  messages: z.array(z.looseObject({ role: z.string(), content: z.unknown() })),
});

export interface OtherRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** The body as it came. */
  readonly text: string;
}

/** A request for an answer. */
export interface SeenRequest extends OtherRequest {
  readonly body: Readonly<z.output<typeof messagesBody>>;
}

/** Answers in their order, or what to answer to a request; `index` counts from 0. */
export type Script = readonly Answer[] | ((request: SeenRequest, index: number) => Answer | Promise<Answer>);

export interface ModelServer extends AsyncDisposable {
  /** Without a slash at the end. */
  readonly url: string;
  /** Requests for answers, as they came. */
  readonly requests: readonly SeenRequest[];
  readonly others: readonly OtherRequest[];
  /** Cuts every connection. */
  close(): Promise<void>;
}

export async function startModelServer(script: Script): Promise<ModelServer> {
  const requests: SeenRequest[] = [];
  const others: OtherRequest[] = [];
  const server = createServer((incoming, response) => {
    void answerRequest(incoming, response).catch(() => response.destroy());
  });
  const answerRequest = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const request = await readRequest(incoming);
    const body = isMessages(request) && strangeness(request) === null ? readBody(request) : null;
    if (body === null) {
      others.push(request);
      return sendReply(response, otherReply(request));
    }
    const seen = { ...request, body };
    const number = requests.push(seen);
    await sendReply(response, await scriptedReply(script, seen, number));
  };
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a server that listens on a port has one
  const { port } = server.address() as AddressInfo;
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url: `http://127.0.0.1:${port}`, requests, others, close, [Symbol.asyncDispose]: close };
}

async function readRequest(incoming: IncomingMessage): Promise<OtherRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(Buffer.from(chunk));
  const { method = "", url = "", headers } = incoming;
  return { method, path: url, headers, text: Buffer.concat(chunks).toString("utf8") };
}

const pathOf = ({ path }: OtherRequest): string => path.replace(/\?.*$/, "");

const isMessages = (request: OtherRequest): boolean =>
  request.method === "POST" && pathOf(request).endsWith("/v1/messages");

/** Null when the body does not ask for an answer. */
function readBody({ text }: OtherRequest): SeenRequest["body"] | null {
  try {
    return messagesBody.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

/** What goes over the wire. */
interface Reply {
  /** Null: the connection is cut before the headers. */
  readonly status: number | null;
  readonly headers?: Readonly<Record<string, string>>;
  readonly pieces: readonly (string | Buffer)[];
  readonly pauseMs?: number;
  /** `hold` leaves the connection open. */
  readonly end: "complete" | "cut" | "hold";
}

async function sendReply(response: ServerResponse, reply: Reply): Promise<void> {
  if (reply.status !== null) response.writeHead(reply.status, reply.headers).flushHeaders();
  for (const piece of reply.pieces) {
    // Written out before the next, so that a cut loses none of what came before it.
    await new Promise<void>((resolve) => response.write(piece, () => resolve()));
    if (reply.pauseMs !== undefined) await pause(reply.pauseMs);
    if (response.destroyed) return;
  }
  if (reply.end === "complete") response.end();
  if (reply.end === "cut") response.socket?.destroy();
}

/** `number`: of the request, counted from 1. */
async function scriptedReply(script: Script, request: SeenRequest, number: number): Promise<Reply> {
  try {
    const answer = typeof script === "function" ? await script(request, number - 1) : script[number - 1];
    if (answer !== undefined) return replyOf(answer, request, number);
    return refusal(400, `The script has ${script.length} answers, and this is request ${number}.`, number);
  } catch (error) {
    return refusal(400, `The script failed: ${String(error)}`, number);
  }
}

const someAnswer: ScriptedAnswer = { content: [{ type: "text", text: "Let me think about this." }] };

function replyOf(answer: Answer, request: SeenRequest, number: number): Reply {
  if (!("fault" in answer)) return messageReply(answer, request, number);
  switch (answer.fault) {
    case "refuse-connection":
      return { status: null, pieces: [], end: "cut" };
    case "status":
      return statusReply(answer, number);
    case "silent": {
      const reply = messageReply(answer.answer ?? someAnswer, request, number);
      return { ...reply, pieces: reply.pieces.slice(0, answer.after ?? 0), end: "hold" };
    }
    case "drop": {
      const reply = messageReply(answer.answer, request, number);
      return { ...reply, pieces: reply.pieces.slice(0, answer.after), end: "cut" };
    }
    case "in-stream-error": {
      const reply = messageReply(answer.answer, request, number);
      const error = formatEvent("error", { error: answer.error, request_id: `req_${number}` });
      return { ...reply, pieces: [...reply.pieces.slice(0, answer.after), error] };
    }
    case "slow": {
      const reply = messageReply(answer.answer, request, number);
      return { ...reply, pieces: cutUp(Buffer.from(reply.pieces.join("")), answer.bytes), pauseMs: 1 };
    }
  }
}

function messageReply(answer: ScriptedAnswer, { body }: SeenRequest, number: number): Reply {
  const identity = { id: `msg_${number}`, model: body.model };
  const recorded = recordedAnswer.parse(answer);
  const pieces = body.stream
    ? formatMessageEvents(recorded, identity)
    : [JSON.stringify(buildMessage(recorded, identity))];
  const type = body.stream ? "text/event-stream" : "application/json";
  return {
    status: 200,
    headers: { "content-type": type, "request-id": `req_${number}` },
    pieces,
    end: "complete",
  };
}

function statusReply({ status, headers, message, body }: StatusFault, number: number): Reply {
  const reply = body === undefined ? refusal(status, message, number) : jsonReply(status, body, number);
  return { ...reply, headers: { ...reply.headers, ...headers } };
}

function cutUp(bytes: Buffer, size: number): readonly Buffer[] {
  const count = Math.ceil(bytes.length / size);
  return Array.from({ length: count }, (_, at) => bytes.subarray(at * size, (at + 1) * size));
}

const errorTypes: Readonly<Record<number, string>> = {
  400: "invalid_request_error",
  401: "authentication_error",
  402: "billing_error",
  403: "permission_error",
  404: "not_found_error",
  413: "request_too_large",
  429: "rate_limit_error",
  504: "timeout_error",
  529: "overloaded_error",
};

/** The API's own form of an error. */
function refusal(status: number, message = `The script says ${status}.`, number = 0): Reply {
  const error = { type: errorTypes[status] ?? "api_error", message };
  return jsonReply(status, { type: "error", error, request_id: `req_${number}` }, number);
}

/** A text goes out as it is. */
function jsonReply(status: number, body: unknown, number = 0): Reply {
  const headers = { "content-type": "application/json", "request-id": `req_${number}` };
  return {
    status,
    headers,
    pieces: [typeof body === "string" ? body : JSON.stringify(body)],
    end: "complete",
  };
}

/** What the API has against a client that does not say who it is; null for any other. */
function strangeness({ headers }: OtherRequest): Reply | null {
  const isNamed = headers["x-api-key"] !== undefined || /^Bearer ./.test(headers.authorization ?? "");
  if (!isNamed) return refusal(401, "x-api-key header is required");
  const hasVersion = headers["anthropic-version"] !== undefined;
  return hasVersion ? null : refusal(400, "anthropic-version: header is required");
}

/** Requests that get no answer of the script: as much as clients need to go on. */
function otherReply(request: OtherRequest): Reply {
  const { method, text } = request;
  const path = pathOf(request);
  const [, model] = /\/v1\/models\/([^/]+)$/.exec(path) ?? [];
  if (isMessages(request))
    return strangeness(request) ?? refusal(400, "The body does not ask for an answer.");
  if (method === "HEAD") return jsonReply(200, "");
  if (method === "GET" && model !== undefined) return jsonReply(200, modelCard(model));
  if (method === "GET" && path.endsWith("/v1/models")) return jsonReply(200, modelList);
  if (method === "POST" && path.endsWith("/v1/messages/count_tokens"))
    return jsonReply(200, { input_tokens: Math.ceil(text.length / 4) });
  return refusal(404, `There is nothing at ${method} ${path}.`);
}

const modelCard = (id: string): object => ({
  type: "model",
  id,
  display_name: id,
  created_at: "2026-01-01T00:00:00Z",
  max_input_tokens: 1_000_000,
  max_tokens: 128_000,
  capabilities: null,
  lifecycle: "active",
  deprecated_at: null,
  retires_at: null,
  line: null,
});

const models = ["claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-5-5"];
const modelList = {
  // oxlint-disable-next-line eslint/id-denylist -- the API's own word
  data: models.map(modelCard),
  has_more: false,
  first_id: models[0],
  last_id: models.at(-1),
};
