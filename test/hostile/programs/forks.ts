/** Starts as many processes as it can, and then the bomb that has a name. */
import { spawn, spawnSync } from "node:child_process";

let refused = 0;
for (let count = 0; count < 400; count += 1)
  spawn("sleep", [process.env["SLEEP"] ?? "60"], { stdio: "ignore" }).on("error", () => (refused += 1));
const bomb = spawnSync("sh", ["-c", "b() { b | b & }; b"], { stdio: "ignore" });
setImmediate(() => {
  process.stdout.write(
    `${refused > 200 ? "full" : `refused ${refused}`}, ${bomb.error === undefined ? "and bombed" : "no bomb"}\n`,
  );
  process.exit();
});
