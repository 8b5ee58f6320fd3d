/** The tools that read and change files; they share what was seen. */
import { createEditTool } from "./edit.ts";
import { createReadTool } from "./read.ts";
import type { SeenFiles } from "./file-text.ts";
import type { Tool } from "./tool.ts";
import { createWriteTool } from "./write.ts";

export function createFileTools(place: Pick<SeenFiles, "top" | "redactor">): readonly Tool[] {
  const files = { ...place, marks: new Map<string, string>(), partly: new Map<string, number>() };
  return [createReadTool(files), createEditTool(files), createWriteTool(files)];
}
