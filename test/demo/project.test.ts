import { spawn, spawnSync } from "node:child_process";
import { appendFileSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readRecording } from "../../src/agent/replay.ts";
import type { TaskId } from "../../src/core/ids.ts";
import type { Claim } from "../../src/core/message.ts";
import { compareIds, resolveQueue } from "../../src/core/queue.ts";
import type { Task } from "../../src/core/task.ts";
import {
  type GateReport,
  type GateResult,
  lostTestsReason,
  redReason,
  type TestResult,
} from "../../src/core/verdict.ts";
import { formatAgentSettings } from "../../src/formats/agent-settings.ts";
import { parseAgentLine } from "../../src/formats/agent-stream.ts";
import { parseConfig } from "../../src/formats/config.ts";
import { parseJunit } from "../../src/formats/junit.ts";
import { parseTask } from "../../src/formats/task-file.ts";
import { defaultSettings } from "../support/builtin-agent.ts";
import { agentProgram } from "../support/program.ts";

const top = fileURLToPath(new URL("../..", import.meta.url));
const template = join(top, "src/demo/project");
const recordings = join(top, "src/demo/recordings");
const tools = [join(top, "node_modules/.bin"), dirname(process.execPath), process.env["PATH"] ?? ""];
const environment = { ...process.env, PATH: tools.join(delimiter) };

const config = parseConfig(readFileSync(join(template, "ralph.config.yaml"), "utf8"), "ralph.config.yaml");

const tasks: readonly Task[] = readdirSync(join(template, "tasks")).map((name) => {
  const file = `tasks/${name}`;
  const parsed = parseTask(readFileSync(join(template, file), "utf8"), file, (text) => text);
  if (parsed.kind === "problem") throw new Error(JSON.stringify(parsed.problems));
  return parsed.task;
});
const planned = tasks.filter((task) => task.status === "ready").map((task) => task.id);

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "demo-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function git(cwd: string, ...args: readonly string[]): string {
  const identity = ["-c", "user.name=Demo", "-c", "user.email=demo@example.invalid"];
  const { status, stdout, stderr } = spawnSync("git", [...identity, ...args], { cwd, encoding: "utf8" });
  if (status !== 0) throw new Error(`git ${args.join(" ")}: ${stderr}`);
  return stdout;
}

function createRepository(name: string): string {
  const repository = join(folder, name);
  cpSync(template, repository, { recursive: true });
  cpSync(recordings, recordingsIn(repository), { recursive: true });
  git(repository, "init", "-q", "-b", "main");
  commit(repository, "Start");
  return repository;
}

function commit(repository: string, message: string): void {
  git(repository, "add", "-A");
  git(repository, "commit", "-q", "-m", message);
}

const recordingsIn = (repository: string): string => join(repository, config.agent.recordings ?? "missing");

interface Judgement {
  /** One sentence for each red gate. */
  readonly red: readonly string[];
  readonly tests: readonly TestResult[];
}

/** All gates of the demo's configuration; no test of the baseline may be lost. */
function judge(checkout: string, baseline: readonly TestResult[]): Judgement {
  const reportFile = join(folder, "report.xml");
  const red: string[] = [];
  let tests: readonly TestResult[] = [];
  for (const gate of config.gates) {
    rmSync(reportFile, { force: true });
    const env = { ...environment, RALPH_REPORT: reportFile };
    const { status } = spawnSync("bash", ["-c", gate.run], { cwd: checkout, env });
    const report = gate.report === null ? null : parseJunit(readFileSync(reportFile, "utf8"));
    if (report?.kind === "read") ({ tests } = report);
    const failed = tests.filter((test) => test.outcome === "failed").map((test) => test.name);
    const lost = report === null ? null : lostTestsReason(baseline, tests);
    const reason = redReason(resultOf(gate.name, status, report)) ?? lost;
    if (reason !== null) red.push([`${gate.name} ${reason}`, ...failed].join(" | "));
  }
  return { red, tests };
}

