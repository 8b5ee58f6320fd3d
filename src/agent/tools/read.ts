/** The `read` tool: numbered lines of a text or of a folder's entries, a picture, or what a binary file is. */
import { readdir, realpath } from "node:fs/promises";
import { resolve } from "node:path";
import { z } from "zod";
import type { Redactor } from "../../formats/redact.ts";
import { cutText } from "../../formats/one-line.ts";
import { foreignKind, type LoadedFile, loadFile, openFile, type SeenFiles } from "./file-text.ts";
import { notUtf8, showName, statPath, tellFailure } from "./file-text.ts";
import { defineTool, failure, type Tool, type ToolResult } from "./tool.ts";

const linesMax = 2000;
const lineCharsMax = 2000;
/** More than is shown: a secret goes before the line is cut, or half of it would be left. */
const lineCharsKept = 2 * lineCharsMax;
/** Of 50,000, less what is said about the lines. */
const bytesMax = 49_700;
/** The interface takes 5 MB of base64, and after a larger picture refuses every later request too. */
const imageBytesMax = (5 * 1024 * 1024 * 3) / 4;
const imageTypes = ["image/png", "image/jpeg", "image/gif", "image/webp"] as const;

const input = z.strictObject({
  path: z.string(),
  offset: z.number().describe("First line, from 1").optional(),
  limit: z.number().describe("Number of lines").optional(),
});

type Order = z.output<typeof input>;

export function createReadTool(files: SeenFiles): Tool {
  return defineTool({
    name: "read",
    description: `Reads a text file (N→ before a line is its number), at most ${linesMax} lines or 50 KB at once; shows an image; lists a folder. Paths, here and in edit and write, are absolute or relative to the workspace.`,
    input,
    isParallel: true,
    run: (order, signal) => tellFailure(order.path, () => readPath(files, order, signal)),
  });
}

async function readPath(files: SeenFiles, order: Order, signal: AbortSignal): Promise<ToolResult> {
  const { offset = 1, limit = linesMax } = order;
  if (!(offset >= 1 && limit >= 1)) return failure("offset and limit count from 1");
  const range = { first: Math.floor(offset), limit: Math.min(Math.floor(limit), linesMax) };
  const { redactor } = files;
  const part = { ...range, redactor, isCounted: true, isNumbered: true, note: null, onShown: () => {} };
  const path = resolve(files.top, order.path);
  if ((await statPath(files, path)).isDirectory())
    return showLines(path, await entriesOf(path), { ...part, isNumbered: false });
  const file = await loadFile(files, path);
  const onShown = noteSeen(files, await realpath(path), file.mark);
  const kind = foreignKind(file.content);
  if (kind !== null && kind !== notUtf8) {
    onShown(1, null);
    return showForeign(path, file, kind);
  }
  const isCounted = file.isWhole;
  const note = kind !== null && isCounted ? `[${kind}: edit would damage it]` : null;
  return showLines(path, piecesOf(file, path, signal), { ...part, isCounted, note, onShown });
}

/** Told of the lines that are shown: from which on, and which would be next; null when there are no more. */
type OnShown = (first: number, next: number | null) => void;

/** Keeps what was seen of a content: a file of which only a part was, is not to be replaced as a whole. */
function noteSeen(files: SeenFiles, place: string, mark: string): OnShown {
  if (files.marks.get(place) !== mark) files.partly.set(place, 1);
  files.marks.set(place, mark);
  return (first, next) => {
    if (first > (files.partly.get(place) ?? Infinity)) return;
    if (next === null) files.partly.delete(place);
    else if (files.partly.has(place)) files.partly.set(place, Math.max(next, files.partly.get(place) ?? 1));
  };
}

async function entriesOf(path: string): Promise<readonly string[]> {
  const entries = await readdir(path, { withFileTypes: true });
  const names = entries.map((entry) => showName(entry.name) + (entry.isDirectory() ? "/" : ""));
  return [names.toSorted().join("\n")];
}

