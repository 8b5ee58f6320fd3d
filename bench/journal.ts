/** What the journal adds to a bare write and flush of the same bytes. */
import { closeSync, fsyncSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openJournal } from "../src/adapters/state/journal-file.ts";
import { commitSha, taskId } from "../src/core/ids.ts";
import type { LoopEvent } from "../src/core/message.ts";
import { formatJournalLine } from "../src/formats/journal-line.ts";
import { type Figure, median, spread } from "./figure.ts";

const pairs = 1_000;

/** In pairs, first the one and then the other: what else the disk does meets both alike. */
export function measureJournal(): readonly Figure[] {
  const folder = mkdtempSync(join(tmpdir(), "ralphwright-bench-"));
  const bare = openSync(join(folder, "bare"), "a");
  using journal = openJournal(join(folder, "journal.jsonl"));
  const [ours, theirs, ratios]: [number[], number[], number[]] = [[], [], []];
  for (let i = 0; i < pairs; i += 1) {
    const event: LoopEvent = {
      type: "workspace-prepared",
      task: taskId("task"),
      attempt: i,
      base: commitSha("0".repeat(40)),
    };
    const line = Buffer.from(formatJournalLine({ seq: i + 1, atMs: i, event }));
    const bareMs = timed(() => {
      writeSync(bare, line);
      fsyncSync(bare);
    });
    const ourMs = timed(() => void journal.append(i, event));
    ours.push(ourMs);
    theirs.push(bareMs);
    ratios.push(ourMs / bareMs);
  }
  closeSync(bare);
  rmSync(folder, { recursive: true });
  return [
    {
      title: "journal append against a bare write and fsync of the same bytes",
      value: median(ratios),
      unit: "times",
      limit: 3,
      note: `median of ${pairs} pairs`,
    },
    { title: "journal append", value: median(ours), unit: "ms", note: spread(ours) },
    { title: "bare write and fsync", value: median(theirs), unit: "ms", note: spread(theirs) },
  ];
}

function timed(run: () => void): number {
  const startMs = performance.now();
  run();
  return performance.now() - startMs;
}
