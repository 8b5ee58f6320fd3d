/** Speaks ralph-agent/1 and uses 3 USD and claims to be done in the same breath. */
import { createInterface } from "node:readline";
import { addModule } from "./hands.ts";

for await (const _line of createInterface({ input: process.stdin })) {
  addModule();
  const usage = { type: "usage", input_tokens: 1, output_tokens: 1, usd: 1 };
  const claim = { type: "claim", status: "complete", summary: "Dear work." };
  // In one piece, so that the claim is there before anybody can end the agent.
  process.stdout.write(
    [usage, usage, usage, claim].map((message) => `${JSON.stringify(message)}\n`).join(""),
  );
}
