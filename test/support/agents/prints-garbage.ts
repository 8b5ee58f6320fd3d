/** Prints bytes that are no text, on both streams, and escape sequences; then does honest work. */
import { writeSync } from "node:fs";
import { addModule, claim } from "./hands.ts";

const bytes = Buffer.from(Array.from({ length: 4096 }, (_, i) => i % 256));
for (const descriptor of [1, 2]) writeSync(descriptor, bytes);
writeSync(1, "\u001B]0;title\u0007\u001B[2J\u0000\n");
addModule();
claim({ summary: "Adds a module." });
