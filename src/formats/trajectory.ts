/** The record of one attempt of the built-in agent as JSON lines: docs/trajectory.md describes them. */

export interface TrajectoryBlock {
  readonly type: string;
  readonly [field: string]: unknown;
}

export type TrajectoryRecord =
  /** Begins a process: all that is the same in each of its requests, and its limits. */
  | {
      readonly type: "meta";
      readonly v: 1;
      readonly task: string | null;
      readonly attempt: number | null;
      readonly process: number;
      /** What the workspace was laid out from. */
      readonly commit: string | null;
      readonly promptHash: string;
      readonly toolsHash: string;
      readonly frame: { readonly model: string };
      readonly limits: object;
    }
  /** What the model was told: `user`, and `system` for what the harness itself had to say. */
  | { readonly type: "user" | "system"; readonly content: readonly TrajectoryBlock[] }
  | {
      readonly type: "assistant";
      /** Verbatim, signatures and all. */
      readonly content: readonly TrajectoryBlock[];
      readonly stop_reason: string | null;
      /** What the server says that it was. */
      readonly model: string;
      readonly usage: object;
      /** Null when the price is not known. */
      readonly usd: number | null;
      /** Part of the prompt that was read from the cache, 0 to 1. */
      readonly cacheHit: number;
      readonly requestId: string | null;
      readonly ms: number;
      /** What of the request may differ from turn to turn. */
      readonly moment: { readonly maxTokens: number };
    }
  | {
      readonly type: "tool";
      readonly id: string;
      readonly name: string;
      readonly ms: number;
      readonly isError: boolean;
      /** Characters the model was shown; `charsTotal` before anything was cut away. */
      readonly chars: number;
      readonly charsTotal?: number;
      readonly exit?: number | null;
      readonly spill?: string;
    }
  | { readonly type: "retry"; readonly failures: number; readonly delayMs: number; readonly reason: string }
  | { readonly type: "note"; readonly text: string }
  | { readonly type: "gate"; readonly accepted: boolean; readonly evidence: string }
  | { readonly type: "end"; readonly status: string; readonly reason: string | null; readonly exit: number };

/** Lines that are no record are left out: the last one may have been cut off. */
export function parseTrajectory(text: string): readonly TrajectoryRecord[] {
  return text.split("\n").flatMap((line) => {
    try {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the agent wrote
      const record = JSON.parse(line) as TrajectoryRecord;
      return typeof record.type === "string" ? [record] : [];
    } catch {
      return [];
    }
  });
}
