/** Adds a test that puts a named pipe where the supervisor reads the report. */
import { addModule, write } from "./hands.ts";

addModule();
write(
  "test/pipe.test.mjs",
  `import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
process.on("exit", () => {
  rmSync(process.env.RALPH_REPORT, { force: true });
  execFileSync("mkfifo", [process.env.RALPH_REPORT]);
});
`,
);
