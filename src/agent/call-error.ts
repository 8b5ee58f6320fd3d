/** What a failed call to the model means: try again, wait for a date, give up at once, or hand over. Pure. */

/** What the server or the network said. */
export interface CallError {
  /** HTTP status; null for a failure of the connection or inside the stream. */
  readonly status: number | null;
  /** The API's name of the error, such as `overloaded_error`; `silence` for our own watchdog. */
  readonly type: string | null;
  readonly message: string;
  readonly headers: Headers;
}

export type CallVerdict =
  /** Nothing was lost: send the same request again. `delayMs` null: after the usual back-off. */
  | { readonly kind: "again"; readonly delayMs: number | null }
  /** A usage limit that ends later than this process should wait for. */
  | { readonly kind: "limited"; readonly resetsAtMs: number }
  | { readonly kind: "auth" | "billing" }
  /** Thinking blocks were refused because something before them differs. */
  | { readonly kind: "prefix-mismatch" }
  /** The history does not fit any more. */
  | { readonly kind: "too-long" }
  | { readonly kind: "unknown-model" }
  /** The request is wrong: sending it again would not help. */
  | { readonly kind: "invalid" };

/** Waits longer than this are the supervisor's. */
const limitWaitMsMax = 15 * 60_000;
/** A date further away is a mistake. */
const limitMsMax = 7 * 24 * 3_600_000;

export function judgeCallError(error: CallError, nowMs: number): CallVerdict {
  // Inside a stream there is no status: the API's name of the error says which it would have been.
  const status = error.status ?? statusOfType.get(error.type ?? "") ?? null;
  if (/credit balance is too low/i.test(error.message)) return { kind: "billing" };
  switch (status) {
    case 400:
      return judgeBadRequest(error.message, nowMs);
    case 401:
      return { kind: "auth" };
    case 403:
      // A firewall's page has no error of the API in it, and says nothing of the key.
      return { kind: error.type === null ? "invalid" : "auth" };
    case 402:
      return { kind: "billing" };
    case 404:
      return { kind: /model/i.test(error.message) ? "unknown-model" : "invalid" };
    case 413:
      return { kind: "too-long" };
    case 429:
      return judgeLimit(error, nowMs);
    default:
      return isPassing(status, error.headers)
        ? { kind: "again", delayMs: boundedDelayMs(error.headers, nowMs) }
        : { kind: "invalid" };
  }
}

const statusOfType: ReadonlyMap<string, number> = new Map([
  ["invalid_request_error", 400],
  ["authentication_error", 401],
  ["billing_error", 402],
  ["permission_error", 403],
  ["request_too_large", 413],
  ["rate_limit_error", 429],
]);

/** Connection trouble (no status), an overload, a defect on the other side. */
function isPassing(status: number | null, headers: Headers): boolean {
  if (headers.get("x-should-retry") === "false") return false;
  return status === null || status >= 500 || status === 408 || status === 409;
}

function judgeLimit({ headers }: CallError, nowMs: number): CallVerdict {
  const delayMs = retryAfterMs(headers, nowMs) ?? untilResetMs(headers, nowMs);
  if (delayMs === null || delayMs <= limitWaitMsMax) return { kind: "again", delayMs };
  return { kind: "limited", resetsAtMs: nowMs + Math.min(delayMs, limitMsMax) };
}

function judgeBadRequest(message: string, nowMs: number): CallVerdict {
  // A spend limit of the workspace is told as a bad request.
  const [, day, time] = /regain access on (\d{4}-\d\d-\d\d) at (\d\d:\d\d) UTC/i.exec(message) ?? [];
  if (day !== undefined)
    return {
      kind: "limited",
      resetsAtMs: Math.min(Date.parse(`${day}T${time ?? "00:00"}Z`), nowMs + limitMsMax),
    };
  if (/specified API usage limits/i.test(message)) return { kind: "billing" };
  if (/bound to a different conversation/i.test(message)) return { kind: "prefix-mismatch" };
  if (/prompt is too long|context (window|size|length)/i.test(message)) return { kind: "too-long" };
  return { kind: "invalid" };
}

function boundedDelayMs(headers: Headers, nowMs: number): number | null {
  const ms = retryAfterMs(headers, nowMs);
  return ms === null ? null : Math.min(ms, delayMsMax);
}

/** `retry-after-ms`, or `retry-after` in seconds or as a date; null when neither says anything. */
function retryAfterMs(headers: Headers, nowMs: number): number | null {
  const ms = Number(headers.get("retry-after-ms") ?? Number.NaN);
  if (Number.isFinite(ms)) return positive(ms);
  const after = headers.get("retry-after");
  if (after === null) return null;
  const seconds = Number(after);
  if (Number.isFinite(seconds)) return positive(seconds * 1000);
  const at = Date.parse(after);
  return Number.isNaN(at) ? null : positive(at - nowMs);
}

/** No time at all, or a date in the past, says nothing: clocks differ. */
const positive = (ms: number): number | null => (ms > 0 ? ms : null);

const limitNames = ["requests", "tokens", "input-tokens", "output-tokens"];

/** When the limit that is used up ends, by the rate-limit headers (RFC 3339 dates). */
function untilResetMs(headers: Headers, nowMs: number): number | null {
  const resets = limitNames.flatMap((name) => {
    const remaining = headers.get(`anthropic-ratelimit-${name}-remaining`);
    const at = Date.parse(headers.get(`anthropic-ratelimit-${name}-reset`) ?? "");
    return remaining === "0" && !Number.isNaN(at) ? [at - nowMs] : [];
  });
  return resets.length === 0 ? null : positive(Math.max(...resets));
}

export const triesMax = 8;
const delayMsMin = 2_000;
const delayMsMax = 60_000;

/** Doubling from 2 s to 60 s, a quarter more or less. @param random in [0, 1). */
export function backoffMs(failures: number, random: number): number {
  const delay = Math.min(delayMsMax, delayMsMin * 2 ** (failures - 1));
  return Math.round(delay * (0.75 + random / 2));
}
