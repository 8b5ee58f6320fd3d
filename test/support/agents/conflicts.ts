/** Changes a line that somebody else changes, too. */
import { claim, read, write } from "./hands.ts";

write("README.md", `${read("README.md").split("\n")[0]}\n\nas the agent says\n`);
claim({ summary: "Says it." });
