/** Writes `landed` into its own task file and nothing else. */
import { read, task, write } from "./hands.ts";

write(`tasks/${task}.md`, read(`tasks/${task}.md`).replace("---\n", "---\nstatus: landed\n"));
