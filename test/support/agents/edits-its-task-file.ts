/** Does honest work, writes `landed` into its own task file and makes up another task. */
import { addModule, claim, read, task, write } from "./hands.ts";

addModule();
write(`tasks/${task}.md`, read(`tasks/${task}.md`).replace("---\n", "---\nstatus: landed\n"));
write("tasks/forged.md", "# A task nobody wrote\n");
claim({ summary: "Adds a module." });
