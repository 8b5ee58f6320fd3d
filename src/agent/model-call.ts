/**
 * One answer from the model, through whatever trouble passes: the own retry layer, visible as events.
 *
 * A call either gives a whole message or nothing. What came before a stream broke off is thrown away, no tool of it
 * runs, and the same request is sent again; failures in a row are counted, however the calls failed.
 */
import { backoffMs, type CallError, type CallVerdict, judgeCallError, triesMax } from "./call-error.ts";
import { type Answer, CallFailed, type Message, type ModelClient, type RequestBody } from "./model-client.ts";

export type CallResult =
  | ({ readonly kind: "answered" } & Answer)
  | { readonly kind: "limited"; readonly resetsAtMs: number; readonly reason: string }
  | { readonly [Kind in CallEnd]: { readonly kind: Kind; readonly reason: string } }[CallEnd]
  | { readonly kind: "stopped" };

type CallEnd = Exclude<CallVerdict["kind"], "again" | "limited"> | "down";

export interface Retry {
  readonly failures: number;
  readonly delayMs: number;
  readonly reason: string;
}

export interface CallParts {
  readonly client: ModelClient;
  readonly signal: AbortSignal;
  /** Told before each wait. */
  readonly onRetry: (retry: Retry) => void;
  /** The wall clock, for dates that a server tells. */
  readonly nowMs: () => number;
  /** For how long something took. */
  readonly runningMs: () => number;
  /** What is left of the attempt's time: longer waits are the supervisor's. */
  readonly msLeft: () => number;
  /** Told of what a call has used that gave no answer. */
  readonly onWasted: (usage: Message["usage"]) => void;
  /** Resolves early when the signal aborts. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** A server that answers what is no answer, again and again, is no outage. */
const malformedMax = 3;

/** @param headers Betas of this request. */
export async function callModel(
  body: RequestBody,
  headers: Readonly<Record<string, string>>,
  parts: CallParts,
): Promise<CallResult> {
  const { signal } = parts;
  for (let failures = 1; ; failures += 1) {
    const error = await sendOnce(body, headers, parts);
    if (!isCallError(error)) return { kind: "answered", ...error };
    if (signal.aborted) return { kind: "stopped" };
    const verdict = judgeCallError(error, parts.nowMs());
    const reason = describeCall(error);
    if (verdict.kind !== "again") return { ...verdict, reason };
    if (failures >= triesMax) return { kind: "down", reason: `${reason} (${failures} times in a row)` };
    if (error.type === "malformed" && failures >= malformedMax) return { kind: "invalid", reason };
    const delayMs = verdict.delayMs ?? backoffMs(failures, Math.random());
    if (delayMs >= parts.msLeft()) {
      if (error.status !== 429) return { kind: "down", reason: `${reason} (and no time is left to wait)` };
      return { kind: "limited", resetsAtMs: parts.nowMs() + delayMs, reason };
    }
    parts.onRetry({ failures, delayMs, reason });
    await parts.sleep(delayMs, signal);
  }
}

async function sendOnce(
  body: RequestBody,
  headers: Readonly<Record<string, string>>,
  { client, signal, onWasted }: Pick<CallParts, "client" | "signal" | "onWasted">,
): Promise<Answer | CallError> {
  try {
    return await client.send(body, { headers, signal });
  } catch (error) {
    if (!(error instanceof CallFailed)) throw error;
    if (error.usage !== null) onWasted(error.usage);
    return error.error;
  }
}

const isCallError = (result: Answer | CallError): result is CallError => "status" in result;

const describeCall = ({ status, type, message }: CallError): string =>
  [status, type, message].filter((part) => part !== null && part !== "").join(" ");
