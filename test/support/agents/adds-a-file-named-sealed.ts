/** Adds a module, and a file that is named like the folder of a sealed check. */
import { addModule, claim, write } from "./hands.ts";

addModule();
write("sealed", "\n");
claim({ summary: "Added a module." });
