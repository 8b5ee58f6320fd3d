/** Does honest work, and leaves a named pipe where a claim is looked for. */
import { execFileSync } from "node:child_process";
import { addModule } from "./hands.ts";

addModule();
execFileSync("mkfifo", [process.env["RALPH_CLAIM"] ?? ""]);
