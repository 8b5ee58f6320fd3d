/** Functions that run for every event, every start or every brief, with large inputs. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Bench } from "tinybench";
import { openJournal } from "../src/adapters/state/journal-file.ts";
import { digest } from "../src/adapters/state/pass-files.ts";
import { renderEvidence } from "../src/core/evidence.ts";
import { commitSha, taskId } from "../src/core/ids.ts";
import { learningId, type Learning, selectLearnings } from "../src/core/learning.ts";
import type { LoopEvent } from "../src/core/message.ts";
import { decideNext } from "../src/core/next.ts";
import { checkQueue, type Queue } from "../src/core/queue.ts";
import { emptyState } from "../src/core/state.ts";
import type { Task } from "../src/core/task.ts";
import { transition } from "../src/core/transition.ts";
import type { GateResult } from "../src/core/verdict.ts";
import { formatJournalLine, parseJournal } from "../src/formats/journal-line.ts";
import { parseTask } from "../src/formats/task-file.ts";
import type { Figure } from "./figure.ts";
import { taskName, taskText } from "./sample-project.ts";

const queueLength = 10_000;
const journalLines = 200_000;
const learningsCount = 5_000;

export async function measureFunctions(): Promise<readonly Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), "ralphwright-bench-"));
  try {
    const bench = new Bench({ time: 300, iterations: 10, warmupTime: 50, warmupIterations: 2 });
    addCore(bench);
    addFormats(bench);
    addJournal(bench, folder);
    await bench.run();
    return bench.tasks.map(({ name, result }) => {
      if (result.state !== "completed") throw new Error(`${name} did not complete`);
      const { p50, rme, samplesCount } = result.latency;
      const note = `± ${rme.toFixed(1)} % of the mean, ${samplesCount} samples`;
      return { title: name, value: p50, unit: "ms", note };
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function addCore(bench: Bench): void {
  const queue: Queue = {
    tasks: Array.from({ length: queueLength }, (_, i) => parsedTask(i + 1)),
    problems: [],
  };
  const known = { gates: new Set(["check"]), hasChecks: () => false, landed: new Map(), agent: "command" };
  const [running] = transition(emptyState, runStarted, { nowMs: 0 });
  const nowMs = 1_000;
  const today = { nowMs, day: "1970-01-01", opensAtMs: null, hasSecond: false };
  bench.add(`transition and decideNext for one event, ${queueLength} tasks, a place free`, () => {
    decideNext(running, queue, { ...today, concurrency: 1 });
    transition(running, attemptStarted(queue.tasks[0]), { nowMs });
  });
  const [busy] = transition(running, attemptStarted(queue.tasks[0]), { nowMs });
  bench.add(`transition and decideNext for one event, ${queueLength} tasks, all places taken`, () => {
    const [next] = transition(busy, prepared, { nowMs });
    decideNext(next, queue, { ...today, concurrency: 1 });
  });
  bench.add(`checkQueue, ${queueLength} tasks`, () => void checkQueue(queue, known));
  const learnings = manyLearnings();
  bench.add(`selectLearnings, ${learningsCount} entries`, () => {
    selectLearnings(learnings, taskText(1), 2_000);
  });
  bench.add(
    "renderEvidence, 1 MB of output",
    () => void renderEvidence("gate check exited with 1", [redGate], new Map()),
  );
}

function addFormats(bench: Bench): void {
  bench.add("parseTask", () => void parseTask(taskText(1), `tasks/${taskName(1)}.md`, digest));
  const bytes = Buffer.concat(
    Array.from({ length: journalLines }, (_, i) =>
      Buffer.from(formatJournalLine({ seq: i + 1, atMs: i, event: prepared })),
    ),
  );
  bench.add(`parseJournal, ${journalLines} lines (${(bytes.length / 1e6).toFixed(0)} MB)`, () => {
    const { records } = parseJournal(bytes);
    if (records.length !== journalLines) throw new Error("the journal was not read to its end");
  });
}

/** The file is removed with its folder; the descriptor ends with the process. */
function addJournal(bench: Bench, folder: string): void {
  const journal = openJournal(join(folder, "journal.jsonl"));
  bench.add("journal append, flushed to disk", () => void journal.append(0, prepared));
}

const runStarted: LoopEvent = {
  type: "run-started",
  run: "2026-11-20T22-00-03Z",
  limits: { usdMax: null, tasksMax: null, failuresInARowMax: 5, untilMs: null },
};

const firstTask = taskId(taskName(1));
const prepared: LoopEvent = {
  type: "workspace-prepared",
  task: firstTask,
  attempt: 1,
  base: commitSha("0123456789abcdef0123456789abcdef01234567"),
};

function attemptStarted(task: Task | undefined): LoopEvent {
  const limits = {
    attemptsMax: 3,
    roundsMax: 2,
    wallMsMax: 1,
    idleMsMax: 1,
    turnsMax: 1,
    usdMax: 1,
    tokensMax: 1,
  };
  return { type: "attempt-started", task: firstTask, attempt: 1, text: task?.text ?? "", limits };
}

function parsedTask(number: number): Task {
  const parsed = parseTask(taskText(number), `tasks/${taskName(number)}.md`, digest);
  if (parsed.kind === "problem") throw new Error("the sample task is not valid");
  const before = taskId(taskName(number - 1));
  return { ...parsed.task, dependsOn: number % 10 === 0 ? [before] : [] };
}

/** Words repeat as they do in real notes: some everywhere, most of them rarely. */
function manyLearnings(): readonly Learning[] {
  const subjects = ["the parser", "writeFile", "the test runner", "user_id", "the acceptance file", "lint"];
  return Array.from({ length: learningsCount }, (_, i) => ({
    id: learningId(i + 1),
    task: taskName(i + 1),
    date: "2026-11-20",
    text: `Module${i % 700} needs ${subjects[i % subjects.length] ?? ""} before call ${i} of part${i % 90}.`,
  }));
}

const redGate: GateResult = {
  gate: "check",
  exit: { kind: "exited", code: 1 },
  report: null,
  durationMs: 1,
  output: `${"a line of output that says nothing\n".repeat(25_000)}Error: here it is\n${"more\n".repeat(30_000)}`,
  logFile: "gate-check.log",
};
