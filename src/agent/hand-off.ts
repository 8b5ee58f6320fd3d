/** The note for the fresh process that goes on when a context is used up. Pure. */
import type { Redactor } from "../formats/redact.ts";
import type { MessageParam } from "./model-client.ts";

/** Asked of the model itself while there is still room for an answer. */
export const handOffRequest = `Your context is used up. A fresh process will go on in this directory; it sees the files and the task, nothing of this conversation. Write it a note now, as plain text, without calling a tool:
- Goal: what the task asks, in one sentence.
- Done: what works, and how you know.
- Open: what is missing or red.
- Decisions: what you chose and why; what you tried that did not work.
- Files: those you changed, with a word on each.
- Next: the very next step.`;

const wordsMax = 3;
const commandsMax = 8;
const textCharsMax = 2_000;

/** Made without the model, when its context does not even hold the question: what it touched, ran and last said. */
export function compileNote(messages: readonly MessageParam[], redactor: Redactor): string {
  const blocks = messages.flatMap(({ role, content }) =>
    role === "assistant" && typeof content !== "string" ? content : [],
  );
  const calls = blocks.flatMap((block) => (block.type === "tool_use" ? [block] : []));
  // Secrets go before anything is cut: half of one would not be known any more.
  const cut = (text: string): string => redactor.text(text).slice(0, textCharsMax);
  const files = calls.flatMap(({ name, input }) =>
    name === "edit" || name === "write" ? textOf(input, "path") : [],
  );
  const commands = calls.flatMap(({ name, input }) => (name === "bash" ? textOf(input, "command") : []));
  const words = blocks.flatMap((block) =>
    block.type === "text" && block.text.trim() !== "" ? [block.text] : [],
  );
  return [
    "(Put together by the harness: the context was too full to ask for a note.)",
    section("Files changed", [...new Set(files)].map(cut)),
    section("Last commands", commands.slice(-commandsMax).map(cut)),
    section("Last words", words.slice(-wordsMax).map(cut)),
  ].join("\n\n");
}

/** What the model gave as an input may be anything. */
function textOf(input: unknown, key: string): readonly string[] {
  const value: unknown = Object.entries(Object(input)).find(([name]) => name === key)?.[1];
  return typeof value === "string" ? [value] : [];
}

const section = (title: string, lines: readonly string[]): string =>
  `${title}:\n${lines.length === 0 ? "- none" : lines.map((line) => `- ${line}`).join("\n")}`;
