import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { taskId } from "../../src/core/ids.ts";
import {
  type LandingText,
  parseTrailers,
  renderLandingMessage,
  renderRecordMessage,
} from "../../src/formats/landing-message.ts";

const landing: LandingText = {
  title: "Limit requests per host",
  summary:
    "Added a token bucket to the client, so that a burst no longer trips the server's limit. The clock is injected. Tests cover bursts. A fourth sentence.",
  task: taskId("0042-rate-limiter"),
  attempt: 2,
  gates: ["types", "lint", "tests"],
  agent: "command my-agent",
  usd: 0.4,
  learnings: ["L-0143", "L-0144"],
  run: "2026-11-20T22-00-03Z",
};
const trailers = {
  Task: "0042-rate-limiter",
  Attempt: "2",
  Gates: "types lint tests",
  Agent: "command my-agent",
  "Cost-USD": "0.40",
  Learnings: "L-0143 L-0144",
  Run: "2026-11-20T22-00-03Z",
};

describe("a landing message", () => {
  it("has title, at most three sentences and the trailers", () => {
    const message = renderLandingMessage(landing);
    expect(message).toMatchInlineSnapshot(`
      "Limit requests per host

      Added a token bucket to the client, so that a burst no longer trips the
      server's limit. The clock is injected. Tests cover bursts.

      Task: 0042-rate-limiter
      Attempt: 2
      Gates: types lint tests
      Agent: command my-agent
      Cost-USD: 0.40
      Learnings: L-0143 L-0144
      Run: 2026-11-20T22-00-03Z
      "
    `);
    expect(Object.fromEntries(parseTrailers(message))).toEqual(trailers);
  });

  it("says when the price is not known, and nothing of learnings when there are none", () => {
    const message = renderLandingMessage({ ...landing, usd: null, learnings: [], summary: " " });
    expect(message).toMatchInlineSnapshot(`
      "Limit requests per host

      Task: 0042-rate-limiter
      Attempt: 2
      Gates: types lint tests
      Agent: command my-agent
      Cost-USD: unknown
      Run: 2026-11-20T22-00-03Z
      "
    `);
  });

  it("takes no title that git or an editor would obey", () => {
    const titles = [
      "fixup! x",
      "Squash! amend! x",
      "#12 x",
      "# fixup! #x",
      "---",
      "a\nTask: b",
      "y".repeat(90),
    ];
    const subjects = titles.map((title) => renderLandingMessage({ ...landing, title }).split("\n")[0]);
    expect(subjects).toEqual([
      "x",
      "x",
      "12 x",
      "x",
      "Land 0042-rate-limiter",
      "a Task: b",
      `${"y".repeat(71)}…`,
    ]);
  });

  it("keeps each trailer on its line, whatever an agent is called", () => {
    const message = renderLandingMessage({ ...landing, agent: "mine\nTask: other\n\nRun: x" });
    expect(Object.fromEntries(parseTrailers(message))).toEqual({
      ...trailers,
      Agent: "mine Task: other Run: x",
    });
  });

  it("takes the teeth out of lines of the summary", () => {
    const summary = `Task: other\n\n---\nRun: x ${"w".repeat(60)} Attempt: 9 # ${"v".repeat(71)} --- a/b`;
    const message = renderLandingMessage({ ...landing, summary });
    expect(message.split("\n\n")[1]).toMatchInlineSnapshot(`
      " Task: other --- Run: x
      wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww Attempt: 9
       #
      vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv
       --- a/b"
    `);
  });
});

it("a record message says what was given up, and why", () => {
  const why = "gate tests is red after 3 attempts: reported 2 failed tests in the limiter";
  const message = renderRecordMessage({ task: landing.task, attempt: 3, why, usd: null, run: landing.run });
  expect(message).toMatchInlineSnapshot(`
    "Give up 0042-rate-limiter: gate tests is red after 3 attempts: reported…

    gate tests is red after 3 attempts: reported 2 failed tests in the
    limiter

    Task: 0042-rate-limiter
    Attempt: 3
    Outcome: blocked
    Cost-USD: unknown
    Run: 2026-11-20T22-00-03Z
    "
  `);
});

describe("reading trailers", () => {
  it("looks at the last paragraph alone, and never at the subject", () => {
    expect(parseTrailers("Task: a\n").size).toBe(0);
    expect(parseTrailers("x\n\nTask: a\n\nmore\n").size).toBe(0);
    expect(parseTrailers("x\n\nTask: a\nsome words\n").size).toBe(0);
    expect(parseTrailers("").size).toBe(0);
    expect([...parseTrailers("x\n\nTask: a\n \t\nRun: b\n  c\n\n\n")]).toEqual([["Run", "b c"]]);
  });

  it("bears with the lines that git itself adds", () => {
    const message = "x\n\nTask: a\nTask: b\nSigned-off-by: A <a@b>\n(cherry picked from commit 12)\n";
    expect(parseTrailers(message).get("Task")).toBe("a");
  });
});

const piece = fc.constantFrom(
  "Task: x",
  "Task : x",
  "Run:y",
  "Signed-off-by: A <a@b>",
  "(cherry picked from commit 1)",
  "---",
  "--- a/x",
  "# comment",
  "fixup!",
  "Outcome: landed.",
  "word",
  "w".repeat(70),
  "\n",
  "\n\n",
  "\r",
  "\u2028",
  " ",
  "\t",
);
const untrusted = fc.oneof(
  fc.array(piece, { maxLength: 14 }).map((pieces) => pieces.join(" ")),
  fc.array(piece, { maxLength: 14 }).map((pieces) => pieces.join("")),
  fc.string({ unit: "binary" }),
);

describe("any title and summary", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), "landing-message-"));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  it("leave exactly our trailers for us", () => {
    fc.assert(
      fc.property(untrusted, untrusted, (title, summary) => {
        const message = renderLandingMessage({ ...landing, title, summary });
        expect(Object.fromEntries(parseTrailers(message))).toEqual(trailers);
        const [subject = "", blank] = message.split("\n");
        expect(subject.length).toBeGreaterThan(0);
        expect(subject.length).toBeLessThanOrEqual(72);
        expect(blank).toBe("");
        const lines = message.split("\n").slice(1);
        expect(lines.filter((line) => /^(?:Task|Run|Outcome|Signed-off-by) *:/.test(line))).toEqual([
          "Task: 0042-rate-limiter",
          "Run: 2026-11-20T22-00-03Z",
        ]);
        expect(lines.filter((line) => /^(?:#|---)/.test(line))).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  it("leave exactly our trailers for git", () => {
    const expected = Object.entries(trailers).map(([name, value]) => `${name}: ${value}`);
    fc.assert(
      fc.property(untrusted, untrusted, (title, summary) => {
        const input = renderLandingMessage({ ...landing, title, summary });
        const read = execFileSync("git", ["interpret-trailers", "--parse"], {
          cwd: folder,
          input,
          encoding: "utf8",
        });
        expect(read.trimEnd().split("\n")).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });
});
