/**
 * Plays a million simulated histories of the loop and tells which broke an invariant.
 *
 * npm run simulate -- [--runs 1000000] [--seed 1] [--parts <processes>]; one history again: --seed <its seed> --runs 1
 */
import { fork } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { addTally, type BrokenRun, emptyTally, simulate } from "../test/simulator/simulate.ts";

/** From a part, every so often. */
interface Progress {
  readonly played: number;
  /** Of a core: a machine that has other things to do says nothing of the simulator. */
  readonly cpuSeconds: number;
  readonly tally: ReturnType<typeof emptyTally>;
  readonly broken: readonly BrokenRun[];
}

const usage = `npm run simulate -- [--runs <n>] [--seed <n>] [--parts <n>]

  --runs   histories to play (1000000)
  --seed   that of the first one (1)
  --parts  processes that share them, by default one for each core

Ctrl-C ends it; what was played by then is told. One history again, as a broken
promise names it: --seed <its seed> --runs 1. See docs/simulator.md.
`;

const brokenShownMax = 3;
const reportEveryMs = 1_000;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      runs: { type: "string", default: "1000000" },
      seed: { type: "string", default: "1" },
      parts: { type: "string", default: String(availableParallelism()) },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return void process.stdout.write(usage);
  const [runs, seed, parts] = [values.runs, values.seed, values.parts].map(wholeNumber);
  if (runs === undefined || seed === undefined || parts === undefined) return;
  if (process.send !== undefined) {
    // The one that counts decides when to stop.
    process.on("SIGINT", () => {});
    return playPart(seed, runs);
  }
  // What was played by then is told.
  process.once("SIGINT", () => (isStopped = true));
  const sinceMs = performance.now();
  const shares = shareOut(runs, Math.max(1, Math.min(parts, runs)));
  const reports = await Promise.all(
    shares.map(([from, count]) => startPart(seed + from, count, (done) => tellProgress(done, runs))),
  );
  if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
  tellEnd(reports, (performance.now() - sinceMs) / 1_000);
  if (reports.some(({ broken }) => broken.length > 0)) process.exitCode = 1;
}

function wholeNumber(text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 0 || number > 2 ** 32)
    throw new Error(`${JSON.stringify(text)} is not a whole number from 0 to 4294967296`);
  return number;
}

/** Where each share begins, and how many histories it has. */
function shareOut(runs: number, parts: number): readonly (readonly [from: number, count: number])[] {
  const size = Math.ceil(runs / parts);
  const starts = Array.from({ length: parts }, (_, at) => at * size).filter((from) => from < runs);
  return starts.map((from) => [from, Math.min(size, runs - from)]);
}

let playedByAll = 0;
let isStopped = false;

function tellProgress(played: number, runs: number): void {
  playedByAll += played;
  if (process.stderr.isTTY) process.stderr.write(`\r${playedByAll} of ${runs}`);
}

function startPart(seed: number, runs: number, onPlayed: (count: number) => void): Promise<Progress> {
  const part = fork(fileURLToPath(import.meta.url), ["--seed", String(seed), "--runs", String(runs)]);
  return new Promise((resolve, reject) => {
    let last: Progress | null = null;
    part.on("message", (message: Progress) => {
      onPlayed(message.played - (last?.played ?? 0));
      last = message;
      if (isStopped) part.kill();
    });
    part.once("error", reject);
    part.once("exit", (code) => {
      if (last !== null && (isStopped || (code === 0 && last.played === runs))) resolve(last);
      else reject(new Error(`the part from seed ${seed} ended with ${code} after ${last?.played ?? 0} runs`));
    });
  });
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

function playPart(seed: number, runs: number): void {
  const tally = emptyTally();
  const broken: BrokenRun[] = [];
  let toldAtMs = performance.now();
  for (let played = 0; played < runs; played += 1) {
    const found = simulate(seed + played, tally);
    // Those beyond are counted by their seed alone.
    if (found !== null) broken.push(broken.length < brokenShownMax ? found : { ...found, history: [] });
    if (performance.now() - toldAtMs < reportEveryMs) continue;
    toldAtMs = performance.now();
    process.send?.({ played: played + 1, cpuSeconds: cpuSeconds(), tally, broken } satisfies Progress);
  }
  process.send?.({ played: runs, cpuSeconds: cpuSeconds(), tally, broken } satisfies Progress, () =>
    process.disconnect(),
  );
}

function tellEnd(reports: readonly Progress[], seconds: number): void {
  const broken = reports.flatMap((report) => report.broken);
  const played = reports.reduce((sum, report) => sum + report.played, 0);
  const { events, crashes, runs, landings } = reports.reduce(
    (sum, { tally }) => addTally(sum, tally),
    emptyTally(),
  );
  for (const { seed, message, history } of broken
    .filter((one) => one.history.length > 0)
    .slice(0, brokenShownMax))
    console.log([`seed ${seed}: ${message}`, ...history.map((line) => `  ${line}`), ""].join("\n"));
  const names = new Set(broken.map(({ invariant }) => invariant));
  for (const name of names) {
    const seeds = broken.filter(({ invariant }) => invariant === name).map(({ seed }) => seed);
    console.log(
      `broken: ${name}, ${seeds.length} times; again: npm run simulate -- --runs 1 --seed ${seeds[0]}`,
    );
  }
  const cpu = reports.reduce((sum, report) => sum + report.cpuSeconds, 0);
  const rates = `${Math.round(played / seconds)} a second, ${Math.round(played / cpu)} for each second of a core`;
  console.log(`${played} histories in ${seconds.toFixed(1)} s (${rates}), ${broken.length} broken`);
  console.log(`${runs} runs of the loop, ${events} events, ${crashes} kills, ${landings} landings`);
}

try {
  await main();
} catch (error) {
  console.error(`simulate: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 2;
}
