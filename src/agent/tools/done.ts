/** The tool that ends the work: its call is the claim, its result the verdict. It is carried out by the loop itself. */
import { z } from "zod";
import type { Tool } from "./tool.ts";

export const doneInput = z.strictObject({
  status: z.enum(["complete", "partial", "blocked"]),
  summary: z.string(),
  question: z.string().optional(),
  learnings: z.array(z.string()),
  verification: z.array(z.strictObject({ command: z.string(), result: z.string() })),
});
export type DoneInput = z.output<typeof doneInput>;

export const doneTool: Tool = {
  name: "done",
  description:
    "Ends the task. The supervisor runs its gates and the verdict comes back as this call's result. summary: two or three sentences, what and why: they become the commit message. question: with status blocked, what a person must answer. learnings: what the next agent should know and cannot see in the code, one sentence each, often none. verification: the commands you ran and what they gave.",
  input: doneInput,
  isParallel: false,
  run: () => Promise.resolve({ content: "", isError: true }),
};
