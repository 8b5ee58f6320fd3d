/**
 * The demo's tasks with a scripted model behind the real client, real tools and the real loop: a lie, a deleted test,
 * red rounds, a question, and a context that is used up. What the model answers is what the recordings hold.
 */
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it } from "vitest";
import { readRecording } from "../../src/agent/replay.ts";
import { mainProgram } from "../support/program.ts";
import { type Answer, type SeenRequest, startModelServer } from "../support/model-server.ts";

const top = fileURLToPath(new URL("../..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "ralph-live-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const longTask = "0006-summary-line";
const handOffAfter = 1;
const note = "Next: find out how minutes are written here, then formatSummary and its test.";

/** The model is told by the request alone where it is. */
async function answer({ text, body }: SeenRequest): Promise<Answer> {
  const [, task = ""] = /Id: (\d{4}-[a-z-]+)/.exec(text) ?? [];
  const attempt = text.includes("# What was tried before") ? 2 : 1;
  if (text.includes("Your context is used up")) return { content: [{ type: "text", text: note }] };
  const isFresh = text.includes("# Where the work stands");
  const said = body.messages.filter(({ role }) => role === "assistant").length + (isFresh ? handOffAfter : 0);
  const recording = await readRecording(join(top, "src/demo/recordings", task, `${attempt}.jsonl`), 0);
  const recorded = recording.kind === "recording" ? recording.answers[said] : undefined;
  if (recorded === undefined) throw new Error(`nothing is recorded for answer ${said} of ${task}/${attempt}`);
  const isFull = task === longTask && !isFresh && said === handOffAfter - 1;
  return isFull ? { ...recorded, usage: { input_tokens: 300_001, output_tokens: 10 } } : recorded;
}

it(
  "lands five tasks and asks a person about the sixth; a red round and a hand-off are told by show",
  { timeout: 180_000 },
  async () => {
    await using server = await startModelServer(answer);
    const env = {
      // The model is a server of the test, on a loopback that is not the sandbox's.
      RALPH_SANDBOX: "off",
      PATH: process.env["PATH"],
      HOME: folder,
      TMPDIR: folder,
      ANTHROPIC_BASE_URL: server.url,
      ANTHROPIC_API_KEY: "sk-canary-0123456789abcdef",
      NO_COLOR: "1",
    };
    const child = spawn(process.execPath, [mainProgram, "demo", "--live"], {
      env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let told = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (told += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (told += text));
    const status = await new Promise((resolve) => child.once("close", resolve));
    expect([status, told]).toEqual([1, expect.stringMatching(/5 landed, 1 given up, \d\.\d\d USD/)]);
    expect(told).toContain("red, gate tests reported 1 failed test");
    expect(told).toContain("1 test vanished");

    const demo = join(folder, readdirSync(folder).find((name) => name.startsWith("ralphwright-demo-")) ?? "");
    const show = (...args: readonly string[]): string =>
      spawnSync(process.execPath, [mainProgram, "show", longTask, ...args], {
        cwd: join(demo, "tally"),
        env: { ...env, RALPH_STATE_DIR: join(demo, "state") },
        encoding: "utf8",
      }).stdout;
    expect(show()).toContain("agent handed-over to a fresh process");
    const trajectory = show("--trajectory");
    expect(trajectory).toContain("process 2");
    expect(trajectory).toContain("end       handed-over");
    expect(trajectory).toMatch(/attempt\s+landed as/);
  },
);

it("without a key says what to set, with status 6", () => {
  const env = { PATH: process.env["PATH"], HOME: folder, TMPDIR: folder };
  const { status, stderr } = spawnSync(process.execPath, [mainProgram, "demo", "--live"], {
    env,
    encoding: "utf8",
  });
  expect([status, stderr]).toEqual([6, "ralphwright: no key: set ANTHROPIC_API_KEY for a live demo\n"]);
});
