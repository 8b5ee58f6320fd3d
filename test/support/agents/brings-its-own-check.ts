/** Writes a file where it guesses the sealed check, which says that all is well. */
import { addModule, claim, write } from "./hands.ts";

addModule();
write("test/sealed.mjs", "process.exit(0);\n");
claim({ summary: "Added a module." });
