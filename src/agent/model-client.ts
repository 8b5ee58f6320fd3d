/**
 * One request to a model and its streamed answer: the only place that knows the SDK.
 *
 * The SDK neither retries here nor watches its stream (its time-out ends at the headers), so this file adds a watchdog
 * on the bytes; what to do about a failure is decided in model-call.ts.
 */
import type { Anthropic, APIError, ClientOptions } from "@anthropic-ai/sdk";
import { Deadline } from "../running-clock.ts";
import type { CallError } from "./call-error.ts";

export type Message = Anthropic.Message;
export type MessageParam = Anthropic.MessageParam;
export type ContentBlock = Anthropic.ContentBlock;
export type ContentBlockParam = Anthropic.ContentBlockParam;
export type ToolUse = Anthropic.ToolUseBlock;
export type ToolResultParam = Anthropic.ToolResultBlockParam;
export type ToolParam = Anthropic.Tool;
/** Everything but `stream`, in the order in which it is sent. */
export type RequestBody = Anthropic.MessageStreamParams;

export interface Answer {
  readonly message: Message;
  readonly requestId: string | null;
}

export interface SendOptions {
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

export interface ModelClient {
  /** @throws CallFailed with what the server or the network said. */
  send(body: RequestBody, options: SendOptions): Promise<Answer>;
}

/** A call that gave no whole answer: nothing of it may be used. */
export class CallFailed extends Error {
  override readonly name = "CallFailed";
  readonly error: CallError;
  /** What the part of the answer that came has used; null when none came. */
  readonly usage: Message["usage"] | null;
  constructor(error: CallError, usage: Message["usage"] | null) {
    super(error.message);
    this.error = error;
    this.usage = usage;
  }
}

/** What every provider's client offers us. */
export type Messages = Pick<Anthropic["messages"], "stream">;

export interface ClientParts {
  readonly open: (options: Partial<ClientOptions>) => { readonly messages: Messages };
  readonly fetch: typeof globalThis.fetch;
  /** Longest time without a byte, before or within the stream. */
  readonly silenceMsMax: number;
}

/** For one call at a time. @throws Error when the client cannot be made, for want of a variable, say. */
export function createModelClient({ open, fetch, silenceMsMax }: ClientParts): ModelClient {
  let silenceDeadline: Deadline | null = null;
  const client = open({
    fetch: async (...request) =>
      watchBytes(await fetch(...request), () => silenceDeadline?.start(silenceMsMax)),
    maxRetries: 0,
    timeout: silenceMsMax,
    logLevel: "off",
    openTelemetry: false,
  });
  return {
    async send(body, { headers, signal }) {
      const watch = new AbortController();
      silenceDeadline = new Deadline(() => watch.abort());
      silenceDeadline.start(silenceMsMax);
      const either = AbortSignal.any([signal, watch.signal]);
      const stream = client.messages.stream(body, { headers, signal: either });
      try {
        const message = await stream.finalMessage();
        return { message, requestId: stream.request_id ?? null };
      } catch (error) {
        const isSilent = watch.signal.aborted && !signal.aborted;
        const usage = stream.currentMessage?.usage ?? null;
        throw new CallFailed(isSilent ? silence(silenceMsMax) : describeError(error), usage);
      } finally {
        silenceDeadline.clear();
        silenceDeadline = null;
      }
    },
  };
}

/** Tells of every byte, a ping's too. */
function watchBytes(response: Response, onByte: () => void): Response {
  onByte();
  if (response.body === null) return response;
  const watcher = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      onByte();
      controller.enqueue(chunk);
    },
  });
  const { status, statusText, headers } = response;
  return new Response(response.body.pipeThrough(watcher), { status, statusText, headers });
}

const silence = (ms: number): CallError => ({
  status: null,
  type: "silence",
  message: `no byte from the model for ${Math.round(ms / 1000)} s`,
  headers: new Headers(),
});

function describeError(error: unknown): CallError {
  if (!isApiError(error)) {
    const message = error instanceof Error ? error.message : String(error);
    const type = isMalformed(error) ? "malformed" : null;
    return { status: null, type, message, headers: new Headers() };
  }
  return {
    status: error.status ?? null,
    type: error.type ?? null,
    message: apiMessage(error),
    headers: error.headers ?? new Headers(),
  };
}

/** What came was no answer: broken JSON, or a message with parts missing. */
const isMalformed = (error: unknown): boolean => {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const isFetch = cause instanceof TypeError && /fetch|terminated/i.test(cause.message);
  return (
    cause instanceof SyntaxError || (cause instanceof TypeError && !isFetch) || /JSON/.test(String(error))
  );
};

/** By its fields: whoever serves the model, the class is another one in each package. */
const isApiError = (error: unknown): error is APIError =>
  error instanceof Error && "status" in error && "headers" in error && "apiMessage" in error;

/** The server's own sentence where there is one; a connection's failure says why only in its cause. */
function apiMessage(error: APIError): string {
  const cause = error.cause instanceof Error ? ` (${error.cause.message})` : "";
  return `${error.apiMessage ?? error.message}${cause}`;
}
