/** Prints one line of 50 MB and very many short ones, then does honest work. */
import { writeSync } from "node:fs";
import { addModule, claim } from "./hands.ts";

const megabyte = Buffer.alloc(1024 * 1024, "x");
for (let i = 0; i < 50; i += 1) writeSync(1, megabyte);
writeSync(1, "\n");
const lines = Buffer.from("a line of output\n".repeat(60_000));
for (let i = 0; i < 10; i += 1) writeSync(1, lines);
addModule();
claim({ summary: "Adds a module." });
