/** A large folder of tasks: read cold by a new process, then read again after one file has changed. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Figure, median, spread } from "./figure.ts";
import { taskName, taskText, writeAll } from "./sample-project.ts";

const child = join(import.meta.dirname, "read-tasks.ts");
const files = 10_000;
const changesEach = 5;

interface Reading {
  readonly coldMs: number;
  readonly tasks: number;
  readonly changed: readonly number[];
}

export function measureTasks(repeats: number): readonly Figure[] {
  const top = mkdtempSync(join(tmpdir(), "ralphwright-bench-"));
  try {
    const numbers = Array.from({ length: files }, (_, i) => i + 1);
    writeAll(top, Object.fromEntries(numbers.map((i) => [`tasks/${taskName(i)}.md`, taskText(i)])));
    return figuresOf(Array.from({ length: repeats }, () => readTasks(top)));
  } finally {
    rmSync(top, { recursive: true, force: true });
  }
}

function readTasks(top: string): Reading {
  const output = execFileSync(process.execPath, [child, top, String(changesEach)], { encoding: "utf8" });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own child wrote it
  const reading = JSON.parse(output) as Reading;
  if (reading.tasks !== files) throw new Error(`${reading.tasks} of ${files} tasks were read`);
  return reading;
}

function figuresOf(readings: readonly Reading[]): readonly Figure[] {
  const cold = readings.map(({ coldMs }) => coldMs);
  const changed = readings.flatMap((reading) => reading.changed);
  return [
    {
      title: `${files} task files, cold read`,
      value: median(cold),
      unit: "ms",
      limit: 1_000,
      note: spread(cold),
    },
    {
      title: `${files} task files, read after one change`,
      value: median(changed),
      unit: "ms",
      limit: 10,
      note: spread(changed),
    },
  ];
}
