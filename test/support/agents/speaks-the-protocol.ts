/** Speaks ralph-agent/1: works, hears the verdict in the same context, and mends what was red. */
import { createInterface } from "node:readline";
import { addModule, breakWords, write } from "./hands.ts";

const say = (message: object): unknown => process.stdout.write(`${JSON.stringify(message)}\n`);
say({ type: "started", agent: "test" });
for await (const line of createInterface({ input: process.stdin })) {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the protocol promises
  const message = JSON.parse(line) as { type: string; accepted?: boolean; evidence?: string };
  if (message.accepted === true) break;
  say({ type: "turn" });
  addModule();
  if (message.type === "brief") breakWords();
  else write("src/words.mjs", "export const words = (text) => text.match(/\\S+/g) ?? [];\n");
  say({ type: "usage", input_tokens: 100, output_tokens: 10, usd: 0.25 });
  say({ type: "note", text: message.evidence ?? "at work" });
  say({ type: "claim", status: "complete", summary: "Matches words." });
}
say({ type: "end" });
