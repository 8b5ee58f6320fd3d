/**
 * Lets a person play the model: `node scripts/play-model.ts <folder>`, then point an agent's `base_url` at what it prints.
 *
 * Each request is written to `<folder>/NNN-request.md` (what is new in it) and `NNN-request.json` (all of it). Its answer
 * is read from `<folder>/NNN-answer.json` as soon as that is there and whole: `{"content": [...]}`, as in docs/trajectory.md.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { recordedAnswer } from "../src/formats/message-events.ts";
import { type Answer, type SeenRequest, startModelServer } from "../test/support/model-server.ts";

const [folder = ""] = process.argv.slice(2);
if (folder === "") throw new Error("Name a folder: node scripts/play-model.ts <folder>");
mkdirSync(folder, { recursive: true });

let told = 0;
const server = await startModelServer((request, index) => play(request, String(index + 1).padStart(3, "0")));
process.stdout.write(`${server.url}\n`);

async function play(request: SeenRequest, name: string): Promise<Answer> {
  const { messages } = request.body;
  // A shorter history is another process with a clean context.
  if (messages.length <= told) told = 0;
  const fresh = told === 0 ? [request.body, ...messages] : messages.slice(told);
  told = messages.length + 1;
  writeFileSync(join(folder, `${name}-request.json`), JSON.stringify(request.body, null, 2));
  writeFileSync(join(folder, `${name}-request.md`), fresh.map(render).join("\n\n"));
  return readAnswer(join(folder, `${name}-answer.json`), join(folder, `${name}-problem.txt`));
}

function render(part: object): string {
  if ("messages" in part) {
    const { messages: _, ...frame } = part;
    return `## The frame of every request\n\n${JSON.stringify(frame, null, 2).replaceAll(String.raw`\n`, "\n")}`;
  }
  const text = JSON.stringify(part, null, 2)
    .replaceAll(String.raw`\n`, "\n")
    .replaceAll(String.raw`\"`, '"');
  return `## A message\n\n${text}`;
}

const pollMs = 200;

/** Waits for the file, and for its mending where it is wrong. */
async function readAnswer(file: string, problemFile: string): Promise<Answer> {
  for (let problem = ""; ; await sleep(pollMs)) {
    try {
      return recordedAnswer.parse(JSON.parse(readFileSync(file, "utf8")));
    } catch (error) {
      const isMissing = error instanceof Error && "code" in error && error.code === "ENOENT";
      const message = isMissing ? "" : String(error);
      if (message !== problem && message !== "") writeFileSync(problemFile, message);
      problem = message;
    }
  }
}
