/** Breaks a test; mends it in the second round, if the evidence tells what was wrong. */
import { addModule, breakWords, claim, hearBrief, round, write } from "./hands.ts";

const brief = hearBrief();
addModule();
breakWords();
const isTold = /splits a text into words/.test(brief) && /Full log: /.test(brief);
if (round > 0 && isTold)
  write(
    "src/words.mjs",
    "export const words = (text) => text.split(/\\s+/).filter((word) => word !== '');\n",
  );
claim({ summary: "Rewrites words.", learnings: ["words must drop empty strings."] });