function resultOf(gate: string, code: number | null, report: GateReport | null): GateResult {
  const exit = { kind: "exited", code: code ?? 1 } as const;
  return { gate, exit, report, durationMs: 0, output: "", logFile: "" };
}

interface Played {
  readonly status: number | null;
  /** Lines that are not of the protocol. */
  readonly garbage: readonly string[];
  readonly trajectory: string;
  readonly stderr: string;
}

/** Plays one recorded attempt; `answer` gives the verdict on each claim, null to end the attempt without one. */
function play(
  workspace: string,
  attempt: { readonly task: string; readonly number: number },
  answer: (claim: Claim) => object | null,
): Promise<Played> {
  const logs = join(folder, "logs", attempt.task, String(attempt.number));
  const settings = formatAgentSettings({
    ...defaultSettings,
    folder: logs,
    recording: join(recordingsIn(workspace), attempt.task, `${attempt.number}.jsonl`),
  });
  const child = spawn(process.execPath, [agentProgram, settings], { cwd: workspace, env: environment });
  let rest = "";
  let stderr = "";
  const garbage: string[] = [];
  const hear = (line: string): void => {
    const message = parseAgentLine(line);
    if (message.type === "garbage") garbage.push(line);
    if (message.type !== "claim") return;
    const verdict = answer(message);
    if (verdict === null) child.stdin.end();
    else child.stdin.write(`${JSON.stringify({ type: "verdict", ...verdict })}\n`);
  };
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => (stderr += chunk));
  // Refusing its recording, the program does not wait to be told anything.
  child.stdin.on("error", () => {});
  child.stdin.write(`${JSON.stringify({ type: "brief", text: "See the task." })}\n`);
  return new Promise((settle, fail) => {
    child.on("error", fail);
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      const lines = `${rest}${chunk}`.split("\n");
      rest = lines.pop() ?? "";
      try {
        for (const line of lines) hear(line);
      } catch (error) {
        child.kill();
        fail(error);
      }
    });
    child.on("close", (status) => {
      const trajectory = readFileSync(join(logs, "trajectory.jsonl"), "utf8");
      settle({ status, garbage, trajectory, stderr });
    });
  });
}

interface Night {
  readonly repository: string;
  /** One line a claim: what the gates said of it. */
  readonly told: string[];
  /** What each task's last attempt saw and did. */
  readonly trajectories: Map<string, string>;
  readonly landed: Set<TaskId>;
  baseline: readonly TestResult[];
}

/** One attempt as the loop would run it. Returns whether another one may follow. */
async function runAttempt(night: Night, task: TaskId, number: number): Promise<boolean> {
  const workspace = join(folder, `${task}-${number}`);
  git(folder, "clone", "-q", night.repository, workspace);
  const ends = { landed: false, question: false, learnings: [] as readonly string[] };
  let round = 0;
  const tell = (text: string): unknown => night.told.push(`${task} ${number}.${round} ${text}`);
  const played = await play(workspace, { task, number }, (claim) => {
    if (claim.status === "blocked") {
      const changed = git(workspace, "status", "--porcelain");
      tell(`${changed === "" ? "changes nothing and asks" : "asks"}: ${claim.question ?? "nothing"}`);
      ends.question = true;
      return null;
    }
    const judgement = judge(workspace, night.baseline);
    tell(judgement.red.join(" · ") || "green");
    if (judgement.red.length === 0) {
      Object.assign(ends, { landed: true, learnings: claim.learnings });
      night.baseline = judgement.tests;
      return { accepted: true };
    }
    round += 1;
    return round > config.limits.roundsMax
      ? null
      : { accepted: false, round, evidence: judgement.red.join("\n") };
  });
  const status = ends.landed ? 0 : ends.question ? 11 : 10;
  expect(played).toMatchObject({ status, garbage: [], stderr: "" });
  // A call that went wrong would be a recording that no longer fits the project.
  expect(played.trajectory).not.toContain('"isError":true');
  night.trajectories.set(task, played.trajectory);
  if (ends.landed) land(night, { task, workspace, learnings: ends.learnings });
  return !ends.landed && !ends.question;
}

