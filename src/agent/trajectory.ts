/**
 * Writes the record of one attempt: each line is on disk before the next thing happens.
 *
 * Because history only grows, the lines are the requests. Secrets are taken out by value before a byte is written. A
 * second process of the attempt appends to the same file, beginning with its own `meta`.
 */
import { mkdirSync, openSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import type { Redactor } from "../formats/redact.ts";
import type { TrajectoryBlock, TrajectoryRecord } from "../formats/trajectory.ts";

export interface Trajectory {
  readonly write: (record: TrajectoryRecord) => void;
}

/** @param onTrouble Told once when the file cannot be written; the work goes on without it. */
export function openTrajectory(
  file: string,
  redactor: Redactor,
  onTrouble: (reason: string) => void,
): Trajectory {
  let descriptor: number | null = null;
  let isBroken = false;
  return {
    write(record) {
      if (isBroken) return;
      const { type, ...fields } = redactor.value(record);
      try {
        descriptor ??= openForAppend(file);
        writeSync(descriptor, `${JSON.stringify({ type, at: new Date().toISOString(), ...fields })}\n`);
      } catch (error) {
        isBroken = true;
        onTrouble(error instanceof Error ? error.message : String(error));
      }
    },
  };
}

/** Blocks as they were said, whatever they are. */
export const asBlocks = (
  content: string | readonly { readonly type: string }[],
): readonly TrajectoryBlock[] =>
  typeof content === "string" ? [{ type: "text", text: content }] : content.map((block) => ({ ...block }));

function openForAppend(file: string): number {
  mkdirSync(dirname(file), { recursive: true });
  return openSync(file, "a", 0o600);
}
