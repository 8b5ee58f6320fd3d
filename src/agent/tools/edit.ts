/** The `edit` tool: replaces a piece of a text file that was read, and leaves every other byte alone. */
import { z } from "zod";
import {
  bytesLoadedMax,
  foreignKind,
  type LoadedFile,
  loadSeen,
  placeToChange,
  replaceFile,
  type SeenFiles,
  tellFailure,
} from "./file-text.ts";
import { type Edited, editText } from "./match.ts";
import { defineTool, failure, type Tool, type ToolResult } from "./tool.ts";

const input = z.strictObject({
  path: z.string(),
  old_string: z.string(),
  new_string: z.string(),
  replace_all: z.boolean().optional(),
});

type Order = z.output<typeof input>;

export function createEditTool(files: SeenFiles): Tool {
  return defineTool({
    name: "edit",
    description:
      "Replaces old_string by new_string in a text file that you have read with read. old_string: text of the file, without the line numbers, long enough to occur once; or with replace_all, at every place. Line endings and mode are kept. After an edit or write the file counts as read.",
    input,
    isParallel: false,
    run: (order) => tellFailure(order.path, () => editFile(files, order)),
  });
}

async function editFile(files: SeenFiles, order: Order): Promise<ToolResult> {
  const { path, old_string: old, new_string: fresh } = order;
  if (old === "") return failure("old_string is empty: to make a file or replace all of it, use write");
  if (old === fresh) return failure("old_string and new_string are the same: nothing to change");
  const place = await placeToChange(files, path);
  const before = textOf(path, await loadSeen(files, path, place));
  const edited = editText(before, old, fresh, order.replace_all === true);
  if (edited.kind === "none") return failure(tellMissing(path, edited.nearest, before, old));
  if (edited.kind === "several") return failure(tellSeveral(path, edited));
  if (edited.text === before) return failure("nothing would change: line endings stay as they are");
  await replaceFile(files, place, Buffer.from(edited.text));
  const places = edited.count === 1 ? "" : ` in ${edited.count} places, the first`;
  const rung = edited.rung === "exact" ? "" : ` (old_string fits but for its ${edited.rung})`;
  return { content: `changed ${path}${places}${rung}:\n${edited.diff}`, isError: false };
}

/** @throws Error for what would not come back byte by byte. */
function textOf(path: string, { content, isWhole }: LoadedFile): string {
  if (!isWhole) throw new Error(`${path} has over ${bytesLoadedMax} bytes, too many for edit: use a command`);
  const kind = foreignKind(content);
  if (kind !== null) throw new Error(`${path} is ${kind}, which edit would damage: use a command`);
  return content.toString();
}

function tellSeveral(path: string, edited: Extract<Edited, { kind: "several" }>): string {
  const lines = edited.lines.join(", ") + (edited.count > edited.lines.length ? ", …" : "");
  return `old_string is in ${path} ${edited.count} times (lines ${lines}): make it longer, or set replace_all`;
}

const withoutBlanks = (text: string): string => text.replaceAll(/\s+/g, "");

/** With the cause, where it is one of the usual ones. */
function tellMissing(path: string, nearest: readonly string[], text: string, old: string): string {
  const near = nearest.length === 0 ? "" : `; the lines most like it:\n${nearest.join("\n")}`;
  if (/^ *\d+→/m.test(old)) return `old_string holds the line numbers that read shows: leave them out${near}`;
  const isThere = withoutBlanks(old) !== "" && withoutBlanks(text).includes(withoutBlanks(old));
  const cause = isThere ? " as it stands, but with other white space (tabs, blanks or line breaks)" : "";
  return `old_string is not in ${path}${cause}${near}`;
}
