import { spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { parseRecording } from "../../src/agent/recording.ts";

const program = fileURLToPath(new URL("../../src/agent/replay.ts", import.meta.url));
const brief = { type: "brief", text: "Do it." };
const red = (round: number): object => ({ type: "verdict", accepted: false, round, evidence: "red" });
const accepted = { type: "verdict", accepted: true };

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A workspace and a folder of recordings, side by side. */
function createBench(recording: readonly (object | string)[] | null): {
  workspace: string;
  recordings: string;
} {
  const folder = mkdtempSync(join(tmpdir(), "replay-"));
  folders.push(folder);
  const bench = { workspace: join(folder, "workspace"), recordings: join(folder, "recordings") };
  mkdirSync(bench.workspace);
  mkdirSync(join(bench.recordings, "t1"), { recursive: true });
  if (recording === null) return bench;
  const lines = recording.map((line) => (typeof line === "string" ? line : JSON.stringify(line)));
  writeFileSync(join(bench.recordings, "t1", "1.jsonl"), `${lines.join("\n")}\n`);
  return bench;
}

interface Played {
  readonly status: number | null;
  readonly messages: readonly { readonly type: string; readonly [key: string]: unknown }[];
  readonly stderr: string;
}

/** Plays attempt 1 of task t1; `said` is all that the supervisor will say, written at once. */
function play(
  bench: { workspace: string; recordings: string },
  said: readonly object[],
  round = 0,
): Promise<Played> {
  const child = spawn(process.execPath, [program, bench.recordings], {
    cwd: bench.workspace,
    env: { ...process.env, RALPH_TASK: "t1", RALPH_ATTEMPT: "1", RALPH_ROUND: String(round) },
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (stdout += chunk));
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => (stderr += chunk));
  // A replay that refuses its recording does not wait to be told anything.
  child.stdin.on("error", () => {});
  child.stdin.write(said.map((message) => `${JSON.stringify(message)}\n`).join(""));
  // After an accepted claim it ends by itself; otherwise the supervisor has nothing more to say.
  if (said.at(-1) !== accepted) child.stdin.end();
  return new Promise((settle, fail) => {
    child.on("error", fail);
    child.on("close", (status) => {
      const lines = stdout.split("\n").filter((line) => line !== "");
      const messages = lines.map((line): Played["messages"][number] => JSON.parse(line));
      settle({ status, messages, stderr: stderr.replaceAll(bench.recordings, "<recordings>") });
    });
  });
}

const typesOf = (played: Played): string => played.messages.map((message) => message.type).join(" ");

/** Plays a recording that cannot be played and returns what it says on standard error. */
async function refused(steps: readonly (object | string)[] | null): Promise<string> {
  const bench = createBench(steps);
  symlinkSync("..", join(bench.workspace, "out"));
  const played = await play(bench, [brief, accepted]);
  expect(played.status).toBe(1);
  expect(typesOf(played)).not.toContain("end");
  expect(existsSync(join(bench.workspace, "../x"))).toBe(false);
  return played.stderr;
}

describe("replay", () => {
  it("carries out the steps in the workspace and tells each one", async () => {
    const bench = createBench([
      { recording: 1, about: "one of each" },
      { do: "note", text: "Looking." },
      { do: "write", path: "src/deep/a.txt", content: "one two\n" },
      { do: "edit", path: "src/deep/a.txt", old: "two", new: "$& and more" },
      { do: "write", path: "gone.txt", content: "" },
      { do: "remove", path: "gone.txt" },
      { do: "run", command: "printf '\\033[31mred\\033[0m\\n'; exit 3" },
      { do: "usage", input_tokens: 10, output_tokens: 2, usd: 0.5 },
      { do: "claim", status: "complete", summary: "Done.", learnings: ["It is."] },
    ]);
    const played = await play(bench, [brief, accepted]);
    expect(played).toMatchObject({ status: 0, stderr: "" });
    expect(readFileSync(join(bench.workspace, "src/deep/a.txt"), "utf8")).toBe("one $& and more\n");
    expect(existsSync(join(bench.workspace, "gone.txt"))).toBe(false);
    expect(played.messages.filter((message) => message.type !== "turn")).toMatchInlineSnapshot(`
      [
        {
          "agent": "replay",
          "type": "started",
        },
        {
          "text": "Looking.",
          "type": "note",
        },
        {
          "name": "write",
          "summary": "src/deep/a.txt",
          "type": "tool",
        },
        {
          "name": "edit",
          "summary": "src/deep/a.txt",
          "type": "tool",
        },
        {
          "name": "write",
          "summary": "gone.txt",
          "type": "tool",
        },
        {
          "name": "remove",
          "summary": "gone.txt",
          "type": "tool",
        },
        {
          "name": "run",
          "summary": "printf '\\033[31mred\\033[0m\\n'; exit 3 → exit 3
      red",
          "type": "tool",
        },
        {
          "input_tokens": 10,
          "output_tokens": 2,
          "type": "usage",
          "usd": 0.5,
        },
        {
          "learnings": [
            "It is.",
          ],
          "status": "complete",
          "summary": "Done.",
          "type": "claim",
          "verification": [],
        },
        {
          "type": "end",
        },
      ]
    `);
    expect(played.messages.filter((message) => message.type === "turn")).toHaveLength(5);
  });

  const rounds = [
    { do: "claim", status: "complete", summary: "First." },
    { do: "write", path: "second.txt", content: "" },
    { do: "claim", status: "complete", summary: "Second." },
  ];

  it("plays the next round after a red verdict", async () => {
    const bench = createBench(rounds);
    const played = await play(bench, [brief, red(1), accepted]);
    expect(typesOf(played)).toBe("started claim turn tool claim end");
  });

  it("begins with the round it is started for", async () => {
    const bench = createBench(rounds);
    const played = await play(bench, [brief, accepted], 1);
    expect(typesOf(played)).toBe("started turn tool claim end");
    expect(played.messages.at(-2)).toMatchObject({ summary: "Second." });
  });

  it("stops after an accepted claim, whatever the recording still holds", async () => {
    const bench = createBench(rounds);
    const played = await play(bench, [brief, accepted]);
    expect(typesOf(played)).toBe("started claim end");
    expect(existsSync(join(bench.workspace, "second.txt"))).toBe(false);
  });

  it("ends when a red verdict comes and no round is left", async () => {
    const played = await play(createBench(rounds), [brief, red(1), red(2)]);
    expect(typesOf(played)).toBe("started claim turn tool claim end");
    expect(played.status).toBe(0);
  });

  it("ends when the supervisor closes the stream instead of giving a verdict", async () => {
    const played = await play(createBench(rounds), [brief]);
    expect(typesOf(played)).toBe("started claim end");
  });

  it("ends without a claim when the recording has none", async () => {
    const played = await play(createBench([{ do: "note", text: "Nothing to do." }]), [brief]);
    expect(typesOf(played)).toBe("started note end");
  });

  it("reads a brief that holds the line separators of Unicode as one line, and skips unknown messages", async () => {
    const said = [{ type: "weather", sun: true }, { type: "brief", text: "a\u2028b\u0085c" }, accepted];
    const played = await play(createBench(rounds), said);
    expect(typesOf(played)).toBe("started claim end");
  });

  it("tells the last lines of a command that prints much", async () => {
    const bench = createBench([{ do: "run", command: "seq 1 100000" }]);
    const { messages } = await play(bench, [brief]);
    const summary = String(messages.find((message) => message.type === "tool")?.["summary"]);
    expect(summary.length).toBeLessThan(500);
    expect(summary).toMatch(/^seq 1 100000 → exit 0\n…\n\d+\n[\d\n]+\n100000$/);
  });

  it("says which recording is missing", async () => {
    expect(await refused(null)).toMatchInlineSnapshot(`
      "No recording of attempt 1 of t1: <recordings>/t1/1.jsonl does not exist.
      "
    `);
  });

  it("names file and line of what is no step", async () => {
    expect(await refused([{ do: "note", text: "a" }, "{oops"])).toMatchInlineSnapshot(`
      "<recordings>/t1/1.jsonl:2: This is not a line of JSON.
      "
    `);
    expect(await refused([{ do: "dance" }])).toMatchInlineSnapshot(`
      "<recordings>/t1/1.jsonl:1: do: Invalid discriminator value. Expected 'note' | 'write' | 'edit' | 'remove' | 'run' | 'usage' | 'claim'
      "
    `);
    expect(await refused([{ do: "run", comand: "ls" }])).toMatchInlineSnapshot(`
      "<recordings>/t1/1.jsonl:1: command: Invalid input: expected string, received undefined; Unrecognized key: "comand"
      "
    `);
    expect(await refused([{ recording: 2, about: "newer" }])).toMatchInlineSnapshot(`
      "<recordings>/t1/1.jsonl:1: recording: Invalid input: expected 1
      "
    `);
  });

  it("refuses an edit whose text does not occur exactly once", async () => {
    const edit = { do: "edit", path: "a.txt", old: "a", new: "b" };
    expect(await refused([{ do: "write", path: "a.txt", content: "a a" }, edit])).toMatchInlineSnapshot(`
      "<recordings>/t1/1.jsonl:2: The text to replace occurs 2 times in a.txt; it must occur once.
      "
    `);
    expect(await refused([{ do: "write", path: "a.txt", content: "" }, edit])).toMatchInlineSnapshot(`
      "<recordings>/t1/1.jsonl:2: The text to replace occurs 0 times in a.txt; it must occur once.
      "
    `);
    expect(await refused([edit])).toMatchInlineSnapshot(`
      "<recordings>/t1/1.jsonl:1: a.txt does not exist.
      "
    `);
  });

  it("refuses paths that lead out of the workspace, also through a link", async () => {
    expect(await refused([{ do: "write", path: "../x", content: "" }])).toMatchInlineSnapshot(`
      "<recordings>/t1/1.jsonl:1: path: leads out of the workspace
      "
    `);
    expect(await refused([{ do: "write", path: "/x", content: "" }])).toMatchInlineSnapshot(`
      "<recordings>/t1/1.jsonl:1: path: leads out of the workspace
      "
    `);
    expect(await refused([{ do: "write", path: "out/x", content: "" }])).toMatchInlineSnapshot(`
      "<recordings>/t1/1.jsonl:1: out/x leads out of the workspace.
      "
    `);
    expect(await refused([{ do: "remove", path: "out" }])).toMatchInlineSnapshot(`
      "<recordings>/t1/1.jsonl:1: out leads out of the workspace.
      "
    `);
  });

  it("does nothing before it has a brief", async () => {
    const bench = createBench([{ do: "write", path: "a.txt", content: "" }]);
    const played = await play(bench, []);
    expect(played).toMatchObject({ status: 1, stderr: "No brief came on standard input.\n" });
    expect(existsSync(join(bench.workspace, "a.txt"))).toBe(false);
  });

  it("stops at a command that must pass and does not", async () => {
    const steps = [
      { do: "run", command: "exit 4", must: true },
      { do: "note", text: "never" },
    ];
    expect(await refused(steps)).toMatchInlineSnapshot(`
      "<recordings>/t1/1.jsonl:1: The command must pass, but ended with exit 4: exit 4
      "
    `);
  });
});

describe("parseRecording", () => {
  it("splits rounds after each claim and keeps the line numbers of the file", () => {
    const claim = { do: "claim", status: "complete", summary: "" };
    const lines = [{ recording: 1, about: "" }, { do: "note", text: "a" }, claim, { do: "note", text: "b" }];
    const recording = parseRecording(`${lines.map((line) => JSON.stringify(line)).join("\r\n\r\n")}\r\n`);
    const shown = recording.kind === "recording" ? recording.rounds : [];
    expect(shown.map((round) => round.map(({ line, step }) => `${line} ${step.do}`))).toEqual([
      ["3 note", "5 claim"],
      ["7 note"],
    ]);
  });
});
