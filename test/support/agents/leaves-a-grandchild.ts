/** Leaves processes behind: one that holds its output open, and one in a session of its own that writes on. */
import { spawn } from "node:child_process";
import { addModule, claim } from "./hands.ts";

spawn("sleep", ["300"], { stdio: "inherit" }).unref();
const writer = "while :; do echo late > src/late-$((i += 1)).mjs; done";
spawn("bash", ["-c", writer], { detached: true, stdio: "ignore" }).unref();
addModule();
claim({ summary: "Adds a module." });
process.exit(0);
