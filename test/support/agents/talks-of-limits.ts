/** Does honest work on a project that is all about usage limits, and prints what it reads. */
import { addModule, claim } from "./hands.ts";

const words =
  "Error: 429 Too Many Requests: rate limit, usage limit reached, 5-hour limit, overloaded_error 529";
for (const line of [words, `Claude AI usage limit reached|${Math.round(Date.now() / 1000) + 9_000}`])
  process.stdout.write(`${line}\n{"type":"note","text":${JSON.stringify(line)}}\n`);
process.stderr.write(`${words}: authentication_error 401, billing, credit balance is too low\n`);
addModule();
claim({ summary: `Adds a module. ${words}` });
