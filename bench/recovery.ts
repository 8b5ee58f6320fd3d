/** Start and recovery with a long past: a million journal lines, a hundred thousand landed commits. */
import { execFileSync, spawn } from "node:child_process";
import { appendFileSync, closeSync, mkdirSync, openSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { snapshotOf } from "../src/adapters/state/journal-reader.ts";
import { commitSha, taskId, treeSha } from "../src/core/ids.ts";
import { type LoopEvent, noUsage } from "../src/core/message.ts";
import { replay } from "../src/core/replay.ts";
import { emptyState, type LoopState } from "../src/core/state.ts";
import { formatJournalLine } from "../src/formats/journal-line.ts";
import { formatSnapshot } from "../src/formats/state-snapshot.ts";
import { type Figure, median, spread } from "./figure.ts";
import { mainProgram } from "./published.ts";
import { createProject, finish, type SampleProject, startRun } from "./sample-project.ts";

const tasksEachRun = 100;

export async function measureRecovery(
  lines: number,
  commits: number,
  repeats: number,
): Promise<readonly Figure[]> {
  using project = createProject({ tasks: 0 });
  addLandings(project, commits);
  mkdirSync(project.state, { recursive: true, mode: 0o700 });
  const journal = join(project.state, "journal.jsonl");
  const bytes = writeJournal(journal, lines);
  const title = `${lines} lines (${(bytes / 1e6).toFixed(0)} MB), ${commits} landed`;
  const started = await timeMany(repeats, () => finish(startRun(project)));
  const shown = await timeMany(repeats, () => finish(command(project, "status")));
  rmSync(snapshotOf(journal));
  const whole = await timeMany(1, () => finish(startRun(project)));
  const small = createProject({ tasks: 0 });
  using _ = small;
  const bare = await timeMany(repeats, () => finish(startRun(small)));
  return [
    {
      title: `run of an empty queue, ${title}`,
      value: median(started),
      unit: "ms",
      limit: 2_000,
      note: spread(started),
    },
    { title: "the same without any past", value: median(bare), unit: "ms", note: spread(bare) },
    { title: `status, ${title}`, value: median(shown), unit: "ms", note: spread(shown) },
    { title: "run whose snapshot is gone: every line is read", value: median(whole), unit: "ms" },
  ];
}

async function timeMany(repeats: number, run: () => Promise<void>): Promise<readonly number[]> {
  const times: number[] = [];
  for (let i = 0; i < repeats; i += 1) {
    const startMs = performance.now();
    await run();
    times.push(performance.now() - startMs);
  }
  return times;
}

const command = (project: SampleProject, name: string) =>
  spawn(process.execPath, [mainProgram, name], {
    cwd: project.repository,
    env: project.env,
    stdio: ["ignore", "ignore", "pipe"],
  });

const nameOf = (number: number): string => `task-${String(number).padStart(6, "0")}`;

/** Commits as landings are, and their refs packed, as a run leaves them. */
function addLandings({ repository, env, git }: SampleProject, count: number): void {
  const author = "Bench <bench@example.com>";
  const parts = [`reset refs/heads/main\nfrom ${git("rev-parse", "main").trim()}\n\n`];
  for (let i = 1; i <= count; i += 1) {
    const trailers = `Task: ${nameOf(i)}\nAttempt: 1\nGates: check\nAgent: command bash\nCost-USD: 0.00\nRun: ${runOf(i)}\n`;
    const message = `Write file number ${i}\n\n${trailers}`;
    parts.push(
      `commit refs/heads/main\ncommitter ${author} ${1_700_000_000 + i} +0000\ndata ${message.length}\n${message}\n`,
    );
  }
  execFileSync("git", ["fast-import", "--quiet"], { cwd: repository, env, input: parts.join("") });
  const listing = ["rev-list", "--reverse", `--max-count=${count}`, "main"];
  const output = execFileSync("git", listing, { cwd: repository, env, encoding: "utf8", maxBuffer: 2 ** 30 });
  const commits = output.trim().split("\n");
  const refs = commits.map((commit, at) => `${commit} refs/ralph/landed/${nameOf(at + 1)}\n`);
  appendFileSync(
    join(repository, ".git", "packed-refs"),
    `# pack-refs with: peeled fully-peeled sorted \n${refs.join("")}`,
  );
}

const runOf = (number: number): string => `run-${Math.ceil(number / tasksEachRun)}`;

/** Whole runs of tasks that land at once; a snapshot of all but the last lines, as a run leaves it. */
function writeJournal(file: string, lines: number): number {
  const descriptor = openSync(file, "w", 0o600);
  let [seq, bytes, crc] = [0, 0, 0];
  let state: LoopState = emptyState;
  let isKept = false;
  for (let run = 1; seq < lines; run += 1) {
    const records = [...eventsOfRun(run)].map((event, at) => ({
      seq: seq + at + 1,
      atMs: 1_700_000_000_000 + seq + at,
      event,
    }));
    const text = Buffer.from(records.map(formatJournalLine).join(""));
    writeSync(descriptor, text);
    seq += records.length;
    bytes += text.length;
    crc = crc32(text, crc);
    state = replay(records, state);
    // The rest is what a run appends before the next snapshot is due.
    if (isKept || seq < lines - 10_000) continue;
    isKept = true;
    writeFileSync(snapshotOf(file), formatSnapshot({ seq, bytes, crc, state }), { mode: 0o600 });
  }
  closeSync(descriptor);
  return bytes;
}

function* eventsOfRun(run: number): Generator<LoopEvent> {
  const limits = { usdMax: null, tasksMax: null, failuresInARowMax: 5, untilMs: null };
  yield { type: "run-started", run: `run-${run}`, limits };
  for (let i = 1; i <= tasksEachRun; i += 1) yield* eventsOfTask((run - 1) * tasksEachRun + i);
  yield { type: "run-ended", outcome: { kind: "drained" } };
}

const sha = (number: number): string => number.toString(16).padStart(40, "0");

function eventsOfTask(number: number): readonly LoopEvent[] {
  const of = { task: taskId(nameOf(number)), attempt: 1 };
  const [commit, tree, base] = [commitSha(sha(number)), treeSha(sha(number)), commitSha(sha(number - 1))];
  const candidate = { commit, tree, base };
  const spend = { wallMsMax: 1, idleMsMax: 1, turnsMax: 1, usdMax: 1, tokensMax: 1 };
  return [
    { type: "attempt-started", ...of, text: sha(number), limits: { attemptsMax: 3, roundsMax: 2, ...spend } },
    { type: "workspace-prepared", ...of, base },
    { type: "baseline-checked", ...of, baseline: { kind: "green" } },
    { type: "agent-stopped", ...of, stop: { kind: "finished" }, usage: noUsage },
    { type: "change-sealed", ...of, change: { kind: "changed", tree, commit }, restored: [] },
    { type: "candidate-composed", ...of, candidate },
    { type: "verdict-reached", ...of, verdict: { kind: "accept", candidate, gates: ["check"] } },
    { type: "task-landed", ...of, commit, learnings: [] },
    { type: "workspace-released", ...of },
  ];
}
