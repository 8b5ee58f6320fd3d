import { describe, expect, it } from "vitest";
import { backoffMs, type CallError, judgeCallError } from "../../src/agent/call-error.ts";

const now = Date.parse("2026-11-20T22:00:00Z");
const judge = (error: Partial<CallError>, headers: Record<string, string> = {}) =>
  judgeCallError({ status: null, type: null, message: "", ...error, headers: new Headers(headers) }, now);

describe("A failed call", () => {
  it.each([
    ["an overload", { status: 529, type: "overloaded_error" }],
    ["a defect on the other side", { status: 500 }],
    ["a gateway without a backend", { status: 502 }],
    ["a request that took too long", { status: 408 }],
    ["a connection that broke", { message: "terminated" }],
    ["silence", { type: "silence" }],
    ["an overload told inside the stream", { type: "overloaded_error" }],
    ["a defect told inside the stream", { type: "api_error" }],
  ])("is tried again after %s", (_, error) => {
    expect(judge(error)).toEqual({ kind: "again", delayMs: null });
  });

  it.each([
    ["a key that is refused", { status: 401 }, "auth"],
    ["a key that may not", { status: 403, type: "permission_error" }, "auth"],
    ["a page of a firewall", { status: 403 }, "invalid"],
    [
      "a spend limit without a date",
      { status: 400, message: "You have reached your specified API usage limits." },
      "billing",
    ],
    ["an account without credit", { status: 402 }, "billing"],
    ["credit that is told by a 400", { status: 400, message: "Your credit balance is too low" }, "billing"],
    ["a prompt that is too long", { status: 400, message: "prompt is too long: 300001 tokens" }, "too-long"],
    ["a body that is too large", { status: 413 }, "too-long"],
    [
      "a changed history",
      { status: 400, message: "block bound to a different conversation" },
      "prefix-mismatch",
    ],
    ["a model nobody knows", { status: 404, message: "model: claude-sonet" }, "unknown-model"],
    ["any other bad request", { status: 400, message: "tools.0: too many" }, "invalid"],
    ["an address that is not there", { status: 404, message: "not found" }, "invalid"],
    ["a server that forbids another try", { status: 500 }, "invalid", { "x-should-retry": "false" }],
  ])("ends the work after %s", (_, error, kind, headers: Record<string, string> = {}) => {
    expect(judge(error, headers).kind).toBe(kind);
  });

  it("waits as long as it is told: in milliseconds, seconds or until a date", () => {
    const limit = { status: 429, type: "rate_limit_error" };
    expect(judge(limit, { "retry-after-ms": "1500" })).toEqual({ kind: "again", delayMs: 1500 });
    expect(judge(limit, { "retry-after": "30" })).toEqual({ kind: "again", delayMs: 30_000 });
    expect(judge(limit, { "retry-after": "Fri, 20 Nov 2026 22:01:00 GMT" })).toEqual({
      kind: "again",
      delayMs: 60_000,
    });
    expect(judge({ status: 529 }, { "retry-after": "7" })).toEqual({ kind: "again", delayMs: 7_000 });
  });

  it("does not believe in no time at all, and in no date that is years away", () => {
    expect(judge({ status: 529 }, { "retry-after": "0" })).toEqual({ kind: "again", delayMs: null });
    expect(judge({ status: 429 }, { "retry-after": "Fri, 20 Nov 2026 21:00:00 GMT" })).toMatchObject({
      delayMs: null,
    });
    expect(judge({ status: 500 }, { "retry-after": "3600" })).toEqual({ kind: "again", delayMs: 60_000 });
    const week = now + 7 * 24 * 3_600_000;
    expect(judge({ status: 429 }, { "retry-after": "99999999" })).toEqual({
      kind: "limited",
      resetsAtMs: week,
    });
  });

  it("waits for the end of a spend limit, which is told as a bad request", () => {
    const message =
      "You have reached your specified API usage limits. You will regain access on 2026-11-22 at 00:00 UTC.";
    const resetsAtMs = Date.parse("2026-11-22T00:00:00Z");
    expect(judge({ status: 400, message })).toEqual({ kind: "limited", resetsAtMs });
  });

  it("leaves a long limit to the supervisor, with its date", () => {
    const limit = { status: 429 };
    expect(judge(limit, { "retry-after": "901" })).toEqual({ kind: "limited", resetsAtMs: now + 901_000 });
    const reset = "2026-11-21T03:00:00Z";
    const headers = {
      "anthropic-ratelimit-tokens-remaining": "0",
      "anthropic-ratelimit-tokens-reset": reset,
      "anthropic-ratelimit-requests-remaining": "12",
      "anthropic-ratelimit-requests-reset": "2026-11-22T03:00:00Z",
    };
    expect(judge(limit, headers)).toEqual({ kind: "limited", resetsAtMs: Date.parse(reset) });
    expect(judge(limit)).toEqual({ kind: "again", delayMs: null });
  });
});

it("The wait doubles from two seconds to a minute, a quarter more or less", () => {
  const waits = [1, 2, 3, 4, 5, 6, 7].map((failures) => backoffMs(failures, 0.5));
  expect(waits).toEqual([2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
  expect([backoffMs(1, 0), backoffMs(1, 0.999)]).toEqual([1_500, 2_499]);
});
