import { PassThrough } from "node:stream";
import type { WriteStream } from "node:tty";
import { expect, it, vi } from "vitest";
import { LiveBlock } from "../../src/cli/live-block.ts";
import type { StatusView } from "../../src/core/report.ts";

const view: StatusView = {
  run: {
    id: "r",
    landed: 1,
    blocked: 0,
    usd: 0,
    usdUnknown: false,
    tokens: 0,
    turns: 0,
    tokensUnknown: false,
    usdMax: null,
    tokensMax: null,
    turnsMax: null,
    untilMs: null,
  },
  stopping: null,
  waits: [],
  paused: null,
  configTrouble: null,
  attempts: [],
  tasks: { running: 0, ready: 0, waiting: 0, stuck: 0, review: 0, landed: 1, blocked: 0, draft: 0 },
  reviews: [],
  problems: [],
  flaky: [],
  failing: [],
};

/** All that is written to a terminal of 80 columns. */
function draw(isPriceUnknown: boolean, work: (block: LiveBlock) => void, columns = 80): string {
  const written = Object.assign(new PassThrough(), { isTTY: true, columns });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- all that the block asks of a terminal
  const block = new LiveBlock(written as unknown as WriteStream, isPriceUnknown);
  work(block);
  block.close();
  return String(written.read());
}

it("says that the price is unknown where the agent never reports one, and a sum where it does", () => {
  expect(draw(true, (block) => block.show(view))).toContain("0 ready · price unknown");
  expect(draw(false, (block) => block.show(view))).toContain("0 ready · 0.00 USD");
});

it("has room for the price beside the usual counts, and marks what it cuts", () => {
  const { run, tasks } = view;
  const spent = { ...view, run: run && { ...run, usd: 115, usdUnknown: true } };
  expect(draw(true, (block) => block.show(spent))).toContain("price unknown, counted as 115.00 USD\n");
  const busy = { ...spent, tasks: { ...tasks, waiting: 3, review: 2 } };
  expect(draw(true, (block) => block.show(busy))).toMatch(/^ {2}1 landed · .* in review · .*…$/m);
});

it("begins at the first column, wherever the terminal has echoed ^C", () => {
  const text = draw(false, (block) => {
    block.show(view);
    block.print("SIGINT: finishing what runs");
  });
  expect(text).toContain("\r\u001b[2A\u001b[JSIGINT: finishing");
});

it("moves no cursor and draws nothing on a terminal that says it cannot", () => {
  vi.stubEnv("TERM", "dumb");
  const text = draw(false, (block) => {
    block.show(view);
    block.print("0001: attempt 1 started");
  });
  vi.unstubAllEnvs();
  expect(text).toBe("0001: attempt 1 started\n");
});

it("takes a terminal that knows no width for one of 80 columns", () => {
  const text = draw(false, (block) => block.print("0001: attempt 1 started"), 0);
  expect(text).toContain("0001: attempt 1 started\n");
});

it("draws each thing in one line, so that it can be erased again", () => {
  const cause = { kind: "person", sinceMs: 0, untilMs: null, day: null } as const;
  const text = draw(false, (block) => {
    block.show({ ...view, paused: { ...cause, reason: "two\nlines" } });
    block.show(view);
  });
  expect(text).toContain("  paused: two lines\n\r\u001b[3A\u001b[J");
});

it("puts further lines under the text: past the time where a line has one, else by two", () => {
  const text = draw(false, (block) => {
    block.print(`07:00:00 ${"x".repeat(65)} and so on`);
    block.print(`${"x".repeat(75)} and so on`);
  });
  expect(text).toContain("\n           so on");
  expect(text).toContain("\n  so on");
});
