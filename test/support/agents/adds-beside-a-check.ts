/** Adds a module, and a file in the folder where it guesses a sealed check. */
import { mkdirSync } from "node:fs";
import { addModule, claim, write } from "./hands.ts";

addModule();
mkdirSync("sealed");
write("sealed/extra", "\n");
claim({ summary: "Added a module." });
