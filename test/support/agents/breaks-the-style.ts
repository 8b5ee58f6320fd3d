/** Breaks the style gate alone, always in the same way. */
import { claim, hearBrief, write } from "./hands.ts";

hearBrief();
write("src/late.mjs", "// TODO later\n");
claim({ summary: "The rest can wait." });
