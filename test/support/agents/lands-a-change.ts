/** Does honest work, and says what it learned. */
import { addModule, claim, hearBrief, task } from "./hands.ts";

hearBrief();
addModule();
claim({ summary: `Adds the module ${task}.`, learnings: [`The module ${task} is tested by node:test.`] });
