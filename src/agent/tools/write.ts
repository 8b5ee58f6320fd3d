/** The `write` tool: a new file, or all of one that was read. */
import { stat } from "node:fs/promises";
import { z } from "zod";
import { loadSeen, placeToChange, replaceFile, type SeenFiles, tellFailure } from "./file-text.ts";
import { defineTool, failure, type Tool, type ToolResult } from "./tool.ts";

const input = z.strictObject({ path: z.string(), content: z.string() });

export function createWriteTool(files: SeenFiles): Tool {
  return defineTool({
    name: "write",
    description:
      "Makes a file and the folders it needs, or replaces a file of which you have read all. To change a part, use edit.",
    input,
    isParallel: false,
    run: (order) => tellFailure(order.path, () => writeText(files, order)),
  });
}

async function writeText(files: SeenFiles, { path, content }: z.output<typeof input>): Promise<ToolResult> {
  const place = await placeToChange(files, path);
  const isThere = (await stat(place).catch(() => null)) !== null;
  const old = isThere ? await loadSeen(files, path, place) : null;
  if (isThere && files.partly.has(place))
    return failure(`you have read only a part of ${path}: read the rest, or change a part with edit`);
  const bytes = Buffer.from(content);
  await replaceFile(files, place, bytes);
  const was = old === null ? "made" : "replaced";
  const before = old === null ? "" : ` (it had ${countLines(old.content.toString())})`;
  return {
    content: `${was} ${path}: ${countLines(content)}, ${bytes.length} bytes${before}`,
    isError: false,
  };
}

function countLines(text: string): string {
  const count = text.split("\n").length - (text === "" || text.endsWith("\n") ? 1 : 0);
  return count === 1 ? "1 line" : `${count} lines`;
}
