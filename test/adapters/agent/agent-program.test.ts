/** What the end of an agent is called, and which line of its output is told. */
import { expect, it } from "vitest";
import { stopFor } from "../../../src/adapters/agent/agent-program.ts";

const reasonOf = (...lines: readonly string[]): unknown =>
  stopFor({ kind: "exited", code: 1 }, `${lines.join("\n")}\n`);
const crashed = (said: string): unknown => ({
  kind: "crashed",
  reason: `the agent exited with 1${said}`,
});

it("tells the error of a crash, not the frames and the version below it", () => {
  expect(
    reasonOf(
      "at work",
      "/agent.js:3",
      'throw new TypeError("no key");',
      "      ^",
      "",
      "TypeError: no key",
      "    at Error.run (/agent.js:3:7)",
      "    at node:internal/main:5:1",
      "",
      "Node.js v24.1.0",
    ),
  ).toEqual(crashed(": TypeError: no key"));
  expect(
    reasonOf("Traceback (most recent call last):", '  File "error.py", line 1, in <module>', "KeyError: 'a'"),
  ).toEqual(crashed(": KeyError: 'a'"));
});

it("prefers the last line with an error to what is said after it", () => {
  expect(reasonOf("ERROR first", "error: second", "See the log.")).toEqual(crashed(": error: second"));
});

it("tells the last line that says something when none is an error", () => {
  expect(reasonOf("out of money", "bye", "}", "Node.js v24.1.0", "")).toEqual(crashed(": bye"));
  expect(reasonOf("Node.js v24.1.0")).toEqual(crashed(""));
  expect(reasonOf("x".repeat(300))).toEqual(crashed(`: ${"x".repeat(200)}`));
});