function land(
  night: Night,
  change: { readonly task: TaskId; readonly workspace: string; readonly learnings: readonly string[] },
): void {
  for (const learning of change.learnings)
    appendFileSync(join(change.workspace, "PROGRESS.md"), `- ${learning}\n`);
  commit(change.workspace, change.task);
  git(night.repository, "pull", "-q", "--ff-only", change.workspace, "HEAD");
  night.landed.add(change.task);
}

describe("the demo's project", () => {
  it("is green before the first task, with nothing installed", () => {
    const { red, tests } = judge(createRepository("base"), []);
    expect(red).toEqual([]);
    expect(tests).toHaveLength(12);
  });

  it("has a first recording for each task that can run, and no recording without a task", () => {
    const recorded = readdirSync(recordings).toSorted(compareIds);
    expect(recorded).toEqual(planned);
    for (const task of recorded) expect(readdirSync(join(recordings, task))).toContain("1.jsonl");
  });
});

describe("the demo's recordings", () => {
  it("are readable and end with a claim", async () => {
    for (const task of readdirSync(recordings)) {
      for (const attempt of readdirSync(join(recordings, task))) {
        const recording = await readRecording(join(recordings, task, attempt), 0);
        const last = recording.kind === "recording" ? recording.answers.at(-1)?.content : [];
        expect(last, `${task}/${attempt}`).toMatchObject([{ type: "tool_use", name: "done" }]);
      }
    }
  });

  it("tell the night when they are played in the order of the queue", { timeout: 120_000 }, async () => {
    const repository = createRepository("night");
    const { tests: baseline } = judge(repository, []);
    const night: Night = { repository, told: [], trajectories: new Map(), landed: new Set(), baseline };
    const tried = new Set<TaskId>();
    for (;;) {
      const task = resolveQueue(tasks, new Set(night.landed)).ready.find(({ id }) => !tried.has(id));
      if (task === undefined) break;
      tried.add(task.id);
      let goesOn = true;
      for (let attempt = 1; goesOn && attempt <= config.limits.attemptsMax; attempt += 1)
        goesOn = await runAttempt(night, task.id, attempt);
    }
    expect(night.told.join("\n")).toMatchInlineSnapshot(`
      "0001-format-duration 1.0 green
      0002-decimal-hours 1.0 tests reported 1 failed test: "parse-duration.test.ts > a duration with other words around it is refused" | parse-duration.test.ts > a duration with other words around it is refused
      0002-decimal-hours 1.1 green
      0003-largest-first 1.0 tests reported 1 failed test: "totals.test.ts > the entries of a project are added up" | totals.test.ts > the entries of a project are added up
      0003-largest-first 1.1 tests reported 1 failed test: "totals.test.ts > the entries of a project are added up" | totals.test.ts > the entries of a project are added up
      0003-largest-first 2.0 green
      0004-comments 1.0 tests 1 test vanished: "parse-log.test.ts > a broken entry is named by its line in the file"
      0004-comments 1.1 tests 1 test now skipped: "parse-log.test.ts > a broken entry is named by its line in the file"
      0004-comments 2.0 green
      0005-billed-column 1.0 changes nothing and asks: specs/billing.md bills 50 minutes as 60 (a started quarter in full), but test/billing.test.ts expects 45 (the nearest quarter): which one is right?
      0006-summary-line 1.0 green"
    `);
    expect(night.trajectories.get("0006-summary-line")).toContain("the one way to write minutes");
    expect(readFileSync(join(repository, "PROGRESS.md"), "utf8")).not.toContain("needs no loop");
    expect(judge(repository, night.baseline).red).toEqual([]);
    expect(night.baseline).toHaveLength(20);
    expect(planned.filter((id) => !night.landed.has(id))).toEqual(["0005-billed-column"]);
  });
});
