/**
 * Recorded answers in the model's place: a trajectory is played again through the real client, loop and tools.
 *
 * Only its `assistant` records are played, each `meta` begins the answers of the next process; so a recording may be
 * written by hand, or be what an attempt left behind.
 */
import { readFile } from "node:fs/promises";
import { formatMessageEvents, type RecordedAnswer, recordedAnswer } from "../formats/message-events.ts";
import { messageOf } from "../errors.ts";

export type Recording =
  | { readonly kind: "recording"; readonly answers: readonly RecordedAnswer[] }
  | { readonly kind: "unusable"; readonly reason: string };

/** @param process Which process of the attempt this is, counted from 0. */
export async function readRecording(file: string, process: number): Promise<Recording> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    return { kind: "unusable", reason: `no recording: ${messageOf(error)}` };
  }
  const processes: RecordedAnswer[][] = [];
  for (const [i, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    const record = readRecord(line);
    if (typeof record === "string") return { kind: "unusable", reason: `${file}:${i + 1}: ${record}` };
    if (record.type === "meta" || processes.length === 0) processes.push([]);
    if (record.type === "assistant") processes.at(-1)?.push(record.answer);
  }
  const answers = processes[process];
  if (answers === undefined)
    return {
      kind: "unusable",
      reason: `${file} has recorded ${processes.length} processes, and this is one more`,
    };
  return { kind: "recording", answers };
}

type ReadRecord =
  | { readonly type: "meta" | "other" }
  | { readonly type: "assistant"; readonly answer: RecordedAnswer };

/** A text says what is wrong with the line. */
function readRecord(line: string): ReadRecord | string {
  let record: Readonly<Record<string, unknown>>;
  try {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- any object can be asked for any key
    record = Object(JSON.parse(line)) as Readonly<Record<string, unknown>>;
  } catch {
    return "this is not a line of JSON";
  }
  if (record["type"] !== "assistant") return { type: record["type"] === "meta" ? "meta" : "other" };
  const { content, stop_reason, stop_details, usage, model } = record;
  const parsed = recordedAnswer.safeParse({ content, stop_reason, stop_details, usage, model });
  if (parsed.success) return { type: "assistant", answer: parsed.data };
  return parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; ");
}

/** Answers one request after the other, as the server would have streamed it. */
export function replayFetch(answers: readonly RecordedAnswer[], model: string): typeof fetch {
  let next = 0;
  return () => {
    const answer = answers[next];
    next += 1;
    if (answer === undefined) return Promise.resolve(exhausted(answers.length));
    const events = formatMessageEvents(answer, { id: `msg_recorded_${next}`, model });
    const headers = { "content-type": "text/event-stream", "request-id": `req_recorded_${next}` };
    return Promise.resolve(new Response(events.join(""), { headers }));
  };
}

function exhausted(count: number): Response {
  const error = { type: "invalid_request_error", message: `the recording ends after ${count} answers` };
  return Response.json({ type: "error", error }, { status: 400 });
}
