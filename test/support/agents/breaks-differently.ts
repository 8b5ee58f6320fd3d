/** Breaks a tested function in another way each time, and lies about it. */
import { attempt, claim, hearBrief, round, write } from "./hands.ts";

hearBrief();
write("src/words.mjs", `export const words = () => ["${attempt}.${round}"];\n`);
claim({ summary: "All tests pass now." });
