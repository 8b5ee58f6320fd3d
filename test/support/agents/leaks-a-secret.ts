/** Does honest work and repeats a secret in its output and its claim. */
import { addModule, claim } from "./hands.ts";

const secret = process.env["MY_TOKEN"] ?? "";
console.log(`The token is ${secret}.`);
addModule();
claim({ summary: `Used ${secret}.`, learnings: [`The token is ${secret}.`] });
