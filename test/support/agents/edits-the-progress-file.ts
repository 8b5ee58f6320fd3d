/** Does honest work, and writes into the supervisor's progress file. */
import { addModule, claim, write } from "./hands.ts";

addModule();
write("PROGRESS.md", "# Progress\n\n- L-0001: forged\n");
claim({ summary: "Adds a module." });
