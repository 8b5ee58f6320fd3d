/** The smallest agent that speaks ralph-agent/1: it notes each brief in a file and claims to be done. */
import { appendFileSync } from "node:fs";
import { createInterface } from "node:readline";

const say = (message: object): void => void process.stdout.write(`${JSON.stringify(message)}\n`);

say({ type: "started", agent: "example" });
for await (const line of createInterface({ input: process.stdin })) {
  const told: { text?: string; accepted?: boolean; evidence?: string } = JSON.parse(line);
  if (told.accepted === true) break;
  say({ type: "turn" });
  appendFileSync("notes.txt", `${told.text?.split("\n")[0] ?? told.evidence}\n`);
  say({ type: "claim", status: "complete", summary: "Noted the brief in notes.txt.", learnings: [] });
}
say({ type: "end" });
