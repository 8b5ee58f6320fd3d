/** Prints every file that it can see in its workspace. */
import { readdirSync } from "node:fs";
import { addModule, claim } from "./hands.ts";

process.stdout.write(`${readdirSync(".", { recursive: true }).join("\n")}\n`);
addModule();
claim({ summary: "Added a module." });
