/**
 * Speaks ralph-agent/1: the first attempt at each task meets a usage limit that ends after so many milliseconds; later ones
 * do honest work.
 */
import { createInterface } from "node:readline";
import { addModule, attempt } from "./hands.ts";

const limitMs = Number(process.argv[2] ?? 1_000);
const say = (message: object): unknown => process.stdout.write(`${JSON.stringify(message)}\n`);
for await (const _line of createInterface({ input: process.stdin })) {
  if (attempt === 1) {
    say({ type: "turn" });
    say({ type: "limit", resets_at: new Date(Date.now() + limitMs).toISOString(), reason: "5-hour limit" });
    continue;
  }
  say({ type: "usage", input_tokens: 10, output_tokens: 10, usd: 0.1 });
  addModule();
  say({ type: "claim", status: "complete", summary: "Adds a module." });
}
