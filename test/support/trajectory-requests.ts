/** Makes every request of a trajectory again: because history only grows, the file is the requests. */
import { type Frame, type Moment, requestBody, sendable } from "../../src/agent/conversation.ts";
import type { MessageParam } from "../../src/agent/model-client.ts";
import { parseTrajectory } from "../../src/formats/trajectory.ts";

/** As JSON, as their bytes were sent. */
export function requestsOf(trajectory: string): readonly string[] {
  const requests: string[] = [];
  let frame: unknown = null;
  let messages: unknown[] = [];
  for (const record of parseTrajectory(trajectory)) {
    if (record.type === "meta") {
      ({ frame } = record);
      messages = [];
    } else if (record.type === "user" || record.type === "system") {
      messages.push({ role: record.type, content: record.content });
    } else if (record.type === "assistant") {
      requests.push(requestText(frame, messages, record.moment));
      messages.push({ role: "assistant", content: sendable(record.content) });
    }
  }
  return requests;
}

/** What was written by the same functions has their types. */
function requestText(frame: unknown, messages: readonly unknown[], moment: unknown): string {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- read back as it was written
  const body = requestBody(frame as Frame, messages as readonly MessageParam[], moment as Moment);
  return JSON.stringify({ ...body, stream: true });
}
