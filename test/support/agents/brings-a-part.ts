/** Adds the part of its task, after a while that differs from task to task. A part of a bad task is red by itself. */
import { createHash } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import { claim, task, write } from "./hands.ts";

const [byte = 0] = createHash("sha256")
  .update(`${process.argv.at(-1)} ${task}`)
  .digest();
await setTimeout(byte);
write(`parts/${task}`, `${task}\n`);
claim({ summary: "All tests pass." });
