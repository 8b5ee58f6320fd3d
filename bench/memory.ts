/** Memory of the supervisor over many instant attempts: how much at most, and how fast it grows once it is warm. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Figure } from "./figure.ts";
import { createProject, finish, type SampleProject, startRun } from "./sample-project.ts";

interface Sample {
  readonly landed: number;
  readonly rssMb: number;
}

const sampleEveryMs = 50;

/** `below`: folder for everything, a memory disk for long runs. */
export async function measureMemory(attempts: number, below?: string): Promise<readonly Figure[]> {
  using project = createProject({ tasks: attempts, ...(below === undefined ? {} : { below }) });
  const startedMs = performance.now();
  const samples = await watchRun(project);
  const seconds = (performance.now() - startedMs) / 1_000;
  const peak = Math.max(...samples.map(({ rssMb }) => rssMb));
  const slope = slopePerAttempt(samples) * 10_000;
  const title = `memory, ${attempts} attempts`;
  return [
    { title: `${title}: most`, value: peak, unit: "MB", limit: 150 },
    {
      title: `${title}: at a quarter, at the end`,
      value: rssAt(samples, 1),
      unit: "MB",
      note: `${rssAt(samples, 0.25).toFixed(0)} MB at a quarter`,
    },
    { title: `${title}: growth after a quarter`, value: slope, unit: "MB per 10,000" },
    { title: `${title}: wall time`, value: (seconds / attempts) * 1_000, unit: "ms per attempt" },
    ...growth(project, attempts, title),
  ];
}

/** Samples taken while the run goes on. */
async function watchRun(project: SampleProject): Promise<readonly Sample[]> {
  const child = startRun(project);
  const samples: Sample[] = [];
  let landed = 0;
  const timer = setInterval(() => {
    const rssMb = readRss(child.pid ?? 0);
    if (rssMb !== null) samples.push({ landed, rssMb });
  }, sampleEveryMs);
  try {
    await finish(child, (text) => {
      landed += text.split('"msg":"task landed"').length - 1;
    });
  } finally {
    clearInterval(timer);
  }
  return samples;
}

function readRss(pid: number): number | null {
  try {
    const [, kilobytes] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
    return kilobytes === undefined ? null : Number(kilobytes) / 1_024;
  } catch {
    return null;
  }
}

/** The mean of the samples around a part of the run. */
function rssAt(samples: readonly Sample[], part: number): number {
  const width = Math.max(1, Math.floor(samples.length / 20));
  const end = Math.max(width, Math.floor(samples.length * part));
  const some = samples.slice(end - width, end);
  return some.reduce((sum, { rssMb }) => sum + rssMb, 0) / some.length;
}

/** Least squares over everything after the first quarter: before it, the heap still finds its size. */
function slopePerAttempt(all: readonly Sample[]): number {
  const samples = all.slice(Math.floor(all.length / 4));
  const mean = (pick: (sample: Sample) => number): number =>
    samples.reduce((sum, sample) => sum + pick(sample), 0) / samples.length;
  const landedMean = mean(({ landed }) => landed);
  const rssMean = mean(({ rssMb }) => rssMb);
  const covariance = mean(({ landed, rssMb }) => (landed - landedMean) * (rssMb - rssMean));
  return covariance / mean(({ landed }) => (landed - landedMean) ** 2);
}

/** What the run leaves behind on disk. */
function growth(project: SampleProject, attempts: number, title: string): readonly Figure[] {
  const journal = statSync(join(project.state, "journal.jsonl")).size;
  const objects = Number(/^count: (\d+)/m.exec(project.git("count-objects", "-v"))?.[1] ?? 0);
  const refs = project.git("for-each-ref", "--format=x", "refs/ralph/").split("\n").length - 1;
  const files = readdirSync(project.state, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  ).length;
  const each = (value: number, unit: string, what: string): Figure => {
    const note = `${value} in all`;
    return { title: `${title}: ${what}`, value: value / attempts, unit: `${unit} per attempt`, note };
  };
  return [
    each(journal, "bytes", "journal"),
    each(files, "files", "state directory"),
    each(objects, "objects", "loose objects in the repository"),
    each(refs, "refs", "refs below refs/ralph"),
  ];
}
