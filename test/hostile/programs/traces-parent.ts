/** Reads and writes the memory of its parents, as a debugger would. */
import { openSync, readFileSync } from "node:fs";

const tell = (text: string): void => void process.stdout.write(`${text}\n`);

for (const pid of [process.ppid, Number(process.env["SUPERVISOR_PID"])]) {
  for (const file of ["mem", "environ"]) {
    try {
      openSync(`/proc/${pid}/${file}`, "r+");
      tell(`opened ${file}`);
      tell(readFileSync(`/proc/${pid}/environ`, "utf8").includes("CANARY") ? "found" : "nothing");
    } catch {
      tell("refused");
    }
  }
}
