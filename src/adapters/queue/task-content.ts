/** What a file of the queue holds: a text, or why it is none. Nobody's text is guessed at: it will be written back. */
import { isUtf8 } from "node:buffer";

export type Content =
  | { readonly text: string }
  /** `line`: 1-based, where the reason has one. */
  | { readonly reason: string; readonly line?: number };

/** Larger than any task a person wrote; an agent could not read it anyway. */
const taskBytesMax = 1_000_000;

/** Null: a file of so many bytes may be read. */
export const sizeProblem = (bytes: number): string | null =>
  bytes > taskBytesMax ? `the file has ${bytes} bytes; a task may have at most ${taskBytesMax}` : null;

export const linkProblem = "the file is a link, and a landing would replace it; put the task itself there";

export function readContent(bytes: Buffer): Content {
  if (!isUtf8(bytes))
    return { reason: "this is not UTF-8; save the file in that encoding", line: badLine(bytes) };
  if (!bytes.includes(0)) return { text: bytes.toString("utf8") };
  const line = lineAt(bytes, bytes.indexOf(0));
  return { reason: "there is a NUL byte, so the file is no text; write the task as text", line };
}

/** No byte of a longer UTF-8 character is a line feed: a text is as good as its lines are. */
function badLine(bytes: Buffer): number {
  let start = 0;
  for (let end = bytes.indexOf("\n"); end !== -1; end = bytes.indexOf("\n", start)) {
    if (!isUtf8(bytes.subarray(start, end))) break;
    start = end + 1;
  }
  return lineAt(bytes, start);
}

function lineAt(bytes: Buffer, offset: number): number {
  let line = 1;
  for (let at = bytes.indexOf("\n"); at !== -1 && at < offset; at = bytes.indexOf("\n", at + 1)) line += 1;
  return line;
}
