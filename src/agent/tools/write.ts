/** The `write` tool: a new file, or all of one that was read. */
import { stat } from "node:fs/promises";
import { z } from "zod";
import { loadSeen, placeToChange, replaceFile, type SeenFiles, tellFailure } from "./file-text.ts";
import { defineTool, type Tool, type ToolResult } from "./tool.ts";

const input = z.strictObject({ path: z.string(), content: z.string() });

export function createWriteTool(files: SeenFiles): Tool {
  return defineTool({
    name: "write",
    description:
      "Makes a file and the folders it needs, or replaces the whole of a file that you have read. To change a part, use edit.",
    input,
    isParallel: false,
    run: (order) => tellFailure(order.path, () => writeText(files, order)),
  });
}

async function writeText(files: SeenFiles, { path, content }: z.output<typeof input>): Promise<ToolResult> {
  const place = await placeToChange(files, path);
  const isThere = (await stat(place).catch(() => null)) !== null;
  if (isThere) await loadSeen(files, path, place);
  const bytes = Buffer.from(content);
  await replaceFile(files, place, bytes);
  const lines = content.split("\n").length - (content === "" || content.endsWith("\n") ? 1 : 0);
  const told = `${isThere ? "replaced" : "made"} ${path}: ${lines} lines, ${bytes.length} bytes`;
  return { content: told, isError: false };
}
