/** The last drill, one small file in the state directory, where no agent works. */
import { randomUUID } from "node:crypto";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import type { DrillRecord } from "../../drill/score.ts";
import { parseDrillRecord } from "../../formats/drill-record.ts";

/** Null when there is none, or none that can be read: then a drill proves nothing. */
export function readDrillRecord(file: string): DrillRecord | null {
  try {
    return parseDrillRecord(readFileSync(file, "utf8"));
  } catch {
    return null;
  }
}

export function writeDrillRecord(file: string, record: DrillRecord): void {
  const partial = `${file}.${randomUUID()}`;
  writeFileSync(partial, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 });
  renameSync(partial, file);
}
