/** Breaks a tested function and lies about it. */
import { breakWords, claim, hearBrief } from "./hands.ts";

hearBrief();
breakWords();
claim({ summary: "All tests pass.", learnings: ["A lie."] });
