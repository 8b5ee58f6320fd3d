/** Starts the built-in agent: what is to be set before anything is loaded. */
import { enableCompileCache } from "node:module";
import { setFlagsFromString } from "node:v8";

// The first request leaves earlier when nothing has to be compiled again.
enableCompileCache();
// Each request is the whole history as one text, and garbage a moment later: it is to be swept often.
for (const flag of ["--optimize-for-size", "--max-semi-space-size=2"]) setFlagsFromString(flag);
// The supervisor may be gone before the last message is written: then nothing is left to be told or tidied up.
process.stdout.on("error", () => process.kill(process.pid, "SIGKILL"));
// A client that asks for its login in the background fails in the background.
process.on("unhandledRejection", (reason) => {
  process.stderr.write(`${reason instanceof Error ? reason.message : String(reason)}\n`);
  process.exit(30);
});
const { main } = await import("./program.ts");
process.exitCode = await main(process.argv[2] ?? "");
// An open standard input would keep the process alive.
process.stdin.destroy();