function showForeign(path: string, { content, size }: LoadedFile, kind: string): ToolResult {
  const text = `${path} is ${kind} of ${size} bytes`;
  const type = imageTypes.find((one) => one === kind);
  if (type === undefined) return { content: text, isError: false };
  if (size > imageBytesMax) return failure(`${text}: only up to ${imageBytesMax} can be shown`);
  // oxlint-disable-next-line id-denylist -- the interface calls it so
  const source = { type: "base64", media_type: type, data: content.toString("base64") } as const;
  return {
    content: [
      { type: "text", text },
      { type: "image", source },
    ],
    isError: false,
  };
}

async function* piecesOf(file: LoadedFile, path: string, signal: AbortSignal): AsyncGenerator<string> {
  if (file.isWhole) return yield file.content.toString();
  await using handle = await openFile(path);
  for await (const piece of handle.createReadStream({ encoding: "utf8", autoClose: false })) {
    signal.throwIfAborted();
    yield piece;
  }
}

/** The lines with their numbers, and how to go on. */
async function showLines(path: string, pieces: Pieces, part: Part): Promise<ToolResult> {
  const { first, isCounted, note, onShown } = part;
  const { lines, count, chars, isFull, isCut } = await takeLines(pieces, part);
  if (count === 0) {
    onShown(1, null);
    return { content: `${path} is empty`, isError: false };
  }
  if (lines.length === 0) return failure(`${path} has ${count} lines: offset ${first} is beyond its end`);
  const last = first + lines.length - 1;
  onShown(first, isFull ? last + 1 : null);
  const total = isFull && !isCounted ? "" : ` of ${count}`;
  const onward = isFull ? `; go on with offset ${last + 1}` : "";
  if (isFull || first > 1) lines.push(`[lines ${first}-${last}${total}${onward}]`);
  if (note !== null) lines.push(note);
  return { content: lines.join("\n"), isError: false, ...(isCut ? { facts: { charsTotal: chars } } : {}) };
}

type Pieces = AsyncIterable<string> | Iterable<string>;

interface Part {
  readonly first: number;
  readonly limit: number;
  /** The text comes in one piece, so that all its lines are counted. */
  readonly isCounted: boolean;
  readonly isNumbered: boolean;
  readonly redactor: Redactor;
  readonly onShown: OnShown;
  readonly note: string | null;
}

/** Keeps no more of a text than is shown of it. */
async function takeLines(pieces: Pieces, { first, limit, isNumbered, redactor }: Part) {
  const lines: string[] = [];
  const met = { count: 0, chars: 0, bytesLeft: bytesMax, isFull: false, isCut: false };
  let [line, chars] = ["", 0];
  const endLine = (): void => {
    met.count += 1;
    if (met.count >= first && !met.isFull) {
      const shown = `${isNumbered ? `${met.count}→` : ""}${cutLine(redactor.text(line), chars)}`;
      met.bytesLeft -= Buffer.byteLength(shown) + 1;
      met.isFull = lines.length === limit || met.bytesLeft < 0;
      met.isCut ||= met.isFull || chars > lineCharsMax;
      if (!met.isFull) lines.push(shown);
    }
    [line, chars] = ["", 0];
  };
  for await (const piece of pieces) {
    met.chars += piece.length;
    for (const [at, text] of piece.split("\n").entries()) {
      if (at > 0) endLine();
      line += text.slice(0, lineCharsKept - line.length);
      chars += text.length;
    }
    if (met.isFull) break;
  }
  if (chars > 0) endLine();
  return { ...met, lines };
}

function cutLine(line: string, chars: number): string {
  const text = line.replace(/^\uFEFF/, "").replace(/\r$/, "");
  return text.length <= lineCharsMax ? text : `${cutText(text, lineCharsMax)} [${chars} characters]`;
}
